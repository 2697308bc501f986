"""What a till does: ring up, take what remains, give up, print."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from pos import pricing
from pos.bills import bills_of
from pos.catalogue import catalogue_for_sale
from pos.drawer import ledger
from pos.drawer.states import MovementKind
from pos.models import Sale
from pos.practice import check_world, refuse_training
from pos.printing import print_again, print_at_once
from pos.problems import (
    CancelReasonNeeded,
    NotATill,
    NotEnoughCash,
    NoVatRateNow,
    SaleClosed,
    UnknownProduct,
    WrongTenders,
    WrongTotal,
)
from pos.sealing import draft_ticket
from pos.states import SaleState
from teraa.common import journal, journal_codes
from teraa.common.canonical import canonical_text, sha256_hex
from teraa.common.clock import business_date
from teraa.common.ids import is_uuid7, uuid7
from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.fiscal.drafts import TenderDraft
from teraa.fiscal.registers import ensure_register
from teraa.fiscal.sealing import SealedDocument, seal_ticket
from teraa.live import outbox
from teraa.settlement import operations as settlement
from teraa.settlement.models import Due, DueState, TenderKind
from teraa.venues.authentication import StationSession
from teraa.venues.models import StationKind

SUBJECT = "pos.sale"
IMMEDIATE = (TenderKind.CASH, TenderKind.CARD)


@dataclass(frozen=True)
class TenderWanted:
    """A payment the till announces. Cents; ``received_cents`` for cash, ``quote`` for OSM."""

    key: UUID
    kind: str
    amount_cents: int
    received_cents: int | None = None
    authorisation: str = ""
    quote: UUID | None = None


@dataclass(frozen=True)
class SaleWanted:
    """The body of ``POST /api/pos/sales/`` after validation of its shape."""

    key: UUID
    catalogue_version: int
    serving: str
    receipt: str
    lines: Sequence[pricing.Wanted]
    total_cents: int
    tenders: Sequence[TenderWanted]

    def digest(self) -> str:
        """What makes two requests the same request (law 4)."""
        return sha256_hex(
            canonical_text(
                {
                    "catalogue_version": self.catalogue_version,
                    "serving": self.serving,
                    "receipt": self.receipt,
                    "lines": [[line.product, line.quantity] for line in self.lines],
                    "total_cents": self.total_cents,
                    "tenders": [
                        [
                            str(tender.key),
                            tender.kind,
                            tender.amount_cents,
                            tender.received_cents,
                            tender.authorisation,
                            str(tender.quote) if tender.quote else None,
                        ]
                        for tender in self.tenders
                    ],
                }
            )
        )


@dataclass(frozen=True)
class Rung:
    """A rung-up sale, whether it is new, and its ticket when this very call sealed it."""

    sale: Sale
    is_new: bool
    sealed: SealedDocument | None = None


def ring_up(*, session: StationSession, wanted: SaleWanted, at: datetime.datetime) -> Rung:
    """Ring a cart up.

    Paid at once in cash or by card: sealed in this one transaction. With an OSM tender: a due
    and an OSM request are opened and the sale waits. The same key and body again returns the
    first sale. Raises SameKeyOtherBody, CatalogueOutdated, UnknownProduct, NoVatRateNow,
    WrongTotal, WrongTenders, NotEnoughCash, NotATill, NotInTraining, and what settlement raises
    (QuoteExpired, NoOsmAddress, OsmUnavailable).
    """
    sale = draft_sale(session=session, wanted=wanted, at=at)
    _check_tenders(wanted.tenders, sale.total_cents)
    at_once = all(tender.kind in IMMEDIATE for tender in wanted.tenders)
    if not at_once:
        refuse_training(session)  # no coins are asked for, nothing is owed
    with transaction.atomic():
        if at_once:
            sale.document_id = uuid7()
            sale.state = SaleState.PAID
            sale.closed_at = at
        # What is practised moves no cash.
        cash_cents = _cash_of(wanted.tenders) if at_once and not sale.training else 0
        if not insert_sale(sale, cash_cents=cash_cents):
            return Rung(first_sale(sale), is_new=False)
        if at_once:
            sealed = _seal(sale, [_immediate(tender) for tender in wanted.tenders], at)
            _print(sale, sealed, paid_in_cash=_any_cash(wanted.tenders), at=at)
        else:
            open_due_of(sale, wanted.tenders, session, at)
            announce(sale, at)
            sealed = None
    return Rung(sale, is_new=True, sealed=sealed)


def draft_sale(*, session: StationSession, wanted: SaleWanted, at: datetime.datetime) -> Sale:
    """A waiting sale of this cart, priced from the catalogue and not stored yet.

    Raises NotATill, Invalid, CatalogueOutdated, UnknownProduct, NoVatRateNow, WrongTotal.
    """
    station, venue = session.station, session.venue
    if station.kind != StationKind.TILL or station.payee_id is None or session.staff is None:
        raise NotATill
    if not is_uuid7(wanted.key):
        raise Invalid(fields={"key": "UUIDv7"})
    catalogue = catalogue_for_sale(venue_id=venue.pk, number=wanted.catalogue_version, at=at)
    day = business_date(at, venue.zone, venue.day_cutoff)
    lines = _price(catalogue.products, wanted, day)
    total = sum(line.total_cents for line in lines)
    if total != wanted.total_cents:
        raise WrongTotal(expected_cents=total)
    return Sale(
        venue=venue,
        key=wanted.key,
        request_sha256=wanted.digest(),
        station=station,
        staff=session.staff,
        payee_id=station.payee_id,
        catalogue_number=wanted.catalogue_version,
        serving=wanted.serving,
        receipt=wanted.receipt,
        cart=[line.as_dict() for line in lines],
        total_cents=total,
        state=SaleState.WAITING,
        training=station.training,
        created_at=at,
    )


def _price(
    products: dict[str, dict[str, Any]], wanted: SaleWanted, day: datetime.date
) -> list[pricing.PricedLine]:
    try:
        return pricing.price_lines(
            products=products, wanted=wanted.lines, serving=wanted.serving, day=day
        )
    except pricing.NotInCatalogue as error:
        raise UnknownProduct(product=str(error)) from error
    except pricing.NoVatRate as error:
        raise NoVatRateNow(label=str(error)) from error


def _check_tenders(tenders: Sequence[TenderWanted], total: int) -> None:
    announced = sum(tender.amount_cents for tender in tenders)
    osm = [tender for tender in tenders if tender.kind == TenderKind.OSM]
    if len({tender.key for tender in tenders}) != len(tenders) or len(osm) > 1:
        raise WrongTenders(total_cents=total, announced_cents=announced)
    # With OSM in it the rest may be decided once the coins are there; money never exceeds.
    if announced > total or (announced < total and not osm):
        raise WrongTenders(total_cents=total, announced_cents=announced)
    for tender in tenders:
        _check_cash(tender)


def _check_cash(tender: TenderWanted) -> None:
    if tender.kind != TenderKind.CASH or tender.received_cents is None:
        return
    if tender.received_cents < tender.amount_cents:
        raise NotEnoughCash(missing_cents=tender.amount_cents - tender.received_cents)


def _any_cash(tenders: Sequence[TenderWanted]) -> bool:
    return any(tender.kind == TenderKind.CASH and tender.amount_cents for tender in tenders)


def _cash_of(tenders: Sequence[TenderWanted]) -> int:
    return sum(one.amount_cents for one in tenders if one.kind == TenderKind.CASH)


def insert_sale(sale: Sale, *, cash_cents: int = 0) -> bool:
    """Insert unless this key was used: the unique constraint decides between two at once.

    With the cash that goes into the drawer for it (cents), by the same statement.
    """
    columns = list(Sale._meta.concrete_fields)
    quoted = ", ".join(f'"{field.column}"' for field in columns)
    marks = ", ".join(f"%({field.column})s" for field in columns)
    values: dict[str, Any] = {
        str(field.column): field.get_db_prep_save(getattr(sale, field.attname), connection)
        for field in columns
    }
    insert = (
        f'INSERT INTO "{Sale._meta.db_table}" ({quoted}) VALUES ({marks})'  # noqa: S608
        " ON CONFLICT (venue_id, key) DO NOTHING"
    )
    with connection.cursor() as cursor:
        if cash_cents:
            moved = ledger.values_of(
                venue_id=sale.venue_id,
                station_id=sale.station_id,
                key=sale.key,
                kind=MovementKind.SALE,
                amount_cents=cash_cents,
                operator=sale.staff.name,
                subject=f"{SUBJECT}:{sale.key}",
                at=sale.created_at,
            )
            cursor.execute(ledger.moved_by(insert), {**values, **moved})
        else:
            cursor.execute(insert, values)
        inserted: bool = cursor.rowcount == 1
    sale._state.adding = False
    return inserted


def first_sale(sale: Sale) -> Sale:
    first = Sale.objects.select_related("due", "document", "staff").get(
        venue_id=sale.venue_id, key=sale.key
    )
    if (first.request_sha256, first.station_id, first.training) != (
        sale.request_sha256,
        sale.station_id,
        sale.training,
    ):
        raise SameKeyOtherBody
    return first


def _immediate(tender: TenderWanted) -> TenderDraft:
    received = tender.received_cents if tender.received_cents is not None else tender.amount_cents
    return TenderDraft(
        kind=tender.kind,
        amount_cents=tender.amount_cents,
        received_cents=received,
        change_cents=received - tender.amount_cents,
        authorisation=tender.authorisation,
    )


def _seal(sale: Sale, tenders: list[TenderDraft], at: datetime.datetime) -> SealedDocument:
    """Write the sale's ticket in its register's chain, under the id the sale already holds."""
    assert sale.document_id is not None  # noqa: S101  set by the caller in the same transaction
    return seal_ticket(
        register_id=ensure_register(
            venue_id=sale.venue_id,
            payee_id=sale.payee_id,
            station_id=sale.station_id,
            training=sale.training,
            at=at,
        ),
        ticket=draft_ticket(sale, tenders),
        document_id=sale.document_id,
        at=at,
    )


def open_due_of(
    sale: Sale, tenders: Sequence[TenderWanted], session: StationSession, at: datetime.datetime
) -> None:
    """What is owed for a sale that waits, with what is already given or asked for towards it."""
    due = settlement.open_due(
        venue_id=sale.venue_id,
        payee_id=sale.payee_id,
        subject=SUBJECT,
        amount_cents=sale.total_cents,
        label=sale.cart_label,
        at=at,
    )
    Sale.objects.filter(pk=sale.pk).update(due=due)
    sale.due = due
    # What is in hand first: the request for coins is for what then remains.
    for tender in sorted(tenders, key=lambda one: one.kind == TenderKind.OSM):
        _take(sale, tender, session, at)


def _take(sale: Sale, tender: TenderWanted, session: StationSession, at: datetime.datetime) -> None:
    assert sale.due_id is not None  # noqa: S101  only a waiting sale comes here
    assert session.staff is not None  # noqa: S101  the view required a signed-on person
    if tender.kind == TenderKind.OSM:
        if tender.quote is None:
            raise Invalid(fields={"quote": "required"})
        settlement.request_osm(
            key=tender.key,
            due_id=sale.due_id,
            amount_cents=tender.amount_cents,
            quote_id=tender.quote,
            required_confirmations=session.venue.osm_confirmations_till,
            expires_at=at + datetime.timedelta(minutes=session.venue.osm_request_minutes),
            station_id=sale.station_id,
            operator=session.staff.name,
            at=at,
        )
    else:
        settlement.add_tender(
            key=tender.key,
            due_id=sale.due_id,
            kind=tender.kind,
            amount_cents=tender.amount_cents,
            received_cents=tender.received_cents,
            authorisation=tender.authorisation,
            station_id=sale.station_id,
            operator=session.staff.name,
            at=at,
        )
        if tender.kind == TenderKind.CASH:
            ledger.note_cash(
                venue_id=sale.venue_id,
                station_id=session.station.pk,
                key=tender.key,
                kind=MovementKind.SALE,
                amount_cents=tender.amount_cents,
                operator=session.staff.name,
                subject=f"{SUBJECT}:{sale.key}",
                at=at,
            )


def locked_sale(*, session: StationSession, key: UUID) -> Sale:
    """This venue's sale, its row locked until the commit. Raises NotFound, OtherWorld."""
    sale = (
        Sale.objects.select_for_update(of=("self",))
        .select_related("venue", "staff", "station")
        .filter(venue_id=session.venue.pk, key=key)
        .first()
    )
    if sale is None:
        raise NotFound
    check_world(session, sale)
    return sale


