"""Papers as they leave the printer, for eyes and for golden files: fixed values, no database."""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext

from pos.bills import bill_page
from pos.receipts import receipt_page
from teraa.common.money import line_total
from teraa.common.paper import Page
from teraa.devices.escpos import encode
from teraa.devices.fakes.mechanism import Faults, Mechanism
from teraa.devices.fakes.strip import Strip
from teraa.devices.profiles import Profile
from teraa.fiscal import payloads
from teraa.fiscal.drafts import (
    ComponentDraft,
    LineDraft,
    ModifierDraft,
    TenderDraft,
    TicketDraft,
    check_ticket,
)
from teraa.fiscal.reversing import OpenLine, take_back

ZONE = "Europe/Paris"
AT = datetime.datetime(2026, 11, 20, 19, 42, 7, tzinfo=datetime.UTC)
SOLD = UUID("01a20000-0000-7000-8000-000000000001")
BACK = UUID("01a20000-0000-7000-8000-000000000002")
SIGNATURE = "7f3a91c2" * 16


def line(label: str, price: int, quantity: int = 1000, **fields: Any) -> LineDraft:
    discount = fields.get("discount_cents", 0)
    return LineDraft(
        label=label,
        quantity_milli=quantity,
        unit_price_cents=price,
        total_cents=line_total(price, quantity) - discount,
        **{"vat_rate_bp": 1000, "serving": "on_site"} | fields,
    )


LINES = (
    line("Café allongé", 180, 2000, modifiers=[ModifierDraft("lait d’avoine")]),
    line(
        "Bière ambrée de la brasserie d’à côté",
        450,
        3000,
        vat_rate_bp=2000,
        discount_cents=150,
        discount_reason="Fin de fût",
        discount_author="Ana",
    ),
    line(
        "Formule midi",
        1450,
        vat_rate_bp=None,
        components=[
            ComponentDraft("Plat du jour", 1000, "meal", 1000, 1150),
            ComponentDraft("Verre de vin", 1000, "alcohol", 2000, 300),
        ],
    ),
    line("Gobelet", 100, kind="deposit", vat_rate_bp=0),
    line("Bon cadeau", 2000, kind="non_item", vat_rate_bp=0),
)
PAID = (
    TenderDraft(kind="card", amount_cents=3000, authorisation="739251"),
    TenderDraft(kind="cash", amount_cents=2110, received_cents=2500, change_cents=390),
)


def chain(sequence: int, *, training: bool = False, kind: str = "TICKET") -> payloads.Chain:
    return payloads.Chain(
        register_id=UUID("01a20000-0000-7000-8000-00000000000a"),
        register_name="Bar école" if training else "Bar",
        lane="till",
        training=training,
        key_id="0123456789abcdef",
        venue_id=UUID("01a20000-0000-7000-8000-00000000000b"),
        venue_name="TERAA Genesis",
        zone=ZONE,
        identity=payloads.Identity(
            name="Coopérative",
            legal_name="SCIC TERAA Genesis",
            legal_form="SCIC SAS à capital variable",
            siret="90012345600017",
            vat_id="FR40900123456",
            address="12 rue de la Gare, 91120 Palaiseau",
        ),
        period_id=UUID("01a20000-0000-7000-8000-00000000000c"),
        period_number=3,
        business_date=datetime.date(2026, 11, 20),
        kind=kind,
        sequence=sequence,
        previous_hash="" if sequence == 1 else "ab" * 32,
        software_version="0.5.0",
    )


def ticket(
    lines: tuple[LineDraft, ...],
    tenders: tuple[TenderDraft, ...],
    *,
    document_id: UUID = SOLD,
    sequence: int = 41,
    corrects: UUID | None = None,
    training: bool = False,
) -> dict[str, Any]:
    """The signed values of a ticket."""
    draft = TicketDraft(
        lines=lines,
        tenders=tenders,
        subject="pos.sale:1",
        station_label="Comptoir",
        operator_label="Ana",
        corrects=corrects,
    )
    values = payloads.ticket_values(
        chain(sequence, training=training),
        document_id=document_id,
        ticket=draft,
        totals=check_ticket(draft),
        perpetual_real_cents=0,
        perpetual_absolute_cents=0,
        at=AT,
        utc_offset_minutes=60,
    )
    return values | {"fiscal_version": "1.0.0"}


