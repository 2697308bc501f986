"""Hold a space for somebody until it is paid; what costs nothing is theirs at once."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from bookings import hooks, limits, queries, searching, wanting
from bookings.confirming import send_confirmation
from bookings.models import Booking, DiscountCode, Offer
from bookings.problems import (
    DiscountSpent,
    NoVatRateNow,
    PriceChanged,
    TooManyFree,
    TooManyHolds,
)
from bookings.states import BookingState, PaysHow
from bookings.wanting import Wanted
from teraa.common.clock import business_date
from teraa.common.ids import check_character, crockford, is_uuid7
from teraa.common.prepared import Joined, prepared_cursor
from teraa.common.problems import Invalid, NotFound, Problem, SameKeyOtherBody
from teraa.common.rows import insert_once
from teraa.settlement import operations as settlement
from teraa.settlement.models import Due
from teraa.spaces.fitting import Shape
from teraa.spaces.models import Resource
from teraa.spaces.operations import (
    JustTaken,
    Need,
    claim_spaces,
    claiming,
)
from teraa.spaces.queries import is_free, shapes_of
from teraa.spaces.states import ResourceKind
from teraa.venues.models import Payee, Serving, Venue
from teraa.venues.queries import vat_rates_on

SUBJECT = "bookings.booking"
CODE_BITS = 35
SECRET_BYTES = 32
MOST_UNPAID = 5
MOST_FREE = 5
# The countdown ends earlier than the claim: coins sent at the last second find their place.
GRACE = datetime.timedelta(minutes=2)


@dataclass(frozen=True)
class Held:
    """A booking, and whether this very call made it."""

    booking: Booking
    is_new: bool


class _KeyUsed(Exception):
    """Rolls back what a repeated request had begun to take."""


def hold_space(
    *,
    venue: Venue,
    wanted: Wanted,
    at: datetime.datetime,
    page: Callable[[str], str] = lambda secret: "",
    kept_for: datetime.timedelta | None = None,
) -> Held:
    """Hold what is wanted until it is paid; what costs nothing is confirmed at once.

    ``page`` makes the address of the guest's page from its secret, for the mail; ``kept_for`` says
    how long it waits for its money where the offer's own times do not. The same key and body again
    returns the first booking. Raises SameKeyOtherBody, NotFound, NotBookable,
    PriceChanged, NoVatRateNow, TooManyHolds, TooManyFree,
    UnknownDiscount, DiscountSpent, JustTaken (with the nearest free
    times), Invalid.
    """
    if not is_uuid7(wanted.key):
        raise Invalid(fields={"key": "UUIDv7"})
    try:
        offer = queries.open_offer(venue=venue, offer_id=wanted.offer)
        try:
            return _hold(venue, offer, wanted, at, page, kept_for)
        except JustTaken as taken:
            if first := _the_first(venue, wanted):
                return Held(first, is_new=False)  # by this very request, most likely
            nearest = searching.nearest_starts(venue=venue, offer=offer, wanted=wanted, at=at)
            raise JustTaken(nearest=nearest) from taken
    except (Problem, _KeyUsed) as refusal:
        # The first answer stays the answer, even when a new booking would now be refused.
        if not isinstance(refusal, JustTaken) and (first := _the_first(venue, wanted)):
            return Held(first, is_new=False)
        raise


def _hold(
    venue: Venue,
    offer: Offer,
    wanted: Wanted,
    at: datetime.datetime,
    page: Callable[[str], str],
    kept_for: datetime.timedelta | None,
) -> Held:
    """Everything that can be known is known before the transaction; the claims come last in it."""
    limited = limits.limits_on(venue_id=venue.pk, offer_id=offer.pk)
    stay = limits.stay_of(venue, offer, wanted)
    broken = [
        *wanting.reasons_against(offer, wanted, zone=venue.zone, at=at),
        *limits.reasons_against(stay, limited, at=at),
    ]
    searching.refuse_with_nearest(broken, venue=venue, offer=offer, wanted=wanted, at=at)
    booking = _booking(venue, offer, wanted, at, page)
    if kept_for is not None and booking.total_cents:
        booking.expires_at = min(at + kept_for, booking.starts_at)
    if booking.total_cents != wanted.total_cents:
        raise PriceChanged(total_cents=booking.total_cents)
    _refuse_many(booking, at)
    shapes = shapes_of(venue_id=venue.pk, resource_ids={offer.resource_id})
    if offer.resource_id not in shapes:
        raise NotFound

    def attempt() -> Held:
        with transaction.atomic():
            if limited:
                limits.one_at_a_time(stay)
                wanting.refuse(limits.reasons_against(stay, limited, at=at))
            return _keep(booking, offer, shapes, at)

    # Whoever comes too late need not queue behind those who come in time.
    if not is_free(
        venue_id=venue.pk,
        shapes=shapes,
        needs=needs_of(booking, offer),
        span=(booking.starts_at, booking.ends_at),
        at=at,
    ):
        raise JustTaken(nearest=[])
    return claiming(attempt)


USED = (BookingState.HOLD, BookingState.CONFIRMED)


def _refuse_spent(booking: Booking) -> None:
    """Who uses a code that is counted waits for who uses it, too. Raises DiscountSpent."""
    if booking.discount_id is None:
        return
    code = DiscountCode.objects.select_for_update(of=("self",)).get(pk=booking.discount_id)
    used = code.bookings.filter(state__in=USED).exclude(key=booking.key)
    if code.most_uses is not None and used.count() >= code.most_uses:
        raise DiscountSpent


def _keep(booking: Booking, offer: Offer, shapes: dict[UUID, Shape], at: datetime.datetime) -> Held:
    _refuse_spent(booking)
    if booking.total_cents:
        booking.ladder = [step.rung.as_dict() for step in offer.cancellation_steps.all()]
        booking.due = settlement.open_due(
            venue_id=booking.venue_id,
            payee_id=booking.payee_id,
            subject=SUBJECT,
            amount_cents=booking.total_cents,
            at=at,
            label=booking.label,
            person=booking.guest_name,
        )
    if not insert_once(booking):
        # Somebody pressed twice, and the other press was quicker.
        raise _KeyUsed
    if not booking.total_cents:
        send_confirmation(booking, at=at)
        hooks.tell(booking, hooks.CONFIRMED, at=at)
    grace = booking.expires_at + GRACE if booking.expires_at else None
    # Last: everybody who wants this space, at whatever time, waits from here to the commit.
    claim(booking, offer, at=at, expires_at=grace, shapes=shapes)
    return Held(booking, is_new=True)


_FIRST = Joined(
    """
