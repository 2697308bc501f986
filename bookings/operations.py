"""Hold a space, keep it when it is paid, let it go when it is not."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from bookings import queries, searching, wanting
from bookings.confirming import send_confirmation, send_paid_without_place
from bookings.models import Booking, Offer
from bookings.problems import NotCancellable, NoVatRateNow, PriceChanged, TooManyFree, TooManyHolds
from bookings.sealing import draft_ticket
from bookings.states import BookingState, PaysHow
from bookings.wanting import Wanted
from teraa.common.clock import business_date
from teraa.common.ids import check_character, crockford, is_uuid7, uuid7
from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.fiscal.registers import ensure_register
from teraa.fiscal.sealing import seal_ticket
from teraa.settlement import operations as settlement
from teraa.settlement.models import Due, DueState
from teraa.settlement.problems import MoneyReceived, PaymentSeen
from teraa.settlement.queries import tender_views
from teraa.spaces.operations import (
    JustTaken,
    Need,
    claim_spaces,
    claiming,
    confirm_claims,
    extend_claims,
    release_claims,
)
from teraa.spaces.states import ResourceKind
from teraa.venues.models import Serving, Venue
from teraa.venues.queries import vat_rates_on

SUBJECT = "bookings.booking"
CODE_BITS = 35
SECRET_BYTES = 32
MOST_UNPAID = 5
MOST_FREE = 5
# The countdown ends earlier than the claim: coins sent at the last second find their place.
GRACE = datetime.timedelta(minutes=2)
# How long a place is kept for a payment that was seen and is not there yet.
KEPT_FOR_PAYMENT = datetime.timedelta(minutes=30)
SWEPT_AT_ONCE = 200


@dataclass(frozen=True)
class Held:
    """A booking, and whether this very call made it."""

    booking: Booking
    is_new: bool


def hold_space(
    *,
    venue: Venue,
    wanted: Wanted,
    at: datetime.datetime,
    page: Callable[[str], str] = lambda secret: "",
) -> Held:
    """Hold what is wanted until it is paid; what costs nothing is confirmed at once.

    ``page`` makes the address of the guest's page from its secret, for the mail. The same key and
    body again returns the first booking. Raises SameKeyOtherBody, NotFound, NotBookable,
    PriceChanged, NoVatRateNow, TooManyHolds, TooManyFree, JustTaken (with the nearest free
    times), Invalid.
    """

    def attempt() -> Held:
        with transaction.atomic():
            return _hold(venue, wanted, at, page)

    return claiming(attempt)


def _hold(venue: Venue, wanted: Wanted, at: datetime.datetime, page: Callable[[str], str]) -> Held:
    if not is_uuid7(wanted.key):
        raise Invalid(fields={"key": "UUIDv7"})
    if first := _the_first(venue, wanted):
        return Held(first, is_new=False)
    offer = queries.open_offer(venue_id=venue.pk, offer_id=wanted.offer)
    wanting.refuse_unless_bookable(offer, wanted, zone=venue.zone, at=at)
    booking = _booking(venue, offer, wanted, at, page)
    if booking.total_cents != wanted.total_cents:
        raise PriceChanged(total_cents=booking.total_cents)
    _refuse_many(booking, at)
    try:
        with transaction.atomic():
            booking.save(force_insert=True)
    except IntegrityError as error:
        if "bookings_booking_key_once" not in str(error):
            raise
        # Somebody pressed twice, and the other press was quicker.
        first = _the_first(venue, wanted)
        if first is None:
            raise
        return Held(first, is_new=False)
    grace = booking.expires_at + GRACE if booking.expires_at else None
    try:
        _claim(booking, offer, at=at, expires_at=grace)
    except JustTaken as taken:
        nearest = searching.nearest_starts(venue=venue, offer=offer, wanted=wanted, at=at)
        raise JustTaken(nearest=nearest) from taken
    if booking.total_cents:
        due = settlement.open_due(
            venue_id=venue.pk,
            payee_id=booking.payee_id,
            subject=SUBJECT,
            amount_cents=booking.total_cents,
            at=at,
            label=booking.label,
            person=booking.guest_name,
        )
        booking.due = due
        Booking.objects.filter(pk=booking.pk).update(due=due)
    else:
        send_confirmation(booking, at=at)
    return Held(booking, is_new=True)


def _the_first(venue: Venue, wanted: Wanted) -> Booking | None:
    """The booking of the same key, if any. Raises SameKeyOtherBody when it says otherwise."""
    first = (
        Booking.objects.select_related("venue", "offer__resource", "payee", "due")
        .filter(venue=venue, key=wanted.key)
        .first()
    )
    if first is not None and first.request_sha256 != wanted.digest():
        raise SameKeyOtherBody
    return first


def _booking(
    venue: Venue,
    offer: Offer,
    wanted: Wanted,
    at: datetime.datetime,
    page: Callable[[str], str],
) -> Booking:
    ends_at = wanted.starts_at + wanted.lasts
    is_choice = offer.resource.kind == ResourceKind.CHOICE
    count = wanting.count_for(offer, wanted.people, is_choice=is_choice)
    priced = wanting.price_of(
        offer, starts_at=wanted.starts_at, ends_at=ends_at, count=count, zone=venue.zone
    )
    total = wanting.total_of(priced)
    rate_bp = _vat_rate(venue, offer, at)
    label = wanting.label_of(
        offer,
        starts_at=wanted.starts_at,
        ends_at=ends_at,
        count=count,
        zone=venue.zone,
        language=venue.language,
    )
    body = crockford(CODE_BITS)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    return Booking(
        venue=venue,
        key=wanted.key,
        request_sha256=wanted.digest(),
        code=f"{body}{check_character(body)}",
        secret=secret,
        page_url=page(secret),
        offer=offer,
        payee=offer.payee,
        label=label,
        # One line: it stands in subjects and on boards.
        guest_name=" ".join(wanted.name.split()),
        guest_email=wanted.email,
        language=wanted.language,
        people=wanted.people,
        count=count,
        starts_at=wanted.starts_at,
        ends_at=ends_at,
        lines=wanting.frozen_lines(
            priced,
            label=label,
            vat_class=offer.vat_class,
            vat_rate_bp=rate_bp,
            language=venue.language,
        ),
        total_cents=total,
        pays=wanted.pays,
        state=BookingState.HOLD if total else BookingState.CONFIRMED,
        expires_at=_held_until(offer, wanted, at) if total else None,
        created_at=at,
        confirmed_at=None if total else at,
    )


def _vat_rate(venue: Venue, offer: Offer, at: datetime.datetime) -> int:
    day = business_date(at, venue.zone, venue.day_cutoff)
    rate = vat_rates_on(venue.pk, day).get((offer.vat_class, Serving.ON_SITE))
    if rate is None:
        raise NoVatRateNow(label=offer.name)
    return rate


def _held_until(offer: Offer, wanted: Wanted, at: datetime.datetime) -> datetime.datetime:
    """Who pays at the bar may come later, though not after the stay has begun."""
    soon = at + datetime.timedelta(minutes=offer.hold_minutes)
    if wanted.pays != PaysHow.TILL:
        return soon
    late = at + datetime.timedelta(minutes=offer.till_hold_minutes)
    return max(soon, min(late, wanted.starts_at))


def _refuse_many(booking: Booking, at: datetime.datetime) -> None:
    """One person keeps no more from others than they may use. Raises TooManyHolds, TooManyFree."""
    own = Booking.objects.filter(venue=booking.venue, guest_email__iexact=booking.guest_email)
    if booking.total_cents:
        if own.filter(state=BookingState.HOLD).count() >= MOST_UNPAID:
            raise TooManyHolds
    else:
        ahead = own.filter(state=BookingState.CONFIRMED, total_cents=0, ends_at__gt=at)
        if ahead.count() >= MOST_FREE:
            raise TooManyFree


def _claim(
    booking: Booking,
    offer: Offer,
    *,
    at: datetime.datetime,
    expires_at: datetime.datetime | None,
) -> None:
    claim_spaces(
        venue_id=booking.venue_id,
        holder=booking.holder,
        needs=[Need(offer.resource_id, booking.count)],
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        at=at,
        expires_at=expires_at,
        label=f"{booking.guest_name} · {offer.name}"[: wanting.LABEL_LENGTH],
    )


def _locked(**which: object) -> Booking:
    """One booking, its row locked until the commit. Raises NotFound."""
    booking = (
        Booking.objects.select_for_update(of=("self",))
        .select_related("venue", "offer__resource", "payee")
        .filter(**which)
        .first()
    )
    if booking is None:
        raise NotFound
    return booking


# -- when there is news of the money ----------------------------------------------------------------


def look_at_due(*, due_id: UUID, at: datetime.datetime) -> None:
    """What settlement's news mean to the booking of that due. Repeating it changes nothing.

    Runs in the effect's transaction.
    """
    booking = _locked(due_id=due_id)
    due = Due.objects.get(pk=due_id)
    if due.state == DueState.SETTLED:
        _take_payment(booking, at)
    elif booking.state == BookingState.HOLD and _is_coming(due):
        _keep_waiting(booking, at)


def _take_payment(booking: Booking, at: datetime.datetime) -> None:
    """Seal the ticket of a paid booking and keep its place, if it still has one or can have it."""
    if booking.state not in (BookingState.HOLD, BookingState.EXPIRED):
        return
    has_place = confirm_claims(holder=booking.holder, at=at) or _claim_again(booking, at)
    document_id = uuid7()
    tenders = settlement.settled_tenders(due_id=_due_of(booking))
    stations = {tender.station_id for tender in tenders}
    register_id = ensure_register(
        venue_id=booking.venue_id,
        payee_id=booking.payee_id,
        station_id=stations.pop() if len(stations) == 1 else None,
        at=at,
    )
    # The money is there whether or not there is a place: it stands in the books either way, and
    # giving it back will be a document of its own.
    seal_ticket(
        register_id=register_id,
        ticket=draft_ticket(booking, tenders),
        at=at,
        document_id=document_id,
    )
    booking.move(
        BookingState.CONFIRMED if has_place else BookingState.PAID_WITHOUT_PLACE,
        document_id=document_id,
        confirmed_at=at if has_place else None,
        closed_at=None if has_place else at,
        expires_at=None,
        version=booking.version + 1,
    )
    if has_place:
        send_confirmation(booking, at=at)
    else:
        send_paid_without_place(booking, at=at)


def _claim_again(booking: Booking, at: datetime.datetime) -> bool:
    """Take the place once more for a payment that came after it was freed."""
    try:
        _claim(booking, booking.offer, at=at, expires_at=None)
    except JustTaken:
        return False
    return True


def _due_of(booking: Booking) -> UUID:
    assert booking.due_id is not None  # noqa: S101  what waits for money has its due
    return booking.due_id


def _is_coming(due: Due) -> bool:
    """Whether coins are on their way, or a part was paid."""
    if due.paid_cents:
        return True
    return any(tender.osm and tender.osm.seen_units for tender in tender_views(due.pk))


def _keep_waiting(booking: Booking, at: datetime.datetime) -> None:
    until = at + KEPT_FOR_PAYMENT
    if booking.expires_at is not None and booking.expires_at >= until - GRACE:
        return
    Booking.objects.filter(pk=booking.pk, state=BookingState.HOLD).update(
        expires_at=until, version=F("version") + 1
    )
    extend_claims(holder=booking.holder, expires_at=until + GRACE, at=at)


# -- letting go --------------------------------------------------------------------------------------


@transaction.atomic
def cancel_booking(*, booking_id: UUID, at: datetime.datetime) -> Booking:
    """Let an unpaid or free booking go before it begins. Cancelling twice changes nothing.

    Raises NotCancellable (paid, begun), MoneyReceived or PaymentSeen (a payment is on its way).
    """
    booking = _locked(pk=booking_id)
    if booking.state == BookingState.CANCELLED:
        return booking
    is_free = booking.state == BookingState.CONFIRMED and not booking.total_cents
    if booking.state != BookingState.HOLD and not (is_free and at < booking.starts_at):
        raise NotCancellable
    _let_go(booking, BookingState.CANCELLED, by=booking.guest_name, at=at)
    return booking


def _let_go(booking: Booking, to: str, *, by: str, at: datetime.datetime) -> None:
    if booking.due_id is not None:
        settlement.cancel_due(due_id=booking.due_id, by=by, at=at)
    release_claims(holder=booking.holder, at=at)
    booking.move(to, closed_at=at, expires_at=None, version=booking.version + 1)


def expire_holds(*, at: datetime.datetime) -> int:
    """Let go what was not paid in time; returns how many. What money is coming for goes on waiting.

    One transaction each, so that one that fails holds nobody up; those another sweeper has in
    hand are passed over.
    """
    overdue = Booking.objects.filter(state=BookingState.HOLD, expires_at__lte=at)
    found = list(overdue.order_by("expires_at").values_list("pk", flat=True)[:SWEPT_AT_ONCE])
    return sum(_expire(pk, at) for pk in found)


@transaction.atomic
def _expire(pk: UUID, at: datetime.datetime) -> bool:
    booking = (
        Booking.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(pk=pk, state=BookingState.HOLD, expires_at__lte=at)
        .first()
    )
    if booking is None:
        return False
    try:
        _let_go(booking, BookingState.EXPIRED, by="TERAA", at=at)
    except (MoneyReceived, PaymentSeen):
        _keep_waiting(booking, at)
        return False
    return True
