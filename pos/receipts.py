"""What a receipt says, from the signed values of a document. Pure: no query, no clock."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _

from teraa.common.money import format_cents, format_osm, format_rate
from teraa.common.paper import Block, Cell, Columns, Cut, Drawer, Feed, Page, Rule, Text

TENDER_LABELS = {
    "cash": lambda: _("Cash"),
    "card": lambda: _("Card"),
    "osm": lambda: _("OSM"),
}


def _quantity(milli: int) -> str:
    whole, rest = divmod(milli, 1000)
    return str(whole) if not rest else f"{whole},{rest:03d}".rstrip("0")


def receipt_page(
    values: Mapping[str, Any],
    *,
    zone: str,
    signature: str,
    copy: int = 0,
    language: str = "fr",
    opens_drawer: bool = False,
    width: int = 48,
) -> Page:
    """The paper of one ticket.

    ``values`` is the document's signed payload; ``copy`` 0 is the original, n ≥ 1 prints
    DUPLICATA n (research pos-fr F14, F15; mentions of arrêté 83-50/A).
    """
    with translation.override(language):
        return Page(
            width_columns=width,
            blocks=tuple(
                _blocks(values, zone, signature, copy, language, opens_drawer=opens_drawer)
            ),
        )


def _blocks(
    values: Mapping[str, Any],
    zone: str,
    signature: str,
    copy: int,
    language: str,
    *,
    opens_drawer: bool,
) -> list[Block]:
    payee = values["payee"]
    issued = datetime.datetime.fromisoformat(values["issued_at"]).astimezone(ZoneInfo(zone))
    blocks: list[Block] = []
    if opens_drawer:
        blocks.append(Drawer())
    blocks += [
        Text(values["venue"], align="center", bold=True, double=True),
        Text(payee["legal_name"], align="center"),
    ]
    blocks += [
        Text(text, align="center")
        for text in (
            payee.get("legal_form"),
            payee["address"],
            _("SIRET {number}").format(number=payee["siret"]) if payee.get("siret") else "",
            _("VAT {number}").format(number=payee["vat_id"]) if payee.get("vat_id") else "",
        )
        if text
    ]
    blocks.append(Feed(1))
    if copy:
        blocks.append(
            Text(_("DUPLICATA n° {n}").format(n=copy), align="center", bold=True, double=True)
        )
    blocks += [
        _pair(_("Ticket {n}").format(n=values["sequence"]), issued.strftime("%d/%m/%Y %H:%M:%S")),
        _pair(values["station"], values["operator"]),
        Rule(),
    ]
    blocks += _lines(values, language)
    blocks += [
        Rule(),
        _pair(_("TOTAL"), format_cents(values["total_cents"], language), loud=True),
        Feed(1),
    ]
    blocks += _tenders(values, language)
    blocks.append(Rule())
    blocks += _taxes(values, language)
    blocks += [
        Feed(1),
        Text(_("Thank you, see you soon!"), align="center"),
        Feed(1),
        Text(
            _("Lines: {lines} · {software} {version} · fiscal {fiscal}").format(
                lines=len(values["lines"]),
                software="TERAA",
                version=values["software_version"],
                fiscal=values["fiscal_version"],
            ),
            align="center",
        ),
        Text(
            _("{kind} · signature {extract}").format(
                kind=_("DUPLICATA n° {n}").format(n=copy) if copy else _("Original"),
                extract="-".join(signature[i : i + 4] for i in range(0, 16, 4)),
            ),
            align="center",
        ),
        Feed(2),
        Cut(),
    ]
    return blocks


def _pair(left: str, right: str, *, loud: bool = False) -> Columns:
    return Columns((Cell(left), Cell(right, "right")), bold=loud, double=loud)


def _lines(values: Mapping[str, Any], language: str) -> list[Block]:
    blocks: list[Block] = []
    for line in values["lines"]:
        blocks.append(
            Columns(
                (
                    Cell(_quantity(line["quantity_milli"]), weight=2),
                    Cell(line["label"], weight=12),
                    Cell(format_rate(line["vat_rate_bp"], language), "right", 4),
                    Cell(format_cents(line["total_cents"], language), "right", 6),
                )
            )
        )
        if line["quantity_milli"] != 1000:
            unit = format_cents(line["unit_price_cents"], language)
            each = _("at {price}").format(price=unit)
            blocks.append(Columns((Cell("", weight=2), Cell(each, weight=22))))
    return blocks


def _tenders(values: Mapping[str, Any], language: str) -> list[Block]:
    blocks: list[Block] = []
    for tender in values["tenders"]:
        kind = tender["kind"]
        name = TENDER_LABELS[kind]() if kind in TENDER_LABELS else kind
        blocks.append(_pair(name, format_cents(tender["amount_cents"], language)))
        if kind == "cash" and tender["change_cents"]:
            blocks += [
                _pair(_("  received"), format_cents(tender["received_cents"], language)),
                _pair(_("  change"), format_cents(tender["change_cents"], language)),
            ]
        if kind == "osm":
            rate = _rate(int(tender["osm_rate_e10"]), language)
            blocks += [
                _pair(
                    _("  at {rate} an OSM").format(rate=rate),
                    format_osm(int(tender["osm_units"]), language),
                ),
                Text(_("  reference {reference}").format(reference=tender["osm_reference"])),
                *[Text(f"  {txid}") for txid in tender["osm_txids"]],
            ]
    return blocks


def _rate(rate_e10: int, language: str) -> str:
    whole, fraction = divmod(rate_e10, 10_000_000_000)
    decimals = f"{fraction:010d}".rstrip("0").ljust(2, "0")
    return f"{whole},{decimals} €" if language.startswith("fr") else f"€{whole}.{decimals}"


def _taxes(values: Mapping[str, Any], language: str) -> list[Block]:
    rows = [(_("VAT"), _("excl."), _("VAT"), _("incl."))]
    rows += [
        (
            format_rate(tax["rate_bp"], language),
            format_cents(tax["base_cents"], language),
            format_cents(tax["vat_cents"], language),
            format_cents(tax["total_cents"], language),
        )
        for tax in values["taxes"]
    ]
    return [
        Columns((Cell(rate, weight=3), *[Cell(amount, "right", 4) for amount in amounts]))
        for rate, *amounts in rows
    ]
