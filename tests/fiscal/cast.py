"""The cast of the fiscal tests: an open register, and believable tickets."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction

from teraa.common.money import line_total
from teraa.fiscal.drafts import LineDraft, TenderDraft, TicketDraft
from teraa.fiscal.models import Register
from teraa.fiscal.registers import open_register
from teraa.fiscal.sealing import SealedDocument, seal_event, seal_ticket
from tests import make

AT = datetime.datetime(2026, 11, 19, 15, 30, tzinfo=datetime.UTC)


def utc(
    year: int, month: int, day: int, hour: int = 12, minute: int = 0, second: int = 0
) -> datetime.datetime:
    return datetime.datetime(year, month, day, hour, minute, second, tzinfo=datetime.UTC)


def day_of(sealed: SealedDocument) -> str:
    """The business day it was born in."""
    return str(sealed.values["period"]["business_date"])


def register(at: datetime.datetime = AT, **fields: Any) -> Register:
    """An open till register with its journal started; commits when the test's database does."""
    venue = fields.pop("venue", None) or make.venue()
    payee = fields.pop("payee", None) or make.payee(venue)
    if fields.get("lane") == "web":  # what happened before may have opened it
        found = Register.objects.filter(payee=payee, lane="web", training=False).first()
        if found is not None:
            return found
    station = fields.pop("station", None) or make.station(venue, payee=payee)
    return open_register(
        **{
            "venue_id": venue.pk,
            "payee_id": payee.pk,
            "station_id": station.pk,
            "name": "Bar",
            "lane": "till",
            "at": at,
        }
        | fields
    )


def line(**fields: Any) -> LineDraft:
    """A coffee at 1.80 €; the total follows from what is given."""
    values: dict[str, Any] = {
        "label": "Café allongé",
        "quantity_milli": 1000,
        "unit_price_cents": 180,
        "vat_class": "soft_drink",
        "vat_rate_bp": 1000,
        "serving": "on_site",
        "product_key": "cafe",
    } | fields
    values.setdefault(
        "total_cents",
        line_total(values["unit_price_cents"], values["quantity_milli"])
        - values.get("discount_cents", 0),
    )
    return LineDraft(**values)


def ticket(*lines: LineDraft, **fields: Any) -> TicketDraft:
    """Lines (one coffee by default) paid in cash, unless ``tenders`` says otherwise."""
    lines = lines or (line(),)
    total = sum(one.total_cents for one in lines)
    values: dict[str, Any] = {
        "lines": lines,
        "tenders": [TenderDraft(kind="cash", amount_cents=total)] if total else [],
        "station_label": "Bar",
        "operator_label": "Ana",
        "subject": "pos.sale:test",
    } | fields
    return TicketDraft(**values)


def osm(amount_cents: int, units: int = 9_000_000_000) -> TenderDraft:
    return TenderDraft(
        kind="osm",
        amount_cents=amount_cents,
        osm_units=units,
        osm_rate_e10=200_000_000,
        osm_txids=["7f" * 32],
        osm_reference="OS4KX2",
    )


def seal(
    register: Register, *lines: LineDraft, at: datetime.datetime = AT, **fields: Any
) -> SealedDocument:
    """One ticket, sealed and committed (as far as the test's database commits)."""
    with transaction.atomic():
        return seal_ticket(register_id=register.pk, ticket=ticket(*lines, **fields), at=at)


class Interrupted(Exception):
    """What goes wrong after a seal, so that all of it is undone."""


@transaction.atomic
def seal_and_fail(register: Register) -> None:
    """A ticket sealed in a transaction that does not live."""
    seal_ticket(register_id=register.pk, ticket=ticket(), at=AT)
    raise Interrupted


def note(
    register: Register, code: int = 80, at: datetime.datetime = AT, **values: Any
) -> SealedDocument:
    """One event of the journal, sealed."""
    with transaction.atomic():
        return seal_event(
            register_id=register.pk, code=code, values=values, at=at, operator_label="Ana"
        )
