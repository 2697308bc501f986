"""Asking at doors as anybody, watching what comes back, and putting everything back."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.db import connection, transaction

from tests.conftest import LONG
from tests.house.two_venues import House, Party, ids_of, picture_of

WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
# These pass every check of permission: they try every foreign id, the others a seeded sample of
# them in an ordinary run (TERAA_LONG=1: all).
STRONGEST = ("manager at a till", "gate", "agent", "manager in the office")
SAMPLE = 3
OTHERS = 2
FOLLOWED_S = 4.0
"""How long a look at the chain does: a part of what availability calls fresh."""


@contextmanager
def one_transaction() -> Iterator[None]:
    """As Django's own TestCase does: work that must commit by itself may begin inside."""
    with transaction.atomic():
        connection.atomic_blocks[-1]._from_testcase = True
        yield


@contextmanager
def put_back() -> Iterator[None]:
    """A transaction that never was."""
    with one_transaction():
        yield
        transaction.set_rollback(True)


def follow(house: House) -> None:
    """A block, and somebody who sees it: for some seconds OSM can be taken."""
    house.channel.node.forge()
    house.channel.look()


class Knocking:
    """Asks as everybody, watches what comes back, and puts everything back as it was."""

    def __init__(self, ours: House, theirs: House) -> None:
        self.theirs = theirs
        self.ids = [one for one in ids_of(theirs) if _is_uuid(one)]
        self.picture = picture_of(theirs)
        self.complaints: list[str] = []
        self.asked = 0
        self.chance = random.Random(2018)
        self.has_written = False
        self.followed_until = 0.0

    def follow(self, house: House) -> None:
        """OSM is only taken while the chain moves and somebody follows it.

        Who follows gives up what waited too long, the other venue's too: its picture is a new one.
        """
        if time.monotonic() < self.followed_until:
            return
        self.followed_until = time.monotonic() + FOLLOWED_S
        follow(house)
        self.picture = picture_of(self.theirs)

    def ids_for(self, party: Party) -> list[str]:
        """The foreign ids this party tries at one address."""
        if LONG or party.name in STRONGEST:
            return self.ids
        return self.chance.sample(self.ids, SAMPLE)

    def some_of(self, parties: Sequence[Party]) -> list[Party]:
        """Who tries one address of the office: the strongest, and others drawn by a fixed seed."""
        strongest = [party for party in parties if party.name in STRONGEST]
        others = [party for party in parties if party.name not in STRONGEST]
        return [*strongest, *(others if LONG else self.chance.sample(others, OTHERS))]

    def ask(
        self,
        party: Party,
        method: str,
        url: str,
        *,
        body: dict[str, Any] | None = None,
        form: bool = False,
        refused: bool = False,
        shows: str = "",
    ) -> int:
        """Send one request; ``refused``: a foreign id is in it, so that 2xx is wrong."""
        self.asked += 1
        cookies = {name: morsel.value for name, morsel in party.client.cookies.items()}
        self.has_written = False
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        with put_back():
            with connection.execute_wrapper(self.watch):
                answer = party.client.generic(method, url, _encoded(body, form), content_type=kind)
            # The language choice says the address back.
            text = _text(answer).replace(quote(url), "").replace(url, "")
            sent = f"{url} {json.dumps(body)}"
            said = f"{party.name}: {method} {url} {json.dumps(body) if body else ''} → "
            said += str(answer.status_code)
            self.complaints += self._told_too_much(answer, text, said, sent, refused, shows)
            if self.has_written and answer.status_code < 400:
                self._nothing_moved(said)
        # Whatever was said or signed out is as it was.
        party.client.cookies.clear()
        party.client.cookies.load(cookies)
        return answer.status_code

    def _told_too_much(
        self, answer: Any, text: str, said: str, sent: str, refused: bool, shows: str
    ) -> Iterator[str]:
        if answer.status_code >= 500 and not sent.startswith("/healthz"):  # nothing beats here
            yield f"{said}: must not fail ({_failure(answer)})"
        elif not shows and self.theirs.word.lower() in text.lower():
            place = text.lower().index(self.theirs.word.lower())
            yield f"{said} shows “…{text[max(0, place - 60) : place + 40]}…”"
        elif refused and answer.status_code < 300:
            yield f"{said}: a foreign id must be refused"
        else:
            for one in self.ids:
                # What a venue offers to everybody may be named, to be ordered.
                if one in text and one not in sent and not shows:
                    yield f"{said} shows the id {one}"

    def watch(self, execute: Any, sql: str, *rest: Any) -> Any:
        """Django's execute wrapper: notes whether anything but a browser's session was written."""
        if WRITES.search(sql) and "django_session" not in sql:
            self.has_written = True
        return execute(sql, *rest)

    def _nothing_moved(self, said: str) -> None:
        try:
            connection.check_constraints()
        except Exception as error:
            self.complaints.append(f"{said} links across venues: {error}")
            return
        changed = [
            name for name, now_ in picture_of(self.theirs).items() if now_ != self.picture[name]
        ]
        if changed:
            self.complaints.append(f"{said} changed their {', '.join(changed)}")

    def report(self) -> None:
        assert not self.complaints, "\n".join(
            [*self.complaints[:60], f"{len(self.complaints)} of {self.asked} requests"]
        )


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _encoded(body: dict[str, Any] | None, form: bool) -> str:
    if body is None:
        return ""
    if form:
        from urllib.parse import urlencode

        return urlencode(body, doseq=True)
    return json.dumps(body)


def _text(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode(errors="replace") + answer.headers.get("Location", "")


def _failure(answer: Any) -> str:
    kind, error, _trace = getattr(answer, "exc_info", None) or (None, "", None)
    return f"{kind.__name__ if kind else 'no exception'}: {error}"


def filled(route: str, values: dict[str, Any]) -> str:
    """``a/<uuid:key>/`` with its values."""
    url = route
    for name, value in values.items():
        for converter in ("uuid", "str", "int", "slug", "path"):
            url = url.replace(f"<{converter}:{name}>", str(value))
    return f"/{url}"


def swapped(body: Any, chosen: frozenset[str], foreign: str) -> Iterator[Any]:
    """``body`` again and again, each time with one of its ids swapped for ``foreign``."""
    if isinstance(body, dict):
        for name, value in body.items():
            if isinstance(value, dict | list):
                for other in swapped(value, chosen, foreign):
                    yield {**body, name: other}
            elif name not in chosen and isinstance(value, str) and _is_uuid(value):
                yield {**body, name: foreign}
    elif isinstance(body, list):
        for place, value in enumerate(body):
            for other in swapped(value, chosen, foreign):
                yield [*body[:place], other, *body[place + 1 :]]
