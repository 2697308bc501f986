"""What a guest asks for, checked against an offer's rules and priced."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from babel.units import format_unit
from django.utils.functional import Promise
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from bookings import opening, pricing
from bookings.models import Booking, DiscountCode, Offer
from bookings.problems import NotBookable
from bookings.states import OfferKind
from bookings.timetables import timetable_of
from teraa.common.canonical import canonical_text, sha256_hex
from teraa.common.clock import iso_utc
from teraa.common.money import MAX_CENTS, format_cents, share_out

LABEL_LENGTH = 120
UNITS: dict[str, Promise] = {
    pricing.HOUR: _("hour"),
    pricing.HALF_DAY: _("half-day"),
    pricing.DAY: _("day"),
    pricing.WEEK: _("week"),
    pricing.MONTH: _("month"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The body of a request to hold; ``total_cents`` is what the guest was shown."""

    key: UUID
    offer: UUID
    starts_at: datetime.datetime
    minutes: int
    people: int
    name: str
    email: str
    total_cents: int
    pays: str
    language: str
    discount: str = ""

    @property
    def lasts(self) -> datetime.timedelta:
        return datetime.timedelta(minutes=self.minutes)

    def digest(self) -> str:
        """What makes two requests the same request (law 4)."""
        values: dict[str, Any] = {
            "offer": str(self.offer),
            "starts_at": iso_utc(self.starts_at),
            "minutes": self.minutes,
            "people": self.people,
            "name": self.name,
            "email": self.email,
            "total_cents": self.total_cents,
            "pays": self.pays,
        }
        if self.discount:
            values["discount"] = self.discount
        return sha256_hex(canonical_text(values))


