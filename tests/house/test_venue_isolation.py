"""Nobody sees or moves another venue's things: every door × everybody × every foreign id.

The doors are read from the URL resolver, so a new one is tried too, or this test says what it
needs to know about it. ``two_venues.py`` furnishes both venues.
"""

from __future__ import annotations

import json
import logging
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.forms import ModelChoiceField
from django.test import override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from teraa.common.clock import iso_utc, now
from teraa.common.ids import uuid7
from teraa.settlement import operations as settlement
from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.models import OsmRequest
from tests.conftest import LONG, own_database
from tests.database import EphemeralCluster
from tests.house import two_venues
from tests.house.two_venues import (
    House,
    Party,
    furnish,
    ids_of,
    in_office,
    knocking,
    owned_models,
    picture_of,
    rows_of,
)
from tests.settlement.osm.channel import following

# Thousands of knocks; the common limit is meant for one story.
pytestmark = pytest.mark.timeout(1800)

OURS, THEIRS = "Nôtre", "Zorglub"
# What is searched for finds their word and, echoed by a search box, is not their word.
PART_OF_THEIRS = "Zorglu"
OFFICE = "office/"
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
# These pass every check of permission: they try every foreign id, the others a seeded sample of
# them in an ordinary run (TERAA_LONG=1: all).
STRONGEST = ("manager at a till", "gate", "agent", "manager in the office")
SAMPLE = 3
OTHERS = 2
FOLLOWED_S = 4.0
"""How long a look at the chain does: a part of what availability calls fresh."""


@dataclass(frozen=True)
class Door:
    """What the test has to know of one address besides its path.

    ``body``: a right body with ids of the asking venue, for unsafe methods; every UUID in it is
    then swapped for foreign ones. ``path``: the path's own values to send it to. ``chosen``: names
    in the body that the caller makes up. ``form``: sent as a form, else JSON. ``shows``: why it
    may show a venue's public words to all. ``secret``: its path holds a secret, not an id.
    """

    body: Callable[[House], dict[str, Any]] | None = None
    path: Callable[[House], dict[str, Any]] = field(default=lambda house: {})
    chosen: frozenset[str] = frozenset({"key", "run"})
    form: bool = False
    shows: str = ""
    secret: bool = False


def a_sale(house: House) -> dict[str, Any]:
    quote = settlement.current_quote(venue_id=house.venue.pk, at=now())
    return {
        "key": str(uuid7()),
        "catalogue_version": 1,
        "serving": "on_site",
        "receipt": "none",
        "lines": [{"product": str(house.product.pk), "quantity": 1}],
        "total_cents": 150,
        "tenders": [
            {"key": str(uuid7()), "kind": "osm", "amount_cents": 150, "quote": str(quote.pk)}
        ],
    }


def an_order(house: House) -> dict[str, Any]:
    return {**a_sale(house), "tenders": []}


def a_tender(house: House) -> dict[str, Any]:
    return {"key": str(uuid7()), "kind": "cash", "amount_cents": 1, "received_cents": 1}


def a_collection(house: House) -> dict[str, Any]:
    """The same collection again: what is owed once can be taken once."""
    due = house.collection.tenders.get().due_id
    return {"key": str(house.collection.key), "dues": [str(due)], "kind": "cash"}


def collection(house: House) -> dict[str, Any]:
    return {"key": house.collection.key}


def a_key(house: House) -> dict[str, Any]:
    return {"key": str(uuid7())}


def a_sign_on(house: House) -> dict[str, Any]:
    return {"staff": str(house.people["cashier"].pk), "pin": two_venues.PIN}


def nothing(house: House) -> dict[str, Any]:
    return {}


def waiting_sale(house: House) -> dict[str, Any]:
    return {"key": house.osm_sale.key}


def paid_sale(house: House) -> dict[str, Any]:
    return {"key": house.cash_sale.key}


def returned_sale(house: House) -> dict[str, Any]:
    return {"key": house.sale_refund.sale.key}


def a_sale_refund(house: House) -> dict[str, Any]:
    """The same refund again: a line is given back once."""
    return {
        "key": str(house.sale_refund.key),
        "lines": None,
        "total_cents": 150,
        "tenders": [{"kind": "cash", "amount_cents": 150}],
        "reason": house.sale_refund.reason,
    }


def basket(house: House) -> dict[str, Any]:
    return {"key": house.basket.pk}


