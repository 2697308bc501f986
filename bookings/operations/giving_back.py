"""Money of a cancelled booking: coins go back to their sender, the rest by hand at a till.

What goes back in coins is sealed with the cancellation; what is given at a till is sealed when it
is given, with the means and in the register of that till.
"""

from __future__ import annotations

import datetime
from uuid import UUID, uuid5

from bookings.confirming import send_given_back
from bookings.models import Booking
from bookings.sealing import draft_correction, subject_of
from teraa.common import journal_codes
from teraa.common.ids import uuid7
from teraa.fiscal.drafts import TenderDraft
from teraa.fiscal.queries import DocumentView, tickets_about
from teraa.fiscal.registers import ensure_register
from teraa.fiscal.sealing import seal_event, seal_ticket
from teraa.settlement import operations as settlement
from teraa.settlement.cases import operations as cases
from teraa.settlement.cases.models import Refund
from teraa.settlement.cases.people import Person
from teraa.settlement.cases.problems import NoDestination, NothingToRefund
from teraa.settlement.cases.sources import source_of_due
from teraa.settlement.cases.states import Variant
from teraa.settlement.models import Due, Payout, PayoutState, TenderKind


def give_back(
    booking: Booking, *, cents: int, person: Person, reason: str, at: datetime.datetime
) -> None:
    """Begin to give ``cents`` of a paid booking back. Part of the cancelling transaction.

    Coins first, as far as coins came; what was paid in cash or by card is owed at the till.
    Raises OsmUnavailable.
    """
    if not cents:
        return
    due = Due.objects.get(booking=booking)
    in_coins = min(cents, _coins_left(due))
    if in_coins:
        _send_coins(booking, due, in_coins, person, reason, at)
    if cents > in_coins:
        settlement.owe_back(due=due, amount_cents=cents - in_coins, at=at)


def seal_what_was_given(booking: Booking, *, at: datetime.datetime) -> None:
    """Seal a ticket for each payout given at a till that has none. Repeating it changes nothing.

    The booking's row is locked by the caller.
    """
    given = Payout.objects.filter(due__booking=booking, state=PayoutState.PAID)
    for payout in given.select_related("station").order_by("paid_at"):
        tickets = _tickets(booking)
        if any(_names(ticket, payout.line_subject) for ticket in tickets):
            continue
        _seal(
            booking,
            tickets,
            cents=payout.amount_cents,
            tender=TenderDraft(
                kind=payout.kind,
                amount_cents=-payout.amount_cents,
                authorisation=payout.authorisation,
            ),
            subject=payout.line_subject,
            station_id=payout.station_id,
            station_label=payout.station.name if payout.station else "",
            operator_label=payout.operator,
            at=at,
        )
        send_given_back(booking, cents=payout.amount_cents, at=at)


def _coins_left(due: Due) -> int:
    """Cents of the due that came in coins and have not gone back."""
    try:
        return source_of_due(due).left.cents
    except NothingToRefund:
        return 0


def _send_coins(
    booking: Booking,
    due: Due,
    cents: int,
    person: Person,
    reason: str,
    at: datetime.datetime,
) -> None:
    """No key of a wallet is held here: managers approve, the payee's wallet sends."""
    document_id = uuid7()

    def draft(*, to_sender: bool) -> Refund:
        return cases.draft_refund(
            venue_id=booking.venue_id,
            person=person,
            key=uuid5(booking.key, "cancelled"),
            variant=Variant.FIXED,
            due_id=due.pk,
            cents=cents,
            to_sender=to_sender,
            reason=reason or booking.label,
            sealed_in=document_id,
            at=at,
        )

    try:
        coins = draft(to_sender=True)
    except NoDestination:
        # Several senders, or none that is known: the guest says where, by a claim link.
        coins = draft(to_sender=False)
    assert coins.quote is not None  # noqa: S101  an amount in euros has its rate
    _seal(
        booking,
        _tickets(booking),
        cents=cents,
        tender=TenderDraft(
            kind=TenderKind.OSM,
            amount_cents=-cents,
            osm_units=-coins.amount_units,
            osm_rate_e10=coins.quote.rate_e10,
            osm_reference=coins.reference,
        ),
        document_id=document_id,
        at=at,
    )


def _tickets(booking: Booking) -> list[DocumentView]:
    return tickets_about(venue_id=booking.venue_id, subject=subject_of(booking))


def _names(ticket: DocumentView, subject: str) -> bool:
    return any(line["subject"] == subject for line in ticket.values["lines"])


def _seal(
    booking: Booking,
    tickets: list[DocumentView],
    *,
    cents: int,
    tender: TenderDraft,
    at: datetime.datetime,
    document_id: UUID | None = None,
    subject: str = "",
    station_id: UUID | None = None,
    station_label: str = "",
    operator_label: str = "",
) -> None:
    register_id = ensure_register(
        venue_id=booking.venue_id, payee_id=booking.payee_id, station_id=station_id, at=at
    )
    sealed = seal_ticket(
        register_id=register_id,
        ticket=draft_correction(
            booking,
            tickets,
            cents=cents,
            tender=tender,
            subject=subject,
            station_label=station_label,
            operator_label=operator_label,
        ),
        document_id=document_id or uuid7(),
        at=at,
    )
    # Event 190, in the journal of the very register that holds the correcting ticket.
    seal_event(
        register_id=register_id,
        code=journal_codes.ITEM_RETURN,
        values={
            "document": str(sealed.id),
            "number": sealed.number,
            "corrects_document": str(booking.document_id),
            "label": booking.label,
            "total_cents": -cents,
            "reason": booking.cancel_reason,
        },
        at=at,
        operator_label=operator_label,
        station_label=station_label,
        subject=subject_of(booking),
    )
