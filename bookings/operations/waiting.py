"""The waiting list: who asks first for a time that is taken gets it first, as a hold, when it is free."""

from __future__ import annotations

import datetime
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from bookings import queries, searching, wanting
from bookings.confirming import send_offered
from bookings.models import Booking, Offer, WaitingEntry
from bookings.opening import day_span
from bookings.operations.holding import SECRET_BYTES, hold_space
from bookings.operations.letting_go import cancel_booking
from bookings.problems import StillFree, TooManyWaiting
from bookings.states import BookingState, PaysHow, WaitingState
from bookings.wanting import Wanted
from teraa.common.canonical import canonical_text, sha256_hex
from teraa.common.clock import iso_utc
from teraa.common.ids import is_uuid7
from teraa.common.problems import Invalid, Problem, SameKeyOtherBody
from teraa.common.rows import insert_once
from teraa.common.states import WrongMove
from teraa.venues.models import Venue

MOST_WAITING = 5
OFFERED_AT_ONCE = 500
PLACE_OF_SECRET = "SECRET"  # noqa: S105  in the address of a booking that is still to be made


log = logging.getLogger(__name__)


class _NothingFree(Exception):
    """What is waited for is still taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingWanted:
    """The body of a request to wait. Without ``starts_at``: for any time of the ``day``."""

    key: UUID
    offer: UUID
    day: datetime.date
    starts_at: datetime.datetime | None
    minutes: int
    people: int
    name: str
    email: str
    language: str

    def digest(self) -> str:
        """What makes two requests the same request (law 4)."""
        return sha256_hex(
            canonical_text(
                {
                    "offer": str(self.offer),
                    "day": self.day.isoformat(),
                    "starts_at": iso_utc(self.starts_at) if self.starts_at else None,
                    "minutes": self.minutes,
                    "people": self.people,
                    "name": self.name,
                    "email": self.email,
                }
            )
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody on the list, and whether this very call put them there."""

    entry: WaitingEntry
    is_new: bool


def join_waiting_list(
    *,
    venue: Venue,
    wanted: WaitingWanted,
    at: datetime.datetime,
    page: Callable[[str], str] = lambda secret: "",
    booking_page: Callable[[str], str] = lambda secret: "",
) -> Listed:
    """Wait for a time that is taken. The same key and body again returns the first.

    ``page`` and ``booking_page`` make the addresses of the guest's pages from their secrets. Raises
    NotFound, NotBookable, StillFree (with the time), TooManyWaiting, SameKeyOtherBody, Invalid.
    """
    if not is_uuid7(wanted.key):
        raise Invalid(fields={"key": "UUIDv7"})
    if first := _the_first(venue, wanted):
        return Listed(first, is_new=False)
    offer = queries.open_offer(venue=venue, offer_id=wanted.offer)
    _refuse_what_is_never_let(offer, wanted, at)
    free = searching.first_free(
        offer=offer,
        day=wanted.day,
        minutes=wanted.minutes,
        people=wanted.people,
        starts_at=wanted.starts_at,
        at=at,
    )
    if free is not None:
        raise StillFree(starts_at=iso_utc(free))
    mine = WaitingEntry.objects.filter(
        venue=venue, guest_email__iexact=wanted.email, state=WaitingState.WAITING
    )
    if mine.count() >= MOST_WAITING:
        raise TooManyWaiting
    secret = secrets.token_urlsafe(SECRET_BYTES)
    entry = WaitingEntry(
        venue=venue,
        key=wanted.key,
        request_sha256=wanted.digest(),
        secret=secret,
        page_url=page(secret),
        booking_url=booking_page(PLACE_OF_SECRET),
        offer=offer,
        day=wanted.day,
        starts_at=wanted.starts_at,
        minutes=wanted.minutes,
        people=wanted.people,
        guest_name=" ".join(wanted.name.split()),
        guest_email=wanted.email,
        language=wanted.language,
        created_at=at,
    )
    if insert_once(entry):
        return Listed(entry, is_new=True)
    first = _the_first(venue, wanted)
    assert first is not None  # noqa: S101  its key was there a moment ago
    return Listed(first, is_new=False)


def give_up_waiting(*, venue: Venue, secret: str, at: datetime.datetime) -> WaitingEntry:
    """Wait no longer; what was offered meanwhile is let go with it. Twice changes nothing.

    Raises NotFound, and what ``cancel_booking`` raises when it is paid or being paid.
    """
    entry = queries.waiting_of(venue_id=venue.pk, secret=secret)
    if entry.state == WaitingState.WAITING:
        try:
            return entry.move(WaitingState.GIVEN_UP)
        except WrongMove:
            entry = queries.waiting_of(venue_id=venue.pk, secret=secret)
    if entry.booking is not None and entry.booking.state == BookingState.HOLD:
        cancel_booking(booking_id=entry.booking.pk, at=at)
    return entry


