"""What happens at the till when settlement has news of a sale's due."""

from __future__ import annotations

import datetime
from uuid import UUID

from pos.models import Sale
from pos.operations import SUBJECT, finalise_if_settled, touch
from teraa.settlement import effects


def look_at_due(*, due_id: UUID, at: datetime.datetime) -> None:
    """Seal the sale if its due is settled; otherwise tell its till to look again.

    Runs in the effect's transaction. A due whose sale is not there yet cannot happen: both are
    written by one transaction.
    """
    sale = (
        Sale.objects.select_for_update(of=("self",))
        .select_related("venue", "staff", "station")
        .get(due_id=due_id)
    )
    if not finalise_if_settled(sale, at=at):
        touch(sale, at)


def register() -> None:
    """Called once, when applications are ready."""
    for kind in effects.KINDS:
        effects.register(subject=SUBJECT, kind=kind, handler=look_at_due)