def own_closing(house: House) -> dict[str, Any]:
    return {"key": house.closing.pk}


def a_hand_out(house: House) -> dict[str, Any]:
    return {"key": str(uuid7()), "missing": [str(house.basket.lines.get().pk)]}


def an_offer(house: House) -> dict[str, Any]:
    return {"offer": house.booking.offer_id}


def a_guest(house: House) -> dict[str, Any]:
    return {"key": str(uuid7()), "total_cents": 2000, "name": "Ada", "email": "ada@example.org"}


def own_booking(house: House) -> dict[str, Any]:
    return {"slug": house.venue.slug, "secret": house.booking.secret}


def own_venue(house: House) -> dict[str, Any]:
    return {"slug": house.venue.slug}


def a_hold(house: House) -> dict[str, Any]:
    return {
        **a_guest(house),
        "offer": str(house.booking.offer_id),
        "starts_at": iso_utc(house.booking.ends_at),
        "minutes": 60,
    }


def an_event(house: House) -> dict[str, Any]:
    return {"event": house.event.slug}


def own_slug(house: House) -> dict[str, Any]:
    return {"slug": house.venue.slug}


def a_ticket_form(house: House) -> dict[str, Any]:
    rate = house.event.rates.order_by("number")[0]
    return {
        "key": str(uuid7()),
        "name": f"{house.word} public",
        "email": "public@example.org",
        f"rate-{rate.pk}": 1,
        f"price-{rate.pk}": rate.price_cents,
    }


def a_ticket_order(house: House) -> dict[str, Any]:
    rate = house.event.rates.order_by("number")[0]
    return {
        "key": str(uuid7()),
        "event": house.event.slug,
        "name": f"{house.word} public",
        "email": "public@example.org",
        "lines": [{"rate": str(rate.pk), "quantity": 1}],
        "total_cents": rate.price_cents,
    }


def a_scan(house: House) -> dict[str, Any]:
    code = house.event.tickets.order_by("number")[0].qr
    return {"key": str(uuid7()), "event": str(house.event.pk), "code": code}


def an_endpoint(house: House) -> dict[str, Any]:
    url = f"https://hooks.example/{house.venue.slug}"
    return {"key": str(uuid7()), "url": url, "kinds": ["*"], "description": "public"}


def an_endpoint_change(house: House) -> dict[str, Any]:
    return {"description": "public", "kinds": ["due.settled"]}


def own_endpoint(house: House) -> dict[str, Any]:
    return {"key": house.endpoint.pk}


def own_delivery(house: House) -> dict[str, Any]:
    return {"key": house.endpoint.deliveries.latest("created_at").pk}


def a_case(house: House) -> dict[str, Any]:
    return {"key": house.case.pk}


def a_refund(house: House) -> dict[str, Any]:
    return {"key": house.refund.pk}


def an_open_request(house: House) -> dict[str, Any]:
    return {"key": OsmRequest.objects.get(tenders__due=house.osm_sale.due_id).pk}


def a_decision(house: House) -> dict[str, Any]:
    return {"key": str(uuid7()), "action": "take"}


def an_approval(house: House) -> dict[str, Any]:
    return {"key": str(uuid7()), "action": "approve"}


def a_reason(house: House) -> dict[str, Any]:
    return {"key": str(uuid7()), "reason": "seen on a telephone"}


def a_refund_wanted(house: House) -> dict[str, Any]:
    case = str(house.case.pk)
    return {"key": str(uuid7()), "case": case, "variant": "custom", "units": "1", "to": "claim"}


