"""Bills and notes: what a customer is shown before paying, and the event each leaves (F3).

Neither is a ticket: no number of a chain of tickets, and the words that say so. The signed event
holds every line, so that what was shown can be compared with what was paid, or given up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import models
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pos.models import Sale
from pos.paper_parts import (
    centred,
    line_blocks,
    moment,
    pair,
    seller,
    tax_blocks,
    training_banner,
)
from teraa.common import journal_codes
from teraa.common.money import format_cents
from teraa.common.paper import Block, Cut, Feed, Page, Rule, Text
from teraa.fiscal.models import Document
from teraa.fiscal.payloads import number_label
from teraa.fiscal.states import ChainKind


class BillKind(models.TextChoices):
    """A bill says what is to be paid; a note is what arrêté 83-50/A wants for services."""

    BILL = "bill", gettext_lazy("Bill")
    NOTE = "note", gettext_lazy("Note")


def bills_of(sale: Sale) -> list[dict[str, Any]]:
    """The bills and notes printed for a sale, oldest first, with what each showed (one query)."""
    events = (
        Document.objects.filter(
            venue_id=sale.venue_id,
            subject=f"pos.sale:{sale.key}",
            kind=ChainKind.EVENT,
            event_code=journal_codes.BILL_PRINTED,
        )
        .select_related("register")
        .order_by("id")
    )
    return [
        {
            "number": number_label(event.register.name, event.sequence),
            **json.loads(event.payload)["values"],
        }
        for event in events
    ]


def bill_page(values: Mapping[str, Any], *, language: str, width: int) -> Page:
    """The paper of a bill or note, from the signed values of its event. Pure."""
    with translation.override(language):
        return Page(width, tuple(_blocks(values, language)))


def _blocks(values: Mapping[str, Any], language: str) -> list[Block]:
    shown = values["values"]
    is_note = shown["kind"] == BillKind.NOTE
    blocks: list[Block] = [
        *training_banner(values),
        *seller(values),
        Feed(1),
        centred(_("NOTE") if is_note else _("BILL"), loud=True),
        centred(_("Not a receipt")),
    ]
    if shown["copy"] > 1:
        blocks.append(centred(_("Printing no. {n}").format(n=shown["copy"])))
    blocks += [
        pair(_("Written on"), moment(values, values["zone"])),
        pair(values["station"], values["operator"]),
    ]
    if is_note:
        blocks.append(Text(_("Served at {venue} on the same day").format(venue=values["venue"])))
        blocks.append(Text(_("Customer: {name}").format(name=shown["customer"] or _("not given"))))
    blocks += [
        Rule(),
        *line_blocks(shown["lines"], language),
        Rule(),
        pair(_("TO PAY"), format_cents(shown["total_cents"], language), loud=True),
    ]
    if shown["paid_cents"]:
        left = shown["total_cents"] - shown["paid_cents"]
        blocks += [
            pair(_("Already paid"), format_cents(shown["paid_cents"], language)),
            pair(_("Left to pay"), format_cents(left, language)),
        ]
    before_tax = sum(tax["base_cents"] for tax in shown["taxes"])
    blocks += [
        Feed(1),
        pair(_("Total without VAT"), format_cents(before_tax, language)),
        pair(_("Total with VAT"), format_cents(shown["total_cents"], language)),
        *tax_blocks(shown["taxes"], language),
        Rule(),
        centred(_("Not a receipt"), loud=False),
        centred(_("The ticket is given when it is paid, if you ask for it.")),
        *([Feed(1)] if training_banner(values) else []),
        *training_banner(values),
        Feed(2),
        Cut(),
    ]
    return blocks
