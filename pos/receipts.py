"""What a ticket says on paper, from the signed values of a document. Pure: no query, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from pos.paper_parts import (
    centred,
    line_blocks,
    moment,
    pair,
    seller,
    tax_blocks,
    training_banner,
)
from teraa.common.money import format_cents, format_osm
from teraa.common.paper import Block, Cut, Drawer, Feed, Page, Rule, Text
from teraa.fiscal.payloads import number_label

TENDER_LABELS = {
    "cash": lambda: _("Cash"),
    "card": lambda: _("Card"),
    "osm": lambda: _("OSM"),
}


def receipt_page(
    values: Mapping[str, Any],
    *,
    zone: str,
    signature: str,
    copy: int = 0,
    language: str = "fr",
    opens_drawer: bool = False,
    width: int = 48,
    sentences: Sequence[str] = (),
) -> Page:
    """The paper of one ticket: a sale, or what was given back.

    ``values`` is the document's signed payload; ``copy`` 0 is the original, n ≥ 1 prints
    DUPLICATA n; ``sentences`` say which tickets it corrects and which correct it, in ``language``
    (research pos-fr F2, F14, F15; mentions of arrêté 83-50/A).
    """
    with translation.override(language):
        blocks: list[Block] = [Drawer()] if opens_drawer else []
        blocks += _head(values, zone, copy, sentences)
        blocks += [Rule(), *line_blocks(values["lines"], language), Rule()]
        blocks += _money(values, language)
        blocks += [Rule(), *tax_blocks(values["taxes"], language), Feed(1)]
        blocks += _foot(values, signature, copy)
    return Page(width_columns=width, blocks=tuple(blocks))


def gives_back(values: Mapping[str, Any]) -> bool:
    """Whether the ticket corrects another one."""
    return any(line["corrects_document"] for line in values["lines"])


def _head(values: Mapping[str, Any], zone: str, copy: int, sentences: Sequence[str]) -> list[Block]:
    blocks: list[Block] = [*training_banner(values), *seller(values), Feed(1)]
    if copy:
        blocks.append(centred(_duplicate(copy), loud=True))
    if gives_back(values):
        title = _("CANCELLATION") if values["corrects"] else _("REFUND")
        blocks.append(centred(title, loud=True))
    blocks += [
        pair(_("Ticket {n}").format(n=values["sequence"]), moment(values, zone)),
        pair(values["station"], values["operator"]),
    ]
    blocks += [Text(sentence, bold=True) for sentence in sentences]
    return blocks


def _duplicate(copy: int) -> str:
    return _("DUPLICATA n° {n}").format(n=copy)


def _money(values: Mapping[str, Any], language: str) -> list[Block]:
    total = values["total_cents"]
    word = _("BACK") if gives_back(values) and total < 0 else _("TOTAL")
    blocks: list[Block] = [pair(word, format_cents(total, language), loud=True), Feed(1)]
    for tender in values["tenders"]:
        blocks += _tender(tender, language)
    return blocks


def _tender(tender: Mapping[str, Any], language: str) -> list[Block]:
    kind = tender["kind"]
    name = TENDER_LABELS[kind]() if kind in TENDER_LABELS else kind
    blocks: list[Block] = [pair(name, format_cents(tender["amount_cents"], language))]
    if kind == "cash" and tender["change_cents"]:
        blocks += [
            pair(_("  received"), format_cents(tender["received_cents"], language)),
            pair(_("  change"), format_cents(tender["change_cents"], language)),
        ]
    if tender["authorisation"]:
        blocks.append(Text(_("  authorisation {number}").format(number=tender["authorisation"])))
    if kind == "osm":
        rate = _rate(int(tender["osm_rate_e10"]), language)
        blocks += [
            pair(
                _("  at {rate} an OSM").format(rate=rate),
                format_osm(int(tender["osm_units"]), language),
            ),
            Text(_("  reference {reference}").format(reference=tender["osm_reference"])),
            *[Text(f"  {txid}") for txid in tender["osm_txids"]],
        ]
        if tender["amount_cents"] < 0:
            blocks.append(Text(_("  sent from the payee’s own wallet, once it is approved")))
    return blocks


def _rate(rate_e10: int, language: str) -> str:
    whole, fraction = divmod(rate_e10, 10_000_000_000)
    decimals = f"{fraction:010d}".rstrip("0").ljust(2, "0")
    return f"{whole},{decimals} €" if language.startswith("fr") else f"€{whole}.{decimals}"


def _foot(values: Mapping[str, Any], signature: str, copy: int) -> list[Block]:
    """F15: number, original or copy, lines, program, signature; the rest stands at the head."""
    extract = "-".join(signature[i : i + 4] for i in range(0, 16, 4))
    blocks: list[Block] = []
    if not gives_back(values):
        blocks += [centred(_("Thank you, see you soon!")), Feed(1)]
    blocks += [
        centred(
            _("No. {n}").format(n=number_label(values["register"]["name"], values["sequence"]))
        ),
        centred(
            _("Lines: {lines} · {software} {version} · fiscal {fiscal}").format(
                lines=len(values["lines"]),
                software="TERAA",
                version=values["software_version"],
                fiscal=values["fiscal_version"],
            )
        ),
        centred(
            _("{kind} · signature {extract}").format(
                kind=_duplicate(copy) if copy else _("Original"), extract=extract
            )
        ),
    ]
    banner = training_banner(values)
    return [*blocks, *([Feed(1)] if banner else []), *banner, Feed(2), Cut()]