DOORS: dict[str, Door] = {
    "": Door(shows="the house's front page"),
    "lieu/<slug:slug>/": Door(shows="a venue's public page"),
    "language/": Door(body=lambda house: {"language": "en", "next": "/"}, form=True),
    "trust/": Door(),
    "trust/teraa-authority.crt": Door(),
    "healthz": Door(),
    "metrics": Door(),
    "enter/<str:secret>/": Door(body=nothing, form=True, secret=True),
    "till/enter/<str:code>/": Door(body=nothing, form=True, secret=True),
    "hooks/node/<str:segment>/": Door(body=nothing, secret=True),
    "till/": Door(),
    "api/stations/enrol/": Door(body=lambda house: {"code": "AAAA-AAAA"}),
    "api/till/": Door(),
    "api/till/sign-on/": Door(body=a_sign_on),
    "api/till/sign-off/": Door(body=nothing),
    "api/pos/catalogue/": Door(),
    "api/pos/quote/": Door(),
    "api/pos/sales/": Door(body=a_sale),
    "api/pos/sales/kept/": Door(body=an_order),
    "api/pos/sales/<uuid:key>/": Door(),
    "api/pos/sales/<uuid:key>/bills/": Door(body=a_key, path=waiting_sale),
    "api/pos/sales/<uuid:key>/tenders/": Door(body=a_tender, path=waiting_sale),
    "api/pos/sales/<uuid:key>/requests/cancel/": Door(body=nothing, path=waiting_sale),
    "api/pos/sales/<uuid:key>/cancel/": Door(body=nothing, path=waiting_sale),
    "api/pos/sales/<uuid:key>/print/": Door(body=a_key, path=paid_sale),
    "api/pos/sales/<uuid:key>/refunds/": Door(body=a_sale_refund, path=returned_sale),
    "api/pos/sales/<uuid:key>/refunds/<uuid:refund>/print/": Door(
        body=a_key, path=lambda house: {**returned_sale(house), "refund": house.sale_refund.key}
    ),
    "api/pos/dues/": Door(),
    "api/pos/collections/": Door(body=a_collection),
    "api/pos/collections/<uuid:key>/": Door(path=collection),
    "api/pos/collections/<uuid:key>/requests/cancel/": Door(body=nothing, path=collection),
    "api/pos/collections/<uuid:key>/print/": Door(body=a_key, path=collection),
    "pay/<str:token>/": Door(body=nothing, form=True, secret=True),
    "pay/<str:token>/state/": Door(secret=True),
    "refund/<str:token>/": Door(body=nothing, form=True, secret=True),
    "api/settlement/cases/": Door(),
    "api/settlement/cases/<uuid:key>/": Door(path=a_case),
    "api/settlement/cases/<uuid:key>/decisions/": Door(body=a_decision, path=a_case),
    "api/settlement/requests/<uuid:key>/settle/": Door(body=a_reason, path=an_open_request),
    "api/settlement/refunds/": Door(body=a_refund_wanted),
    "api/settlement/refunds/<uuid:key>/": Door(path=a_refund),
    "api/settlement/refunds/<uuid:key>/decisions/": Door(body=an_approval, path=a_refund),
    "api/pos/training/": Door(body=lambda house: {"on": False}),
    "api/pos/drawer/": Door(),
    # Its own beginning again: one shift at a time.
    "api/pos/drawer/begin/": Door(
        body=lambda house: {"key": str(house.drawer_shift.key), "count": {"2000": 3}}
    ),
    "api/pos/drawer/count/": Door(body=lambda house: {"count": {"100": 1}}),
    "api/pos/drawer/count/give-up/": Door(body=lambda house: {}),
    "api/pos/drawer/close/": Door(
        body=lambda house: {**a_key(house), "count": {"100": 1}, "left_cents": 100}
    ),
    "api/pos/drawer/cash/": Door(
        body=lambda house: {**a_key(house), "kind": "out", "amount_cents": 5, "reason": "pain"}
    ),
    "api/pos/drawer/open/": Door(body=lambda house: {**a_key(house), "reason": "monnaie"}),
    "api/pos/x-reading/": Door(),
    "api/pos/x-reading/print/": Door(body=a_key),
    "api/pos/closings/": Door(body=a_key),
    "api/pos/closings/<uuid:key>/print/": Door(body=a_key, path=own_closing),
    "amap/": Door(shows="the next distribution and what is in season, nobody's name"),
    "lieu/<slug:slug>/amap/": Door(shows="the same of a venue by its name"),
    "api/amap/distributions/": Door(),
    "api/amap/distributions/<uuid:key>/baskets/": Door(
        path=lambda house: {"key": house.basket.distribution_id}
    ),
    "api/amap/baskets/<uuid:key>/": Door(path=basket),
    "api/amap/baskets/<uuid:key>/hand-out/": Door(body=a_hand_out, path=basket),
    "api/amap/baskets/<uuid:key>/absent/": Door(body=a_key, path=basket),
    "api/amap/baskets/<uuid:key>/take-back/": Door(body=a_key, path=basket),
    "book/": Door(),
    "book/<uuid:offer>/": Door(body=a_guest, path=an_offer, form=True),
    "book/b/<str:secret>/": Door(secret=True),
    "book/b/<str:secret>/cancel/": Door(body=nothing, path=own_booking, form=True, secret=True),
    "book/b/<str:secret>/calendar.ics": Door(secret=True),
    "lieu/<slug:slug>/book/": Door(shows="what a venue lets, with its prices"),
    "lieu/<slug:slug>/book/<uuid:offer>/": Door(shows="the same", path=own_venue),
    "lieu/<slug:slug>/book/b/<str:secret>/": Door(secret=True),
    "lieu/<slug:slug>/book/b/<str:secret>/cancel/": Door(
        body=nothing, path=own_booking, form=True, secret=True
    ),
    "lieu/<slug:slug>/book/b/<str:secret>/calendar.ics": Door(secret=True),
    "api/bookings/<slug:slug>/search/": Door(shows="what a venue lets, with its prices"),
    "api/bookings/<slug:slug>/holds/": Door(
        body=a_hold, path=own_venue, shows="who is paid for what a venue lets"
    ),
    "api/bookings/<slug:slug>/bookings/<str:secret>/": Door(secret=True),
    "api/bookings/<slug:slug>/bookings/<str:secret>/cancel/": Door(
        body=nothing, path=own_booking, secret=True
    ),
    "api/agent/lease/": Door(body=lambda house: {"max": 4, "run": str(uuid7())}),
    "api/agent/jobs/<uuid:key>/report/": Door(body=lambda house: {"state": "sent", "attempt": 1}),
    "events/": Door(),
    "events/<slug:event>/": Door(body=a_ticket_form, path=an_event, form=True),
    "events/o/<slug:secret>/": Door(secret=True),
    "events/o/<slug:secret>/cancel/": Door(body=nothing, form=True, secret=True),
    "events/o/<slug:secret>/tickets.pdf": Door(secret=True),
    "lieu/<slug:slug>/events/": Door(shows="what is on sale at a venue"),
    "lieu/<slug:slug>/events/<slug:event>/": Door(shows="an event on sale, its prices"),
    "lieu/<slug:slug>/events/o/<slug:secret>/": Door(secret=True),
    "lieu/<slug:slug>/events/o/<slug:secret>/cancel/": Door(body=nothing, form=True, secret=True),
    "lieu/<slug:slug>/events/o/<slug:secret>/tickets.pdf": Door(secret=True),
    "gate/": Door(),
    "gate/enter/<str:code>/": Door(body=nothing, form=True, secret=True),
    "api/ticketing/gate/": Door(),
    "api/ticketing/scans/": Door(body=a_scan),
    "api/ticketing/<slug:slug>/events/": Door(shows="what is on sale at a venue"),
    "api/ticketing/<slug:slug>/events/<slug:event>/": Door(shows="an event on sale, its prices"),
    "api/ticketing/<slug:slug>/orders/": Door(body=a_ticket_order, path=own_slug),
    "api/ticketing/<slug:slug>/orders/<slug:secret>/": Door(secret=True),
    "api/ticketing/<slug:slug>/orders/<slug:secret>/cancel/": Door(body=nothing, secret=True),
    "api/webhooks/endpoints/": Door(body=an_endpoint),
    "api/webhooks/endpoints/<uuid:key>/": Door(body=an_endpoint_change, path=own_endpoint),
    "api/webhooks/endpoints/<uuid:key>/rotate/": Door(body=a_key, path=own_endpoint),
    "api/webhooks/endpoints/<uuid:key>/ping/": Door(body=nothing, path=own_endpoint),
    "api/webhooks/deliveries/": Door(),
    "api/webhooks/deliveries/<uuid:key>/": Door(path=own_delivery),
    "api/webhooks/deliveries/<uuid:key>/redeliver/": Door(body=nothing, path=own_delivery),
    "api/webhooks/events/": Door(),
    "api/schema/": Door(),
    "api/docs/": Door(),
    # The demonstration shows both of its venues to everybody, and is not there otherwise.
    "demo/": Door(),
    "demo/state.json": Door(),
    "demo/pay/": Door(body=lambda house: {"uri": "ark:"}),
    "demo/paper/<str:name>": Door(),
    "account/login/": Door(),
    "account/logout/": Door(body=nothing, form=True),
    "account/inactive/": Door(),
    "account/signup/": Door(),
    "account/reauthenticate/": Door(),
    "account/login/code/": Door(body=lambda house: {"email": "manager@example.org"}, form=True),
    "account/login/code/confirm/": Door(body=lambda house: {"code": "ABC-123"}, form=True),
}

