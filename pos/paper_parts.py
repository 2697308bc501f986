"""What several papers of the till have in common. Pure: signed values in, blocks out."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from teraa.common.money import format_cents, format_rate
from teraa.common.paper import Align, Block, Cell, Columns, Feed, Text

LINE_WEIGHTS = (2, 12, 4, 6)  # quantity, label, rate, amount


def pair(left: str, right: str, *, loud: bool = False) -> Columns:
    return Columns((Cell(left), Cell(right, "right")), bold=loud, double=loud)


def centred(text: str, *, loud: bool = False) -> Text:
    return Text(text, align="center", bold=loud, double=loud)


def quantity_text(milli: int) -> str:
    """Thousandths as people write them: ``-1500`` → ``"−1,5"``."""
    whole, rest = divmod(abs(milli), 1000)
    sign = "−" if milli < 0 else ""
    return sign + (str(whole) if not rest else f"{whole},{rest:03d}".rstrip("0"))


def moment(values: Mapping[str, Any], zone: str) -> str:
    """Day and time with its seconds, in the venue's zone."""
    issued = datetime.datetime.fromisoformat(values["issued_at"]).astimezone(ZoneInfo(zone))
    return issued.strftime("%d/%m/%Y %H:%M:%S")


def training_banner(values: Mapping[str, Any]) -> list[Block]:
    """Nothing for a real register; for a training one, words nobody overlooks (F13)."""
    if not values["register"]["training"]:
        return []
    return [centred(_("TRAINING MODE – NOT VALID"), loud=True), Feed(1)]


def seller(values: Mapping[str, Any]) -> list[Block]:
    """Who sells, as signed: the identity of that day and of no other (pitfall 15)."""
    payee = values["payee"]
    said = (
        payee["legal_name"],
        payee.get("legal_form"),
        payee["address"],
        _("SIRET {number}").format(number=payee["siret"]) if payee.get("siret") else "",
        _("VAT {number}").format(number=payee["vat_id"]) if payee.get("vat_id") else "",
    )
    return [centred(values["venue"], loud=True), *(centred(text) for text in said if text)]


def line_blocks(lines: Sequence[Mapping[str, Any]], language: str) -> list[Block]:
    """Each line with its quantity, rate and amount; below it what it is made of and why it is less.

    On a ticket that gives back, what is sold again beside a line is what the customer keeps of it.
    """
    blocks: list[Block] = []
    is_correction = any(line["corrects_document"] for line in lines)
    for line in lines:
        quantity, rate_bp = line["quantity_milli"], line["vat_rate_bp"]
        # A formula has the rates of its parts, each on its own line.
        rate = "" if rate_bp is None else format_rate(rate_bp, language)
        amount = format_cents(line["total_cents"], language)
        blocks.append(_line(quantity_text(quantity), _label(line), rate, amount))
        if abs(quantity) != 1000:
            unit = format_cents(line["unit_price_cents"], language)
            blocks.append(_below(_("at {price}").format(price=unit)))
        blocks += [_below(f"+ {one['label']}") for one in line["modifiers"]]
        for part in line["components"]:
            blocks.append(
                _line(
                    "",
                    f"· {part['label']}",
                    format_rate(part["vat_rate_bp"], language),
                    format_cents(part["total_cents"], language),
                )
            )
        if line["discount_cents"]:
            reason = line["discount_reason"]
            less = format_cents(-line["discount_cents"], language)
            blocks.append(
                _below(_("including discount {less}: {reason}").format(less=less, reason=reason))
            )
        if line["kind"] == "non_item":
            blocks.append(_below(_("not an item")))
        if is_correction and line["corrects_document"] is None:
            blocks.append(_below(_("kept by the customer")))
        if line["payee_label"]:
            blocks.append(_below(_("for {payee}").format(payee=line["payee_label"])))
    return blocks


def _label(line: Mapping[str, Any]) -> str:
    said = {
        "deposit": _("Deposit: {label}"),
        "discount": _("Discount: {label}"),
    }
    form = said.get(line["kind"])
    label: str = line["label"]
    return form.format(label=label) if form else label


def _line(quantity: str, label: str, rate: str, amount: str) -> Columns:
    texts = (quantity, label, rate, amount)
    aligns: tuple[Align, ...] = ("left", "left", "right", "right")
    return Columns(
        tuple(
            Cell(text, align, weight)
            for text, align, weight in zip(texts, aligns, LINE_WEIGHTS, strict=True)
        )
    )


def _below(text: str) -> Columns:
    first, *rest = LINE_WEIGHTS
    return Columns((Cell("", weight=first), Cell(text, weight=sum(rest))))


def tax_blocks(taxes: Sequence[Mapping[str, Any]], language: str) -> list[Block]:
    """Totals without and with VAT, a rate."""
    rows = [(_("VAT"), _("excl."), _("VAT"), _("incl."))]
    rows += [
        (
            format_rate(tax["rate_bp"], language),
            format_cents(tax["base_cents"], language),
            format_cents(tax["vat_cents"], language),
            format_cents(tax["total_cents"], language),
        )
        for tax in taxes
    ]
    return [
        Columns((Cell(rate, weight=3), *[Cell(amount, "right", 4) for amount in amounts]))
        for rate, *amounts in rows
    ]
