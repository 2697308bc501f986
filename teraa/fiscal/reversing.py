"""Giving back what a ticket sold: the lines of the ticket that corrects it (F2). Pure.

Corrections go only by minus and plus. The line that is corrected is taken back whole, at the very
values that were signed; what the customer keeps of it is sold again beside it, at the same price and
rate, with its share of the discount. So each line is corrected once (a constraint says so), parts of
it can be given back one after the other, and together they are what was paid, to the cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from teraa.common.money import line_total, share_out
from teraa.fiscal.drafts import ComponentDraft, LineDraft, ModifierDraft
from teraa.fiscal.states import LineKind

# They belong to a whole ticket: a part of it cannot say how much of them goes back.
OF_THE_WHOLE: Final = frozenset({LineKind.DISCOUNT, LineKind.ROUNDING})


class NotThatMuch(ValueError):
    """More than the line has, nothing, or a part of what can only be given back whole."""


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line of a sealed ticket that nothing has corrected yet. ``values`` is what was signed."""

    document_id: UUID
    number: str
    position: int
    values: Mapping[str, Any]

    @property
    def quantity_milli(self) -> int:
        quantity: int = self.values["quantity_milli"]
        return quantity

    @property
    def total_cents(self) -> int:
        """What was paid for it, VAT included."""
        total: int = self.values["total_cents"]
        return total


def open_lines(tickets: Iterable[Any]) -> list[OpenLine]:
    """What can still be given back of these tickets (``queries.DocumentView``), oldest first."""
    tickets = list(tickets)
    corrected = {
        (line["corrects_document"], line["corrects_position"])
        for ticket in tickets
        for line in ticket.values["lines"]
        if line["corrects_document"] is not None
    }
    return [
        OpenLine(ticket.id, ticket.number, line["position"], line)
        for ticket in tickets
        for line in ticket.values["lines"]
        if line["corrects_document"] is None and (str(ticket.id), line["position"]) not in corrected
    ]


def stands_alone(line: OpenLine, among: Sequence[OpenLine]) -> bool:
    """Whether the line can be given back by itself: nothing else on its ticket depends on it."""
    return not any(
        one.values["parent_position"] is not None or one.values["kind"] in OF_THE_WHOLE
        for one in among
        if one.document_id == line.document_id
    )


def take_back(line: OpenLine, quantity_milli: int | None = None) -> tuple[LineDraft, ...]:
    """The line taken back, and what is kept of it when only ``quantity_milli`` comes back.

    Their totals add up to minus what was paid for that quantity. Raises NotThatMuch.
    """
    values = line.values
    whole = line.quantity_milli
    given = whole if quantity_milli is None else quantity_milli
    if given == 0 or (given > 0) != (whole > 0) or abs(given) > abs(whole):
        raise NotThatMuch(f"{given} of {whole}")
    back = LineDraft(
        **_same(values),
        quantity_milli=-whole,
        total_cents=-values["total_cents"],
        discount_cents=-values["discount_cents"],
        components=tuple(_part(part, -1, 1) for part in values["components"]),
        corrects_document=line.document_id,
        corrects_position=line.position,
    )
    if given == whole:
        return (back,)
    return back, _kept(values, whole, given)


def _kept(values: Mapping[str, Any], whole: int, given: int) -> LineDraft:
    kept = whole - given
    price, discount = values["unit_price_cents"], values["discount_cents"]
    gross = line_total(price, kept)
    share = share_out(discount, [abs(given), abs(kept)])[1]
    # Roundings of weighed goods: no part is discounted by more than it costs.
    most = abs(gross)
    least = abs(discount) - abs(line_total(price, whole) - gross)
    magnitude = min(most, max(least, abs(share)))
    share = magnitude if discount >= 0 else -magnitude
    total = gross - share
    parts = values["components"]
    weights = [abs(part["total_cents"]) for part in parts]
    shares = share_out(total, weights) if any(weights) else [0] * len(parts)
    return LineDraft(
        **_same(values),
        quantity_milli=kept,
        total_cents=total,
        discount_cents=share,
        components=tuple(
            _part(part, kept, whole, cents) for part, cents in zip(parts, shares, strict=True)
        ),
    )


def _part(part: Mapping[str, Any], times: int, of: int, cents: int | None = None) -> ComponentDraft:
    return ComponentDraft(
        label=part["label"],
        quantity_milli=part["quantity_milli"] * times // of,
        vat_class=part["vat_class"],
        vat_rate_bp=part["vat_rate_bp"],
        total_cents=part["total_cents"] * times // of if cents is None else cents,
        product_key=part["product_key"],
    )


def _same(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the correcting line says as the corrected one did."""
    return {
        "label": values["label"],
        "unit_price_cents": values["unit_price_cents"],
        "vat_class": values["vat_class"],
        "vat_rate_bp": values["vat_rate_bp"],
        "serving": values["serving"],
        "kind": values["kind"],
        "unit": values["unit"],
        "product_key": values["product_key"],
        "modifiers": tuple(
            ModifierDraft(one["label"], one["price_cents"]) for one in values["modifiers"]
        ),
        "discount_reason": values["discount_reason"],
        "discount_author": values["discount_author"],
        "payee_label": values["payee_label"],
    }
