"""Take cash, a card, a voucher: what the cashier knows at once."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.settlement.models import Due, Tender
from teraa.settlement.operations.recompute import lock_dues, recompute_dues
from teraa.settlement.problems import DueClosed, NotEnoughCash, TooMuch
from teraa.settlement.states import IMMEDIATE_KINDS, DueState, TenderState


@transaction.atomic
def add_tender(
    *,
    key: UUID,
    due_id: UUID,
    kind: str,
    amount_cents: int,
    at: datetime.datetime,
    received_cents: int | None = None,
    authorisation: str = "",
    station_id: UUID | None = None,
    operator: str = "",
) -> Tender:
    """Take ``amount_cents`` (> 0) towards a due, settled at once; change is what was too much.

    The same ``key`` again returns the first tender. Raises NotFound, SameKeyOtherBody, Invalid,
    NotEnoughCash, DueClosed, TooMuch.
    """
    received = amount_cents if received_cents is None else received_cents
    check_taken(kind=kind, amount_cents=amount_cents, received_cents=received)
    found = lock_dues([due_id])
    if not found:
        raise NotFound
    due = found[0]
    tender = Tender(
        venue_id=due.venue_id,
        payee_id=due.payee_id,
        due=due,
        key=key,
        kind=kind,
        amount_cents=amount_cents,
        received_cents=received,
        change_cents=received - amount_cents,
        state=TenderState.SETTLED,
        authorisation=authorisation,
        station_id=station_id,
        operator=operator,
        created_at=at,
        settled_at=at,
    )
    if first := the_first(tender):
        return first
    check_room(due, amount_cents)
    insert_once(tender)
    recompute_dues([due], at=at, tell_trade=False)
    return tender


def tender_exists(*, due_id: UUID, key: UUID) -> bool:
    """Whether this due already has a tender of that key."""
    return Tender.objects.filter(due_id=due_id, key=key).exists()


def check_taken(*, kind: str, amount_cents: int, received_cents: int) -> None:
    """Refuse what no cashier can have taken. Raises Invalid, NotEnoughCash."""
    if kind not in IMMEDIATE_KINDS:
        raise Invalid(fields={"kind": kind})
    if amount_cents <= 0:
        raise Invalid(fields={"amount_cents": "not positive"})
    if received_cents < amount_cents:
        raise NotEnoughCash(missing_cents=amount_cents - received_cents)


def check_room(due: Due, amount_cents: int) -> None:
    """Refuse more than what no tender of a locked due holds yet. Raises DueClosed, TooMuch."""
    if due.state not in (DueState.OPEN, DueState.EXPIRED):
        raise DueClosed(state=due.state)
    if amount_cents > due.remaining_cents:
        raise TooMuch(remaining_cents=due.remaining_cents)


def the_first(tender: Tender) -> Tender | None:
    """The stored tender of the same key, if any. Raises SameKeyOtherBody when it says otherwise."""
    first = Tender.objects.filter(venue_id=tender.venue_id, key=tender.key).first()
    if first is None:
        return None
    names = ("due_id", "kind", "amount_cents", "received_cents", "authorisation")
    if any(getattr(first, name) != getattr(tender, name) for name in names):
        raise SameKeyOtherBody
    return first


def insert_once(*tenders: Tender) -> None:
    """Insert; a rival with the same key (on another due: ours are locked) wins. SameKeyOtherBody."""
    try:
        with transaction.atomic():
            Tender.objects.bulk_create(tenders)
    except IntegrityError as error:
        if "settlement_tender_key_once" not in str(error):
            raise
        raise SameKeyOtherBody from error
