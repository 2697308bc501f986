"""Draft a refund, approve it, say where it goes, give it up."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.settlement.cases.amounts import OF_TODAY, Amounts, amounts_of
from teraa.settlement.cases.deciding import (
    conclude,
    decided_before,
    digest_of,
    find_case,
    hold_key,
    open_case,
    second_person_cents,
    with_reason,
    write_down,
)
from teraa.settlement.cases.judging import judge, judge_receipts
from teraa.settlement.cases.models import REASON_LENGTH, Case, Decision, Refund
from teraa.settlement.cases.people import Person
from teraa.settlement.cases.problems import (
    BadDestination,
    NoDestination,
    OwnDestination,
    RefundMoved,
    RefundSealed,
    SecondPersonNeeded,
)
from teraa.settlement.cases.references import new_reference
from teraa.settlement.cases.sources import (
    Source,
    sender_of,
    source_of_case,
    source_of_due,
)
from teraa.settlement.cases.states import (
    Action,
    DestinationSource,
    RefundState,
    Resolution,
)
from teraa.settlement.cases.watching import forget_refund
from teraa.settlement.models import Due, RateQuote, Tender
from teraa.settlement.operations.rates import current_quote
from teraa.settlement.operations.recompute import lock_dues
from teraa.settlement.osm.addresses import is_address
from teraa.settlement.osm.amounts import MAX_UNITS
from teraa.settlement.osm.models import Allocation, Network, OsmRequest, WatchedAddress
from teraa.settlement.osm.references import normalise

REFERENCE_ATTEMPTS = 5
CHANGEABLE = (RefundState.DRAFT, RefundState.APPROVED)
CANCELLABLE = (RefundState.DRAFT, RefundState.APPROVED, RefundState.AWAITING_WALLET)


@transaction.atomic
def draft_refund(
    *,
    venue_id: UUID,
    person: Person,
    key: UUID,
    variant: str,
    at: datetime.datetime,
    case_id: UUID | None = None,
    due_id: UUID | None = None,
    units: int | None = None,
    cents: int | None = None,
    to_sender: bool = True,
    address: str = "",
    reason: str = "",
    sealed_in: UUID | None = None,
) -> Refund:
    """Draft a refund of what a case is about, or of what paid a due in OSM.

    ``units`` (10⁻⁸) is for the variant CUSTOM, ``cents`` for FIXED. It goes to the ``address``
    typed, else to the sender of the coins, else (``to_sender`` False) wherever a claim link says.
    ``sealed_in`` is the ticket of the same transaction that says so: it can then not be given up.
    No coin is given back twice. The same ``key`` again returns the first. Raises NotFound,
    CaseClosed, NotForThisCase, NothingToRefund, TooMuchRefund, BadDestination, OwnDestination,
    Invalid, OsmUnavailable (no rate), SameKeyOtherBody.
    """
    digest = digest_of(
        "refund",
        case=case_id,
        due=due_id,
        variant=variant,
        units=units,
        cents=cents,
        to_sender=to_sender and not address,
        address=address or None,
        reason=reason,
    )
    hold_key(venue_id=venue_id, key=key)
    first = Refund.objects.filter(venue_id=venue_id, key=key).first()
    if first is not None:
        if first.digest != digest:
            raise SameKeyOtherBody
        return first
    case = _locked_source(case_id=case_id, due_id=due_id, venue_id=venue_id)
    source = _source(case, due_id, at)
    if variant not in source.variants:
        raise Invalid(fields={"variant": variant})
    quote = current_quote(venue_id=venue_id, at=at) if variant in OF_TODAY else None
    amounts = _amounts(variant, source, quote, units, cents)
    destination, origin = _destination(source, to_sender=to_sender, address=address)
    refund = Refund(
        venue_id=venue_id,
        payee=source.payee,
        network=source.network,
        key=key,
        digest=digest,
        request=source.request,
        receipt=source.receipt,
        due=source.due,
        part=source.part,
        variant=variant,
        covers_units=amounts.covers,
        amount_units=amounts.units,
        amount_cents=amounts.cents,
        quote=quote,
        destination=destination,
        destination_source=origin,
        reason=reason.strip()[:REASON_LENGTH],
        sealed_in=sealed_in,
        approvals_needed=2 if _is_large(source, amounts) else 1,
        drafted_by=person.name,
        drafted_at=at,
    )
    _insert(refund)
    _judge_source(refund, at)
    conclude(case, resolution=Resolution.REFUND, person=person, at=at)
    return refund


@transaction.atomic
def approve_refund(
    *,
    refund_id: UUID,
    venue_id: UUID,
    person: Person,
    key: UUID,
    at: datetime.datetime,
    reason: str = "",
) -> Refund:
    """Say yes to a refund; with enough people it may be sent. The same person counts once.

    Raises NotFound, RefundMoved, SecondPersonNeeded, SameKeyOtherBody.
    """
    digest = digest_of(Action.APPROVE, refund=refund_id, reason=reason)
    refund = locked_refund(refund_id, venue_id=venue_id)
    if decided_before(venue_id=venue_id, key=key, digest=digest):
        return refund
    if refund.state != RefundState.DRAFT:
        raise RefundMoved(state=refund.state)
    said = Decision.objects.filter(refund=refund, action=Action.APPROVE)
    if said.filter(person=person.key).exists():
        raise SecondPersonNeeded
    is_enough = said.count() + 1 >= refund.approvals_needed
    write_down(
        action=Action.APPROVE,
        venue_id=venue_id,
        person=person,
        key=key,
        digest=digest,
        reason=reason,
        refund=refund,
        units=refund.amount_units,
        carried_out=is_enough,
        at=at,
    )
    if is_enough:
        to = RefundState.AWAITING_WALLET if refund.destination else RefundState.APPROVED
        refund.move(to, approved_at=at, version=refund.version + 1)
    return refund


@transaction.atomic
def direct_refund(
    *,
    refund_id: UUID,
    venue_id: UUID,
    person: Person,
    address: str,
    key: UUID,
    at: datetime.datetime,
) -> Refund:
    """Type the address of a refund that nobody has approved yet.

    Raises NotFound, RefundMoved, BadDestination, OwnDestination, SameKeyOtherBody.
    """
    digest = digest_of(Action.DIRECT, refund=refund_id, address=address)
    refund = locked_refund(refund_id, venue_id=venue_id)
    if decided_before(venue_id=venue_id, key=key, digest=digest):
        return refund
    if refund.state != RefundState.DRAFT or refund.decisions.filter(action=Action.APPROVE).exists():
        raise RefundMoved(state=refund.state)
    checked = checked_address(address, network=refund.network)
    write_down(
        action=Action.DIRECT,
        venue_id=venue_id,
        person=person,
        key=key,
        digest=digest,
        reason=checked,
        refund=refund,
        at=at,
    )
    refund.destination, refund.destination_source = checked, DestinationSource.TYPED
    refund.version += 1
    refund.save(update_fields=["destination", "destination_source", "version"])
    refund.claims.filter(used_at__isnull=True, ended_at__isnull=True).update(ended_at=at)
    return refund


@transaction.atomic
def cancel_refund(
    *,
    refund_id: UUID,
    venue_id: UUID,
    person: Person,
    reason: str,
    key: UUID,
    at: datetime.datetime,
) -> Refund:
    """Give up a refund that the chain has not seen; what it was for is open again.

    Raises NotFound, RefundMoved, RefundSealed, ReasonNeeded, SameKeyOtherBody.
    """
    digest = digest_of(Action.CANCEL, refund=refund_id, reason=reason)
    refund = locked_refund(refund_id, venue_id=venue_id)
    if decided_before(venue_id=venue_id, key=key, digest=digest):
        return refund
    given = with_reason(reason)
    if refund.state not in CANCELLABLE:
        raise RefundMoved(state=refund.state)
    if refund.sealed_in is not None:
        raise RefundSealed
    write_down(
        action=Action.CANCEL,
        venue_id=venue_id,
        person=person,
        key=key,
        digest=digest,
        reason=given,
        refund=refund,
        at=at,
    )
    refund.claims.filter(used_at__isnull=True, ended_at__isnull=True).update(ended_at=at)
    refund.move(RefundState.CANCELLED, closed_at=at, version=refund.version + 1)
    forget_refund(refund, at=at)
    return refund


def locked_refund(refund_id: UUID, *, venue_id: UUID) -> Refund:
    """A refund of that venue, its due (when it has one) and itself locked. Raises NotFound."""
    rows = Refund.objects.filter(pk=refund_id, venue_id=venue_id)
    found = rows.first()
    if found is None:
        raise NotFound
    if found.due_id is not None:
        lock_dues([found.due_id])
    return rows.select_for_update(no_key=True, of=("self",)).select_related("network").get()


def checked_address(text: str, *, network: Network) -> str:
    """An address of the network that is nobody's of this house. Raises BadDestination,
    OwnDestination.
    """
    address = text.strip()
    if not is_address(address, network.address_version):
        raise BadDestination
    if WatchedAddress.objects.filter(network=network, address=address).exists():
        raise OwnDestination
    return address


def _locked_source(*, case_id: UUID | None, due_id: UUID | None, venue_id: UUID) -> Case | None:
    """Lock what the refund is of, so that two at once see each other. Raises NotFound, Invalid."""
    if (case_id is None) == (due_id is None):
        raise Invalid(fields={"case": "either a case or a due"})
    if due_id is not None:
        requests = Tender.objects.filter(due_id=due_id, request__isnull=False)
        if not Due.objects.filter(pk=due_id, venue_id=venue_id).exists():
            raise NotFound
        ids = [pk for pk in requests.values_list("request_id", flat=True) if pk is not None]
        lock_dues(
            {due_id, *Tender.objects.filter(request_id__in=ids).values_list("due_id", flat=True)}
        )
        _lock_requests(ids)
        return None
    assert case_id is not None  # noqa: S101  seen above
    case = find_case(case_id=case_id, venue_id=venue_id)
    if case.request_id is not None:
        lock_dues(
            Tender.objects.filter(request_id=case.request_id).values_list("due_id", flat=True)
        )
        _lock_requests([case.request_id])
    if case.receipt_id is not None:
        list(
            Allocation.objects.select_for_update(no_key=True)
            .filter(receipt=case.receipt_id)
            .order_by("pk")
        )
    return open_case(case_id=case_id, venue_id=venue_id)


def _lock_requests(ids: list[UUID]) -> None:
    list(OsmRequest.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))


def _source(case: Case | None, due_id: UUID | None, at: datetime.datetime) -> Source:
    if case is not None:
        return source_of_case(case, at=at)
    assert due_id is not None  # noqa: S101  either a case or a due
    return source_of_due(Due.objects.get(pk=due_id))


def _amounts(
    variant: str, source: Source, quote: RateQuote | None, units: int | None, cents: int | None
) -> Amounts:
    amounts = amounts_of(
        variant,
        source.left,
        now_e10=quote.rate_e10 if quote else None,
        step_units=quote.step_units if quote else 1,
        units=units,
        cents=cents,
    )
    if not 0 < amounts.units <= MAX_UNITS:
        raise Invalid(fields={"units": "more coins than a chain can hold, or none"})
    return amounts


def _is_large(source: Source, amounts: Amounts) -> bool:
    """Whether two people must approve; what nobody can value counts as large."""
    if not source.left.then_e10:
        return True
    return amounts.cents > second_person_cents(source.payee.pk)


def _destination(source: Source, *, to_sender: bool, address: str) -> tuple[str, str]:
    if address:
        return checked_address(address, network=source.network), DestinationSource.TYPED
    if not to_sender:
        return "", ""
    sender, _warnings = sender_of(source)
    if not sender:
        raise NoDestination
    return checked_address(sender, network=source.network), DestinationSource.SENDER


def _insert(refund: Refund) -> None:
    for attempt in range(REFERENCE_ATTEMPTS):
        refund.reference = new_reference()
        refund.reference_norm = normalise(refund.reference)
        try:
            with transaction.atomic():
                refund.save(force_insert=True)
        except IntegrityError as error:
            if "cases_refund_key_once" in str(error):
                raise SameKeyOtherBody from error
            # 40 random bits meet once in a very long while.
            if "cases_refund_reference_once" not in str(error) or attempt + 1 == REFERENCE_ATTEMPTS:
                raise
        else:
            return


def _judge_source(refund: Refund, at: datetime.datetime) -> None:
    if refund.request_id is not None:
        judge(request_ids=[refund.request_id], at=at)
    if refund.receipt_id is not None:
        judge_receipts(receipt_ids=[refund.receipt_id], at=at)
