"""Hand a basket out at a till: once, by whoever is first, and taken back when it was a mistake."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from pos.amap.models import Basket
from pos.amap.problems import AlreadyHandedOut, OrdersStillOpen
from pos.amap.states import BasketState, DistributionState
from pos.practice import refuse_training
from teraa.common.ids import is_uuid7
from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.common.states import WrongMove
from teraa.venues.authentication import StationSession


@transaction.atomic
def hand_out(
    *,
    session: StationSession,
    basket_id: UUID,
    key: UUID,
    missing: Sequence[UUID],
    at: datetime.datetime,
) -> Basket:
    """Hand the basket out; ``missing`` are its lines that were not there.

    ``key`` is the till's (UUIDv7): the same again changes nothing. Of two tills the second is
    told who was first. Raises AlreadyHandedOut, OrdersStillOpen, NotFound, Invalid,
    SameKeyOtherBody.
    """
    basket = _locked(session, basket_id, key)
    lines = {line.pk for line in basket.lines.all()}
    if not lines.issuperset(missing):
        raise Invalid(fields={"missing": "not lines of this basket"})
    if basket.hand_key == key:
        gone = {line.pk for line in basket.lines.all() if line.handed is False}
        if basket.state != BasketState.HANDED_OUT or gone != set(missing):
            raise SameKeyOtherBody
        return basket
    if basket.state == BasketState.HANDED_OUT:
        raise _already(basket, session)
    basket = _move(basket, BasketState.HANDED_OUT, session, key, at)
    basket.lines.update(handed=True)
    basket.lines.filter(pk__in=list(missing)).update(handed=False)
    return basket


@transaction.atomic
def mark_absent(
    *, session: StationSession, basket_id: UUID, key: UUID, at: datetime.datetime
) -> Basket:
    """Note that nobody came for it. What is owed stays owed. Raises as ``hand_out`` does."""
    basket = _locked(session, basket_id, key)
    if basket.hand_key == key:
        if basket.state != BasketState.ABSENT:
            raise SameKeyOtherBody
        return basket
    if basket.state == BasketState.HANDED_OUT:
        raise _already(basket, session)
    if basket.state == BasketState.ABSENT:
        return basket
    return _move(basket, BasketState.ABSENT, session, key, at)


@transaction.atomic
def take_back(*, session: StationSession, basket_id: UUID, key: UUID) -> Basket:
    """Undo the deed that had ``key``. Doing it twice changes nothing; money is not touched.

    Raises NotFound, Invalid, and WrongMove when somebody has handed it out again since.
    """
    basket = _locked(session, basket_id, key)
    if basket.state == BasketState.ORDERED:
        return basket
    if basket.hand_key != key:
        raise WrongMove(thing="Basket", to=BasketState.ORDERED)
    basket.lines.update(handed=None)
    return basket.move(
        BasketState.ORDERED,
        hand_key=None,
        handed_at=None,
        handed_by="",
        handed_station=None,
        version=basket.version + 1,
    )


def _locked(session: StationSession, basket_id: UUID, key: UUID) -> Basket:
    """This venue's basket, its row locked until the commit."""
    if not is_uuid7(key):
        raise Invalid(fields={"key": "UUIDv7"})
    refuse_training(session)
    basket = (
        Basket.objects.select_for_update(of=("self",))
        .select_related("distribution", "household", "due", "handed_station")
        .filter(pk=basket_id, venue_id=session.venue.pk)
        .first()
    )
    if basket is None:
        raise NotFound
    if basket.distribution.state != DistributionState.READY:
        raise OrdersStillOpen
    return basket


def _move(
    basket: Basket, to: str, session: StationSession, key: UUID, at: datetime.datetime
) -> Basket:
    """One conditional UPDATE. A key that another basket already has is refused."""
    try:
        with transaction.atomic():
            return basket.move(
                to,
                hand_key=key,
                handed_at=at,
                handed_by=session.staff.name if session.staff else "",
                handed_station=session.station,
                version=basket.version + 1,
            )
    except IntegrityError as error:
        if "amap_basket_hand_key_once" not in str(error):
            raise
        raise SameKeyOtherBody from error


def _already(basket: Basket, session: StationSession) -> AlreadyHandedOut:
    assert basket.handed_at is not None  # noqa: S101  the database says so
    local = basket.handed_at.astimezone(ZoneInfo(session.venue.zone))
    till = basket.handed_station.name if basket.handed_station else ""
    return AlreadyHandedOut(
        by=basket.handed_by, till=till, time=f"{local:%H:%M}", basket=str(basket.pk)
    )
