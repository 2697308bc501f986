"""Ask for coins; withdraw the request while nothing was seen; accept what came late."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from teraa.common.money import osm_units_for
from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.settlement.models import Due, RateQuote, Tender
from teraa.settlement.operations.progress import bring_up_to_date
from teraa.settlement.operations.recompute import lock_dues, recompute_dues
from teraa.settlement.operations.tenders import check_room, insert_once
from teraa.settlement.osm.amounts import MAX_UNITS
from teraa.settlement.osm.availability import osm_availability
from teraa.settlement.osm.models import (
    Allocation,
    Network,
    OsmRequest,
    RequestAct,
    WatchedAddress,
)
from teraa.settlement.osm.references import new_reference, normalise
from teraa.settlement.osm.states import ActKind, AllocationKind, RequestState
from teraa.settlement.osm.watch import watch_payee
from teraa.settlement.policies import policy_of
from teraa.settlement.problems import (
    NothingLate,
    OsmUnavailable,
    PaymentSeen,
    QuoteExpired,
    UnknownQuote,
)
from teraa.settlement.states import TenderKind, TenderState

TOLERATED_SHARE = 10
"""The venue's tolerance is capped at a tenth of the request, or a small one would pay itself."""

REFERENCE_ATTEMPTS = 20
MEETINGS = ("osm_request_reference_once", "osm_request_amount_once")
MOST_SALT = 9_999
"""Units of 10⁻⁸ that make an amount its own: worth nothing, below 0.0001 OSM."""


@transaction.atomic
def request_osm(
    *,
    key: UUID,
    due_id: UUID,
    amount_cents: int,
    quote_id: UUID,
    required_confirmations: int,
    expires_at: datetime.datetime,
    at: datetime.datetime,
    station_id: UUID | None = None,
    operator: str = "",
) -> OsmRequest:
    """Ask for the coins that pay ``amount_cents`` (> 0) of a due, at a quote's rate.

    Makes the pending tender and the request; its units never change. The same ``key`` again
    returns the first request. Raises NotFound, SameKeyOtherBody, Invalid, DueClosed, TooMuch,
    UnknownQuote, QuoteExpired, NoOsmAddress, AddressTaken, OsmUnavailable.
    """
    found = lock_dues([due_id])
    if not found:
        raise NotFound
    due = found[0]
    first = Tender.objects.select_related("request").filter(venue_id=due.venue_id, key=key).first()
    if first is not None:
        return _the_first(first, due=due, amount_cents=amount_cents, quote_id=quote_id)
    if amount_cents <= 0:
        raise Invalid(fields={"amount_cents": "not positive"})
    check_room(due, amount_cents)
    request = ask_for_coins(
        dues=[due],
        amount_cents=amount_cents,
        quote_id=quote_id,
        required_confirmations=required_confirmations,
        expires_at=expires_at,
        at=at,
    )
    insert_once(
        Tender(
            venue_id=due.venue_id,
            payee_id=due.payee_id,
            due=due,
            request=request,
            key=key,
            kind=TenderKind.OSM,
            amount_cents=amount_cents,
            received_cents=amount_cents,
            state=TenderState.PENDING,
            station_id=station_id,
            operator=operator,
            created_at=at,
        )
    )
    recompute_dues([due], at=at, tell_trade=False)
    return request