TO_ADD = (
    "{route}: add it to DOORS in tests/house/test_venue_isolation.py, with a right body when it "
    "takes POST, PUT, PATCH or DELETE"
)


def every_route(
    resolver: URLResolver | None = None, prefix: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, pattern
        else:
            yield from every_route(pattern, route)


def unsafe_methods(pattern: URLPattern) -> list[str]:
    view = getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None)
    if view is None:
        return []  # a function: it has a body when its door says so
    return [method for method in UNSAFE if hasattr(view, method.lower())]


# -- both venues -----------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Every refusal would be logged; there are thousands."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def houses(
    cluster: EphemeralCluster,
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[House, House]]:
    """Furnished once, in a database of their own: every request of these tests is put back.

    Each in a transaction of its own: thousands of savepoints in one make PostgreSQL look through
    all of them at every row that they locked.
    """
    place = tmp_path_factory.mktemp("house")
    kept_apart = override_settings(TERAA_DATA=place, TERAA_KEYS=place / "keys", TERAA_DEMO=False)
    with own_database(cluster, django_db_blocker), kept_apart, DevelopmentNode() as node:
        on_its_chain = override_settings(TERAA_NODE_URL=node.url, TERAA_NODE_NETHASH=node.nethash)
        with on_its_chain, following(node) as channel:
            with one_transaction():
                ours = furnish(OURS, channel=channel, at=now())
                theirs = furnish(THEIRS, channel=channel, at=now())
            yield ours, theirs


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
        house.channel.node.forge()
        house.channel.look()
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


