"""From held places to tickets: numbers taken, codes signed, the receipt sealed, the mail written.

Everything in one transaction, nothing slow in it: the PDF is made later, by a job.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from uuid import UUID

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext, override

from teraa.common.ids import check_character, crockford, uuid7
from teraa.common.prepared import prepared_cursor
from teraa.fiscal.drafts import LineDraft, TenderDraft, TicketDraft
from teraa.fiscal.registers import ensure_register
from teraa.fiscal.sealing import seal_ticket
from teraa.live import outbox
from teraa.settlement import operations as settlement
from teraa.settlement.models import Due, DueState
from teraa.settlement.operations import SettledTender
from teraa.venues.models import Serving
from ticketing import codes, dates
from ticketing.keys import signing_key
from ticketing.models import FILES_TOPIC, Event, Operation, Order, Ticket
from ticketing.operations.places import places_of, take_places
from ticketing.states import EventState, OperationKind, OrderState, TicketState

LABEL_LENGTH = 200
SHORT_CODE_BITS = 45

_TAKE_NUMBERS = (
    "UPDATE ticketing_series SET tickets = tickets + %(tickets)s::int,"
    " operations = operations + %(operations)s::int WHERE event_id = %(event)s::uuid"
    " RETURNING tickets, operations"
)


def take_numbers(*, event_id: UUID, tickets: int, operations: int) -> tuple[int, int]:
    """The first ticket number and the first operation number of those taken (1 query).

    Holds the event's series until the commit, so that a rollback leaves no hole.
    """
    with prepared_cursor() as cursor:
        cursor.execute(
            _TAKE_NUMBERS, {"event": event_id, "tickets": tickets, "operations": operations}
        )
        row = cursor.fetchone()
    if row is None:
        raise RuntimeError(f"event {event_id} has no series: it was never put on sale")
    return row[0] - tickets + 1, row[1] - operations + 1


def confirm_free(order: Order, *, at: datetime.datetime) -> list[Ticket]:
    """Issue the tickets of an order that costs nothing; the caller has just inserted it."""
    with override(order.language):
        sold_at = _from_afar(order)
    return _issue(order, sold_at=sold_at, operator="", at=at)


def confirm_if_settled(order: Order, *, at: datetime.datetime) -> bool:
    """Confirm an order whose due is settled. The caller holds the order's lock.

    One that had expired takes its places again; when they are gone it becomes
    ``paid_without_place``: its receipt is sealed, for the money is there, and no ticket is made.
    Whoever comes second finds it closed and changes nothing.
    """
    if order.state not in (OrderState.HOLD, OrderState.EXPIRED) or order.due_id is None:
        return False
    order.due = Due.objects.get(pk=order.due_id)  # as it is now that the order is locked
    if order.due.state != DueState.SETTLED:
        return False
    has_places = order.state == OrderState.HOLD or _take_again(order)
    tenders = settlement.settled_tenders(due_id=order.due_id)
    stations = {tender.station_id: tender.station_label for tender in tenders}
    station_id, station_label = (
        stations.popitem() if len(stations) == 1 else (None, "")  # paid here and there: the web's
    )
    operator = next((tender.operator for tender in tenders if tender.operator), "")
    with override(order.language):
        sold_at = station_label or _from_afar(order)
    document_id = uuid7()
    seal_ticket(
        register_id=ensure_register(
            venue_id=order.venue_id,
            payee_id=order.event.payee_id,
            station_id=station_id,
            at=at,
        ),
        ticket=_receipt(order, tenders, station_label=sold_at, operator=operator),
        document_id=document_id,
        at=at,
    )
    if not has_places:
        order.move(OrderState.PAID_WITHOUT_PLACE, document_id=document_id, closed_at=at)
        return False
    order.move(OrderState.CONFIRMED, document_id=document_id, closed_at=at)
    _issue(order, sold_at=sold_at, operator=operator, at=at)
    return True


def _from_afar(order: Order) -> str:
    """The place of an advance sale that was made at no counter."""
    return gettext("Online · {venue}").format(venue=order.venue.name)[:120]


def _take_again(order: Order) -> bool:
    if Event.objects.filter(pk=order.event_id, state=EventState.ON_SALE).exists():
        with transaction.atomic():
            if take_places(places_of(order.lines)) is None:
                return True
            transaction.set_rollback(True)
    return False


def _receipt(
    order: Order, tenders: Sequence[SettledTender], *, station_label: str, operator: str
) -> TicketDraft:
    """The fiscal ticket: values frozen when the order was placed."""
    session = f" ({order.event.session})" if order.event.session > 1 else ""
    due = order.due.line_subject if order.due is not None else ""  # for the till that took it
    return TicketDraft(
        subject=f"ticketing.order:{order.key}",
        station_label=station_label[:60],
        operator_label=operator,
        lines=tuple(
            LineDraft(
                label=f"{order.event.title}{session} · {line['category']}"[:LABEL_LENGTH],
                quantity_milli=line["quantity"] * 1000,
                unit_price_cents=line["unit_price_cents"],
                total_cents=line["total_cents"],
                vat_class=line["vat_class"],
                vat_rate_bp=line["vat_rate_bp"],
                serving=Serving.ON_SITE,
                product_key=line["rate"],
                subject=due,
            )
            for line in order.lines
        ),
        tenders=tuple(TenderDraft.of(tender) for tender in tenders),
    )


def _issue(order: Order, *, sold_at: str, operator: str, at: datetime.datetime) -> list[Ticket]:
    """Tickets with the next numbers of their event, one operation each; mail and PDF to follow."""
    number, operation = take_numbers(
        event_id=order.event_id, tickets=order.places, operations=order.places
    )
    key_id, key = signing_key(venue_id=order.venue_id)
    tickets: list[Ticket] = []
    operations: list[Operation] = []
    for line in order.lines:
        for _one in range(line["quantity"]):
            payload = codes.Payload(
                key_id=key_id,
                event=order.event.number,
                ticket=number + len(tickets),
                rate=line["number"],
            )
            ticket = Ticket(
                venue_id=order.venue_id,
                event_id=order.event_id,
                order=order,
                rate_id=UUID(line["rate"]),
                number=payload.ticket,
                category=line["category"],
                price_cents=line["unit_price_cents"],
                qr=codes.encode(payload, key),
                short_code=_short_code(),
                state=TicketState.VALID,
                issued_at=at,
            )
            operations.append(
                Operation(
                    venue_id=order.venue_id,
                    event_id=order.event_id,
                    number=operation + len(tickets),
                    kind=OperationKind.SALE if ticket.price_cents else OperationKind.FREE,
                    at=at,
                    ticket=ticket,
                    ticket_number=ticket.number,
                    category=ticket.category,
                    price_cents=ticket.price_cents,
                    vat_rate_bp=line["vat_rate_bp"],
                    sold_at=sold_at,
                    operator=operator,
                )
            )
            tickets.append(ticket)
    Ticket.objects.bulk_create(tickets)
    Operation.objects.bulk_create(operations)
    outbox.put(topic=f"{FILES_TOPIC}.{order.pk}", key=str(order.pk), version=1, at=at)
    if order.email:
        _write_mail(order)
    return tickets


def _short_code() -> str:
    text = crockford(SHORT_CODE_BITS)
    return text + check_character(text)


def _write_mail(order: Order) -> None:
    """Stored with the sale and sent afterwards; it leads to the page that has tickets and PDF."""
    with override(order.language):
        said = {
            "order": order,
            "event": order.event,
            "venue": order.venue,
            "when": dates.long_moment(order.event.starts_at, order.venue.zone),
        }
        send_mail(
            gettext("Your tickets: {event}").format(event=order.event.title),
            render_to_string("ticketing/mail.txt", said),
            None,
            [order.email],
        )
