"""What a cart costs, line by line, from an immutable catalogue picture. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from teraa.common.money import line_total

MILLI = 1000


@dataclass(frozen=True)
class Wanted:
    """So many of this product."""

    product: str
    quantity: int


@dataclass(frozen=True)
class PricedLine:
    """A line as ordered; money in cents, VAT included, rate in basis points."""

    product: str
    label: str
    quantity_milli: int
    unit_price_cents: int
    total_cents: int
    vat_class: str
    vat_rate_bp: int
    serving: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class NotInCatalogue(LookupError):
    """The product is not in this version of the catalogue."""


class NoVatRate(LookupError):
    """No VAT rate is in force for this class and serving on that day."""


def rate_on(dated_rates: Sequence[Sequence[Any]], day: datetime.date) -> int | None:
    """The rate (basis points) in force on ``day`` of ``[["2020-01-01", 1000], …]``, oldest first."""
    found = None
    for valid_from, rate_bp in dated_rates:
        if valid_from <= day.isoformat():
            found = int(rate_bp)
    return found


def price_lines(
    *,
    products: Mapping[str, Mapping[str, Any]],
    wanted: Sequence[Wanted],
    serving: str,
    day: datetime.date,
) -> list[PricedLine]:
    """Price ``wanted``. Raises NotInCatalogue, NoVatRate; both carry what was looked for."""
    lines = []
    for want in wanted:
        product = products.get(want.product)
        if product is None:
            raise NotInCatalogue(want.product)
        rate_bp = rate_on(product["rates"][serving], day)
        if rate_bp is None:
            raise NoVatRate(product["label"])
        quantity_milli = want.quantity * MILLI
        lines.append(
            PricedLine(
                product=want.product,
                label=product["label"],
                quantity_milli=quantity_milli,
                unit_price_cents=product["price_cents"],
                total_cents=line_total(product["price_cents"], quantity_milli),
                vat_class=product["vat_class"],
                vat_rate_bp=rate_bp,
                serving=serving,
            )
        )
    return lines