def _filled(route: str, values: dict[str, Any]) -> str:
    """``a/<uuid:key>/`` with its values."""
    url = route
    for name, value in values.items():
        for converter in ("uuid", "str", "int", "slug", "path"):
            url = url.replace(f"<{converter}:{name}>", str(value))
    return f"/{url}"


def _swapped(body: Any, chosen: frozenset[str], foreign: str) -> Iterator[Any]:
    """``body`` again and again, each time with one of its ids swapped for ``foreign``."""
    if isinstance(body, dict):
        for name, value in body.items():
            if isinstance(value, dict | list):
                for other in _swapped(value, chosen, foreign):
                    yield {**body, name: other}
            elif name not in chosen and isinstance(value, str) and _is_uuid(value):
                yield {**body, name: foreign}
    elif isinstance(body, list):
        for place, value in enumerate(body):
            for other in _swapped(value, chosen, foreign):
                yield [*body[:place], other, *body[place + 1 :]]


# -- the tests ---------------------------------------------------------------------------------------


def test_every_door_is_known():
    unknown = [
        TO_ADD.format(route=route)
        for route, pattern in every_route()
        if not route.startswith(OFFICE)
        and (
            route not in DOORS
            or (unsafe_methods(pattern) and _is_api(route) and not DOORS[route].body)
        )
    ]
    gone = sorted(DOORS.keys() - {route for route, _pattern in every_route()})

    assert not unknown, "\n".join(unknown)
    assert not gone, f"take these out of DOORS, they are no more: {gone}"


def _is_api(route: str) -> bool:
    return route.startswith("api/")


def test_both_venues_have_something_in_every_table(houses):
    _ours, theirs = houses
    empty = [
        f"add a row of {model._meta.label} to furnish() in tests/house/two_venues.py, or say in "
        "HOUSE_WIDE why it belongs to no venue"
        for model in owned_models()
        if two_venues.path_to_venue(model) is None or not rows_of(theirs, model).exists()
    ]

    assert not empty, "\n".join(empty)


