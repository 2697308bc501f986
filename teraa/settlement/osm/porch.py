"""What stands before the door for webhooks: a flood is answered without the house hearing of it.

The address of the door is public, and whoever found it may knock a thousand times a second; so may
a node gone mad. Django's middlewares, a query and a row for each would keep the house from its
customers. So the porch, one to each web process, remembers for a second which tokens count at which
address, turns away what is not the node's, and takes in only so many hints a second: they all mean
"look again", and the ingest looks every second by itself, however few of them are stored.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from django.core.handlers.wsgi import WSGIRequest
from django.core.signals import request_started

from teraa.settlement.osm.models import NodeHook
from teraa.settlement.osm.views import LARGEST_BODY, take_hint

PATH: Final = "/hooks/node/"
REMEMBERED_SECONDS: Final = 1.0
MOST_REMEMBERED: Final = 1000
STORED_PER_SECOND: Final = 50
BURST: Final = 50

Start = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass
class Address:
    """One segment: the tokens that count (SHA-256 of their first halves), and what it may store."""

    tokens: frozenset[str]
    read_at: float
    counted_at: float
    left: float = BURST

    def may_store(self, now: float) -> bool:
        """Whether one more hint is taken in now."""
        self.left = min(BURST, self.left + (now - self.counted_at) * STORED_PER_SECOND)
        self.counted_at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Porch:
    """Before ``house``, the WSGI application that answers everything else."""

    def __init__(self, house: Application) -> None:
        self._house = house
        self._addresses: dict[str, Address] = {}

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        if not path.startswith(PATH) or environ.get("REQUEST_METHOD") != "POST":
            return self._house(environ, start)
        segment = path.removeprefix(PATH).removesuffix("/")
        status = self._answer(environ, segment)
        if status is None:
            self._look_after_connections(environ)
            status = HTTPStatus(take_hint(WSGIRequest(environ), segment).status_code)
        start(f"{status.value} {status.phrase}", [("Content-Length", "0")])
        return []

    def _answer(self, environ: dict[str, Any], segment: str) -> HTTPStatus | None:
        """What to say at once; None when the hint is to be stored."""
        length = str(environ.get("CONTENT_LENGTH") or "0")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        address = self._address(environ, segment)
        if not address.tokens:
            return HTTPStatus.NOT_FOUND
        given = str(environ.get("HTTP_AUTHORIZATION", ""))
        # Hashes are compared: how long that takes says nothing of the token.
        if hashlib.sha256(given.encode()).hexdigest() not in address.tokens:
            return HTTPStatus.FORBIDDEN
        return None if address.may_store(time.monotonic()) else HTTPStatus.NO_CONTENT

    def _look_after_connections(self, environ: dict[str, Any]) -> None:
        """As Django does when a request comes: a connection that broke meanwhile is replaced."""
        request_started.send(sender=type(self), environ=environ)

    def _address(self, environ: dict[str, Any], segment: str) -> Address:
        now = time.monotonic()
        known = self._addresses.get(segment)
        if known is not None and now - known.read_at < REMEMBERED_SECONDS:
            return known
        self._look_after_connections(environ)
        hooks = NodeHook.objects.filter(peer__segment=segment)
        tokens = frozenset(hooks.values_list("half_token_sha256", flat=True))
        if known is None:
            if len(self._addresses) >= MOST_REMEMBERED:
                self._addresses.clear()  # whoever tries addresses costs a query each, not memory
            known = self._addresses[segment] = Address(tokens, now, now)
        known.tokens, known.read_at = tokens, now
        return known
