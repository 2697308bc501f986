"""What a receipt says, from the signed values of a document. Pure: no query, no clock."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _

from teraa.common.money import format_cents, format_osm, format_rate
from teraa.common.paper import Block, Columns, Cut, Drawer, Feed, Page, Rule, Text

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
        Columns(
            (
                (_("Ticket {n}").format(n=values["sequence"]), "left", 3),
                (issued.strftime("%d/%m/%Y %H:%M:%S"), "right", 4),
            )
        ),
        Columns(((values["station"], "left", 1), (values["operator"], "right", 1))),
        Rule(),
    ]
    blocks += _lines(values, language)
    blocks += [
        Rule(),
        Columns(
            (
                (_("TOTAL"), "left", 1),
                (format_cents(values["total_cents"], language), "right", 1),
            ),
            bold=True,
            double=True,
        ),
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
            _("{lines} lines · {software} {version} · fiscal {fiscal}").format(
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


def _lines(values: Mapping[str, Any], language: str) -> list[Block]:
    blocks: list[Block] = []
    for line in values["lines"]:
        amount = format_cents(line["total_cents"], language)
        letter = f"{format_rate(line['vat_rate_bp'], language)}"
        blocks.append(
            Columns(
                (
                    (_quantity(line["quantity_milli"]), "left", 2),
                    (line["label"], "left", 12),
                    (letter, "right", 4),
                    (amount, "right", 6),
                )
            )
        )
        if line["quantity_milli"] != 1000:
            unit = format_cents(line["unit_price_cents"], language)
            blocks.append(
                Columns((("", "left", 2), (_("at {price}").format(price=unit), "left", 22)))
            )
    return blocks


def _tenders(values: Mapping[str, Any], language: str) -> list[Block]:
    blocks: list[Block] = []
    for tender in values["tenders"]:
        name = (
            TENDER_LABELS[tender["kind"]]() if tender["kind"] in TENDER_LABELS else tender["kind"]
        )
        blocks.append(
            Columns(
                ((name, "left", 1), (format_cents(tender["amount_cents"], language), "right", 1))
            )
        )
        if tender["kind"] == "cash" and tender["change_cents"]:
            blocks += [
                Columns(
                    (
                        (_("  received"), "left", 1),
                        (format_cents(tender["received_cents"], language), "right", 1),
                    )
                ),
                Columns(
                    (
                        (_("  change"), "left", 1),
                        (format_cents(tender["change_cents"], language), "right", 1),
                    )
                ),
            ]
        if tender["kind"] == "osm":
            units = int(tender["osm_units"])
            blocks.append(Columns((("", "left", 1), (format_osm(units, language), "right", 3))))
            blocks.append(
                Text(
                    _("  rate {rate} per OSM, ref. {reference}").format(
                        rate=_rate(int(tender["osm_rate_e10"]), language),
                        reference=tender["osm_reference"],
                    )
                )
            )
            blocks += [Text(f"  tx {txid}") for txid in tender["osm_txids"]]
    return blocks


def _rate(rate_e10: int, language: str) -> str:
    whole, fraction = divmod(rate_e10, 10_000_000_000)
    decimals = f"{fraction:010d}".rstrip("0").ljust(2, "0")
    return f"{whole},{decimals} €" if language.startswith("fr") else f"€{whole}.{decimals}"


def _taxes(values: Mapping[str, Any], language: str) -> list[Block]:
    blocks: list[Block] = [
        Columns(
            (
                (_("VAT"), "left", 3),
                (_("excl."), "right", 4),
                (_("VAT"), "right", 4),
                (_("incl."), "right", 4),
            )
        )
    ]
    for tax in values["taxes"]:
        blocks.append(
            Columns(
                (
                    (format_rate(tax["rate_bp"], language), "left", 3),
                    (format_cents(tax["base_cents"], language), "right", 4),
                    (format_cents(tax["vat_cents"], language), "right", 4),
                    (format_cents(tax["total_cents"], language), "right", 4),
                )
            )
        )
    return blocks