def test_no_door_shows_or_moves_what_is_another_venues(houses):
    ours, theirs = houses
    knock = Knocking(ours, theirs)
    parties = list(knocking(ours))
    for route, pattern in every_route():
        if route.startswith(OFFICE):
            continue
        door = DOORS[route]
        names = re.findall(r"<\w+:(\w+)>", route)
        methods = unsafe_methods(pattern) or (["POST"] if door.body else [])
        for party in parties:
            knock.follow(ours)  # with full counts one route takes minutes
            foreign_ids = knock.ids_for(party)
            tried = foreign_ids[:1] if door.secret else foreign_ids
            for url, has_foreign in _addresses(route, names, theirs, tried):
                refused = has_foreign and not door.secret and not door.shows
                knock.ask(party, "GET", url, refused=refused, shows=door.shows)
                for method in methods:
                    body = door.body(ours) if door.body else {}
                    knock.ask(party, method, url, body=body, form=door.form, refused=refused)
            for method in methods if door.body else []:
                url = _filled(route, door.path(ours))
                body = door.body(ours)
                for foreign in foreign_ids:
                    for swapped in _swapped(body, door.chosen, foreign):
                        knock.ask(party, method, url, body=swapped, refused=True)

    knock.report()


def _addresses(
    route: str, names: list[str], theirs: House, ids: list[str]
) -> Iterator[tuple[str, bool]]:
    if not names:
        yield f"/{route}", False
        return
    values = [*ids[:3], theirs.venue.slug] if "<slug:" in route else ids
    for value in values:
        yield _filled(route, dict.fromkeys(names, value)), True


def test_a_right_request_is_answered(houses):
    """Otherwise the test above would be content with doors that refuse everybody."""
    ours, theirs = houses
    knock = Knocking(ours, theirs)
    manager = next(one for one in knocking(ours) if one.name == "manager at a till")
    knock.follow(ours)
    for route, door in DOORS.items():
        if not route.startswith(("api/pos/", "api/amap/", "api/settlement/")):
            continue
        url = _filled(route, door.path(ours) or {"key": ours.cash_sale.key})
        body = door.body(ours) if door.body else None
        status = knock.ask(manager, "POST" if body is not None else "GET", url, body=body)
        assert status in (200, 201), (route, status)
    knock.report()


# -- the back office -----------------------------------------------------------------------------------


def test_the_back_office_keeps_venues_apart(houses):
    ours, theirs = houses
    knock = Knocking(ours, theirs)
    parties = list(in_office(ours))
    for model, shown in list(admin.site._registry.items()):
        foreign = (
            [str(row.pk) for row in rows_of(theirs, model)[:2]] if model in owned_models() else []
        )
        base = f"office/{model._meta.app_label}/{model._meta.model_name}/"
        for route, _pattern in every_route():
            if not route.startswith(base):
                continue
            for party in knock.some_of(parties):
                for url in _office_addresses(route, foreign):
                    knock.ask(party, "GET", url, refused=bool("<path:" in route))
                    if "<path:" in route:
                        for body in ({}, {"post": "yes"}):
                            knock.ask(party, "POST", url, body=body, form=True)
        for party in knock.some_of(parties):
            for name in shown.actions or ():
                chosen = {"action": getattr(name, "__name__", name), "_selected_action": foreign}
                knock.ask(party, "POST", f"/{base}", body=chosen, form=True)

    knock.report()


def _office_addresses(route: str, foreign: list[Any]) -> Iterator[str]:
    if "<path:object_id>" in route:
        for pk in foreign:
            yield "/" + route.replace("<path:object_id>", str(pk))
    else:
        yield f"/{route}"
        yield f"/{route}?q={PART_OF_THEIRS}"


def test_the_other_pages_of_the_back_office_keep_venues_apart(houses):
    ours, theirs = houses
    knock = Knocking(ours, theirs)
    for party in in_office(ours):
        for url in (
            "/office/",
            "/office/jsi18n/",
            f"/office/search/?s={PART_OF_THEIRS}&extended=1",
        ):
            knock.ask(party, "GET", url)
        for app in {model._meta.app_label for model in admin.site._registry}:
            knock.ask(party, "GET", f"/office/{app}/")
        for model in owned_models():
            kind = ContentType.objects.get_for_model(model).pk
            for row in rows_of(theirs, model)[:1]:
                knock.ask(party, "GET", f"/office/r/{kind}/{row.pk}/", refused=True)
            for link in model._meta.concrete_fields:
                if link.is_relation:
                    asked = f"app_label={model._meta.app_label}&model_name={model._meta.model_name}"
                    url = f"/office/autocomplete/?{asked}&field_name={link.name}&term="
                    knock.ask(party, "GET", url)

    knock.report()


