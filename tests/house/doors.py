"""Every door of the house: what a test has to know of each to knock at it rightly."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from teraa.common.clock import iso_utc, now
from teraa.common.ids import uuid7
from teraa.settlement import operations as settlement
from teraa.settlement.osm.models import OsmRequest
from tests.house import two_venues
from tests.house.two_venues import (
    House,
)

OFFICE = "office/"
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


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


def a_start(house: House) -> dict[str, Any]:
    return {"start": iso_utc(house.booking.starts_at + datetime.timedelta(hours=2))}


def a_new_start(house: House) -> dict[str, Any]:
    return {"starts_at": a_start(house)["start"]}


def own_feed(house: House) -> dict[str, Any]:
    return {"secret": house.feed_secret}


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


def a_wish(house: House) -> dict[str, Any]:
    """To wait for what is taken."""
    return {
        "key": str(uuid7()),
        "name": "Ada",
        "email": "ada@example.org",
        "offer": str(house.booking.offer_id),
        "day": house.waiting.day.isoformat(),
        "starts_at": iso_utc(house.booking.starts_at),
        "minutes": 60,
    }


def own_waiting(house: House) -> dict[str, Any]:
    return {"slug": house.venue.slug, "secret": house.waiting.secret}


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


def a_payout(house: House) -> dict[str, Any]:
    return {"key": str(uuid7()), "payout": str(house.payout.pk), "kind": "cash"}


def given_back(house: House) -> dict[str, Any]:
    return {"key": house.given_back.key}


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
    "api/till/silence/": Door(body=lambda house: {"key": str(uuid7()), "seconds": 90}),
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
    "api/pos/payouts/": Door(body=a_payout),
    "api/pos/payouts/<uuid:key>/": Door(path=given_back),
    "api/pos/payouts/<uuid:key>/print/": Door(body=a_key, path=given_back),
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
    "api/pos/training/": Door(body=lambda house: {"on": False}),
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
    "api/bookings-desk/arrivals/": Door(),
    "api/bookings-desk/stays/<uuid:key>/attendance/": Door(
        body=lambda house: {"attendance": "expected"},
        path=lambda house: {"key": house.booking.pk},
    ),
    "book/": Door(),
    "book/month/": Door(),
    "book/<uuid:offer>/": Door(body=a_guest, path=an_offer, form=True),
    "book/<uuid:offer>/wait/": Door(body=a_guest, path=an_offer, form=True),
    "book/w/<str:secret>/": Door(secret=True),
    "book/w/<str:secret>/give-up/": Door(body=nothing, path=own_waiting, form=True, secret=True),
    "book/b/<str:secret>/": Door(secret=True),
    "book/b/<str:secret>/cancel/": Door(body=nothing, path=own_booking, form=True, secret=True),
    "feeds/<str:secret>/calendar.ics": Door(path=own_feed, secret=True),
    "book/b/<str:secret>/move/": Door(body=a_start, path=own_booking, form=True, secret=True),
    "book/b/<str:secret>/calendar.ics": Door(secret=True),
    "lieu/<slug:slug>/book/month/": Door(shows="what a venue lets, and when it is free"),
    "lieu/<slug:slug>/book/": Door(shows="what a venue lets, with its prices"),
    "lieu/<slug:slug>/book/<uuid:offer>/": Door(shows="the same", path=own_venue),
    "lieu/<slug:slug>/book/<uuid:offer>/wait/": Door(shows="the same", path=own_venue),
    "lieu/<slug:slug>/book/w/<str:secret>/": Door(secret=True),
    "lieu/<slug:slug>/book/w/<str:secret>/give-up/": Door(
        body=nothing, path=own_waiting, form=True, secret=True
    ),
    "lieu/<slug:slug>/book/b/<str:secret>/": Door(secret=True),
    "lieu/<slug:slug>/book/b/<str:secret>/move/": Door(
        body=a_start, path=own_booking, form=True, secret=True
    ),
    "lieu/<slug:slug>/book/b/<str:secret>/cancel/": Door(
        body=nothing, path=own_booking, form=True, secret=True
    ),
    "lieu/<slug:slug>/book/b/<str:secret>/calendar.ics": Door(secret=True),
    "api/bookings/<slug:slug>/search/": Door(shows="what a venue lets, with its prices"),
    "api/bookings/<slug:slug>/holds/": Door(
        body=a_hold, path=own_venue, shows="who is paid for what a venue lets"
    ),
    "api/bookings/<slug:slug>/month/": Door(shows="when what a venue lets is free"),
    "api/bookings/<slug:slug>/quote/": Door(shows="what a venue's stays cost"),
    "api/bookings/<slug:slug>/waiting/": Door(body=a_wish, path=own_venue),
    "api/bookings/<slug:slug>/waiting/<str:secret>/": Door(secret=True),
    "api/bookings/<slug:slug>/waiting/<str:secret>/give-up/": Door(
        body=nothing, path=own_waiting, secret=True
    ),
    "api/bookings/<slug:slug>/bookings/<str:secret>/": Door(secret=True),
    "api/bookings/<slug:slug>/bookings/<str:secret>/move/": Door(
        body=a_new_start, path=own_booking, secret=True
    ),
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
    "{route}: add it to DOORS in tests/house/doors.py, with a right body when it "
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
