"""Every act that matters leaves its event in the journal (JET), or it is said here why it does not.

The doors are read from the URL resolver and the lists of the back office from its registry: a new
one fails here until somebody has judged it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse

from bookings.operations import cancel_for_guest
from pos.models import Sale
from teraa.common import journal_codes as jet
from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.devices.operations import lease_jobs, report_job, resend_job
from teraa.fiscal.models import Document
from teraa.fiscal.sources import ROOT
from teraa.settlement import effects
from teraa.settlement import operations as settlement
from teraa.settlement.cases.people import Person
from teraa.spaces.models import Feed
from teraa.spaces.operations import revoke_feed
from teraa.venues.models import StaffMember, Station
from teraa.venues.office import PRICES, VenueModelAdmin
from teraa.venues.operations import make_enrolment_code, revoke_station, set_pin
from teraa.webhooks.models import HookEndpoint
from teraa.webhooks.operations import change_endpoint, rotate_secret
from teraa.webhooks.states import OffReason
from tests.house.doors import DOORS, an_order
from tests.house.knocking import Knocking, filled, put_back
from tests.house.two_venues import PIN, House, Party, in_office, knocking
from tests.ticketing import cast as ticketing_cast
from ticketing.operations import end_event, put_on_sale

pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Act:
    """The event that a right request leaves; ``before`` makes the house ready for it."""

    code: int
    body: Callable[[House], dict[str, Any]] | None = None
    path: Callable[[House], dict[str, Any]] | None = None
    before: Callable[[House, Party], None] | None = None
    method: str = "POST"


def a_code(house: House) -> dict[str, Any]:
    return {"code": make_enrolment_code(station=house.till, at=now())}


def a_count(house: House) -> dict[str, Any]:
    return {"key": str(uuid7()), "count": {"2000": 1}}


def close_the_drawer(house: House, party: Party) -> None:
    body = {**a_count(house), "left_cents": 0}
    answer = party.client.post("/api/pos/drawer/close/", body, content_type="application/json")
    assert answer.status_code == 200, answer.content


def sell(house: House, party: Party) -> Sale:
    tenders = [{"key": str(uuid7()), "kind": "cash", "amount_cents": 150, "received_cents": 150}]
    body = {**an_order(house), "tenders": tenders}
    answer = party.client.post("/api/pos/sales/", body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    return Sale.objects.get(key=body["key"])


def keep(house: House, party: Party) -> None:
    answer = party.client.post(
        "/api/pos/sales/kept/", an_order(house), content_type="application/json"
    )
    assert answer.status_code == 201, answer.content


def last_sale(house: House) -> dict[str, Any]:
    return {"key": Sale.objects.filter(venue=house.venue).latest("created_at").key}


def all_of_it(house: House) -> dict[str, Any]:
    tender = {"kind": "cash", "amount_cents": 150}
    return {
        "key": str(uuid7()),
        "lines": None,
        "total_cents": 150,
        "tenders": [tender],
        "reason": "renversé",
    }


LEAVES: dict[str, Act] = {
    "api/stations/enrol/": Act(jet.STATION_ENROLLED, body=a_code),
    "api/till/sign-on/": Act(jet.LOG_IN),
    "api/till/sign-off/": Act(jet.LOG_OUT),
    "api/till/silence/": Act(jet.OFFLINE_ENDED),
    "api/pos/sales/kept/": Act(jet.ORDER_KEPT),
    "api/pos/sales/<uuid:key>/bills/": Act(jet.BILL_PRINTED, before=keep, path=last_sale),
    "api/pos/sales/<uuid:key>/cancel/": Act(jet.SALE_CANCELLED, before=keep, path=last_sale),
    "api/pos/sales/<uuid:key>/refunds/": Act(
        jet.ITEM_RETURN, before=sell, path=last_sale, body=all_of_it
    ),
    "api/settlement/cases/<uuid:key>/decisions/": Act(jet.PAYMENT_DECIDED),
    "api/settlement/requests/<uuid:key>/settle/": Act(jet.PAYMENT_FORCED),
    "api/settlement/refunds/<uuid:key>/decisions/": Act(jet.PAYMENT_DECIDED),
    "api/pos/drawer/begin/": Act(jet.DRAWER_COUNT, before=close_the_drawer, body=a_count),
    "api/pos/drawer/close/": Act(jet.DRAWER_COUNT),
    "api/pos/drawer/cash/": Act(jet.CASH_MOVED),
    "api/pos/drawer/open/": Act(jet.DRAWER_OPENED),
    "api/pos/training/": Act(jet.TRAINING_CHANGED, body=lambda house: {"on": True}),
    "api/pos/closings/": Act(jet.CLOSING, before=sell),
    "api/webhooks/endpoints/": Act(jet.SETTING_CHANGED),
    "api/webhooks/endpoints/<uuid:key>/": Act(jet.SETTING_CHANGED, method="PATCH"),
    "api/webhooks/endpoints/<uuid:key>/rotate/": Act(jet.SETTING_CHANGED),
}

COPY = "a copy is a document of its own, in the chain of duplicates"
TICKET = "what is paid is a ticket of its own, in the chain of tickets"
OWED = "nothing is paid yet; what is paid is a ticket, what is given up was never shown as one"
NOTHING = "moves no money and no right"
QUIET: dict[str, str] = {
    "language/": NOTHING,
    "enter/<str:secret>/": "entering is journaled: test_office_entries_are_journaled",
    "till/enter/<str:code>/": "enrols: the same operation as api/stations/enrol/",
    "gate/enter/<str:code>/": "enrols: the same operation as api/stations/enrol/",
    "hooks/node/<str:segment>/": "a hint to look; what is believed comes from the chain",
    "api/pos/sales/": TICKET,
    "api/pos/sales/<uuid:key>/tenders/": TICKET,
    "api/pos/sales/<uuid:key>/requests/cancel/": OWED,
    "api/pos/sales/<uuid:key>/print/": COPY,
    "api/pos/sales/<uuid:key>/refunds/<uuid:refund>/print/": COPY,
    "api/pos/collections/": TICKET,
    "api/pos/collections/<uuid:key>/requests/cancel/": OWED,
    "api/pos/collections/<uuid:key>/print/": COPY,
    "api/pos/payouts/": TICKET,
    "api/pos/payouts/<uuid:key>/print/": COPY,
    "pay/<str:token>/": OWED,
    "refund/<str:token>/": "an address somebody says is theirs; people approve before coins go",
    "api/settlement/refunds/": "a draft: its approval is the event",
    "api/pos/drawer/count/": "a count under way; its end is the event",
    "api/pos/drawer/count/give-up/": "a count under way; its end is the event",
    "api/pos/x-reading/print/": "read, as often as one likes",
    "api/pos/closings/<uuid:key>/print/": "a closing is the document; its paper repeats it",
    "api/amap/baskets/<uuid:key>/hand-out/": TICKET,
    "api/amap/baskets/<uuid:key>/absent/": NOTHING,
    "api/amap/baskets/<uuid:key>/take-back/": NOTHING,
    "book/<uuid:offer>/": OWED,
    "api/bookings-desk/stays/<uuid:key>/attendance/": NOTHING,
    "book/<uuid:offer>/wait/": NOTHING,
    "book/w/<str:secret>/give-up/": NOTHING,
    "lieu/<slug:slug>/book/w/<str:secret>/give-up/": NOTHING,
    "api/bookings/<slug:slug>/waiting/": NOTHING,
    "api/bookings/<slug:slug>/waiting/<str:secret>/give-up/": NOTHING,
    "book/b/<str:secret>/cancel/": OWED,
    "book/b/<str:secret>/move/": NOTHING,
    "lieu/<slug:slug>/book/b/<str:secret>/cancel/": OWED,
    "lieu/<slug:slug>/book/b/<str:secret>/move/": NOTHING,
    "api/bookings/<slug:slug>/holds/": OWED,
    "api/bookings/<slug:slug>/bookings/<str:secret>/cancel/": OWED,
    "api/bookings/<slug:slug>/bookings/<str:secret>/move/": NOTHING,
    "api/agent/lease/": "an agent takes pages; one that fails is an event",
    "api/agent/jobs/<uuid:key>/report/": "one that fails is: test_a_printer_that_fails",
    "events/<slug:event>/": OWED,
    "events/o/<slug:secret>/cancel/": OWED,
    "lieu/<slug:slug>/events/o/<slug:secret>/cancel/": OWED,
    "api/ticketing/<slug:slug>/orders/": OWED,
    "api/ticketing/<slug:slug>/orders/<slug:secret>/cancel/": OWED,
    "api/ticketing/scans/": "a scan is a row nobody changes; it moves no money",
    "api/webhooks/endpoints/<uuid:key>/ping/": NOTHING,
    "api/webhooks/deliveries/<uuid:key>/redeliver/": "says the same again, to the same address",
    "demo/pay/": "the demonstration's own wallet",
    "account/logout/": "leaving is journaled: test_office_entries_are_journaled",
    "account/login/code/": "a mail",
    "account/login/code/confirm/": "entering is journaled: test_office_entries_are_journaled",
}

# What the office changes without a word in the journal, and why.
QUIET_LISTS: dict[str, str] = {
    "accounts.User": "an account without a role in a venue sees nothing; roles are journaled (906)",
    "amap.AmapGroup": "who is in a group is personal; its money is in tickets",
    "amap.Catalog": "whose products they are; a price is in the product, and is journaled",
    "amap.Basket": "an order before it is paid; the line is frozen when it is handed out",
    "amap.Distribution": NOTHING,
    "amap.Household": "personal data has no place in what is kept for ever",
    "amap.ImportFile": "taking one over is the event (951)",
    "amap.Producer": NOTHING,
    "fiscal.Task": "what it does, an archive or a failed check, is the event",
    "pos.Category": "names and colours; every version of the catalogue is kept",
    "webhooks.HookEndpoint": "its operations journal: see the doors",
}

# Buttons of the office; what they do is tried below or in the room's own tests.
QUIET_BUTTONS = {
    ("accounts.OutgoingMail", "send_again"): NOTHING,
    ("amap.AmapGroup", "bring"): "a file to look at; taking it over is the event (951)",
    ("amap.Distribution", "desk"): NOTHING,
    ("amap.Distribution", "sheet"): NOTHING,
    ("amap.ImportFile", "preview"): "taking it over is the event: tests/amap",
    ("bookings.Booking", "day_board"): NOTHING,
    ("cases.Case", "explorer"): NOTHING,
    (
        "cases.Case",
        "books",
    ): "asking for balances and signing are events (960, 961): tests/settlement",
    ("cases.Refund", "sheet"): NOTHING,
    ("fiscal.Closing", "to_close"): "closes days: the closing is a document and an event (50, 60)",
    ("osm.BlockCursor", "go_back"): "the chain is everybody's: kept with the cursor",
    ("osm.NodePeer", "believe_again"): "the chain is everybody's: kept with the node",
    ("osm.OsmRequest", "accept_late"): "a decision about coins (942): see the doors",
    ("settlement.Effect", "replay"): "does what was to be done anyway, once",
    ("ticketing.Ticket", "cancel"): "a numbered operation of its own, which nobody changes",
    ("venues.Station", "make_code"): "a code changes nothing; its use is the event (920)",
    ("webhooks.HookDelivery", "send_again"): "says the same again, to the same address",
    ("webhooks.HookEndpoint", "ping"): NOTHING,
}


def send_a_page_again(house: House) -> None:
    (job,) = lease_jobs(station=house.agent, maximum=1, run=uuid7(), at=now())
    said: dict[str, Any] = {"state": "failed", "detail": "capot", "at": now()}
    for _ in range(2):
        job = report_job(station=house.agent, key=job.key, attempt=job.attempt, **said)
    resend_job(job=job, reason="papier changé", by="gérance", at=now())


def cancel_a_stay(house: House) -> None:
    at = now()
    settlement.collect(
        key=uuid7(), venue_id=house.venue.pk, due_ids=[house.booking.due_id], kind="cash", at=at
    )
    effects.deliver_all(at=at)
    cancel_for_guest(
        venue_id=house.venue.pk,
        booking_id=house.booking.pk,
        cents=0,
        person=Person("user:ada", "gérance"),
        reason="dégât des eaux",
        at=at,
    )


def sell_an_event(house: House) -> None:
    title = f"{house.word} encore"
    draft = ticketing_cast.show(
        at=now(), venue=house.venue, payee=house.payee, slug="encore", title=title, draft=True
    )
    put_on_sale(event_id=draft.event.pk, **of(house))


def turn_a_hook(house: House, *, on: bool) -> None:
    reason = OffReason.BY_HAND if on else ""
    HookEndpoint.objects.filter(pk=house.endpoint.pk).update(enabled=not on, disabled_reason=reason)
    change_endpoint(endpoint_id=house.endpoint.pk, enabled=on, **of(house))


def of(house: House) -> dict[str, Any]:
    return {"venue_id": house.venue.pk, "by": "gérance", "at": now()}


Press = Callable[[House], object]
JOURNALED_BUTTONS: dict[tuple[str, str], tuple[int, Press]] = {
    ("devices.PrintJob", "resend"): (jet.PAGE_SENT_AGAIN, send_a_page_again),
    ("bookings.Booking", "cancel_stay"): (jet.SALE_CANCELLED, cancel_a_stay),
    ("spaces.Feed", "revoke"): (
        jet.SETTING_CHANGED,
        lambda house: revoke_feed(feed=Feed.objects.get(venue=house.venue), at=now(), by="gérance"),
    ),
    ("ticketing.Event", "sell"): (jet.SETTING_CHANGED, sell_an_event),
    ("ticketing.Event", "end"): (
        jet.SETTING_CHANGED,
        lambda house: end_event(event_id=house.event.pk, **of(house)),
    ),
    ("venues.StaffMember", "set_pin"): (
        jet.PIN_SET,
        lambda house: set_pin(staff=house.people["cashier"], pin="8642", at=now(), by="gérance"),
    ),
    ("venues.Station", "revoke"): (
        jet.STATION_REVOKED,
        lambda house: revoke_station(
            station=Station.objects.get(pk=house.gate.pk), at=now(), by="gérance"
        ),
    ),
    ("webhooks.HookEndpoint", "rotate"): (
        jet.SETTING_CHANGED,
        lambda house: rotate_secret(endpoint_id=house.endpoint.pk, key=uuid7(), **of(house)),
    ),
    ("webhooks.HookEndpoint", "turn_off"): (
        jet.SETTING_CHANGED,
        lambda house: turn_a_hook(house, on=False),
    ),
    ("webhooks.HookEndpoint", "turn_on"): (
        jet.SETTING_CHANGED,
        lambda house: turn_a_hook(house, on=True),
    ),
}

# Codes that nothing writes today. A number is given once and never used for something else.
RESERVED = {
    jet.NOT_AN_ITEM: "vouchers and deposits are not sold yet",
    jet.SOFTWARE_STARTED: "a start changes nothing that is kept; another core is event 902",
    jet.SOFTWARE_STOPPED: "as above",
    jet.RECEIPT_REPRINTED: "copies have a chain of their own",
    jet.PAYMENT_UNKNOWN: "card terminals are not driven yet",
    jet.OFFLINE_STARTED: "a till without its server sells nothing: its silence is told when over",
    jet.PURGED: "nothing is ever purged (decision 0020)",
}


def codes_of(house: House) -> Counter[int]:
    events = Document.objects.filter(register__venue=house.venue, kind="EVENT")
    return Counter(events.values_list("event_code", flat=True))


def manager_of(house: House) -> Party:
    return next(one for one in knocking(house) if one.name == "manager at a till")


def test_every_door_that_changes_something_is_judged():
    changing = {route for route, door in DOORS.items() if door.body is not None}
    lieu = {route for route in changing if route.startswith("lieu/") and route not in QUIET}

    # The same views under a venue's own name.
    unjudged = {
        route
        for route in changing - lieu | {one.removeprefix("lieu/<slug:slug>/") for one in lieu}
        if route not in LEAVES and route not in QUIET
    }

    assert not unjudged, f"say in LEAVES what event they leave, or in QUIET why none: {unjudged}"
    assert not LEAVES.keys() & QUIET.keys()
    assert not (LEAVES.keys() | QUIET.keys()) - DOORS.keys()


@pytest.mark.parametrize("route", LEAVES)
def test_each_leaves_its_event(houses, route):
    house, _theirs = houses
    act, door = LEAVES[route], DOORS[route]
    manager = manager_of(house)
    Knocking(*houses).follow(house)
    with put_back():
        if act.before is not None:
            act.before(house, manager)
        before = codes_of(house)
        url = filled(route, (act.path or door.path)(house))
        body = (act.body or door.body or (lambda house: {}))(house)
        answer = manager.client.generic(
            act.method, url, json.dumps(body), content_type="application/json"
        )
        left = codes_of(house) - before

    assert answer.status_code < 300, (answer.status_code, answer.content)
    assert left[act.code] == 1, (route, left)


def lists() -> list[tuple[str, VenueModelAdmin]]:
    return [
        (model._meta.label, listed)
        for model, listed in admin.site._registry.items()
        if isinstance(listed, VenueModelAdmin)
    ]


def test_every_list_of_the_office_that_changes_something_is_judged():
    unjudged = []
    for label, listed in lists():
        changes = listed.change_permission is not None or (
            listed.may_add and label == "accounts.User"
        )
        names = {field.name for field in listed.model._meta.fields}
        if not changes or listed.journal_code is not None or label in QUIET_LISTS:
            continue
        if not any(PRICES.search(name) for name in names):
            unjudged.append(label)

    assert not unjudged, f"give them a journal_code, or say in QUIET_LISTS why not: {unjudged}"
    assert not QUIET_LISTS.keys() - {label for label, _listed in lists()}


def test_every_button_of_the_office_is_judged():
    buttons = {
        (model._meta.label, getattr(name, "__name__", str(name)))
        for model, listed in admin.site._registry.items()
        for attribute in ("actions_list", "actions_detail", "actions_row", "actions_submit_line")
        for name in getattr(listed, attribute, ())
    }

    known = QUIET_BUTTONS.keys() | JOURNALED_BUTTONS.keys()
    assert not buttons - known, "say which event they leave, or why none"
    assert not known - buttons, "they are no more"


def test_a_change_in_the_office_leaves_its_event(houses):
    house, _theirs = houses
    manager = next(one for one in in_office(house) if one.name == "manager in the office")
    with put_back():
        before = codes_of(house)
        url = reverse("admin:spaces_atom_add")
        answer = manager.client.post(
            url, {"venue": str(house.venue.pk), "name": "Alcôve", "position": "9"}
        )
        left = codes_of(house) - before

    assert answer.status_code == 302, answer.content
    assert left == {jet.SETTING_CHANGED: 1}


@pytest.mark.parametrize("button", JOURNALED_BUTTONS, ids=".".join)
def test_a_button_leaves_its_event(houses, button):
    house, _theirs = houses
    code, press = JOURNALED_BUTTONS[button]
    with put_back():
        before = codes_of(house)
        press(house)
        left = codes_of(house) - before

    assert left[code] == 1
    # Who is signed on is signed off by it, and a page was sent again because its printer failed.
    assert left.keys() <= {code, jet.LOG_OUT, jet.PRINTER_FAILED}


def test_pins_tried_too_often_leave_their_event(houses):
    house, _theirs = houses
    manager = manager_of(house)
    body = {"staff": str(house.people["cashier"].pk), "pin": "9" + PIN[1:]}
    with put_back():
        before = codes_of(house)
        for _ in range(6):
            manager.client.post("/api/till/sign-on/", body, content_type="application/json")
        left = codes_of(house) - before

    assert left == {jet.PIN_LOCKED: 1}


def test_office_entries_are_journaled(houses):
    house, theirs = houses
    with put_back():
        before, theirs_before = codes_of(house), codes_of(theirs)
        treasurer = next(one for one in in_office(house) if one.name == "treasurer in the office")
        entered = codes_of(house) - before
        treasurer.client.post(reverse("account_logout"))
        left = codes_of(house) - before

        assert codes_of(theirs) == theirs_before
    roles = StaffMember.objects.filter(venue=house.venue, user__isnull=False).count()
    assert 0 < entered[jet.LOG_IN] <= roles
    assert left[jet.LOG_OUT] == 1


def test_every_code_is_written_somewhere_or_reserved():
    unused = {
        name
        for name in vars(jet)
        if name.isupper() and name != "MEANINGS" and getattr(jet, name) not in RESERVED
        if not _is_used(name)
    }

    assert not unused, f"nothing writes these: {unused}"
    assert not [jet.MEANINGS[code] for code in RESERVED if code not in jet.MEANINGS]


def _is_used(name: str) -> bool:
    rooms = ("teraa", "pos", "bookings", "ticketing")
    return any(
        name in path.read_text(encoding="utf-8")
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if path.name != "journal_codes.py"
    )
