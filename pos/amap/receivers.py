"""What happens to a basket when settlement has news of its due."""

from __future__ import annotations

import datetime
from uuid import UUID

from pos.amap.models import Basket
from pos.amap.operations.settling import SUBJECT, seal_if_settled
from teraa.settlement import effects


def look_at_due(*, due_id: UUID, at: datetime.datetime) -> None:
    """Seal the basket's ticket once its due is settled. The tills ask by themselves."""
    basket = (
        Basket.objects.select_for_update(of=("self",))
        .select_related("household", "distribution__group__venue")
        .get(due_id=due_id)
    )
    seal_if_settled(basket, at=at)


def register() -> None:
    """Called once, when applications are ready."""
    for kind in effects.KINDS:
        effects.register(subject=SUBJECT, kind=kind, handler=look_at_due)