@transaction.atomic
def take_tender(
    *, session: StationSession, key: UUID, tender: TenderWanted, at: datetime.datetime
) -> Sale:
    """Take one more payment for a waiting sale; the last one seals its ticket.

    The same tender key again changes nothing. Raises SaleClosed, NotFound, NotEnoughCash and
    what settlement raises.
    """
    sale = locked_sale(session=session, key=key)
    if sale.due_id is None:
        raise SaleClosed
    _check_cash(tender)
    if sale.state != SaleState.WAITING:
        # A repeated request after the answer was lost: the tender is there already.
        if settlement.tender_exists(due_id=sale.due_id, key=tender.key):
            return sale
        raise SaleClosed
    _take(sale, tender, session, at)
    finalise_if_settled(sale, at=at)
    if sale.state == SaleState.WAITING:
        touch(sale, at)
    return sale


def finalise_if_settled(sale: Sale, *, at: datetime.datetime) -> bool:
    """Seal the ticket of a waiting sale whose due is settled. The caller holds the sale's lock.

    Called by the till for the payment that completes a sale, and by the effect when it is the
    chain that completes it; whoever comes second finds the sale paid and changes nothing.
    """
    if sale.state != SaleState.WAITING or sale.due_id is None:
        return False
    due = Due.objects.get(pk=sale.due_id)
    if due.state != DueState.SETTLED:
        return False
    tenders = settlement.settled_tenders(due_id=due.pk)
    drafts = [TenderDraft.of(tender) for tender in tenders]
    sale.document_id = uuid7()
    sealed = _seal(sale, drafts, at)
    sale.move(SaleState.PAID, document_id=sale.document_id, closed_at=at, version=sale.version + 1)
    _print(sale, sealed, paid_in_cash=any(d.kind == TenderKind.CASH for d in drafts), at=at)
    announce(sale, at)
    return True