def count_for(offer: Offer, people: int, *, is_choice: bool) -> int:
    """How many of the offer's space that many people need: of a choice, one for each capacity."""
    return -(-people // offer.resource.capacity) if is_choice else 1


def suits(
    offer: Offer, *, minutes: int, people: int, features: frozenset[str] = frozenset()
) -> bool:
    """Whether the offer is let for so long to so many, at whatever time, and has all of ``features``."""
    return features.issubset(offer.resource.features) and not [
        *_length_reasons(offer, minutes),
        *_people_reasons(offer, people),
    ]


def starts_of(
    offer: Offer, *, day: datetime.date, minutes: int, zone: str, at: datetime.datetime
) -> list[datetime.datetime]:
    """Instants at which such a stay may begin on ``day``, were nothing taken.

    None in the past, nor so soon that the offer's notice is over.
    """
    starts = starts_by(offer, timetable_of(offer), day=day, minutes=minutes, zone=zone)
    soonest = at + datetime.timedelta(minutes=offer.notice_minutes)
    return [start for start in starts if start >= soonest]


def starts_by(
    offer: Offer, timetable: opening.Timetable, *, day: datetime.date, minutes: int, zone: str
) -> Sequence[datetime.datetime]:
    """The same whatever time it is, by a timetable that is asked about many days."""
    return opening.starts_on(
        timetable,
        day=day,
        zone=zone,
        lasts=datetime.timedelta(minutes=minutes),
        step=datetime.timedelta(minutes=offer.step_minutes),
    )


Reason = tuple[str, Any]


def reasons_against(
    offer: Offer, wanted: Wanted, *, zone: str, at: datetime.datetime
) -> list[Reason]:
    """Every rule of the offer that the wish breaks, each with a code and words."""
    return [
        *_length_reasons(offer, wanted.minutes),
        *_people_reasons(offer, wanted.people),
        *_time_reasons(offer, wanted, zone=zone, at=at),
    ]


TIME_REASONS = frozenset({"past", "too_soon", "too_far", "closed"})
"""Those that another time would answer."""


def refuse(reasons: Sequence[Reason], **context: Any) -> None:
    """Raises NotBookable when there are any."""
    if reasons:
        said = [{"code": code, "text": str(text)} for code, text in reasons]
        raise NotBookable(reasons=said, **context)


def _time_reasons(
    offer: Offer, wanted: Wanted, *, zone: str, at: datetime.datetime
) -> list[Reason]:
    day = wanted.starts_at.astimezone(ZoneInfo(zone)).date()
    reasons: list[Reason] = []
    if wanted.starts_at < at:
        reasons.append(("past", _("It begins in the past.")))
    elif wanted.starts_at < at + datetime.timedelta(minutes=offer.notice_minutes):
        notice = minutes_in_words(offer.notice_minutes)
        text = _("It must be booked at least %(time)s ahead.") % {"time": notice}
        reasons.append(("too_soon", text))
    elif (day - at.astimezone(ZoneInfo(zone)).date()).days > offer.horizon_days:
        reasons.append(("too_far", _("It is too far ahead: bookings are not open yet.")))
    if wanted.starts_at not in starts_of(
        offer, day=day, minutes=wanted.minutes, zone=zone, at=BEGINNING
    ):
        why = timetable_of(offer)(day).why
        said = _("It is closed then: %(why)s.") % {"why": why} if why else _CLOSED
        reasons.append(("closed", said))
    return reasons


_CLOSED = _("It is not open then, or not all the time.")
BEGINNING = datetime.datetime.min.replace(tzinfo=datetime.UTC)


def minutes_in_words(minutes: int) -> str:
    """“30 minutes”, “12 hours”, “3 days”: the largest unit that fits exactly."""
    for unit, length in (("day", 1440), ("hour", 60)):
        if minutes and minutes % length == 0:
            return _in_words(minutes // length, unit)
    return _in_words(minutes, "minute")


def _in_words(count: int, unit: str) -> str:
    words: str = format_unit(count, f"duration-{unit}", locale=get_language() or "fr")
    return words


def _length_reasons(offer: Offer, minutes: int) -> list[tuple[str, Any]]:
    reasons: list[tuple[str, Any]] = []
    if minutes < offer.min_minutes:
        reasons.append(("too_short", _("It is let for longer stays only.")))
    if minutes > offer.max_minutes:
        reasons.append(("too_long", _("It is let for shorter stays only.")))
    if minutes % offer.step_minutes:
        reasons.append(("odd_length", _("The length of the stay does not fit its steps.")))
    return reasons


def _people_reasons(offer: Offer, people: int) -> list[tuple[str, Any]]:
    # Of a choice one takes several; whether there are so many is a matter of what is free.
    alone = offer.resource.kind == "set" and offer.kind != OfferKind.EQUIPMENT
    if people < 1 or (alone and people > offer.resource.capacity):
        return [("too_many_people", _("It is too small for so many people."))]
    return []


def price_of(
    offer: Offer,
    *,
    starts_at: datetime.datetime,
    ends_at: datetime.datetime,
    count: int,
    zone: str,
) -> list[pricing.PricedLine]:
    """The lines of a stay, peaks included (one query, unless they are prefetched).

    Raises NotBookable when the offer has no tariff for it.
    """
    per_day = pricing.minutes_per_day(starts_at, ends_at, zone)
    try:
        lines = pricing.price_stay(per_day=per_day, tariffs=offer.tariffs, count=count)
    except pricing.NoTariff as error:
        text = str(_("It has no price for such a stay."))
        raise NotBookable(reasons=[{"code": "no_tariff", "text": text}]) from error
    lines += pricing.supplements(minutes_in_peaks(offer, starts_at, ends_at, zone), count=count)
    if total_of(lines) > MAX_CENTS:
        text = str(_("It costs more than can be booked here."))
        raise NotBookable(reasons=[{"code": "too_dear", "text": text}])
    return lines


def minutes_in_peaks(
    offer: Offer, starts_at: datetime.datetime, ends_at: datetime.datetime, zone: str
) -> list[tuple[pricing.Peak, int]]:
    peaks = [row.peak for row in offer.peaks.all()]
    return [(peak, pricing.peak_minutes(peak, starts_at, ends_at, zone)) for peak in peaks]


def words_of(line: pricing.PricedLine) -> str:
    """``1,5 × hour, 20,00 €`` in the reader's language."""
    language = get_language() or "fr"
    number = format_decimal(line.quantity_milli / pricing.MILLI, locale=language)
    name = line.name or UNITS[line.unit]
    return f"{number} × {name}, {format_cents(line.unit_price_cents, language)}"


def discounted(total_cents: int, percent: int) -> int:
    """What remains to be paid; half a cent for the guest."""
    return total_cents - (total_cents * percent + 50) // 100


def is_same_price(booking: Booking, starts_at: datetime.datetime) -> bool:
    """Whether a stay would cost at that time what it costs today where it is, or what was agreed."""
    lasts = booking.ends_at - booking.starts_at
    then, today = (
        total_of(
            price_of(
                booking.offer,
                starts_at=start,
                ends_at=start + lasts,
                count=booking.count,
                zone=booking.venue.zone,
            )
        )
        for start in (starts_at, booking.starts_at)
    )
    return then in (today, booking.total_cents)


def total_of(lines: Sequence[pricing.PricedLine]) -> int:
    return sum(line.total_cents for line in lines)


def label_of(
    offer: Offer,
    *,
    starts_at: datetime.datetime,
    ends_at: datetime.datetime,
    count: int,
    zone: str,
    language: str,
) -> str:
    """``Studio A · jeu. 3 déc. 19:00–21:00``, in the venue's language and time."""
    start, end = starts_at.astimezone(ZoneInfo(zone)), ends_at.astimezone(ZoneInfo(zone))
    name = offer.name if count == 1 else f"{count} × {offer.name}"
    day = format_date(start, "EEE d MMM y", locale=language)
    return f"{name} · {day} {start:%H:%M}–{end:%H:%M}"[:LABEL_LENGTH]


def frozen_lines(
    lines: Sequence[pricing.PricedLine],
    *,
    label: str,
    vat_class: str,
    vat_rate_bp: int,
    language: str,
    discount: DiscountCode | None = None,
) -> list[dict[str, Any]]:
    """What the booking keeps for its ticket: values that nothing changes afterwards.

    A discount is shared out between the lines; ``total_cents`` is what remains of each.
    """
    total = total_of(lines)
    off = total - discounted(total, discount.percent) if discount else 0
    shares = share_out(off, [line.total_cents for line in lines]) if off else [0] * len(lines)
    with override(language):
        return [
            {
                **line.as_dict(),
                "total_cents": line.total_cents - share,
                "discount_cents": share,
                "discount_reason": discount.name if discount and share else "",
                "label": f"{label} ({line.name or UNITS[line.unit]})",
                "vat_class": vat_class,
                "vat_rate_bp": vat_rate_bp,
            }
            for line, share in zip(lines, shares, strict=True)
        ]
