"""The cast of the closings: days at a register, one after the other."""

from __future__ import annotations

import datetime
import json
from typing import Any

from django.db import transaction

from teraa.common import journal_codes
from teraa.fiscal.closings.days import close_day
from teraa.fiscal.closings.models import Closing
from teraa.fiscal.drafts import TenderDraft
from teraa.fiscal.models import Document, Register
from teraa.fiscal.sealing import SealedDocument, seal_statement
from tests.fiscal import cast

AT = cast.AT  # Thursday 19 November 2026, 16:30 in Paris
DAY = datetime.timedelta(days=1)
HOUR = datetime.timedelta(hours=1)
BEER = cast.line(label="Bière", unit_price_cents=450, vat_class="alcohol", vat_rate_bp=2000)


def web(**fields: Any) -> Register:
    """A web lane with its journal started."""
    return cast.register(**{"station_id": None, "lane": "web", "name": "En ligne"} | fields)


def close(register: Register, at: datetime.datetime = AT, **fields: Any) -> Closing:
    return close_day(
        register_id=register.pk,
        at=at,
        **{"operator_label": "Ana", "station_label": "Bar"} | fields,
    )


def give_back(
    register: Register, sold: SealedDocument, at: datetime.datetime = AT, position: int = 1
) -> SealedDocument:
    """One line of a sold ticket comes back, in cash."""
    line = sold.values["lines"][position - 1]
    return cast.seal(
        register,
        cast.line(
            label=line["label"],
            unit_price_cents=line["unit_price_cents"],
            quantity_milli=-line["quantity_milli"],
            vat_class=line["vat_class"],
            vat_rate_bp=line["vat_rate_bp"],
            discount_cents=-line["discount_cents"],
            discount_reason=line["discount_reason"],
            discount_author=line["discount_author"],
            corrects_document=sold.id,
            corrects_position=position,
        ),
        at=at,
        corrects=sold.id,
    )


def duplicate(register: Register, sold: SealedDocument, at: datetime.datetime = AT) -> None:
    with transaction.atomic():
        seal_statement(
            register_id=register.pk,
            kind="DUPLICATE",
            values={"document": str(sold.id), "copy": 1},
            at=at,
        )


def eventful_day(register: Register, at: datetime.datetime = AT) -> None:
    """Something of everything that a Z counts."""
    sold = cast.seal(register, at=at)
    cast.seal(
        register,
        *[cast.line(), BEER],
        tenders=[
            cast.osm(500, 25_000_000_000),
            TenderDraft(kind="cash", amount_cents=130),
        ],
        at=at,
    )
    cast.seal(
        register,
        cast.line(discount_cents=30, discount_reason="Fidélité", discount_author="Ana"),
        tenders=[TenderDraft(kind="card", amount_cents=150)],
        at=at,
    )
    cast.seal(
        register,
        cast.line(discount_cents=180, discount_reason="Bénévole", discount_author="Ana"),
        at=at,
    )
    give_back(register, sold, at)
    cast.note(register, journal_codes.ITEM_RETURN, at)
    cast.note(register, journal_codes.SALE_CANCELLED, at)
    cast.note(register, journal_codes.DRAWER_OPENED, at)
    duplicate(register, sold, at)


def payload_of(closing: Closing) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(Document.objects.get(pk=closing.pk).payload)
    return values


def events(register: Register, code: int = journal_codes.CLOSING) -> list[dict[str, Any]]:
    found = Document.objects.filter(register=register, event_code=code).order_by("sequence")
    return [json.loads(payload) for payload in found.values_list("payload", flat=True)]
