"""Yes or no at a gate, from what is known of a ticket. Pure.

The same facts give the same answer on every machine: a gate that decides alone will use this table
too.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from uuid import UUID

OK = "ok"
ALREADY = "already_admitted"
CANCELLED = "cancelled"
OTHER_EVENT = "other_event"
OTHER_VENUE = "other_venue"
FORGED = "forged"
UNKNOWN = "unknown"
NOT_PAID = "not_paid"
TOO_EARLY = "too_early"


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """What the books say of the ticket behind a code."""

    event_id: UUID
    state: str
    issue: int


def decide(
    *,
    event_id: UUID,
    entry_at: datetime.datetime,
    at: datetime.datetime,
    ticket: TicketFacts | None,
    issue: int | None = None,
    signed_elsewhere: bool = False,
    forged: bool = False,
    order_unpaid: bool = False,
) -> str:
    """Why this code is admitted to ``event_id`` at ``at`` (``ok``) or not.

    ``issue`` is what the code says, None when a person typed the short code. What is wrong with
    the code comes before what is wrong with the ticket, and that before the hour.
    """
    if forged:
        return FORGED
    if signed_elsewhere:
        return OTHER_VENUE
    if ticket is None:
        return NOT_PAID if order_unpaid else UNKNOWN
    if ticket.event_id != event_id:
        return OTHER_EVENT
    if ticket.state == "cancelled" or (issue is not None and issue < ticket.issue):
        return CANCELLED
    if ticket.state == "admitted":
        return ALREADY
    if at < entry_at:
        return TOO_EARLY
    return OK