def sale(**fields: Any) -> dict[str, Any]:
    return ticket(LINES, PAID, **fields)


def returned(*quantities: int | None, whole: bool) -> dict[str, Any]:
    """The first lines of the sale taken back: so much of each, or all of it (None)."""
    sold = sale()["lines"]
    drafts = tuple(
        draft
        for values, quantity in zip(sold, quantities, strict=False)
        for draft in take_back(OpenLine(SOLD, "Bar-000041", values["position"], values), quantity)
    )
    total = sum(draft.total_cents for draft in drafts)
    return ticket(
        drafts,
        (TenderDraft(kind="cash", amount_cents=total),),
        document_id=BACK,
        sequence=42,
        corrects=SOLD if whole else None,
    )


def printed(page: Page) -> Strip:
    """The strip that comes out of a printer of this width."""
    strips: list[Strip] = []
    mechanism = Mechanism(
        columns=page.width_columns,
        faults=Faults(),
        on_cut=lambda strip, _cut: strips.append(strip),
        on_kick=lambda _pin: None,
    )
    mechanism.receive(encode(page, Profile(width_columns=page.width_columns)))
    (strip,) = strips
    return strip


def shown(kind: str, **fields: Any) -> dict[str, Any]:
    """The signed values of the event of a bill or a note."""
    lines = [
        {
            "kind": "item",
            "label": label,
            "quantity_milli": quantity,
            "unit_price_cents": price,
            "discount_cents": 0,
            "discount_reason": "",
            "total_cents": line_total(price, quantity),
            "vat_rate_bp": rate,
            "modifiers": [],
            "components": [],
            "payee_label": "",
            "corrects_document": None,
        }
        for label, price, quantity, rate in (
            ("Café allongé", 180, 2000, 1000),
            ("Planche à partager", 2200, 1000, 1000),
            ("Bière ambrée", 450, 3000, 2000),
        )
    ]
    return payloads.statement_values(
        chain(7, kind="EVENT"),
        document_id=BACK,
        code=934,
        values={
            "key": str(SOLD),
            "sale": str(SOLD),
            "kind": kind,
            "customer": "",
            "copy": 1,
            "lines": lines,
            "taxes": [
                {"rate_bp": 1000, "base_cents": 2327, "vat_cents": 233, "total_cents": 2560},
                {"rate_bp": 2000, "base_cents": 1125, "vat_cents": 225, "total_cents": 1350},
            ],
            "total_cents": 3910,
            "paid_cents": 0,
        }
        | fields,
        at=AT,
        utc_offset_minutes=60,
        station="Comptoir",
        operator="Ana",
        subject="pos.sale:1",
    )


def all_papers(width: int, language: str) -> dict[str, Page]:
    """Every paper of the till that has to do with a sale, by its name."""

    def receipt(values: dict[str, Any], sentence: str = "", copy: int = 0) -> Page:
        with translation.override(language):
            said = (gettext(sentence).format(number="Bar-000041"),) if sentence else ()
        return receipt_page(
            values,
            zone=ZONE,
            signature=SIGNATURE,
            copy=copy,
            language=language,
            width=width,
            sentences=said,
        )

    def bill(values: dict[str, Any]) -> Page:
        return bill_page(values, language=language, width=width)

    return {
        "receipt": receipt(sale()),
        "refund": receipt(
            returned(None, 1000, whole=False), "This ticket amends ticket no. {number}"
        ),
        "cancellation": receipt(
            returned(*[None] * len(LINES), whole=True), "This ticket cancels ticket no. {number}"
        ),
        "duplicate": receipt(sale(), "This ticket is cancelled by ticket no. {number}", copy=1),
        "training": receipt(sale(training=True)),
        "bill": bill(shown("bill", copy=2, paid_cents=1000)),
        "note": bill(shown("note", customer="Mme Orage")),
    }
