"""What the till shows of corrections: what was given back of a sale, and what still can be."""

from __future__ import annotations

from typing import Any

from pos.models import Sale, SaleRefund
from pos.queries import PRINT_STATES
from pos.refunding import paid_by_kind, subject_of
from teraa.common.clock import iso_utc
from teraa.devices.queries import print_states
from teraa.fiscal.corrections import relations_of
from teraa.fiscal.queries import tickets_about
from teraa.fiscal.reversing import open_lines, stands_alone


def corrections_view(sale: Sale) -> dict[str, Any]:
    """Everything a till needs to give back of one sale, and what was given back (four queries).

    Read from the tickets, not from what this program believes about them.
    """
    tickets = tickets_about(venue_id=sale.venue_id, subject=f"pos.sale:{sale.key}")
    left = open_lines(tickets)
    by_document = {ticket.id: ticket for ticket in tickets}
    refunds = SaleRefund.objects.filter(sale=sale).select_related("staff", "coins").order_by("id")
    prints = print_states(
        venue_id=sale.venue_id, subjects=[subject_of(refund.key) for refund in refunds]
    )
    sentences: tuple[str, ...] = ()
    if sale.document_id is not None and refunds:
        sentences = relations_of(venue_id=sale.venue_id, document_id=sale.document_id).sentences()
    held = paid_by_kind(tickets)
    return {
        "sale": str(sale.key),
        "total_cents": sale.total_cents,
        "returned_cents": sale.total_cents - sum(held.values()) if tickets else 0,
        "sentences": list(sentences),
        "lines": [
            {
                "document": str(line.document_id),
                "number": line.number,
                "position": line.position,
                "label": line.values["label"],
                "quantity_milli": line.quantity_milli,
                "unit_price_cents": line.values["unit_price_cents"],
                "discount_cents": line.values["discount_cents"],
                "total_cents": line.total_cents,
                "divisible": stands_alone(line, left),
            }
            for line in left
        ],
        "tenders": [
            {"kind": kind, "left_cents": cents} for kind, cents in held.items() if cents > 0
        ],
        "refunds": [
            _refund(refund, by_document[refund.document_id].number, prints) for refund in refunds
        ],
    }


def _refund(refund: SaleRefund, number: str, prints: dict[str, str]) -> dict[str, Any]:
    printed = prints.get(subject_of(refund.key))
    return {
        "key": str(refund.key),
        "number": number,
        "total_cents": refund.total_cents,
        "at": iso_utc(refund.created_at),
        "operator": refund.staff.name,
        "reason": refund.reason,
        "coins": {"reference": refund.coins.reference, "state": refund.coins.state}
        if refund.coins
        else None,
        "print": {"state": PRINT_STATES.get(printed, printed)} if printed else None,
    }
