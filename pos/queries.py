"""What the till's screens show: one call feeds one screen."""

from __future__ import annotations

import datetime
import json
import re
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from pos.catalogue import Catalogue
from pos.models import Sale, SaleRefund
from pos.operations import Rung
from pos.pricing import rate_on
from pos.printing import subject_of
from pos.states import ReceiptWish, SaleState
from teraa.common.clock import iso_utc
from teraa.common.money import osm_decimal, vat_of_inclusive
from teraa.common.problems import NotFound
from teraa.common.qr import qr_path
from teraa.devices.queries import print_states, printer_for
from teraa.fiscal.models import Document
from teraa.fiscal.states import ChainKind
from teraa.settlement.osm import uri as payment_link
from teraa.settlement.queries import OsmView, TenderView, tender_views_of

LAST_SALES = 20
# To a cashier, a job being printed still waits, and one that cannot be printed needs a hand.
PRINT_STATES = {"leased": "queued", "failed": "held"}


def sale_for(*, venue_id: UUID, key: UUID) -> Sale:
    """One sale of this venue. Raises NotFound for any other venue's."""
    sale = (
        Sale.objects.select_related("staff", "station", "document")
        .filter(venue_id=venue_id, key=key)
        .first()
    )
    if sale is None:
        raise NotFound
    return sale


def sale_view(sale: Sale) -> dict[str, Any]:
    """Everything a till shows of one sale (at most 3 queries)."""
    tenders = tender_views_of([sale.due_id])[sale.due_id] if sale.due_id else []
    prints = print_states(venue_id=sale.venue_id, subjects=[subject_of(sale)])
    return _view(sale, tenders, _print_state(sale, prints))


def _print_state(sale: Sale, prints: dict[str, str]) -> str | None:
    state = prints.get(subject_of(sale))
    return PRINT_STATES.get(state, state) if state else None


def rung_view(rung: Rung) -> dict[str, Any]:
    """The answer to ringing up; a sale this very request sealed needs no query at all."""
    if rung.sealed is None:
        return sale_view(rung.sale)
    values = json.loads(rung.sealed.payload)
    return _assemble(
        rung.sale,
        number=str(rung.sealed.sequence),
        taxes=values["taxes"],
        tenders=[_sealed_tender(index, one) for index, one in enumerate(values["tenders"])],
        paid=rung.sale.total_cents,
        pending=0,
        printed="queued" if rung.sale.receipt == ReceiptWish.PAPER else None,
    )


def _view(sale: Sale, tenders: list[TenderView], printed: str | None) -> dict[str, Any]:
    if sale.document is not None:
        values = json.loads(sale.document.payload)
        taxes = values["taxes"]
        number = str(sale.document.sequence)
    else:
        taxes = taxes_of(sale)
        number = None
    if tenders:
        shown = [tender_dict(one) for one in tenders]
    elif sale.document is not None:
        shown = [_sealed_tender(index, one) for index, one in enumerate(values["tenders"])]
    else:
        shown = []
    settled = sum(one["amount_cents"] for one in shown if one["state"] == "settled")
    pending = sum(one["amount_cents"] for one in shown if one["state"] in ("pending", "accepted"))
    return _assemble(
        sale,
        number=number,
        taxes=taxes,
        tenders=shown,
        paid=settled,
        pending=pending,
        printed=printed,
    )


def _assemble(
    sale: Sale,
    *,
    number: str | None,
    taxes: list[dict[str, Any]],
    tenders: list[dict[str, Any]],
    paid: int,
    pending: int,
    printed: str | None,
) -> dict[str, Any]:
    return {
        "key": str(sale.key),
        "state": sale.state,
        "version": sale.version,
        "number": number,
        "created_at": iso_utc(sale.created_at),
        "paid_at": iso_utc(sale.closed_at)
        if sale.closed_at and sale.state == SaleState.PAID
        else None,
        "total_cents": sale.total_cents,
        "paid_cents": paid,
        "pending_cents": pending,
        "remaining_cents": max(0, sale.total_cents - paid - pending)
        if sale.state == SaleState.WAITING
        else 0,
        "serving": sale.serving,
        "receipt": sale.receipt,
        "bills": sale.bills,
        "training": sale.training,
        "lines": [
            {
                "label": line["label"],
                "quantity": line["quantity_milli"] // 1000,
                "unit_price_cents": line["unit_price_cents"],
                "total_cents": line["total_cents"],
                "vat_rate_bp": line["vat_rate_bp"],
            }
            for line in sale.cart
        ],
        "taxes": taxes,
        "tenders": tenders,
        "print": {"state": printed} if printed else None,
        "operator": sale.staff.name,
        "change_cents": sum(one["change_cents"] for one in tenders),
    }


def taxes_of(sale: Sale) -> list[dict[str, Any]]:
    """VAT of a sale that is not sealed yet, by the rule that will seal it."""
    totals: dict[int, int] = {}
    for line in sale.cart:
        totals[line["vat_rate_bp"]] = totals.get(line["vat_rate_bp"], 0) + line["total_cents"]
    rows = []
    for rate_bp, total in sorted(totals.items()):
        vat = vat_of_inclusive(total, rate_bp)
        rows.append(
            {"rate_bp": rate_bp, "base_cents": total - vat, "vat_cents": vat, "total_cents": total}
        )
    return rows


