"""A till gives back what other rooms owe: a cancelled studio, say, that was paid here in cash.

How much was decided where it was cancelled; here somebody says the code and gets it. Settlement
tells the trade, which seals the ticket in this till's register.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Q

from pos.collecting import NotSealedYet
from pos.drawer.ledger import note_cash
from pos.drawer.states import MovementKind
from pos.practice import refuse_training
from pos.printing import open_drawer, print_document, printer_of_till
from pos.problems import AuthorisationNeeded, NotATill
from pos.queries import PRINT_STATES
from teraa.common.clock import iso_utc
from teraa.common.ids import is_uuid7, normalise_code
from teraa.common.problems import Invalid, NotFound
from teraa.devices.queries import print_states
from teraa.fiscal.models import Document
from teraa.fiscal.registers import ensure_register
from teraa.settlement import operations as settlement
from teraa.settlement.models import Payout, PayoutState, TenderKind
from teraa.venues.authentication import StationSession
from teraa.venues.models import StationKind

MOST_FOUND = 10
SHORTEST_TEXT = 2
CODE_LENGTH = 8


@dataclass(frozen=True)
class PayoutWanted:
    """The body of ``POST /api/pos/payouts/``."""

    key: UUID
    payout_id: UUID
    kind: str
    authorisation: str = ""


def find_payouts(*, venue_id: UUID, text: str = "") -> list[dict[str, Any]]:
    """What this venue has to give back: by code, or by part of a name or of what it was for.

    Without a text, none: what is collected is looked for far more often (one query at most). Found
    by its code it shows even when it was given, so that the till can say so.
    """
    payouts = Payout.objects.filter(venue_id=venue_id).select_related("payee")
    owed = payouts.filter(state=PayoutState.OWED)
    code, word = normalise_code(text), text.strip()
    if len(code) == CODE_LENGTH and (exact := list(payouts.filter(Q(code=code)))):
        return [_view(one) for one in exact]
    if len(word) < SHORTEST_TEXT:
        return []
    named = owed.filter(Q(person__icontains=word) | Q(label__icontains=word))
    return [_view(one) for one in named.order_by("-owed_at")[:MOST_FOUND]]


def pay_out_at_till(
    *, session: StationSession, wanted: PayoutWanted, at: datetime.datetime
) -> Payout:
    """Give it back: cash opens the drawer, a card's refund was made on its terminal.

    The same key again gives nothing twice. Raises NotATill, Invalid, NotFound, AuthorisationNeeded,
    PaidOutAlready, SameKeyOtherBody, NotInTraining, PayeeUnidentified.
    """
    station, venue = session.station, session.venue
    if station.kind != StationKind.TILL or session.staff is None:
        raise NotATill
    if not is_uuid7(wanted.key):
        raise Invalid(fields={"key": "UUIDv7"})
    if wanted.kind == TenderKind.CARD and not wanted.authorisation.strip():
        raise AuthorisationNeeded
    refuse_training(session)
    with transaction.atomic():
        payee_id = _payee_of(venue.pk, wanted.payout_id)
        ensure_register(venue_id=venue.pk, payee_id=payee_id, station_id=station.pk, at=at)
        payout, is_new = settlement.pay_out(
            key=wanted.key,
            venue_id=venue.pk,
            payout_id=wanted.payout_id,
            kind=wanted.kind,
            authorisation=wanted.authorisation,
            station_id=station.pk,
            operator=session.staff.name,
            at=at,
        )
        if is_new and payout.kind == TenderKind.CASH:
            note_cash(
                venue_id=venue.pk,
                station_id=station.pk,
                key=wanted.key,
                kind=MovementKind.REFUND,
                amount_cents=-payout.amount_cents,
                operator=session.staff.name,
                subject=_subject(payout),
                reason=payout.label,
                at=at,
            )
            open_drawer(venue_id=venue.pk, station_id=station.pk, key=wanted.key, at=at)
    return payout


def print_payout(
    *, session: StationSession, key: UUID, print_key: UUID, at: datetime.datetime
) -> Payout:
    """Print the ticket of what was given back: the original, then numbered duplicates.

    Raises NotATill, NotFound, NoPrinter, NotSealedYet.
    """
    if session.staff is None:
        raise NotATill
    payout = payout_for(venue_id=session.venue.pk, key=key)
    document = _document(payout)
    if document is None:
        raise NotSealedYet
    with transaction.atomic():
        print_document(
            document=document,
            venue=session.venue,
            station_label=session.station.name,
            printer=printer_of_till(session.station.pk),
            key=uuid5(print_key, str(document.pk)),
            subject=_subject(payout),
            operator=session.staff.name,
            at=at,
        )
    return payout


def payout_for(*, venue_id: UUID, key: UUID) -> Payout:
    """What was given under ``key``. Raises NotFound for any other venue's."""
    found = Payout.objects.select_related("payee").filter(venue_id=venue_id, key=key).first()
    if found is None:
        raise NotFound
    return found


def payout_view(payout: Payout) -> dict[str, Any]:
    """What the till shows of money given back (three queries at most)."""
    document = _document(payout) if payout.state == PayoutState.PAID else None
    prints = print_states(venue_id=payout.venue_id, subjects=[_subject(payout)]) if document else {}
    printed = next(iter(prints.values()), None)
    return {
        **_view(payout),
        "key": str(payout.key) if payout.key else None,
        "kind": payout.kind or None,
        "operator": payout.operator,
        "paid_at": iso_utc(payout.paid_at) if payout.paid_at else None,
        "number": str(document.sequence) if document else None,
        "print": {"state": PRINT_STATES.get(printed, printed)} if printed else None,
    }


def _payee_of(venue_id: UUID, payout_id: UUID) -> UUID:
    payee_id = Payout.objects.filter(venue_id=venue_id, pk=payout_id).values_list(
        "payee_id", flat=True
    )
    found = payee_id.first()
    if found is None:
        raise NotFound
    return found


def _subject(payout: Payout) -> str:
    return f"pos.payout:{payout.key}"


def _document(payout: Payout) -> Document | None:
    """The ticket that the trade sealed: its lines name what was given."""
    return (
        Document.objects.filter(venue_id=payout.venue_id, lines__subject=payout.line_subject)
        .select_related("register")
        .first()
    )


def _view(payout: Payout) -> dict[str, Any]:
    return {
        "id": str(payout.pk),
        "code": payout.spoken_code,
        "label": payout.label,
        "person": payout.person,
        "payee": {"id": str(payout.payee_id), "name": payout.payee.name},
        "amount_cents": payout.amount_cents,
        "state": payout.state,
        "owed_at": iso_utc(payout.owed_at),
    }
