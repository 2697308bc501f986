"""Begin a shift, move cash, count blind, close. Every act leaves its event in the journal."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Sum

from pos.drawer.ledger import note_cash
from pos.drawer.models import Drawer, Movement, Shift
from pos.drawer.problems import (
    CountWrong,
    DrawerClosed,
    DrawerOpen,
    MoreLeftThanCounted,
    ReasonMissing,
)
from pos.drawer.states import DENOMINATIONS, MovementKind, ShiftState
from pos.practice import refuse_training
from pos.printing import open_drawer
from pos.problems import NotATill
from teraa.common import journal, journal_codes
from teraa.common.ids import is_uuid7
from teraa.common.problems import Invalid, SameKeyOtherBody
from teraa.venues.authentication import StationSession
from teraa.venues.models import StationKind

MOST_PIECES: Final = 10_000
NOTE_LENGTH: Final = 200
REASON_LENGTH: Final = 120
Count = Mapping[int, int]
"""Cents of a note or coin → how many of them."""


def total_of(count: Count) -> int:
    """Cents in all. Raises CountWrong for what is no note or coin, or no sensible number."""
    for cents, pieces in count.items():
        if cents not in DENOMINATIONS or not 0 <= pieces <= MOST_PIECES:
            raise CountWrong(cents=cents, pieces=pieces)
    return sum(cents * pieces for cents, pieces in count.items())


@transaction.atomic
def begin_shift(
    *, session: StationSession, key: UUID, count: Count, at: datetime.datetime
) -> Shift:
    """Begin a shift with what is counted in the drawer.

    What the shift before left there, and cash that moved since, is what should be there. The same
    ``key`` again returns the first. Raises NotATill, NotInTraining, Invalid, CountWrong, DrawerOpen,
    SameKeyOtherBody.
    """
    _check(session, key)
    counted = total_of(count)
    station, who = session.station, _who(session)
    drawer = _locked_drawer(session)
    first = Shift.objects.filter(venue_id=session.venue.pk, key=key).first()
    if first is not None:
        if first.station_id != station.pk or first.opening_count != _kept(count):
            raise SameKeyOtherBody
        return first
    if drawer.shift_id is not None:
        raise DrawerOpen
    before = Shift.objects.filter(station=station).order_by("-number").first()
    loose = Movement.objects.filter(station=station, shift=None, pk__gt=drawer.adopted)
    moved = loose.aggregate(cents=Sum("amount_cents"), last=Max("pk"))
    left = before.left_cents if before is not None else None
    expected = None if left is None else left + (moved["cents"] or 0)
    shift = Shift.objects.create(
        venue=session.venue,
        station=station,
        number=(before.number if before else 0) + 1,
        state=ShiftState.OPEN,
        key=key,
        opened_at=at,
        opened_by=who,
        float_cents=counted,
        opening_expected_cents=expected,
        opening_count=_kept(count),
    )
    Drawer.objects.filter(pk=drawer.pk).update(shift=shift, adopted=moved["last"] or drawer.adopted)
    _record(
        session,
        journal_codes.DRAWER_COUNT,
        at,
        phase="opening",
        shift=shift.number,
        count=_kept(count),
        counted_cents=counted,
        expected_cents=expected,
    )
    return shift


@transaction.atomic
def move_cash(
    *,
    session: StationSession,
    key: UUID,
    kind: str,
    amount_cents: int,
    reason: str,
    at: datetime.datetime,
) -> None:
    """Put cash in or take it out by hand, and open the drawer for it.

    The same ``key`` again changes nothing. Raises NotATill, NotInTraining, Invalid, DrawerClosed,
    ReasonMissing, SameKeyOtherBody.
    """
    _check(session, key)
    if kind not in (MovementKind.IN, MovementKind.OUT) or amount_cents <= 0:
        raise Invalid(fields={"kind": kind, "amount_cents": amount_cents})
    signed = amount_cents if kind == MovementKind.IN else -amount_cents
    # Before the shift, as a count takes them: two acts never wait for each other in a circle.
    _locked_drawer(session)
    if not _note_by_hand(session, key, MovementKind(kind), signed, reason, at):
        return
    shift = _running(session)
    _record(
        session,
        journal_codes.CASH_MOVED,
        at,
        shift=shift.number,
        kind=kind,
        amount_cents=amount_cents,
        reason=_words(reason),
    )
    open_drawer(venue_id=session.venue.pk, station_id=session.station.pk, key=key, at=at)


@transaction.atomic
def open_without_sale(
    *, session: StationSession, key: UUID, reason: str, at: datetime.datetime
) -> None:
    """Open the drawer to look or to change a note; counted, and printed on the closing (930).

    The same ``key`` again opens and journals nothing new. Raises NotATill, NotInTraining, Invalid,
    ReasonMissing, SameKeyOtherBody.
    """
    _check(session, key)
    if not _note_by_hand(session, key, MovementKind.OPENED, 0, reason, at):
        return
    _record(session, journal_codes.DRAWER_OPENED, at, reason=_words(reason))
    open_drawer(venue_id=session.venue.pk, station_id=session.station.pk, key=key, at=at)


def _note_by_hand(
    session: StationSession,
    key: UUID,
    kind: MovementKind,
    amount_cents: int,
    reason: str,
    at: datetime.datetime,
) -> bool:
    """Whether this is new. Raises ReasonMissing, SameKeyOtherBody."""
    words = _words(reason)
    if not words:
        raise ReasonMissing
    is_new = note_cash(
        venue_id=session.venue.pk,
        station_id=session.station.pk,
        key=key,
        kind=kind,
        amount_cents=amount_cents,
        reason=words,
        operator=_who(session),
        at=at,
    )
    if not is_new:
        first = Movement.objects.get(venue_id=session.venue.pk, key=key)
        said = (first.station_id, first.kind, first.amount_cents, first.reason)
        if said != (session.station.pk, kind, amount_cents, words):
            raise SameKeyOtherBody
    return is_new


def _words(reason: str) -> str:
    return " ".join(reason.split())[:REASON_LENGTH]


@transaction.atomic
def keep_count(*, session: StationSession, count: Count) -> Shift:
    """Keep what was counted so far: a tablet that dies while somebody counts loses nothing.

    Raises NotATill, NotInTraining, CountWrong, DrawerClosed.
    """
    _check(session)
    total_of(count)
    shift = _running(session)
    if shift.state == ShiftState.OPEN:
        shift.move(ShiftState.COUNTING)
    shift.count, shift.counted_by = _kept(count), _who(session)
    shift.save(update_fields=["count", "counted_by"])
    return shift


@transaction.atomic
def give_up_count(*, session: StationSession) -> Shift:
    """Go back to selling; what was counted is forgotten. Raises NotATill, NotInTraining, DrawerClosed."""
    _check(session)
    shift = _running(session)
    if shift.state == ShiftState.COUNTING:
        shift.move(ShiftState.OPEN, count={}, counted_by="")
    return shift


@transaction.atomic
def close_shift(
    *,
    session: StationSession,
    key: UUID,
    count: Count,
    left_cents: int,
    at: datetime.datetime,
    note: str = "",
) -> Shift:
    """Close the shift with what is counted; ``left_cents`` stay in the drawer for the next one.

    The difference is written down, never refused: at one in the morning a till must close. The
    same ``key`` again returns the closed shift. Raises NotATill, NotInTraining, Invalid, CountWrong,
    DrawerClosed, MoreLeftThanCounted, SameKeyOtherBody.
    """
    _check(session, key)
    counted = total_of(count)
    if not 0 <= left_cents <= counted:
        raise MoreLeftThanCounted
    drawer = _locked_drawer(session)
    closed = Shift.objects.filter(station=session.station, closing_key=key).first()
    if closed is not None:
        if (closed.count, closed.left_cents) != (_kept(count), left_cents):
            raise SameKeyOtherBody
        return closed
    shift = _running(session)
    moved = shift.movements.aggregate(cents=Sum("amount_cents"))["cents"] or 0
    shift.move(
        ShiftState.CLOSED,
        closing_key=key,
        closed_at=at,
        closed_by=_who(session),
        count=_kept(count),
        counted_by=_who(session),
        expected_cents=shift.float_cents + moved,
        counted_cents=counted,
        left_cents=left_cents,
        note=" ".join(note.split())[:NOTE_LENGTH],
    )
    Drawer.objects.filter(pk=drawer.pk).update(shift=None)
    _record(
        session,
        journal_codes.DRAWER_COUNT,
        at,
        phase="closing",
        shift=shift.number,
        count=_kept(count),
        counted_cents=counted,
        expected_cents=shift.expected_cents,
        variance_cents=shift.variance_cents,
        left_cents=left_cents,
        note=shift.note,
    )
    return shift


def _check(session: StationSession, key: UUID | None = None) -> None:
    if session.station.kind != StationKind.TILL or session.staff is None:
        raise NotATill
    refuse_training(session)  # whoever practises counts nobody's money
    if key is not None and not is_uuid7(key):
        raise Invalid(fields={"key": "UUIDv7"})


def _locked_drawer(session: StationSession) -> Drawer:
    """The till's drawer for this transaction alone: cash under way is waited for."""
    Drawer.objects.bulk_create(
        [Drawer(station=session.station, venue=session.venue)], ignore_conflicts=True
    )
    return Drawer.objects.select_for_update().get(pk=session.station.pk)


def _running(session: StationSession) -> Shift:
    """The running shift, its row locked. Raises DrawerClosed."""
    running = Shift.objects.select_for_update().exclude(state=ShiftState.CLOSED)
    shift = running.filter(station=session.station).first()
    if shift is None:
        raise DrawerClosed
    return shift


def _who(session: StationSession) -> str:
    return session.staff.name if session.staff is not None else ""


def _kept(count: Count) -> dict[str, int]:
    """As JSON keeps it: the largest first, nothing that is nil."""
    return {str(cents): count[cents] for cents in DENOMINATIONS if count.get(cents)}


def _record(session: StationSession, code: int, at: datetime.datetime, **values: object) -> None:
    journal.record(
        code=code,
        venue_id=session.venue.pk,
        station_id=session.station.pk,
        operator=_who(session),
        at=at,
        values=values,
    )
