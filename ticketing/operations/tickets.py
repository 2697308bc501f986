"""What happens to a ticket after its sale: cancelled before the door, its PDF made."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.db import transaction

from teraa.common.problems import NotFound
from ticketing.models import Operation, Order, Ticket, TicketFile
from ticketing.operations.issuing import take_numbers
from ticketing.operations.places import give_back_places
from ticketing.paper import tickets_pdf
from ticketing.states import OperationKind, OrderState, TicketState


@transaction.atomic
def cancel_ticket(
    *, ticket_id: UUID, venue_id: UUID, by: str, reason: str, at: datetime.datetime
) -> Operation:
    """Cancel a ticket nobody was admitted with; its place is free again, its number never.

    The cancellation is an operation with a number of its own. What was paid is given back
    elsewhere. Raises NotFound, WrongMove (admitted or cancelled already).
    """
    ticket = Ticket.objects.select_related("rate").filter(pk=ticket_id, venue_id=venue_id).first()
    if ticket is None:
        raise NotFound
    ticket.move(TicketState.CANCELLED)
    give_back_places({ticket.rate.quota_id: 1})
    sale = Operation.objects.get(ticket=ticket, kind__in=(OperationKind.SALE, OperationKind.FREE))
    _ticket, number = take_numbers(event_id=ticket.event_id, tickets=0, operations=1)
    return Operation.objects.create(
        venue_id=venue_id,
        event_id=ticket.event_id,
        number=number,
        kind=OperationKind.CANCELLATION,
        at=at,
        ticket=ticket,
        ticket_number=ticket.number,
        category=sale.category,
        price_cents=-sale.price_cents,
        vat_rate_bp=sale.vat_rate_bp,
        sold_at=sale.sold_at,
        operator=by[:120],
        cancels=sale,
        reason=reason[:200],
    )


def make_file(*, order_id: UUID, at: datetime.datetime) -> bytes:
    """The PDF of a confirmed order's tickets, drawn once and kept. Slow: never in a sale.

    Raises NotFound (no such confirmed order), PdfUnavailable.
    """
    kept = TicketFile.objects.filter(order_id=order_id).first()
    if kept is not None:
        return bytes(kept.pdf)
    order = (
        Order.objects.select_related("event__payee", "venue")
        .filter(pk=order_id, state=OrderState.CONFIRMED)
        .first()
    )
    if order is None:
        raise NotFound
    pdf = tickets_pdf(order)
    # Two at once drew the same tickets: one file is kept.
    TicketFile.objects.bulk_create(
        [TicketFile(order=order, venue_id=order.venue_id, pdf=pdf, made_at=at)],
        ignore_conflicts=True,
    )
    return pdf
