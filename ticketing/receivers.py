"""What happens to an order when settlement has news of its due."""

from __future__ import annotations

import datetime
from uuid import UUID

from teraa.settlement import effects
from teraa.settlement.cases.queries import is_refunded
from ticketing.models import Order
from ticketing.operations.issuing import confirm_if_settled
from ticketing.operations.orders import SUBJECT, expire_if_over
from ticketing.states import OrderState


def look_at_due(*, due_id: UUID, at: datetime.datetime) -> None:
    """Confirm the order if its due is settled; let its places go if its time is over.

    One that was paid when no place was left is refunded once its money went back.

    Runs in the effect's transaction. A due whose order is not there yet cannot happen: both are
    written by one transaction.
    """
    order = (
        Order.objects.select_for_update(of=("self",))
        .select_related("venue", "event")
        .get(due_id=due_id)
    )
    if order.state == OrderState.PAID_WITHOUT_PLACE and is_refunded(due_id=due_id):
        order.move(OrderState.REFUNDED)
    elif not confirm_if_settled(order, at=at):
        expire_if_over(order, at=at)


def register() -> None:
    """Called once, when applications are ready."""
    for kind in effects.KINDS:
        effects.register(subject=SUBJECT, kind=kind, handler=look_at_due)
