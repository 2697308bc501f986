"""From a booking to the draft of its fiscal ticket."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bookings.models import Booking
from teraa.fiscal.drafts import LineDraft, TenderDraft, TicketDraft
from teraa.settlement.queries import SettledTender


def draft_ticket(booking: Booking, tenders: Sequence[SettledTender]) -> TicketDraft:
    """The ticket of a paid ``booking``, from what was frozen when it was made.

    Each line names the due, so that a till that took the money finds the ticket.
    """
    due = booking.due.line_subject if booking.due is not None else ""
    return TicketDraft(
        subject=f"bookings.booking:{booking.key}",
        station_label=_same(tender.station_label for tender in tenders),
        operator_label=_same(tender.operator for tender in tenders),
        lines=tuple(
            LineDraft(
                label=line["label"],
                quantity_milli=line["quantity_milli"],
                unit_price_cents=line["unit_price_cents"],
                total_cents=line["total_cents"],
                vat_class=line["vat_class"],
                vat_rate_bp=line["vat_rate_bp"],
                product_key=str(booking.offer_id),
                subject=due,
            )
            for line in booking.lines
        ),
        tenders=tuple(TenderDraft.of(tender) for tender in tenders),
    )


def _same(labels: Iterable[str]) -> str:
    """The one label they all share, or none."""
    found = set(labels)
    return found.pop() if len(found) == 1 else ""
