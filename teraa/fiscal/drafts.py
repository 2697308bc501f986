"""What a trade hands over to be sealed: values only, checked before any row is locked.

Knows no table and no clock. All amounts are euro cents, VAT included. A line that gives something
back has a negative quantity (its price stays positive) and names the line it corrects; a ticket is
never edited (F2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from teraa.common.money import MAX_CENTS, line_total, vat_of_inclusive
from teraa.common.problems import Problem
from teraa.fiscal.states import LineKind, TenderKind

LINE_KINDS: Final = frozenset(LineKind.values)
TENDER_KINDS: Final = frozenset(TenderKind.values)
SERVINGS: Final = frozenset({"", "on_site", "takeaway"})
MAX_LINES: Final = 500
MAX_QUANTITY_MILLI: Final = 1_000_000_000
MAX_ROUNDING_CENTS: Final = 5
MAX_OSM_UNITS: Final = 2**63 - 1

REASONS: Final[dict[str, str | Promise]] = {
    "empty": _("it has no line"),
    "too_many_lines": _("it has too many lines"),
    "unknown_kind": _("a line or a payment is of an unknown kind"),
    "unknown_serving": _("a line is neither on site nor takeaway"),
    "text_too_long": _("a text is too long or cannot be written"),
    "label_missing": _("a line has no label"),
    "out_of_range": _("an amount or a quantity is out of range"),
    "line_differs": _("a line’s total is not its price times its quantity, less its discount"),
    "negative": _("an amount is negative without correcting anything"),
    "positive": _("a correction gives back a positive amount"),
    "discount_wrong": _("a discount is larger than what it reduces"),
    "discount_unexplained": _("a discount has no reason or no author"),
    "rate_wrong": _("a VAT rate is missing or impossible"),
    "components_differ": _("the parts of a formula do not add up to its price"),
    "parent_wrong": _("a line belongs to one that does not come before it"),
    "correction_wrong": _("a correction does not name one line of one document, once"),
    "tenders_differ": _("the payments do not add up to the total"),
    "change_wrong": _("the change is not what was received less what was due"),
    "change_without_cash": _("change is given on a payment that is not cash"),
    "osm_wrong": _("the OSM amount and rate of a payment are missing, or out of place"),
}


class DraftRefused(Problem):
    """The ticket does not hold together; ``context["reason"]`` is a key of REASONS."""

    code = "ticket_refused"
    status = 422
    title = _("This cannot be put on a ticket: {why}.")
    advice = _("Nothing was recorded. Check the sale and take the payment again.")

    def __init__(self, reason: str, where: str) -> None:
        super().__init__(reason=reason, where=where, why=REASONS[reason])


@dataclass(frozen=True, slots=True)
class ModifierDraft:
    """A wish that is part of the line's price (``price_cents`` a unit, for the record)."""

    label: str
    price_cents: int = 0


@dataclass(frozen=True, slots=True)
class ComponentDraft:
    """A part of a formula with its share of the line's total, at its own VAT rate."""

    label: str
    quantity_milli: int
    vat_class: str
    vat_rate_bp: int
    total_cents: int
    product_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDraft:
    """One line. ``total_cents`` = unit price × quantity ÷ 1000 − discount, checked.

    ``vat_rate_bp`` is None exactly when ``components`` share the total out between rates.
    """

    label: str
    quantity_milli: int
    unit_price_cents: int
    total_cents: int
    vat_class: str = ""
    vat_rate_bp: int | None = None
    serving: str = ""
    kind: str = "item"
    unit: str = "unit"
    product_key: str = ""
    parent_position: int | None = None
    modifiers: Sequence[ModifierDraft] = ()
    components: Sequence[ComponentDraft] = ()
    discount_cents: int = 0
    discount_reason: str = ""
    discount_author: str = ""
    subject: str = ""
    payee_label: str = ""
    corrects_document: UUID | None = None
    corrects_position: int | None = None


