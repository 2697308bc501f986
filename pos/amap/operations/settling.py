"""A settled basket gets its ticket in the producers' register."""

from __future__ import annotations

import datetime

from django.utils import translation
from django.utils.translation import gettext

from pos.amap.models import Basket, OrderLine
from teraa.common.ids import uuid7
from teraa.fiscal.drafts import LineDraft, TenderDraft, TicketDraft
from teraa.fiscal.registers import ensure_register
from teraa.fiscal.sealing import seal_ticket
from teraa.settlement.models import Due, DueState
from teraa.settlement.queries import settled_tenders

SUBJECT = "amap.basket"


def seal_if_settled(basket: Basket, *, at: datetime.datetime) -> bool:
    """Seal the one ticket of ``basket`` once its due is settled; say whether this call did.

    The caller holds the basket's lock. The payments' own till keeps the register when they were
    all taken at one, else the payee's web lane does.
    """
    if basket.document_id is not None or basket.due_id is None:
        return False
    due = Due.objects.get(pk=basket.due_id)
    if due.state != DueState.SETTLED:
        return False
    tenders = settled_tenders(due_id=due.pk)
    stations = {tender.station_id for tender in tenders}
    station_id = stations.pop() if len(stations) == 1 else None
    last = tenders[-1]
    sealed = seal_ticket(
        register_id=ensure_register(
            venue_id=basket.venue_id, payee_id=due.payee_id, station_id=station_id, at=at
        ),
        ticket=TicketDraft(
            subject=f"{SUBJECT}:{basket.pk}",
            station_label=last.station_label if station_id else "",
            operator_label=last.operator,
            lines=ticket_lines(basket, subject=due.line_subject),
            tenders=tuple(TenderDraft.of(tender) for tender in tenders),
        ),
        document_id=uuid7(),
        at=at,
    )
    Basket.objects.filter(pk=basket.pk).update(document_id=sealed.id, version=basket.version + 1)
    basket.document_id, basket.version = sealed.id, basket.version + 1
    return True


def owed_lines(lines: list[OrderLine]) -> list[OrderLine]:
    """Those that money is owed for here."""
    return [line for line in lines if line.quantity_milli and not line.paid_elsewhere]


def ticket_lines(basket: Basket, *, subject: str) -> tuple[LineDraft, ...]:
    """The frozen lines; fees one line a rate, since a fee follows the goods it is for.

    ``subject`` names the due on each, so that the ticket is found from the money.
    """
    lines = owed_lines(list(basket.lines.order_by("position", "pk")))
    drafts = [
        LineDraft(
            label=line.label,
            quantity_milli=line.quantity_milli,
            unit_price_cents=line.unit_price_cents,
            total_cents=line.total_cents - line.fee_cents,
            vat_rate_bp=line.vat_rate_bp,
            serving="takeaway",
            product_key=str(line.product_id),
            subject=subject,
        )
        for line in lines
    ]
    fees: dict[int, int] = {}
    for line in lines:
        if line.fee_cents:
            fees[line.vat_rate_bp] = fees.get(line.vat_rate_bp, 0) + line.fee_cents
    with translation.override(basket.distribution.group.venue.language):
        label = gettext("Management fee")
    drafts += [
        LineDraft(
            label=label,
            quantity_milli=1000,
            unit_price_cents=cents,
            total_cents=cents,
            vat_rate_bp=rate_bp,
            serving="takeaway",
            subject=subject,
        )
        for rate_bp, cents in sorted(fees.items())
    ]
    return tuple(drafts)
