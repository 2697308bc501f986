"""A till takes what is owed for a room, a ticket, a basket: dues that other rooms opened.

This room knows no booking: it finds a due by its code, by the reference of its OSM request or by a
name, takes the money, and settlement tells the trade. One payment is for one payee, in that payee's
own register.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pos.drawer.ledger import note_cash
from pos.drawer.states import MovementKind
from pos.operations import SUBJECT as SALE
from pos.practice import refuse_training
from pos.printing import open_drawer, print_document, printer_of_till
from pos.problems import NotATill
from pos.queries import PRINT_STATES, tender_dict
from teraa.common.clock import iso_utc
from teraa.common.ids import is_uuid7, normalise_code
from teraa.common.problems import Invalid, NotFound, Problem
from teraa.devices.queries import print_states
from teraa.fiscal.models import Document
from teraa.fiscal.registers import ensure_register
from teraa.settlement import operations as settlement
from teraa.settlement.models import OWED_STATES, Collection, Due, TenderKind
from teraa.settlement.osm.references import is_reference, normalise
from teraa.settlement.queries import TenderView, dues_of_reference, tender_views_of
from teraa.settlement.states import TenderState
from teraa.venues.authentication import StationSession
from teraa.venues.models import Payee, StationKind

MOST_FOUND = 30
MOST_DUES = 50
SHORTEST_TEXT = 2
CODE_LENGTH = 8
UNDECIDED = (TenderState.PENDING, TenderState.ACCEPTED, TenderState.UNKNOWN)


class NotSealedYet(Problem):
    code = "not_sealed_yet"
    status = 409
    title = _("The receipt is being written.")
    advice = _("The payment is safe. Try again in a second.")


class PayeeElsewhere(Problem):
    code = "payee_inactive"
    status = 409
    title = _("Nothing is collected for {payee} here any more.")
    advice = _("Ask a manager, or send the customer to them.")


@dataclass(frozen=True)
class CollectionWanted:
    """The body of ``POST /api/pos/collections/``. Cents; ``quote`` for OSM."""

    key: UUID
    due_ids: Sequence[UUID]
    kind: str
    received_cents: int | None = None
    authorisation: str = ""
    quote: UUID | None = None


def find_dues(*, venue_id: UUID, text: str = "") -> list[dict[str, Any]]:
    """What is owed at this venue: by code, by OSM reference, by part of a name or of what it is for.

    Without a text: what was opened last, the sales parked at tills left out (two queries at most).
    A due found by its code shows even when it is paid, so that the till can say so.
    """
    dues = Due.objects.filter(venue_id=venue_id).select_related("payee")
    owed = dues.filter(state__in=OWED_STATES)
    code = normalise_code(text)
    if is_reference(text):
        ids = dues_of_reference(venue_id=venue_id, reference=normalise(text))
        found = list(dues.filter(pk__in=ids))
    elif len(code) == CODE_LENGTH and (exact := list(dues.filter(code=code))):
        found = exact
    elif len(text.strip()) >= SHORTEST_TEXT:
        word = text.strip()
        named = owed.filter(Q(person__icontains=word) | Q(label__icontains=word))
        found = list(named.order_by("-opened_at")[:MOST_FOUND])
    else:
        found = list(owed.exclude(subject=SALE).order_by("-opened_at")[:MOST_FOUND])
    return [_due_view(due) for due in found]


def collect_at_till(
    *, session: StationSession, wanted: CollectionWanted, at: datetime.datetime
) -> Collection:
    """Take what remains of some dues of one payee, in one payment.

    The payee's register of this till is opened first, so that nothing is taken that could not be
    sealed. Cash opens the drawer. Raises NotATill, Invalid, NotFound, PayeeElsewhere,
    PayeeUnidentified, NotInTraining and what ``settlement.collect`` raises.
    """
    station, venue = session.station, session.venue
    if station.kind != StationKind.TILL or session.staff is None:
        raise NotATill
    if not is_uuid7(wanted.key):
        raise Invalid(fields={"key": "UUIDv7"})
    refuse_training(session)
    payees = Payee.objects.filter(venue_id=venue.pk, dues__in=wanted.due_ids).distinct()
    for payee in payees:
        if not payee.active:
            raise PayeeElsewhere(payee=payee.name)
    with transaction.atomic():
        for payee in payees:
            ensure_register(venue_id=venue.pk, payee_id=payee.pk, station_id=station.pk, at=at)
        collection = settlement.collect(
            key=wanted.key,
            venue_id=venue.pk,
            due_ids=wanted.due_ids,
            kind=wanted.kind,
            received_cents=wanted.received_cents,
            authorisation=wanted.authorisation,
            quote_id=wanted.quote,
            required_confirmations=venue.osm_confirmations_till,
            expires_at=at + datetime.timedelta(minutes=venue.osm_request_minutes),
            station_id=station.pk,
            operator=session.staff.name,
            at=at,
        )
        if collection.kind == TenderKind.CASH:
            note_cash(
                venue_id=venue.pk,
                station_id=station.pk,
                key=collection.key,
                kind=MovementKind.SALE,
                amount_cents=collection.amount_cents,
                operator=session.staff.name,
                subject=f"pos.collection:{collection.key}",
                at=at,
            )
            # Its key is the collection's: the same request again opens no drawer.
            open_drawer(venue_id=venue.pk, station_id=station.pk, key=collection.key, at=at)
    return collection


def give_up_collection(*, session: StationSession, key: UUID, at: datetime.datetime) -> Collection:
    """Withdraw the request for coins of a collection nobody has paid. Raises NotFound, PaymentSeen."""
    if session.staff is None:
        raise NotATill
    collection = collection_for(venue_id=session.venue.pk, key=key)
    with transaction.atomic():
        due_ids = collection.tenders.order_by("due_id").values_list("due_id", flat=True)
        for due_id in list(due_ids):
            settlement.cancel_open_requests(due_id=due_id, by=session.staff.name, at=at)
    return collection


def print_collection(
    *, session: StationSession, key: UUID, print_key: UUID, at: datetime.datetime
) -> Collection:
    """Print the tickets of what was collected: originals, then numbered duplicates.

    Raises NotFound, NoPrinter, NotSealedYet.
    """
    if session.staff is None:
        raise NotATill
    refuse_training(session)
    collection = collection_for(venue_id=session.venue.pk, key=key)
    documents = _documents(collection)
    if not documents:
        raise NotSealedYet
    printer = printer_of_till(session.station.pk)
    with transaction.atomic():
        # Held in the order of their ids, as whoever seals on several does.
        for document in sorted(documents, key=lambda one: one.register_id):
            print_document(
                document=document,
                venue=session.venue,
                station_label=session.station.name,
                printer=printer,
                key=uuid5(print_key, str(document.pk)),
                subject=f"pos.collection:{collection.key}:{document.sequence}",
                operator=session.staff.name,
                at=at,
            )
    return collection


def collection_for(*, venue_id: UUID, key: UUID) -> Collection:
    """One collection of this venue. Raises NotFound for any other venue's."""
    found = Collection.objects.select_related("payee").filter(venue_id=venue_id, key=key).first()
    if found is None:
        raise NotFound
    return found


