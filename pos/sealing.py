"""From a sale to the draft of its fiscal ticket."""

from __future__ import annotations

from collections.abc import Sequence

from pos.models import Sale
from teraa.fiscal.drafts import LineDraft, TenderDraft, TicketDraft


def draft_ticket(sale: Sale, tenders: Sequence[TenderDraft]) -> TicketDraft:
    """The ticket of ``sale``: values only, so that nothing it says can change afterwards."""
    due = sale.due.line_subject if sale.due is not None else ""
    return TicketDraft(
        subject=f"pos.sale:{sale.key}",
        station_label=sale.station.name,
        operator_label=sale.staff.name,
        lines=tuple(
            LineDraft(
                label=line["label"],
                quantity_milli=line["quantity_milli"],
                unit_price_cents=line["unit_price_cents"],
                total_cents=line["total_cents"],
                vat_class=line["vat_class"],
                vat_rate_bp=line["vat_rate_bp"],
                serving=line["serving"],
                product_key=line["product"],
                subject=due,
            )
            for line in sale.cart
        ),
        tenders=tuple(tenders),
    )