SELECT {columns} FROM bookings_booking b
  JOIN bookings_offer o ON o.id = b.offer_id
  JOIN spaces_resource r ON r.id = o.resource_id
  JOIN venues_payee p ON p.id = b.payee_id
  LEFT JOIN settlement_due d ON d.id = b.due_id
 WHERE b.venue_id = %(venue)s::uuid AND b.key = %(key)s::uuid
""",
    b=Booking,
    o=Offer,
    r=Resource,
    p=Payee,
    d=Due,
)


def _the_first(venue: Venue, wanted: Wanted) -> Booking | None:
    """The booking of the same key, if any. Raises SameKeyOtherBody when it says otherwise."""
    found = _FIRST.first(venue=venue.pk, key=wanted.key)
    if found is None:
        return None
    first: Booking = found["b"]
    first.venue, first.offer, first.payee, first.due = venue, found["o"], found["p"], found["d"]
    first.offer.resource = found["r"]
    if first.request_sha256 != wanted.digest():
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
    discount = None
    if wanted.discount:
        discount = queries.discount_for(wanted.discount, offer=offer, at=at)
        total = wanting.discounted(total, discount.percent)
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
            discount=discount,
        ),
        total_cents=total,
        discount=discount,
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


_OWN = """
SELECT count(*) FILTER (WHERE state = 'hold'),
       count(*) FILTER (WHERE state = 'confirmed' AND total_cents = 0
                          AND ends_at > %(at)s::timestamptz)
  FROM bookings_booking
 WHERE venue_id = %(venue)s::uuid AND upper(guest_email) = upper(%(email)s::text)
   AND state IN ('hold', 'confirmed')
"""


def _refuse_many(booking: Booking, at: datetime.datetime) -> None:
    """One person keeps no more from others than they may use. Raises TooManyHolds, TooManyFree."""
    with prepared_cursor() as cursor:
        cursor.execute(_OWN, {"venue": booking.venue_id, "email": booking.guest_email, "at": at})
        unpaid, free = cursor.fetchone()
    if booking.total_cents:
        if unpaid >= MOST_UNPAID:
            raise TooManyHolds
    elif free >= MOST_FREE:
        raise TooManyFree


def needs_of(booking: Booking, offer: Offer) -> list[Need]:
    return [Need(offer.resource_id, booking.count)]


def claim(
    booking: Booking,
    offer: Offer,
    *,
    at: datetime.datetime,
    expires_at: datetime.datetime | None,
    shapes: dict[UUID, Shape] | None = None,
) -> None:
    """Take the booking's space. Raises JustTaken, without looking for other free times."""
    claim_spaces(
        venue_id=booking.venue_id,
        holder=booking.holder,
        needs=needs_of(booking, offer),
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        at=at,
        expires_at=expires_at,
        label=f"{booking.guest_name} · {offer.name}"[: wanting.LABEL_LENGTH],
        shapes=shapes,
        nearest=False,
    )