def collection_view(collection: Collection) -> dict[str, Any]:
    """What the till shows of a collection, in the shape of a sale (five queries at most)."""
    parts = list(collection.tenders.select_related("due").order_by("pk"))
    views = tender_views_of([part.due_id for part in parts])
    keys = {part.key for part in parts}
    tenders = [one for views_of in views.values() for one in views_of if one.key in keys]
    state = _state(tenders)
    documents = _documents(collection) if state == "paid" else []
    subjects = [f"pos.collection:{collection.key}:{one.sequence}" for one in documents]
    prints = print_states(venue_id=collection.venue_id, subjects=subjects) if subjects else {}
    printed = next(iter(prints.values()), None)
    paid = collection.amount_cents if state == "paid" else 0
    return {
        "key": str(collection.key),
        "collection": True,
        "payee": collection.payee.name,
        "state": state,
        "version": sum(part.due.version for part in parts),
        "number": ", ".join(str(one.sequence) for one in documents) or None,
        "created_at": iso_utc(collection.created_at),
        "paid_at": None,
        "total_cents": collection.amount_cents,
        "paid_cents": paid,
        "pending_cents": collection.amount_cents if state == "waiting" else 0,
        "remaining_cents": 0,
        "serving": "on_site",
        "receipt": "none",
        "training": False,
        "lines": [
            {
                "label": part.due.label or part.due.spoken_code,
                "quantity": 1,
                "unit_price_cents": part.amount_cents,
                "total_cents": part.amount_cents,
                "vat_rate_bp": None,
            }
            for part in parts
        ],
        "taxes": [],
        "tenders": [_whole(collection, tenders)] if tenders else [],
        "print": {"state": PRINT_STATES.get(printed, printed)} if printed else None,
        "operator": collection.operator,
        "change_cents": collection.change_cents,
    }


def _state(tenders: Sequence[TenderView]) -> str:
    states = {one.state for one in tenders}
    if states == {TenderState.SETTLED}:
        return "paid"
    return "waiting" if states & set(UNDECIDED) else "cancelled"


def _whole(collection: Collection, tenders: Sequence[TenderView]) -> dict[str, Any]:
    """The parts as the one payment that the customer makes."""
    return {
        **tender_dict(tenders[0]),
        "key": str(collection.key),
        "amount_cents": collection.amount_cents,
        "received_cents": collection.received_cents,
        "change_cents": collection.change_cents,
    }


def _documents(collection: Collection) -> list[Document]:
    """The tickets that the trades sealed: each line names the due it was paid by."""
    subjects = [part.due.line_subject for part in collection.tenders.select_related("due")]
    return list(
        Document.objects.filter(venue_id=collection.venue_id, lines__subject__in=subjects)
        .select_related("register")
        .distinct()
        .order_by("pk")
    )


def _due_view(due: Due) -> dict[str, Any]:
    return {
        "id": str(due.pk),
        "code": due.spoken_code,
        "label": due.label,
        "person": due.person,
        "payee": {"id": str(due.payee_id), "name": due.payee.name},
        "amount_cents": due.amount_cents,
        # What the web is waiting for is withdrawn when it is paid here.
        "left_cents": due.amount_cents - due.paid_cents,
        "pending_cents": due.pending_cents,
        "state": due.state,
        "opened_at": iso_utc(due.opened_at),
    }
