"""The papers of a register: the X reading, and the closings from what was signed.

None of them is a receipt (F15), and training says so on each (F13). Pure: no query, no clock.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _

from teraa.common.money import format_cents, format_osm, format_rate
from teraa.common.paper import Block, Cell, Columns, Cut, Feed, Page, Rule, Text
from teraa.fiscal.figures import Counted, Figures
from teraa.fiscal.payloads import number_label, signature_extract
from teraa.fiscal.readings import XReading
from teraa.fiscal.states import ChainKind, ClosingLevel, TenderKind
from teraa.fiscal.version import FISCAL_VERSION


def x_page(
    reading: XReading, *, at: datetime.datetime, language: str = "fr", width: int = 48
) -> Page:
    """The paper of an X reading."""
    with translation.override(language):
        return Page(width, tuple(_x_blocks(reading, language, at)))


def z_page(
    payload: Mapping[str, Any],
    *,
    signature: str,
    language: str = "fr",
    width: int = 48,
) -> Page:
    """The paper of a closing, from its signed ``payload``: every print of it says the same."""
    with translation.override(language):
        return Page(width, tuple(_z_blocks(payload, signature, language)))


def _x_blocks(reading: XReading, language: str, at: datetime.datetime) -> list[Block]:
    zone = ZoneInfo(reading.zone)
    blocks = [
        *_heading(_("X reading"), reading.venue, reading.payee, is_training=reading.training),
        _pair(_("Register"), reading.register),
        _pair(_("Printed on"), f"{at.astimezone(zone):%d/%m/%Y %H:%M:%S}"),
    ]
    if reading.period is None:
        return [*blocks, Rule(), Text(_("No period is open: nothing sold yet.")), Feed(2), Cut()]
    blocks += [
        _pair(_("Period"), str(reading.period.number)),
        _pair(_("Business day"), f"{reading.period.business_date:%d/%m/%Y}"),
        _pair(_("Open since"), f"{reading.period.opened_at.astimezone(zone):%d/%m/%Y %H:%M}"),
        Rule(),
    ]
    if reading.first_sequence is not None:
        blocks.append(
            _pair(_("Tickets"), f"{reading.first_sequence} – {reading.last_sequence}"),
        )
    return [
        *blocks,
        *_figure_blocks(reading.figures, language),
        *_perpetual_blocks(
            reading.perpetual_real_cents, reading.perpetual_absolute_cents, language
        ),
        Text(_("Fiscal version {version}").format(version=FISCAL_VERSION), align="center"),
        Feed(2),
        Cut(),
    ]


def _z_blocks(payload: Mapping[str, Any], signature: str, language: str) -> list[Block]:
    values, register = payload["values"], payload["register"]
    zone = ZoneInfo(payload["zone"])
    first, last = (datetime.date.fromisoformat(values[name]) for name in ("first_day", "last_day"))
    blocks = [
        *_heading(
            closing_title(values["level"], values["number"]),
            payload["venue"],
            payload["payee"]["legal_name"],
            is_training=register["training"],
        ),
        _pair(_("Register"), register["name"]),
    ]
    if values["level"] == ClosingLevel.DAY:
        blocks.append(_pair(_("Business day"), f"{first:%d/%m/%Y}"))
        for name, instant in ((_("Opened"), "opened_at"), (_("Ended"), "ended_at")):
            blocks.append(_pair(name, _moment(values[instant], zone)))
    else:
        blocks.append(_pair(_("Days"), f"{first:%d/%m/%Y} – {last:%d/%m/%Y}"))
        blocks.append(_pair(_("Closings added up"), str(len(values["closings"]))))
    blocks.append(_pair(_("Closed on"), _moment(payload["issued_at"], zone, seconds=True)))
    if values["by_itself"]:
        blocks.append(Text(_("Closed by itself: nobody did in time.")))
    elif payload["operator"]:
        blocks.append(_pair(_("By"), payload["operator"]))
    blocks.append(Rule())
    tickets = values["chains"][ChainKind.TICKET]
    if tickets["first"] is not None:
        blocks.append(_pair(_("Tickets"), f"{tickets['first']} – {tickets['last']}"))
    number = number_label(register["name"], payload["sequence"])
    version = _("Fiscal version {version}").format(version=payload["fiscal_version"])
    return [
        *blocks,
        *_figure_blocks(Figures.from_values(values["figures"]), language),
        *_perpetual_blocks(
            values["perpetual_real_cents"], values["perpetual_absolute_cents"], language
        ),
        _pair(_("Closing no."), number),
        _pair(_("Signature"), signature_extract(signature)),
        Text(f"TERAA {payload['software_version']} · {version}", align="center"),
        Feed(2),
        Cut(),
    ]


def closing_title(level: str, number: int) -> str:
    """``Z no. 17``, ``Closing of a month no. 3`` in the active language."""
    words = {
        ClosingLevel.DAY: _("Z no. {number}"),
        ClosingLevel.MONTH: _("Month closing no. {number}"),
        ClosingLevel.YEAR: _("Year closing no. {number}"),
    }
    return words[ClosingLevel(level)].format(number=number)


def _moment(instant: str, zone: ZoneInfo, *, seconds: bool = False) -> str:
    local = datetime.datetime.fromisoformat(instant).astimezone(zone)
    return f"{local:%d/%m/%Y %H:%M:%S}" if seconds else f"{local:%d/%m/%Y %H:%M}"


def _heading(title: str, venue: str, payee: str, *, is_training: bool) -> list[Block]:
    return [
        Text(title, align="center", bold=True, double=True),
        Text(_("Not a receipt"), align="center"),
        *([Text(_("TRAINING MODE – NOT VALID"), align="center", bold=True)] if is_training else []),
        Text(venue, align="center"),
        Text(payee, align="center"),
    ]


def _figure_blocks(figures: Figures, language: str) -> list[Block]:
    """The same lines on an X and on every closing."""
    blocks: list[Block] = [
        _counted(_("Sales"), figures.sales, language),
        _counted(_("Refunds"), figures.refunds, language),
        _pair(_("TOTAL"), format_cents(figures.total_cents, language), bold=True),
        Rule(),
    ]
    for tender in figures.tenders:
        name = f"{TenderKind(tender.kind).label} ({tender.count})"
        blocks.append(_pair(name, format_cents(tender.amount_cents, language)))
        if tender.osm_units is not None:
            blocks.append(_pair("", format_osm(tender.osm_units, language)))
    return [
        *blocks,
        Rule(),
        *_tax_blocks(figures, language),
        Rule(),
        _counted(_("Discounts"), figures.discounts, language),
        _counted(_("Offered"), figures.offered, language),
        _pair(_("Items returned"), str(figures.returned_items)),
        _pair(_("Sales given up"), str(figures.voids)),
        _pair(_("Duplicates"), str(figures.duplicates)),
        _pair(_("Drawer opened without a sale"), str(figures.drawer_openings)),
        Rule(),
    ]


def _perpetual_blocks(real: int, absolute: int, language: str) -> list[Block]:
    return [
        _pair(_("Perpetual total"), format_cents(real, language)),
        _pair(_("Perpetual total, absolute"), format_cents(absolute, language)),
    ]


def _tax_blocks(figures: Figures, language: str) -> list[Block]:
    def row(first: str, *amounts: str, bold: bool = False) -> Columns:
        return Columns((Cell(first, "left", 3), *(Cell(a, "right", 4) for a in amounts)), bold=bold)

    return [
        row(_("VAT rate"), _("Excl. VAT"), _("VAT"), _("Incl. VAT"), bold=True),
        *(
            row(
                format_rate(tax.rate_bp, language),
                format_cents(tax.base_cents, language),
                format_cents(tax.vat_cents, language),
                format_cents(tax.total_cents, language),
            )
            for tax in figures.taxes
        ),
    ]


def _pair(name: str, value: str, *, bold: bool = False) -> Columns:
    return Columns((Cell(name, "left", 3), Cell(value, "right", 2)), bold=bold)


def _counted(name: str, counted: Counted, language: str) -> Columns:
    return _pair(f"{name} ({counted.count})", format_cents(counted.cents, language))
