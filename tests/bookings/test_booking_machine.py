"""Bookings against their laws: guests, staff, money and time in any order.

Held, paid in time or late, moved, cancelled, waited for, given back. After every step: nothing is
sold twice, what is confirmed has its place, what is let go has none, and every cent that came is on
a ticket, with the guest, or on its way back. An ordinary run tries a fixed sample;
``TERAA_LONG=1`` many more, from ``TERAA_SEED`` or a new seed, printed.
"""

from __future__ import annotations

import datetime
import os
import random
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from bookings.models import Booking, CancellationStep, WaitingEntry
from bookings.operations import (
    WaitingWanted,
    cancel_booking,
    cancel_for_guest,
    expire_holds,
    give_up_waiting,
    join_waiting_list,
    move_booking,
    offer_places,
)
from teraa.common.ids import uuid7
from teraa.common.problems import Problem
from teraa.fiscal.models import Document
from teraa.settlement import operations as settlement
from teraa.settlement.cases.models import Refund
from teraa.settlement.cases.people import Person
from teraa.settlement.models import Due, Payout, PayoutState
from teraa.settlement.operations.progress import bring_up_to_date
from teraa.settlement.osm.models import OsmRequest
from teraa.spaces.models import Claim
from tests.bookings import cast
from tests.settlement import cast as money
from tests.settlement.osm.chain_facts import receive
from tests.spaces.test_claim_at_once import overlaps

LONG = os.environ.get("TERAA_LONG") == "1"
EXAMPLES = int(os.environ.get("TERAA_EXAMPLES", "1500" if LONG else "25"))
STEPS = 25
START = datetime.datetime(2026, 11, 19, 15, 30, tzinfo=datetime.UTC)
FIRST = datetime.datetime(2026, 11, 21, 9, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)
GUESTS = ("Ada", "Bob", "Chloé", "Dan")
OFFERS = ("a", "b", "grand", "desk")
LET_GO = ("expired", "cancelled", "paid_without_place", "refunded")

house: cast.House


