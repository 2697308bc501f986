"""Money given back at the till for a sale that is paid.

The sale stays paid for ever. What is given back is a ticket of its own, in the register of the till
that gives it back, which names each line it corrects (F2); one event a line goes into the journal.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from pos.drawer.ledger import note_cash
from pos.drawer.states import MovementKind
from pos.models import Sale, SaleRefund
from pos.operations import locked_sale, touch
from pos.printing import print_correction, print_document, printer_of_till
from pos.problems import (
    AuthorisationNeeded,
    GivenBackAlready,
    NoCoinsCame,
    NotATill,
    NothingPaid,
    NotThatManySold,
    OnlyAsAWhole,
    OtherTender,
    ReasonNeeded,
    WrongRefundTotal,
)
from pos.states import SaleState
from teraa.common import journal_codes
from teraa.common.canonical import canonical_text, sha256_hex
from teraa.common.ids import is_uuid7, uuid7
from teraa.common.problems import Forbidden, Invalid, NotFound, SameKeyOtherBody
from teraa.fiscal.drafts import LineDraft, TenderDraft, TicketDraft
from teraa.fiscal.models import Document
from teraa.fiscal.queries import DocumentView, tickets_about
from teraa.fiscal.registers import ensure_register
from teraa.fiscal.reversing import NotThatMuch, OpenLine, open_lines, stands_alone, take_back
from teraa.fiscal.sealing import SealedDocument, seal_event, seal_ticket
from teraa.settlement.cases import operations as cases
from teraa.settlement.cases.models import Refund
from teraa.settlement.cases.people import Person
from teraa.settlement.cases.problems import NoDestination
from teraa.settlement.cases.states import Variant
from teraa.settlement.models import TenderKind
from teraa.venues.authentication import StationSession
from teraa.venues.models import StaffMember, StationKind
from teraa.venues.permissions_table import DECIDE_CASES

CORRECTED_ONCE: Final = "fiscal_line_corrected_once"
REASON_LENGTH: Final = 120


@dataclass(frozen=True)
class LineBack:
    """So much (thousandths) of a line of a ticket of the sale."""

    document_id: UUID
    position: int
    quantity_milli: int


@dataclass(frozen=True)
class TenderBack:
    """How money is given back; ``amount_cents`` is positive."""

    kind: str
    amount_cents: int
    authorisation: str = ""


@dataclass(frozen=True)
class RefundWanted:
    """The body of ``POST /api/pos/sales/<key>/refunds/``. Without ``lines``: all that is left."""

    key: UUID
    total_cents: int
    tenders: Sequence[TenderBack]
    reason: str
    lines: Sequence[LineBack] | None = None
    other_tender_reason: str = ""

    def digest(self, sale_key: UUID) -> str:
        """What makes two requests the same request (law 4)."""
        lines = None
        if self.lines is not None:
            lines = [
                [str(line.document_id), line.position, line.quantity_milli] for line in self.lines
            ]
        return sha256_hex(
            canonical_text(
                {
                    "sale": str(sale_key),
                    "lines": lines,
                    "total_cents": self.total_cents,
                    "tenders": [
                        [one.kind, one.amount_cents, one.authorisation] for one in self.tenders
                    ],
                    "reason": self.reason,
                    "other_tender_reason": self.other_tender_reason,
                }
            )
        )


@dataclass(frozen=True)
class Refunded:
    """A refund of a sale and whether this very call made it."""

    refund: SaleRefund
    is_new: bool


class _Back(NamedTuple):
    """What comes back of one sealed line: a quantity, and what was paid for it."""

    line: OpenLine
    quantity_milli: int
    total_cents: int


@dataclass(frozen=True)
class _Correction:
    """What the correcting ticket says, and of which sealed lines."""

    lines: tuple[LineDraft, ...]
    taken_back: tuple[_Back, ...]
    is_whole: bool

    @property
    def total_cents(self) -> int:
        """What is given back (positive)."""
        return -sum(line.total_cents for line in self.lines)


def refund_sale(
    *, session: StationSession, sale_key: UUID, wanted: RefundWanted, at: datetime.datetime
) -> Refunded:
    """Give back lines of a paid sale, or all that is left of it, and seal the ticket that says so.

    Cash opens the drawer; a card's refund was made on its terminal; coins become a refund that
    managers approve and the payee's wallet sends. The same key and body again returns the first.
    Raises NotATill, NotFound, NothingPaid, GivenBackAlready, NotThatManySold, OnlyAsAWhole,
    WrongRefundTotal, ReasonNeeded, OtherTender, AuthorisationNeeded, NoCoinsCame, Forbidden,
    SameKeyOtherBody, and what drafting a refund of coins and sealing raise.
    """
    if session.station.kind != StationKind.TILL or session.staff is None:
        raise NotATill
    if not is_uuid7(wanted.key):
        raise Invalid(fields={"key": "UUIDv7"})
    try:
        with transaction.atomic():
            return _refund(session, session.staff, sale_key, wanted, at)
    except IntegrityError as error:
        if CORRECTED_ONCE in str(error):
            raise GivenBackAlready from error
        if "pos_sale_refund_key_once" in str(error):
            raise SameKeyOtherBody from error
        raise


def _refund(
    session: StationSession,
    staff: StaffMember,
    sale_key: UUID,
    wanted: RefundWanted,
    at: datetime.datetime,
) -> Refunded:
    sale = locked_sale(session=session, key=sale_key)
    digest = wanted.digest(sale_key)
    first = SaleRefund.objects.filter(venue_id=sale.venue_id, key=wanted.key).first()
    if first is not None:
        if first.request_sha256 != digest:
            raise SameKeyOtherBody
        return Refunded(first, is_new=False)
    if sale.state != SaleState.PAID:
        raise NothingPaid
    if not wanted.reason.strip():
        raise ReasonNeeded
    tickets = tickets_about(venue_id=sale.venue_id, subject=f"pos.sale:{sale.key}")
    correction = _correct(tickets, wanted.lines)
    if correction.total_cents != wanted.total_cents:
        raise WrongRefundTotal(expected_cents=correction.total_cents)
    _check_tenders(tickets, wanted)
    document_id = uuid7()
    tenders, coins = _give(staff, sale, wanted, document_id, at)
    register_id = ensure_register(
        venue_id=sale.venue_id,
        payee_id=sale.payee_id,
        station_id=session.station.pk,
        training=sale.training,
        at=at,
    )
    sealed = seal_ticket(
        register_id=register_id,
        ticket=TicketDraft(
            subject=f"pos.sale:{sale.key}",
            station_label=session.station.name,
            operator_label=staff.name,
            lines=correction.lines,
            tenders=tuple(tenders),
            corrects=sale.document_id if correction.is_whole else None,
        ),
        document_id=document_id,
        at=at,
    )
    for back in correction.taken_back:
        # Event 190, in the journal of the very register that holds the correcting ticket.
        seal_event(
            register_id=register_id,
            code=journal_codes.ITEM_RETURN,
            values=_returned(back, sealed, wanted.reason.strip()),
            at=at,
            operator_label=staff.name,
            station_label=session.station.name,
            subject=f"pos.sale:{sale.key}",
        )
    refund = SaleRefund.objects.create(
        venue_id=sale.venue_id,
        key=wanted.key,
        request_sha256=digest,
        sale=sale,
        station=session.station,
        staff=staff,
        document_id=sealed.id,
        coins=coins,
        reason=wanted.reason.strip(),
        other_tender_reason=wanted.other_tender_reason.strip(),
        total_cents=wanted.total_cents,
        created_at=at,
    )
    if not sale.training:
        note_cash(
            venue_id=sale.venue_id,
            station_id=session.station.pk,
            key=refund.key,
            kind=MovementKind.REFUND,
            amount_cents=-_cash_of(wanted.tenders),
            operator=staff.name,
            subject=f"pos.sale:{sale.key}",
            reason=refund.reason,
            at=at,
        )
    touch(sale, at)
    print_correction(
        document_id=sealed.id,
        payload=sealed.payload,
        signature=sealed.signature,
        venue=session.venue,
        station_id=session.station.pk,
        key=refund.key,
        subject=subject_of(refund.key),
        in_cash=not sale.training and _cash_of(wanted.tenders) > 0,
        at=at,
    )
    return Refunded(refund, is_new=True)


def _cash_of(tenders: Sequence[TenderBack]) -> int:
    return sum(one.amount_cents for one in tenders if one.kind == TenderKind.CASH)


def subject_of(key: UUID) -> str:
    """What the printer's queue calls the ticket of a refund."""
    return f"pos.refund:{key}"