def tender_dict(view: TenderView) -> dict[str, Any]:
    """One payment as the till shows it, with the code to scan where it is one in OSM."""
    return {
        "key": str(view.key),
        "kind": view.kind,
        "amount_cents": view.amount_cents,
        "received_cents": view.received_cents,
        "change_cents": view.change_cents,
        "state": view.state,
        "osm": _osm(view.osm) if view.osm else None,
    }


def _osm(view: OsmView) -> dict[str, Any]:
    # What is still missing is what the code asks for: a top-up keeps the same reference.
    asked = view.missing_units or view.units
    uri = payment_link.build(address=view.address, units=asked, vendor_field=view.reference)
    code = qr_path(uri)
    return {
        "request": str(view.id),
        "state": view.state,
        "reference": view.reference,
        "address": view.address,
        "units": str(view.units),
        "amount": osm_decimal(view.units),
        "missing_units": str(view.missing_units),
        "uri": uri,
        "qr_svg_path": code.path,
        "qr_size": code.size,
        "expires_at": iso_utc(view.expires_at),
        "trusted_until": iso_utc(view.trusted_until) if view.trusted_until else None,
        "confirmations": view.confirmations,
        "required": view.required,
        "wait_s": view.wait_s,
        "rate_e10": str(view.rate_e10),
        "fee_units": str(view.fee_units),
        "flags": list(view.flags),
    }


def _sealed_tender(index: int, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": str(index),
        "kind": values["kind"],
        "amount_cents": values["amount_cents"],
        # Only cash is received and given back; the signed text leaves both empty for the rest.
        "received_cents": values["received_cents"] or values["amount_cents"],
        "change_cents": values["change_cents"] or 0,
        "state": "settled",
        "osm": None,
    }


def last_sales(
    *, station_id: UUID, venue_id: UUID, training: bool = False, last: int = LAST_SALES
) -> list[dict[str, Any]]:
    """The last sales of a till, newest first, with the state of their money and paper.

    In training those that were practised, else none of them.
    """
    rows = Sale.objects.filter(station_id=station_id, venue_id=venue_id, training=training)
    return _listed(venue_id, rows, last)


_NUMBER = re.compile(r"^(?:(?P<register>.+)-)?0*(?P<sequence>\d{1,12})$", re.ASCII)


def sales_numbered(*, venue_id: UUID, text: str, training: bool = False) -> list[dict[str, Any]]:
    """Sales of any till here whose ticket, or the ticket of a refund, has this number.

    ``text`` is what stands on the paper: ``"42"`` or ``"Bar-000042"``. Newest first.
    """
    number = _NUMBER.match(text.strip())
    if number is None:
        return []
    documents = Document.objects.filter(
        venue_id=venue_id, kind=ChainKind.TICKET, sequence=int(number["sequence"])
    )
    if number["register"]:
        documents = documents.filter(register__name__iexact=number["register"].strip())
    rows = Sale.objects.filter(venue_id=venue_id, training=training).filter(
        Q(document__in=documents) | Q(refunds__document__in=documents)
    )
    return _listed(venue_id, rows.distinct(), LAST_SALES)


def _listed(venue_id: UUID, rows: QuerySet[Sale], last: int) -> list[dict[str, Any]]:
    sales = list(
        rows.select_related("staff", "document")
        .defer("document__payload")
        .order_by("-created_at")[:last]
    )
    dues = [sale.due_id for sale in sales if sale.due_id]
    views = tender_views_of(dues) if dues else {}
    prints = print_states(venue_id=venue_id, subjects=[subject_of(sale) for sale in sales])
    returned = dict(
        SaleRefund.objects.filter(venue_id=venue_id, sale__in=sales)
        .values_list("sale_id")
        .annotate(Sum("total_cents"))
    )
    return [
        {
            **_short(sale, views[sale.due_id] if sale.due_id else [], prints),
            "returned_cents": returned.get(sale.pk, 0),
        }
        for sale in sales
    ]


def _short(sale: Sale, tenders: list[TenderView], prints: dict[str, str]) -> dict[str, Any]:
    osm = [one.osm for one in tenders if one.osm]
    held = sum(
        one.amount_cents for one in tenders if one.state in ("settled", "pending", "accepted")
    )
    return {
        "key": str(sale.key),
        "state": sale.state,
        "version": sale.version,
        "number": str(sale.document.sequence) if sale.document else None,
        "created_at": iso_utc(sale.created_at),
        "total_cents": sale.total_cents,
        "remaining_cents": max(0, sale.total_cents - held)
        if sale.state == SaleState.WAITING
        else 0,
        "operator": sale.staff.name,
        "osm_state": osm[-1].state if osm else None,
        "print_state": _print_state(sale, prints),
        "label": sale.cart_label,
    }


def catalogue_view(catalogue: Catalogue, day: datetime.date) -> dict[str, Any]:
    """The catalogue with the VAT rates of ``day``."""
    return {
        "version": catalogue.number,
        "sha256": catalogue.sha256,
        "categories": [
            {
                **category,
                "products": [
                    {
                        **product,
                        "rates": {
                            serving: rate_on(dated, day)
                            for serving, dated in product["rates"].items()
                        },
                    }
                    for product in category["products"]
                ],
            }
            for category in catalogue.snapshot["categories"]
        ],
    }


def printer_view(*, station_id: UUID) -> dict[str, Any] | None:
    """The till's printer and how much waits before it."""
    printer = printer_for(station_id=station_id)
    return {"name": printer.name, "waiting": printer.waiting()} if printer else None