class BookingMachine(RuleBasedStateMachine):
    """One venue, two studios with a wall between them, three desks; one afternoon that all want."""

    bookings = Bundle("bookings")
    waiting = Bundle("waiting")

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.at = START

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    # -- what people do ------------------------------------------------------------------------------

    @rule(
        target=bookings,
        offer=st.sampled_from(OFFERS),
        hour=st.integers(0, 3),
        guest=st.sampled_from(GUESTS),
        pays=st.sampled_from(["osm", "till"]),
    )
    def holds(self, offer: str, hour: int, guest: str, pays: str) -> Any:
        stay = {"starts_at": FIRST + hour * 60 * MINUTE, "pays": pays, **person(guest)}
        held = tried(lambda: house.hold(self.at, getattr(house, offer), **stay))
        return held.booking.pk if held else multiple()

    @rule(booking=bookings)
    def pays_by_hand(self, booking: Any) -> None:
        found = Booking.objects.get(pk=booking)
        if found.due_id:
            tried(lambda: cast.pay_in_cash(found, self.at))

    @rule(booking=bookings, cents=st.sampled_from([None, 1000]))
    def asks_for_coins(self, booking: Any, cents: int | None) -> None:
        due = Due.objects.filter(booking=booking).first()
        if due is not None and due.remaining_cents:
            amount = min(cents or due.remaining_cents, due.remaining_cents)
            tried(lambda: money.request(due, self.at, amount_cents=amount))

    @rule(booking=bookings)
    def coins_come(self, booking: Any) -> None:
        """In time or long after; the chain moves on with the clock."""
        for request in OsmRequest.objects.filter(tenders__due__booking=booking, seen_units=0):
            receive(request, request.units, at=self.at, height=1000)

    @rule(booking=bookings, hours=st.integers(-2, 26))
    def moves(self, booking: Any, hours: int) -> None:
        found = Booking.objects.get(pk=booking)
        start = found.starts_at + hours * 60 * MINUTE
        tried(
            lambda: move_booking(venue=house.venue, booking_id=booking, starts_at=start, at=self.at)
        )

    @rule(booking=bookings)
    def cancels(self, booking: Any) -> None:
        tried(lambda: cancel_booking(booking_id=booking, at=self.at))

    @rule(booking=bookings, percent=st.sampled_from([0, 33, 100]))
    def staff_cancel(self, booking: Any, percent: int) -> None:
        cents = Booking.objects.get(pk=booking).total_cents * percent // 100
        tried(
            lambda: cancel_for_guest(
                venue_id=house.venue.pk,
                booking_id=booking,
                cents=cents,
                person=Person("user:ada", "Ada"),
                reason="travaux",
                at=self.at,
            )
        )

    @rule(
        target=waiting,
        offer=st.sampled_from(OFFERS),
        hour=st.integers(0, 3),
        guest=st.sampled_from(GUESTS),
        any_time=st.booleans(),
    )
    def waits(self, offer: str, hour: int, guest: str, any_time: bool) -> Any:
        wanted = WaitingWanted(
            key=uuid7(),
            offer=getattr(house, offer).pk,
            day=FIRST.date(),
            starts_at=None if any_time else FIRST + hour * 60 * MINUTE,
            minutes=120,
            people=1,
            language="fr",
            **person(guest),
        )
        listed = tried(lambda: join_waiting_list(venue=house.venue, wanted=wanted, at=self.at))
        return listed.entry.secret if listed else multiple()

    @rule(secret=waiting)
    def waits_no_longer(self, secret: str) -> None:
        tried(lambda: give_up_waiting(venue=house.venue, secret=secret, at=self.at))

    @rule()
    def is_given_back_at_the_till(self) -> None:
        payout = Payout.objects.filter(state=PayoutState.OWED).first()
        if payout is not None:
            settlement.pay_out(
                key=uuid7(),
                venue_id=house.venue.pk,
                payout_id=payout.pk,
                kind="cash",
                at=self.at,
            )

    # -- what the house does -------------------------------------------------------------------------

    @rule(minutes=st.sampled_from([1, 21, 125, 600, 1500]))
    def time_passes(self, minutes: int) -> None:
        self.at += minutes * MINUTE
        open_requests = OsmRequest.objects.filter(expires_at__lt=self.at)
        bring_up_to_date(request_ids=list(open_requests.values_list("pk", flat=True)), at=self.at)

    @rule()
    def news_arrive(self) -> None:
        cast.deliver(self.at)

    @rule()
    def the_minute_strikes(self) -> None:
        expire_holds(at=self.at)
        offer_places(at=self.at)

    # -- laws ------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_sold_twice(self) -> None:
        assert overlaps() == 0

    @invariant()
    def what_is_confirmed_has_its_place_and_what_is_let_go_has_none(self) -> None:
        for booking in Booking.objects.select_related("offer__resource"):
            live = Claim.objects.filter(holder=booking.holder, live=True)
            if booking.state == "confirmed":
                kept = live.filter(kind="core", expires_at__isnull=True)
                spans = {(claim.span.lower, claim.span.upper) for claim in kept}
                assert spans == {(booking.starts_at, booking.ends_at)}
                assert kept.count() == (2 if booking.offer_id == house.grand.pk else 1)
            elif booking.state in LET_GO:
                assert not live.exists(), booking.state

    @invariant()
    def every_cent_is_on_a_ticket_or_on_its_way_back(self) -> None:
        for booking in Booking.objects.exclude(document=None):
            subject = f"bookings.booking:{booking.key}"
            tickets = Document.objects.filter(kind="TICKET", subject=subject)
            stands = tickets.aggregate(sum=Sum("total_cents"))["sum"]
            coins = summed(Refund.objects.filter(due=booking.due_id))
            payouts = Payout.objects.filter(due=booking.due_id)
            assert coins + summed(payouts) == (booking.refund_cents or 0)
            # Given at the till a moment ago, its ticket may still be on its way.
            given = summed(payouts.filter(state=PayoutState.PAID))
            sealed = booking.total_cents - coins - stands
            assert 0 <= sealed <= given
            assert stands >= 0

    @invariant()
    def nobody_pays_more_than_is_owed(self) -> None:
        for due in Due.objects.all():
            assert 0 <= due.paid_cents <= due.amount_cents

    @invariant()
    def what_was_offered_is_held_for_who_waited(self) -> None:
        for entry in WaitingEntry.objects.exclude(booking=None).select_related("booking"):
            assert entry.booking is not None
            assert (entry.booking.key, entry.booking.guest_email) == (
                entry.key,
                entry.guest_email,
            )


def person(name: str) -> dict[str, str]:
    return {"name": name, "email": f"{name.lower()}@example.org"}


def summed(rows: Any) -> int:
    return int(rows.aggregate(sum=Sum("amount_cents"))["sum"] or 0)


def tried(act: Callable[[], Any]) -> Any:
    """What it answers, or None when it is refused; a refusal leaves nothing half done."""
    try:
        with transaction.atomic():
            return act()
    except Problem:
        return None


@pytest.mark.timeout(0 if LONG else 300)
def test_bookings_keep_their_laws_whatever_happens(db, keys_dir, capsys):
    global house
    house = cast.house()
    for offer in (house.a, house.b, house.grand):
        for minutes, percent in ((1440, 100), (120, 50)):
            CancellationStep.objects.create(
                venue=house.venue, offer=offer, minutes_before=minutes, percent=percent
            )
    money.live_cursor(START, checked_at=START + datetime.timedelta(days=60))
    machine: Any = BookingMachine
    if LONG:
        first = int(os.environ.get("TERAA_SEED") or random.SystemRandom().randrange(2**32))
        with capsys.disabled():
            print(f"{EXAMPLES} examples from seed {first}")
        machine = seeded(first)(BookingMachine)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=not LONG,
            phases=[Phase.explicit, Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