def _print(
    sale: Sale, sealed: SealedDocument, *, paid_in_cash: bool, at: datetime.datetime
) -> None:
    print_at_once(
        sale=sale,
        payload=sealed.payload,
        signature=sealed.signature,
        # A drawer does not open for money that is not there.
        paid_in_cash=paid_in_cash and not sale.training,
        at=at,
    )


@transaction.atomic
def give_up_request(*, session: StationSession, key: UUID, at: datetime.datetime) -> Sale:
    """Withdraw the OSM request of a waiting sale, so that it can be paid otherwise.

    Raises PaymentSeen when coins are already on their way.
    """
    sale = locked_sale(session=session, key=key)
    if sale.state != SaleState.WAITING or sale.due_id is None:
        raise SaleClosed
    settlement.cancel_open_requests(due_id=sale.due_id, by=_who(session), at=at)
    touch(sale, at)
    return sale


@transaction.atomic
def cancel_sale(
    *, session: StationSession, key: UUID, at: datetime.datetime, reason: str = ""
) -> Sale:
    """Give a waiting sale up before any money came; leaves event 320 in the journal.

    Giving up twice changes nothing. Raises CancelReasonNeeded when the customer was shown a bill and
    nobody says why it is not paid, SaleClosed when it is paid, PaymentSeen or MoneyReceived when
    something was already paid towards it.
    """
    sale = locked_sale(session=session, key=key)
    if sale.state == SaleState.CANCELLED:
        return sale
    if sale.state != SaleState.WAITING or sale.due_id is None:
        raise SaleClosed
    printed = [bill["number"] for bill in bills_of(sale)]
    if printed and not reason.strip():
        raise CancelReasonNeeded
    settlement.cancel_due(due_id=sale.due_id, by=_who(session), at=at)
    sale.move(SaleState.CANCELLED, closed_at=at, version=sale.version + 1)
    journal.record(
        code=journal_codes.SALE_CANCELLED,
        venue_id=sale.venue_id,
        station_id=sale.station_id,
        operator=_who(session),
        at=at,
        values={
            "sale": str(sale.key),
            "total_cents": sale.total_cents,
            "reason": reason.strip(),
            "lines": [[line["label"], line["quantity_milli"]] for line in sale.cart],
            # What the customer was shown before it was given up (F3).
            "bills": printed,
        },
    )
    announce(sale, at)
    return sale


@transaction.atomic
def print_receipt(
    *, session: StationSession, key: UUID, print_key: UUID, at: datetime.datetime
) -> Sale:
    """Print a paid sale's receipt: the original once, afterwards copies marked DUPLICATA n.

    The same print key again prints nothing new. Raises SaleNotPaid, NoPrinter, NotFound.
    """
    sale = locked_sale(session=session, key=key)
    print_again(sale=sale, session=session, key=print_key, at=at)
    touch(sale, at)
    return sale


def touch(sale: Sale, at: datetime.datetime) -> None:
    """Something a screen shows has changed: next version, and tell the till to look again."""
    Sale.objects.filter(pk=sale.pk).update(version=sale.version + 1)
    sale.version += 1
    announce(sale, at)


def announce(sale: Sale, at: datetime.datetime) -> None:
    outbox.put(topic=f"station.{sale.station_id}", key=str(sale.key), version=sale.version, at=at)


def _who(session: StationSession) -> str:
    return session.staff.name if session.staff else session.station.name