def offer_places(*, at: datetime.datetime) -> int:
    """Hold what became free for whoever asked first for that day; returns how many got something.

    Stopped in between it is simply called again: a hold has the key of who waits, so it is made
    once.
    """
    waiting = (
        WaitingEntry.objects.filter(state=WaitingState.WAITING)
        .select_related("venue")
        # The nearest day first: whoever fills the list for next year keeps nobody from tomorrow.
        .order_by("day", "created_at", "pk")
    )
    offered = 0
    full: set[tuple[object, ...]] = set()
    for entry in waiting[:OFFERED_AT_ONCE]:
        wish = (entry.offer_id, entry.day, entry.starts_at, entry.minutes, entry.people)
        if _is_past(entry, at):
            _move(entry, WaitingState.PAST)
        elif wish not in full:
            try:
                offered += _offer(entry, at)
            except _NothingFree:
                full.add(wish)  # nor is it for those who asked for the same later
            except Problem as refusal:
                # Just taken, no longer let, or more than this guest may have; the next may.
                log.info("waiting %s gets nothing now: %s", entry.pk, refusal.code)
    return offered


def _the_first(venue: Venue, wanted: WaitingWanted) -> WaitingEntry | None:
    first = (
        WaitingEntry.objects.select_related("offer", "booking")
        .filter(venue=venue, key=wanted.key)
        .first()
    )
    if first is not None and first.request_sha256 != wanted.digest():
        raise SameKeyOtherBody
    return first


def _refuse_what_is_never_let(offer: Offer, wanted: WaitingWanted, at: datetime.datetime) -> None:
    """Raises NotBookable for a wish that would be refused were everything free."""
    zone = offer.venue.zone
    starts = wanting.starts_of(offer, day=wanted.day, minutes=wanted.minutes, zone=zone, at=at)
    exact = wanted.starts_at or (starts[0] if starts else day_span(wanted.day, zone)[0])
    wanting.refuse(wanting.reasons_against(offer, _as_wanted(wanted, exact), zone=zone, at=at))


def _as_wanted(wanted: WaitingWanted, starts_at: datetime.datetime) -> Wanted:
    return Wanted(
        key=wanted.key,
        offer=wanted.offer,
        starts_at=starts_at,
        minutes=wanted.minutes,
        people=wanted.people,
        name=wanted.name,
        email=wanted.email,
        total_cents=0,
        pays=PaysHow.TILL,
        language=wanted.language,
    )


def _is_past(entry: WaitingEntry, at: datetime.datetime) -> bool:
    last = entry.starts_at or day_span(entry.day, entry.venue.zone)[1]
    return last <= at


def _offer(entry: WaitingEntry, at: datetime.datetime) -> bool:
    """Hold a place for one who waits. Raises _NothingFree, and what ``hold_space`` raises."""
    booking = _held_before(entry)
    if booking is None:
        offer = queries.open_offer(venue=entry.venue, offer_id=entry.offer_id)
        booking = _hold(entry, offer, at)
    with transaction.atomic():
        if not _move(entry, WaitingState.OFFERED, booking=booking, offered_at=at):
            entry.refresh_from_db(fields=["state"])
            if entry.state == WaitingState.GIVEN_UP:  # in this very moment
                cancel_booking(booking_id=booking.pk, at=at)
            return False
        if booking.state == BookingState.HOLD:
            send_offered(booking, at=at)
    return True


def _held_before(entry: WaitingEntry) -> Booking | None:
    """What a run that was stopped had held already."""
    return (
        Booking.objects.select_related("venue", "offer__resource", "payee", "due")
        .filter(venue_id=entry.venue_id, key=entry.key)
        .first()
    )


def _hold(entry: WaitingEntry, offer: Offer, at: datetime.datetime) -> Booking:
    starts_at = searching.first_free(
        offer=offer,
        day=entry.day,
        minutes=entry.minutes,
        people=entry.people,
        starts_at=entry.starts_at,
        at=at,
    )
    if starts_at is None:
        raise _NothingFree
    quote = queries.quote_stay(
        venue=entry.venue,
        offer=offer,
        starts_at=starts_at,
        minutes=entry.minutes,
        people=entry.people,
        at=at,
    )
    held = hold_space(
        venue=entry.venue,
        wanted=Wanted(
            key=entry.key,
            offer=offer.pk,
            starts_at=starts_at,
            minutes=entry.minutes,
            people=entry.people,
            name=entry.guest_name,
            email=entry.guest_email,
            total_cents=quote.total_cents,
            pays=PaysHow.OSM,
            language=entry.language,
        ),
        at=at,
        page=lambda secret: entry.booking_url.replace(PLACE_OF_SECRET, secret),
        kept_for=datetime.timedelta(minutes=offer.waiting_hold_minutes),
    )
    return held.booking


def _move(entry: WaitingEntry, to: str, **changes: object) -> bool:
    try:
        entry.move(to, **changes)
    except WrongMove:
        return False
    return True