class Payment(Protocol):
    """What a ticket says of a payment: settlement's words, whose room this one does not know."""

    @property
    def kind(self) -> str: ...
    @property
    def amount_cents(self) -> int: ...
    @property
    def received_cents(self) -> int: ...
    @property
    def change_cents(self) -> int: ...
    @property
    def authorisation(self) -> str: ...
    @property
    def osm_units(self) -> int | None: ...
    @property
    def osm_rate_e10(self) -> int | None: ...
    @property
    def osm_txids(self) -> Sequence[str]: ...
    @property
    def osm_reference(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderDraft:
    """One payment. Cash: what was received and given back. OSM: units of 10⁻⁸ received in all."""

    kind: str
    amount_cents: int
    received_cents: int | None = None
    change_cents: int | None = None
    osm_units: int | None = None
    osm_rate_e10: int | None = None
    osm_txids: Sequence[str] = ()
    osm_reference: str = ""
    authorisation: str = ""
    label: str = ""

    @classmethod
    def of(cls, payment: Payment) -> TenderDraft:
        """The tender of a payment that settlement has seen through."""
        return cls(
            kind=payment.kind,
            amount_cents=payment.amount_cents,
            received_cents=payment.received_cents,
            change_cents=payment.change_cents,
            authorisation=payment.authorisation,
            osm_units=payment.osm_units,
            osm_rate_e10=payment.osm_rate_e10,
            osm_txids=payment.osm_txids,
            osm_reference=payment.osm_reference,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDraft:
    """A whole ticket. ``corrects`` names a document that this one cancels or amends as a whole."""

    lines: Sequence[LineDraft]
    tenders: Sequence[TenderDraft]
    subject: str = ""
    station_label: str = ""
    operator_label: str = ""
    corrects: UUID | None = None


@dataclass(frozen=True, slots=True)
class TaxShare:
    """One VAT rate of a ticket: ``total`` = ``base`` + ``vat`` (cents)."""

    rate_bp: int
    base_cents: int
    vat_cents: int
    total_cents: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What a checked ticket amounts to."""

    total_cents: int
    taxes: tuple[TaxShare, ...]


def check_ticket(ticket: TicketDraft) -> Totals:
    """The totals of ``ticket``. Raises DraftRefused when anything in it does not hold together."""
    _text(ticket.subject, 80, "subject")
    _text(ticket.station_label, 60, "station")
    _text(ticket.operator_label, 120, "operator")
    if not ticket.lines:
        raise DraftRefused("empty", "lines")
    if len(ticket.lines) > MAX_LINES:
        raise DraftRefused("too_many_lines", "lines")
    corrected = set()
    for position, line in enumerate(ticket.lines, start=1):
        where = f"line {position}"
        _check_line(line, position, where)
        if line.corrects_document is not None:
            pair = (line.corrects_document, line.corrects_position)
            if pair in corrected:
                raise DraftRefused("correction_wrong", where)
            corrected.add(pair)
    total = sum(line.total_cents for line in ticket.lines)
    if abs(total) > MAX_CENTS:
        raise DraftRefused("out_of_range", "total")
    gives_back = bool(corrected) or any(line.kind == LineKind.DEPOSIT for line in ticket.lines)
    if total < 0 and not gives_back:
        raise DraftRefused("negative", "total")
    _check_tenders(ticket.tenders, total)
    return Totals(total, share_taxes(ticket.lines))


def share_taxes(lines: Sequence[LineDraft]) -> tuple[TaxShare, ...]:
    """VAT per rate, from the inclusive total per rate, rounded once (research pos-fr 2.7)."""
    totals: dict[int, int] = {}
    for line in lines:
        if line.vat_rate_bp is not None:
            totals[line.vat_rate_bp] = totals.get(line.vat_rate_bp, 0) + line.total_cents
        for part in line.components:
            totals[part.vat_rate_bp] = totals.get(part.vat_rate_bp, 0) + part.total_cents
    shares = []
    for rate_bp, total in sorted(totals.items()):
        vat = vat_of_inclusive(total, rate_bp)
        shares.append(TaxShare(rate_bp, total - vat, vat, total))
    return tuple(shares)


def _sign(amount: int) -> int:
    return (amount > 0) - (amount < 0)


def _text(text: str, longest: int, where: str) -> None:
    # PostgreSQL holds no NUL; everything else that has a UTF-8 form is somebody's name.
    if len(text) > longest or "\x00" in text:
        raise DraftRefused("text_too_long", where)


def _check_line(line: LineDraft, position: int, where: str) -> None:
    if line.kind not in LINE_KINDS:
        raise DraftRefused("unknown_kind", where)
    if line.serving not in SERVINGS:
        raise DraftRefused("unknown_serving", where)
    if not line.label.strip():
        raise DraftRefused("label_missing", where)
    for text, longest in (
        (line.label, 200),
        (line.unit, 12),
        (line.product_key, 64),
        (line.vat_class, 20),
        (line.discount_reason, 120),
        (line.discount_author, 60),
        (line.subject, 80),
        (line.payee_label, 120),
    ):
        _text(text, longest, where)
    for modifier in line.modifiers:
        _text(modifier.label, 200, where)
        if abs(modifier.price_cents) > MAX_CENTS:
            raise DraftRefused("out_of_range", where)
    if line.parent_position is not None and not 1 <= line.parent_position < position:
        raise DraftRefused("parent_wrong", where)
    if (line.corrects_document is None) != (line.corrects_position is None):
        raise DraftRefused("correction_wrong", where)
    _check_amounts(line, where)
    _check_rates(line, where)


def _check_amounts(line: LineDraft, where: str) -> None:
    quantity, price, discount = line.quantity_milli, line.unit_price_cents, line.discount_cents
    if quantity == 0 or abs(quantity) > MAX_QUANTITY_MILLI or abs(price) > MAX_CENTS:
        raise DraftRefused("out_of_range", where)
    gross = line_total(price, quantity)
    if line.total_cents != gross - discount:
        raise DraftRefused("line_differs", where)
    if abs(gross) > MAX_CENTS:
        raise DraftRefused("out_of_range", where)
    if discount:
        if (discount > 0) != (gross > 0) or abs(discount) > abs(gross):
            raise DraftRefused("discount_wrong", where)
        if not line.discount_reason.strip() or not line.discount_author.strip():
            raise DraftRefused("discount_unexplained", where)
    match line.kind:
        case LineKind.DISCOUNT:
            # A reduction of several lines at once: a negative price, at one rate.
            gives_back = line.corrects_document is not None
            if line.total_cents and (line.total_cents > 0) != gives_back:
                raise DraftRefused("discount_wrong", where)
        case LineKind.DEPOSIT:
            if price < 0:
                raise DraftRefused("negative", where)
        case LineKind.ROUNDING:
            if abs(line.total_cents) > MAX_ROUNDING_CENTS or line.vat_rate_bp != 0:
                raise DraftRefused("out_of_range", where)
        case _:
            if price < 0 or (quantity < 0 and line.corrects_document is None):
                raise DraftRefused("negative", where)
            if quantity > 0 and line.corrects_document is not None:
                raise DraftRefused("positive", where)


def _check_rates(line: LineDraft, where: str) -> None:
    if (line.vat_rate_bp is None) != bool(line.components):
        raise DraftRefused("rate_wrong", where)
    if line.vat_rate_bp is not None and not 0 <= line.vat_rate_bp <= 10_000:
        raise DraftRefused("rate_wrong", where)
    if not line.components:
        return
    for part in line.components:
        _text(part.label, 200, where)
        _text(part.vat_class, 20, where)
        _text(part.product_key, 64, where)
        if not 0 <= part.vat_rate_bp <= 10_000:
            raise DraftRefused("rate_wrong", where)
        if abs(part.quantity_milli) > MAX_QUANTITY_MILLI:
            raise DraftRefused("out_of_range", where)
        if part.total_cents and (part.total_cents > 0) != (line.total_cents > 0):
            raise DraftRefused("components_differ", where)
    if sum(part.total_cents for part in line.components) != line.total_cents:
        raise DraftRefused("components_differ", where)


def _check_tenders(tenders: Sequence[TenderDraft], total: int) -> None:
    if sum(tender.amount_cents for tender in tenders) != total:
        raise DraftRefused("tenders_differ", "tenders")
    for position, tender in enumerate(tenders, start=1):
        where = f"tender {position}"
        if tender.kind not in TENDER_KINDS:
            raise DraftRefused("unknown_kind", where)
        for text, longest in (
            (tender.label, 60),
            (tender.osm_reference, 64),
            (tender.authorisation, 64),
            *((txid, 64) for txid in tender.osm_txids),
        ):
            _text(text, longest, where)
        if _sign(tender.amount_cents) != _sign(total):
            raise DraftRefused("negative", where)
        _check_change(tender, where)
        _check_coins(tender, where)


def _check_change(tender: TenderDraft, where: str) -> None:
    received, change = tender.received_cents, tender.change_cents or 0
    if tender.kind != TenderKind.CASH:
        if change or received not in (None, tender.amount_cents):
            raise DraftRefused("change_without_cash", where)
        return
    if received is None:
        received = tender.amount_cents
    if change < 0 or received - change != tender.amount_cents or abs(received) > MAX_CENTS:
        raise DraftRefused("change_wrong", where)


def _check_coins(tender: TenderDraft, where: str) -> None:
    if tender.kind == TenderKind.OSM:
        units, rate = tender.osm_units, tender.osm_rate_e10
        if not units or not rate or (units > 0) != (tender.amount_cents > 0):
            raise DraftRefused("osm_wrong", where)
        if abs(units) > MAX_OSM_UNITS or not 0 < rate <= MAX_OSM_UNITS:
            raise DraftRefused("out_of_range", where)
    elif (
        tender.osm_units is not None
        or tender.osm_rate_e10 is not None
        or tender.osm_txids
        or tender.osm_reference
    ):
        raise DraftRefused("osm_wrong", where)