def ask_for_coins(
    *,
    dues: Sequence[Due],
    amount_cents: int,
    quote_id: UUID,
    required_confirmations: int,
    expires_at: datetime.datetime,
    at: datetime.datetime,
) -> OsmRequest:
    """Insert the request behind one or several tenders of one payee (locked ``dues`` of it).

    The payee's rules may ask for more confirmations than the trade does.
    """
    payee = dues[0].payee
    quote = RateQuote.objects.filter(pk=quote_id, venue_id=payee.venue_id).first()
    if quote is None:
        raise UnknownQuote
    if quote.valid_until < at:
        raise QuoteExpired
    if required_confirmations < 1 or expires_at <= at:
        raise Invalid(fields={"required_confirmations": "≥ 1", "expires_at": "later than now"})
    chain = osm_availability(at=at)
    if not chain.available or chain.cursor is None:
        raise OsmUnavailable(reason=chain.reason, sentence=chain.sentence)
    watched = watch_payee(payee=payee, network=chain.cursor.network, at=at)
    units = osm_units_for(amount_cents, quote.rate_e10, quote.step_units)
    policy = policy_of(payee)
    if units > MAX_UNITS - MOST_SALT:
        raise Invalid(fields={"amount_cents": "more coins than a chain can hold"})
    return _insert(
        OsmRequest(
            venue_id=payee.venue_id,
            payee=payee,
            amount_cents=amount_cents,
            quote=quote,
            units=units,
            salted=policy.by_amount,
            tolerance_units=min(payee.venue.osm_tolerance_units, units // TOLERATED_SHARE),
            required_confirmations=policy.confirmations_for(
                amount_cents=amount_cents,
                least=required_confirmations,
                delegates=chain.cursor.network.delegates,
            ),
            created_at=at,
            expires_at=expires_at,
        ),
        chain.cursor.network,
        watched,
    )


@transaction.atomic
def cancel_request(
    *, request_id: UUID, by: str, at: datetime.datetime, reason: str = ""
) -> OsmRequest:
    """Withdraw an open request; its address and reference stay watched for ever.

    Withdrawing what has expired or was withdrawn changes nothing. Raises NotFound, PaymentSeen.
    """
    requests = OsmRequest.objects.filter(pk=request_id)
    lock_dues(Tender.objects.filter(request_id=request_id).values_list("due_id", flat=True))
    if not requests.exists():
        raise NotFound
    refuse_if_seen(requests)
    withdrawn = withdraw(requests, by=by, reason=reason, at=at)
    bring_up_to_date(request_ids=withdrawn, at=at, tell_trade=False)
    return requests.get()


@transaction.atomic
def cancel_open_requests(*, due_id: UUID, by: str, at: datetime.datetime) -> int:
    """Withdraw every open request of a due, so that it can be paid otherwise; return how many.

    Raises PaymentSeen, and then none is withdrawn.
    """
    ids = list(
        Tender.objects.filter(due_id=due_id, state=TenderState.PENDING, request__isnull=False)
        .order_by("request_id")
        .values_list("request_id", flat=True)
    )
    lock_dues(Tender.objects.filter(request_id__in=ids).values_list("due_id", flat=True))
    requests = OsmRequest.objects.filter(pk__in=ids)
    refuse_if_seen(requests)
    withdrawn = withdraw(requests, by=by, at=at)
    bring_up_to_date(request_ids=withdrawn, at=at, tell_trade=False)
    return len(withdrawn)


@transaction.atomic
def accept_late(
    *, request_id: UUID, by: str, at: datetime.datetime, reason: str = ""
) -> OsmRequest:
    """Take coins that came after a request had closed for what they were meant for.

    The due must still have room for them, or they stay surplus and the due asks for attention.
    Raises NotFound, NothingLate.
    """
    request = OsmRequest.objects.filter(pk=request_id).first()
    if request is None:
        raise NotFound
    lock_dues(Tender.objects.filter(request=request).values_list("due_id", flat=True))
    request.refresh_from_db()
    if (
        request.state not in (RequestState.EXPIRED, RequestState.CANCELLED)
        or not request.seen_units
    ):
        raise NothingLate
    RequestAct.objects.create(
        venue_id=request.venue_id,
        request=request,
        kind=ActKind.ACCEPT_LATE,
        by=by,
        reason=reason,
        at=at,
    )
    bring_up_to_date(request_ids=[request.pk], at=at)
    request.refresh_from_db()
    return request


def refuse_if_seen(requests: QuerySet[OsmRequest]) -> None:
    """Refuse to give up requests that any present receipt pays. Raises PaymentSeen."""
    seen = Allocation.objects.filter(
        request__in=requests,
        kind=AllocationKind.REQUEST,
        reversed_at__isnull=True,
        receipt__transaction__gone_at__isnull=True,
    )
    if seen.exists():
        raise PaymentSeen


def withdraw(
    requests: QuerySet[OsmRequest], *, by: str, at: datetime.datetime, reason: str = ""
) -> list[UUID]:
    """Record the decision on those still open; the caller holds the dues and re-derives."""
    opened = list(requests.filter(state=RequestState.OPEN).order_by("pk"))
    RequestAct.objects.bulk_create(
        RequestAct(
            venue_id=request.venue_id,
            request=request,
            kind=ActKind.CANCEL,
            by=by,
            reason=reason,
            at=at,
        )
        for request in opened
    )
    return [request.pk for request in opened]


def _the_first(tender: Tender, *, due: Due, amount_cents: int, quote_id: UUID) -> OsmRequest:
    request = tender.request
    if (
        request is None
        or tender.due_id != due.pk
        or tender.amount_cents != amount_cents
        or request.quote_id != quote_id
    ):
        raise SameKeyOtherBody
    return request


def _insert(request: OsmRequest, network: Network, watched: WatchedAddress) -> OsmRequest:
    request.network = network
    request.address = watched.address
    asked = request.units
    for attempt in range(REFERENCE_ATTEMPTS):
        if request.salted:
            request.units = asked + 1 + secrets.randbelow(MOST_SALT)
        request.reference = new_reference()
        request.reference_norm = normalise(request.reference)
        try:
            with transaction.atomic():
                request.save(force_insert=True)
        except IntegrityError as error:
            # 40 random bits meet once in a very long while; amounts meet now and then.
            met = any(name in str(error) for name in MEETINGS)
            if not met or attempt + 1 == REFERENCE_ATTEMPTS:
                raise
        else:
            break
    return request
