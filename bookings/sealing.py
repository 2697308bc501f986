"""From a booking to the draft of its fiscal ticket."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import override

from bookings.models import Booking
from teraa.common.money import share_out
from teraa.fiscal.drafts import LineDraft, TenderDraft, TicketDraft
from teraa.fiscal.queries import DocumentView
from teraa.fiscal.reversing import OpenLine, open_lines, take_back
from teraa.settlement.queries import SettledTender

MILLI = 1000
LABEL_LENGTH = 120


def subject_of(booking: Booking) -> str:
    """How every ticket about a booking names it."""
    return f"bookings.booking:{booking.key}"


def draft_ticket(booking: Booking, tenders: Sequence[SettledTender]) -> TicketDraft:
    """The ticket of a paid ``booking``, from what was frozen when it was made.

    Each line names the due, so that a till that took the money finds the ticket.
    """
    due = booking.due.line_subject if booking.due is not None else ""
    with override(booking.venue.language):
        by_code = _("discount code")
    return TicketDraft(
        subject=subject_of(booking),
        station_label=_same(tender.station_label for tender in tenders),
        operator_label=_same(tender.operator for tender in tenders),
        lines=tuple(
            LineDraft(
                label=line["label"],
                quantity_milli=line["quantity_milli"],
                unit_price_cents=line["unit_price_cents"],
                total_cents=line["total_cents"],
                discount_cents=line.get("discount_cents", 0),
                discount_reason=line.get("discount_reason", ""),
                discount_author=by_code if line.get("discount_cents") else "",
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


def draft_correction(
    booking: Booking,
    tickets: Sequence[DocumentView],
    *,
    cents: int,
    tender: TenderDraft,
    subject: str = "",
    station_label: str = "",
    operator_label: str = "",
) -> TicketDraft:
    """The ticket by which ``cents`` of a cancelled booking go back (F2).

    Whatever still stands of it is taken back, and what the payee keeps is sold again, one line a
    rate: the sum is minus ``cents``, to the cent. Every line carries ``subject``.
    """
    stands = open_lines(tickets)
    kept = sum(line.total_cents for line in stands) - cents
    if kept < 0:
        raise ValueError("more than what stands")
    back = [replace(draft, subject=subject) for line in stands for draft in take_back(line)]
    return TicketDraft(
        subject=subject_of(booking),
        station_label=station_label,
        operator_label=operator_label,
        lines=(*back, *_kept(booking, stands, kept, subject)),
        tenders=(tender,),
        corrects=booking.document_id if not kept else None,
    )


def _kept(booking: Booking, stands: Sequence[OpenLine], kept: int, subject: str) -> list[LineDraft]:
    if not kept:
        return []
    rates: dict[tuple[str, int], int] = {}
    for line in stands:
        rate = (line.values["vat_class"], line.values["vat_rate_bp"])
        rates[rate] = rates.get(rate, 0) + line.total_cents
    with override(booking.venue.language):
        label = _("Kept at cancellation: %(what)s") % {"what": booking.label}
    shares = share_out(kept, list(rates.values()))
    return [
        LineDraft(
            label=label[:LABEL_LENGTH],
            quantity_milli=MILLI,
            unit_price_cents=share,
            total_cents=share,
            vat_class=vat_class,
            vat_rate_bp=rate_bp,
            product_key=str(booking.offer_id),
            subject=subject,
        )
        for (vat_class, rate_bp), share in zip(rates, shares, strict=True)
        if share
    ]