def test_no_form_offers_another_venues_rows(houses):
    """A choice that is not offered is not accepted either (ModelChoiceField)."""
    ours, theirs = houses
    found = []
    forms = 0
    for party in in_office(ours):
        for model in admin.site._registry:
            base = f"/office/{model._meta.app_label}/{model._meta.model_name}/"
            own = rows_of(ours, model).first() if model in owned_models() else None
            for url in [f"{base}add/", *([f"{base}{own.pk}/change/"] if own else [])]:
                answer = party.client.get(url)
                if answer.status_code != 200 or "adminform" not in answer.context:
                    continue
                offered = [answer.context["adminform"].form]
                for inline in answer.context["inline_admin_formsets"]:
                    offered += [*inline.formset.forms, inline.formset.empty_form]
                for form in offered:
                    forms += 1
                    found += [
                        f"{party.name}: {url} offers {name}: {row}"
                        for name, row in _foreign_choices(form, theirs)
                    ]

    assert forms > 20
    assert not found, "\n".join(found)


def _foreign_choices(form: Any, theirs: House) -> Iterator[tuple[str, Any]]:
    for name, choice in form.fields.items():
        if isinstance(choice, ModelChoiceField) and choice.queryset is not None:
            model = choice.queryset.model
            # A formset's own hidden key says which of its rows a form is; others it passes over.
            if model in owned_models() and name != form._meta.model._meta.pk.name:
                for row in choice.queryset.filter(pk__in=rows_of(theirs, model)):
                    yield name, row


# -- the database itself -------------------------------------------------------------------------------


# (table, column) → why its key needs no venue in it.
PLAIN_KEYS: dict[tuple[str, str], str] = {
    ("fiscal_document", "register_id"): "the key to its period holds venue, register and period",
    ("settlement_tender", "payee_id"): "the key to its due holds venue, payee and due",
}
# Tables without a venue of their own that join two rows of venues, and what keeps these together.
JOINS: dict[str, str] = {
    "venues_pin_lock": "sign_on looks the person up in the station's venue before it counts",
}

_COMPOSITE = """
SELECT owner.relname, target.relname,
       array(SELECT attname::text FROM unnest(key.conkey) WITH ORDINALITY n (number, place)
             JOIN pg_attribute ON attrelid = key.conrelid AND attnum = n.number ORDER BY place)
  FROM pg_constraint key
  JOIN pg_class owner ON owner.oid = key.conrelid
  JOIN pg_class target ON target.oid = key.confrelid
 WHERE key.contype = 'f'
"""


def test_the_database_refuses_links_between_venues(houses):
    """Every table with a venue that points at another such table does so together with it."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPOSITE)
        keys = {(owner, target, tuple(sorted(columns))) for owner, target, columns in cursor}
    missing, needless = [], dict(PLAIN_KEYS)
    for model in owned_models():
        columns = {one.column for one in model._meta.concrete_fields}
        for link in model._meta.concrete_fields:
            target = link.related_model
            if not link.is_relation or target is None or link.column == "venue_id":
                continue
            theirs = {one.column for one in target._meta.concrete_fields}
            if "venue_id" not in theirs or "venue_id" not in columns:
                continue
            table, other = model._meta.db_table, target._meta.db_table
            has_key = any(
                owner == table and to == other and {"venue_id", link.column} <= set(names)
                for owner, to, names in keys
            )
            if (table, link.column) in PLAIN_KEYS:
                needless.pop((table, link.column))
                if has_key:
                    missing.append(f"{table}.{link.column} has its key: take it out of PLAIN_KEYS")
            elif not has_key:
                missing.append(
                    f"{table}.{link.column} → {other}: add VenueForeignKey to a migration "
                    "(teraa.common.composite_keys), or say in PLAIN_KEYS why not"
                )

    assert not missing, "\n".join(missing)
    assert not needless, f"no such columns, take them out of PLAIN_KEYS: {needless}"


def test_a_table_that_joins_two_venues_rows_says_what_keeps_them_together(db):
    unsaid = []
    for model in owned_models():
        columns = {one.column for one in model._meta.concrete_fields}
        if "venue_id" in columns or model is two_venues.Venue:
            continue
        links = [
            link.column
            for link in model._meta.concrete_fields
            if link.is_relation and link.related_model in owned_models()
        ]
        if len(links) > 1 and model._meta.db_table not in JOINS:
            unsaid.append(
                f"{model._meta.db_table} joins {', '.join(links)}: give it a venue and composite "
                "keys, or say in JOINS what keeps them together"
            )

    assert not unsaid, "\n".join(unsaid)