def _correct(tickets: Sequence[DocumentView], wanted: Sequence[LineBack] | None) -> _Correction:
    """The correcting lines. Raises GivenBackAlready, as the database does for what this misses."""
    left = open_lines(tickets)
    if wanted is None:
        if not left:
            raise GivenBackAlready
        lines = tuple(draft for line in left for draft in take_back(line))
        whole = tuple(_Back(line, line.quantity_milli, line.total_cents) for line in left)
        return _Correction(lines, whole, is_whole=True)
    known = {
        (ticket.id, values["position"]): OpenLine(
            ticket.id, ticket.number, values["position"], values
        )
        for ticket in tickets
        for values in ticket.values["lines"]
        if values["corrects_document"] is None
    }
    if not wanted or len({(one.document_id, one.position) for one in wanted}) != len(wanted):
        raise Invalid(fields={"lines": "each line once"})
    drafts: list[LineDraft] = []
    taken: list[_Back] = []
    kept_something = False
    for one in wanted:
        line = known.get((one.document_id, one.position))
        if line is None:
            raise NotFound
        if line not in left:
            raise GivenBackAlready
        try:
            made = take_back(line, one.quantity_milli)
        except NotThatMuch as error:
            raise NotThatManySold(label=line.values["label"]) from error
        kept_something |= len(made) > 1
        drafts += made
        taken.append(_Back(line, one.quantity_milli, -sum(draft.total_cents for draft in made)))
    gone = {(one.document_id, one.position) for one in wanted}
    stays = [one for one in left if (one.document_id, one.position) not in gone]
    is_whole = not stays and not kept_something
    if not is_whole and not all(stands_alone(back.line, list(known.values())) for back in taken):
        raise OnlyAsAWhole
    return _Correction(tuple(drafts), tuple(taken), is_whole)


