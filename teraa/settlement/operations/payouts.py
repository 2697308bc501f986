"""Money of a paid due that goes back by hand: owed by a trade, given at a till, told to the trade."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.db import transaction

from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.settlement.models import Due, Payout
from teraa.settlement.operations.dues import new_code, tell_refunded
from teraa.settlement.operations.recompute import lock_dues
from teraa.settlement.problems import PaidOutAlready
from teraa.settlement.states import PayoutState, TenderKind

BY_HAND = (TenderKind.CASH, TenderKind.CARD)


def owe_back(*, due: Due, amount_cents: int, at: datetime.datetime) -> Payout:
    """Owe ``amount_cents`` of a paid due back to who paid it, to be given at a till.

    The caller's transaction makes sure that no more comes back than was paid. Raises Invalid.
    """
    if not 0 < amount_cents <= due.paid_cents:
        raise Invalid(fields={"amount_cents": f"1 to {due.paid_cents}"})
    return Payout.objects.create(
        venue_id=due.venue_id,
        payee_id=due.payee_id,
        due=due,
        code=new_code(),
        label=due.label,
        person=due.person,
        amount_cents=amount_cents,
        owed_at=at,
    )


@transaction.atomic
def pay_out(
    *,
    key: UUID,
    venue_id: UUID,
    payout_id: UUID,
    kind: str,
    at: datetime.datetime,
    authorisation: str = "",
    station_id: UUID | None = None,
    operator: str = "",
) -> tuple[Payout, bool]:
    """Give back what is owed, in cash or by card; and whether this very call did.

    The same ``key`` again returns the first. Raises NotFound, Invalid, PaidOutAlready,
    SameKeyOtherBody.
    """
    if kind not in BY_HAND:
        raise Invalid(fields={"kind": kind})
    first = Payout.objects.filter(venue_id=venue_id, key=key).first()
    if first is not None and (first.pk, first.kind) != (payout_id, kind):
        raise SameKeyOtherBody
    payout = Payout.objects.filter(venue_id=venue_id, pk=payout_id).first()
    if payout is None:
        raise NotFound
    # The due before what hangs on it, as everywhere in this room.
    lock_dues([payout.due_id])
    payout = Payout.objects.select_for_update(of=("self",)).get(pk=payout.pk)
    if payout.state == PayoutState.PAID:
        if payout.key == key:
            return payout, False
        raise PaidOutAlready
    payout.move(
        PayoutState.PAID,
        key=key,
        kind=kind,
        authorisation=authorisation.strip(),
        station_id=station_id,
        operator=operator,
        paid_at=at,
    )
    tell_refunded([payout.due_id], at=at)
    return payout, True
