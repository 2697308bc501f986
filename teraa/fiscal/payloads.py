"""What is signed, value by value, and how anybody can check it without this program. Pure.

**The text.** A payload is one JSON object. Its text is the canonical form of RFC 8785 (JCS):
no white space, keys in order, UTF-8. Every number is an integer within ±(2⁵³ − 1), so JavaScript
and Python hold the same value; amounts are euro cents, quantities thousandths, VAT rates basis
points. OSM amounts (units of 10⁻⁸) and OSM rates (euros per OSM × 10¹⁰) pass 2⁵³ and are decimal
*strings*. What is absent is ``null``, ``""`` or ``[]``, never left out.

**The hash** is SHA-256 over the UTF-8 bytes of the text, 64 lower-case hexadecimal digits.
``previous_hash`` in the text is that of the document with the next lower ``sequence`` in the same
register and ``kind``; the first of a chain has ``""`` there and ``first_in_chain`` true.

**The signature** is Ed25519 (RFC 8032, no pre-hash, no context) over the same UTF-8 bytes,
128 lower-case hexadecimal digits. ``key_id`` is the first 16 hexadecimal digits of the SHA-256 of
the 32 bytes of the public key.

**In JavaScript**, with any JCS function (for these payloads: JSON.stringify with sorted keys)::

    const bytes = new TextEncoder().encode(text);
    canonicalise(JSON.parse(text)) === text
    hex(await crypto.subtle.digest("SHA-256", bytes)) === hash
    ed25519.verify(signature, bytes, publicKey)          // @noble/curves, hex in

Test vectors: ``tests/fiscal/test_payloads.py``.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from teraa.common.clock import iso_utc
from teraa.fiscal.drafts import LineDraft, TaxShare, TenderDraft, TicketDraft, Totals
from teraa.fiscal.states import TenderKind
from teraa.fiscal.version import FISCAL_VERSION

FORM: Final = 1  # of the payload; a later form is read by its own rules
CURRENCY: Final = "EUR"


class Identity(NamedTuple):
    """Who sells, as printed on the day (research pos-fr pitfall 15)."""

    name: str
    legal_name: str
    legal_form: str
    siret: str
    vat_id: str
    address: str


class Chain(NamedTuple):
    """Where a document goes: its register, period, venue and place in the chain."""

    register_id: UUID
    register_name: str
    lane: str
    training: bool
    key_id: str
    venue_id: UUID
    venue_name: str
    zone: str
    identity: Identity
    period_id: UUID
    period_number: int
    business_date: datetime.date
    kind: str
    sequence: int
    previous_hash: str
    software_version: str


def _common(
    chain: Chain,
    *,
    document_id: UUID,
    at: datetime.datetime,
    utc_offset_minutes: int,
    station: str,
    operator: str,
    subject: str,
) -> dict[str, Any]:
    return {
        "form": FORM,
        "fiscal_version": FISCAL_VERSION,
        "software_version": chain.software_version,
        "document": str(document_id),
        "kind": chain.kind,
        "sequence": chain.sequence,
        "first_in_chain": chain.sequence == 1,
        "previous_hash": chain.previous_hash,
        "key_id": chain.key_id,
        "register": {
            "id": str(chain.register_id),
            "name": chain.register_name,
            "lane": chain.lane,
            "training": chain.training,
        },
        "period": {
            "id": str(chain.period_id),
            "number": chain.period_number,
            "business_date": chain.business_date.isoformat(),
        },
        "venue": chain.venue_name,
        "venue_id": str(chain.venue_id),
        "zone": chain.zone,
        "payee": chain.identity._asdict(),
        "issued_at": iso_utc(at),
        "utc_offset_minutes": utc_offset_minutes,
        "station": station,
        "operator": operator,
        "subject": subject,
        "currency": CURRENCY,
    }


def ticket_values(
    chain: Chain,
    *,
    document_id: UUID,
    ticket: TicketDraft,
    totals: Totals,
    perpetual_real_cents: int,
    perpetual_absolute_cents: int,
    at: datetime.datetime,
    utc_offset_minutes: int,
) -> dict[str, Any]:
    """The values of a ticket. The perpetual totals (cents) already contain it."""
    values = _common(
        chain,
        document_id=document_id,
        at=at,
        utc_offset_minutes=utc_offset_minutes,
        station=ticket.station_label,
        operator=ticket.operator_label,
        subject=ticket.subject,
    )
    values["corrects"] = str(ticket.corrects) if ticket.corrects else None
    values["lines"] = [_line(n, line) for n, line in enumerate(ticket.lines, start=1)]
    values["taxes"] = [_tax(share) for share in totals.taxes]
    values["tenders"] = [_tender(n, tender) for n, tender in enumerate(ticket.tenders, start=1)]
    values["total_cents"] = totals.total_cents
    values["perpetual_real_cents"] = perpetual_real_cents
    values["perpetual_absolute_cents"] = perpetual_absolute_cents
    return values


def statement_values(
    chain: Chain,
    *,
    document_id: UUID,
    values: Mapping[str, Any],
    at: datetime.datetime,
    utc_offset_minutes: int,
    station: str,
    operator: str,
    subject: str,
    code: int | None = None,
) -> dict[str, Any]:
    """The values of a duplicate, a closing or an archive; with its ``code``, of an event (JET).

    ``values`` is what it states.
    """
    common = _common(
        chain,
        document_id=document_id,
        at=at,
        utc_offset_minutes=utc_offset_minutes,
        station=station,
        operator=operator,
        subject=subject,
    )
    return {**common, "values": values} | ({} if code is None else {"code": code})


def _line(position: int, line: LineDraft) -> dict[str, Any]:
    return {
        "position": position,
        "parent_position": line.parent_position,
        "kind": line.kind,
        "label": line.label,
        "product_key": line.product_key,
        "quantity_milli": line.quantity_milli,
        "unit": line.unit,
        "unit_price_cents": line.unit_price_cents,
        "discount_cents": line.discount_cents,
        "discount_reason": line.discount_reason,
        "discount_author": line.discount_author,
        "total_cents": line.total_cents,
        "vat_class": line.vat_class,
        "vat_rate_bp": line.vat_rate_bp,
        "serving": line.serving,
        "modifiers": [{"label": m.label, "price_cents": m.price_cents} for m in line.modifiers],
        "components": [
            {
                "label": part.label,
                "quantity_milli": part.quantity_milli,
                "vat_class": part.vat_class,
                "vat_rate_bp": part.vat_rate_bp,
                "total_cents": part.total_cents,
                "product_key": part.product_key,
            }
            for part in line.components
        ],
        "subject": line.subject,
        "payee_label": line.payee_label,
        "corrects_document": str(line.corrects_document) if line.corrects_document else None,
        "corrects_position": line.corrects_position,
    }


def _tax(share: TaxShare) -> dict[str, int]:
    return {
        "rate_bp": share.rate_bp,
        "base_cents": share.base_cents,
        "vat_cents": share.vat_cents,
        "total_cents": share.total_cents,
    }


def _tender(position: int, tender: TenderDraft) -> dict[str, Any]:
    received, change = None, None
    if tender.kind == TenderKind.CASH:
        received = tender.amount_cents if tender.received_cents is None else tender.received_cents
        change = tender.change_cents or 0
    return {
        "position": position,
        "kind": tender.kind,
        "label": tender.label,
        "amount_cents": tender.amount_cents,
        "received_cents": received,
        "change_cents": change,
        "osm_units": None if tender.osm_units is None else str(tender.osm_units),
        "osm_rate_e10": None if tender.osm_rate_e10 is None else str(tender.osm_rate_e10),
        "osm_txids": list(tender.osm_txids),
        "osm_reference": tender.osm_reference,
        "authorisation": tender.authorisation,
    }


# -- the projection: what the rows beside a payload must say -------------------------------------

LINE_COLUMNS: Final = (
    "position",
    "parent_position",
    "kind",
    "label",
    "product_key",
    "quantity_milli",
    "unit",
    "unit_price_cents",
    "discount_cents",
    "discount_reason",
    "discount_author",
    "total_cents",
    "vat_class",
    "vat_rate_bp",
    "serving",
    "modifiers",
    "components",
    "subject",
    "payee_label",
    "corrects_document",
    "corrects_position",
)
TAX_COLUMNS: Final = ("rate_bp", "base_cents", "vat_cents", "total_cents")
TENDER_COLUMNS: Final = (
    "position",
    "kind",
    "label",
    "amount_cents",
    "received_cents",
    "change_cents",
    "osm_units",
    "osm_rate_e10",
    "osm_txids",
    "osm_reference",
    "authorisation",
)


def document_columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the document row that ``values`` (a payload) imply, by column name."""
    return {
        "id": values["document"],
        "venue_id": values["venue_id"],
        "register_id": values["register"]["id"],
        "period_id": values["period"]["id"],
        "kind": values["kind"],
        "sequence": values["sequence"],
        "first_in_chain": values["first_in_chain"],
        "issued_at": datetime.datetime.fromisoformat(values["issued_at"]),
        "utc_offset_minutes": values["utc_offset_minutes"],
        "business_date": values["period"]["business_date"],
        "station_label": values["station"],
        "operator_label": values["operator"],
        "event_code": values.get("code"),
        "total_cents": values.get("total_cents"),
        "perpetual_real_cents": values.get("perpetual_real_cents"),
        "perpetual_absolute_cents": values.get("perpetual_absolute_cents"),
        "subject": values["subject"],
        "corrects_id": values.get("corrects"),
        "previous_hash": values["previous_hash"],
        "key_id": values["key_id"],
    }


# -- what people read ----------------------------------------------------------------------------


def number_label(register_name: str, sequence: int) -> str:
    """The number printed and read aloud: ``"Bar-000042"``."""
    return f"{register_name}-{sequence:06d}"


def signature_extract(signature: str) -> str:
    """Four characters of the signature (3rd, 7th, 13th, 19th) to print on paper (F15)."""
    return "".join(signature[index] for index in (2, 6, 12, 18)).upper()