def paid_by_kind(tickets: Sequence[DocumentView]) -> dict[str, int]:
    """What these tickets hold in each kind of payment, in cents: taken less given back."""
    held: dict[str, int] = {}
    for ticket in tickets:
        for tender in ticket.values["tenders"]:
            held[tender["kind"]] = held.get(tender["kind"], 0) + tender["amount_cents"]
    return held


def _check_tenders(tickets: Sequence[DocumentView], wanted: RefundWanted) -> None:
    if len({one.kind for one in wanted.tenders}) != len(wanted.tenders):
        raise Invalid(fields={"tenders": "each kind once"})
    if sum(one.amount_cents for one in wanted.tenders) != wanted.total_cents:
        raise WrongRefundTotal(expected_cents=wanted.total_cents)
    held = paid_by_kind(tickets)
    for one in wanted.tenders:
        if one.amount_cents > held.get(one.kind, 0):
            if one.kind == TenderKind.OSM:
                raise NoCoinsCame
            if not wanted.other_tender_reason.strip():
                raise OtherTender(kind=one.kind, held_cents=held.get(one.kind, 0))
        if one.kind == TenderKind.CARD and not one.authorisation.strip():
            raise AuthorisationNeeded


def _give(
    staff: StaffMember,
    sale: Sale,
    wanted: RefundWanted,
    document_id: UUID,
    at: datetime.datetime,
) -> tuple[list[TenderDraft], Refund | None]:
    drafts: list[TenderDraft] = []
    coins: Refund | None = None
    for one in wanted.tenders:
        if one.kind == TenderKind.OSM:
            coins = _draft_coins(staff, sale, wanted, one.amount_cents, document_id, at)
            assert coins.quote is not None  # noqa: S101  an amount in euros has its rate
            drafts.append(
                TenderDraft(
                    kind=TenderKind.OSM,
                    amount_cents=-one.amount_cents,
                    osm_units=-coins.amount_units,
                    osm_rate_e10=coins.quote.rate_e10,
                    osm_reference=coins.reference,
                )
            )
        else:
            drafts.append(
                TenderDraft(
                    kind=one.kind,
                    amount_cents=-one.amount_cents,
                    authorisation=one.authorisation.strip(),
                )
            )
    return drafts, coins


def _draft_coins(
    staff: StaffMember,
    sale: Sale,
    wanted: RefundWanted,
    cents: int,
    document_id: UUID,
    at: datetime.datetime,
) -> Refund:
    """No key of a wallet is held here: managers approve, the payee's wallet sends."""
    if not staff.may(DECIDE_CASES):
        raise Forbidden
    if sale.due_id is None:
        raise NoCoinsCame

    def draft(*, to_sender: bool) -> Refund:
        return cases.draft_refund(
            venue_id=sale.venue_id,
            person=Person.of_staff(staff),
            key=uuid5(wanted.key, "coins"),
            variant=Variant.FIXED,
            due_id=sale.due_id,
            cents=cents,
            to_sender=to_sender,
            reason=wanted.reason.strip(),
            sealed_in=document_id,
            at=at,
        )

    try:
        return draft(to_sender=True)
    except NoDestination:
        # Several senders, or none that is known: the customer says where, by a claim link.
        return draft(to_sender=False)


def _returned(back: _Back, sealed: SealedDocument, reason: str) -> dict[str, Any]:
    return {
        "document": str(sealed.id),
        "number": sealed.number,
        "corrects_document": str(back.line.document_id),
        "corrects_number": back.line.number,
        "corrects_position": back.line.position,
        "label": back.line.values["label"],
        "quantity_milli": -back.quantity_milli,
        "total_cents": -back.total_cents,
        "reason": reason,
    }


@transaction.atomic
def print_refund(
    *, session: StationSession, sale_key: UUID, key: UUID, print_key: UUID, at: datetime.datetime
) -> SaleRefund:
    """Print the ticket of a refund again: a duplicate with its number.

    The same print key again prints nothing new. Raises NotATill, NotFound, NoPrinter.
    """
    if session.staff is None:
        raise NotATill
    sale = locked_sale(session=session, key=sale_key)
    refund = SaleRefund.objects.filter(sale=sale, key=key).first()
    if refund is None:
        raise NotFound
    print_document(
        document=Document.objects.select_related("register").get(pk=refund.document_id),
        venue=session.venue,
        station_label=session.station.name,
        printer=printer_of_till(session.station.pk),
        key=print_key,
        subject=subject_of(refund.key),
        operator=session.staff.name,
        at=at,
    )
    touch(sale, at)
    return refund
