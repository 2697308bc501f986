"""Pay several dues of one payee in one go."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.settlement.models import Collection, Due, Tender
from teraa.settlement.operations.recompute import lock_dues, lock_with_sharers, recompute_dues
from teraa.settlement.operations.requests import ask_for_coins, cancel_open_requests
from teraa.settlement.operations.tenders import check_room, check_taken, insert_once
from teraa.settlement.osm.models import OsmRequest
from teraa.settlement.problems import DueClosed, MixedPayees
from teraa.settlement.states import TenderKind, TenderState


@transaction.atomic
def collect(
    *,
    key: UUID,
    venue_id: UUID,
    due_ids: Sequence[UUID],
    kind: str,
    at: datetime.datetime,
    received_cents: int | None = None,
    authorisation: str = "",
    quote_id: UUID | None = None,
    required_confirmations: int = 1,
    expires_at: datetime.datetime | None = None,
    station_id: UUID | None = None,
    operator: str = "",
) -> Collection:
    """Take what remains of all these dues (of one payee of the venue) as one payment.

    OSM makes one request for the sum (``quote_id`` and ``expires_at`` are then needed). Requests
    for coins that were open for these dues are withdrawn: who pays now pays once. The same ``key``
    again returns the first collection. Raises NotFound, Invalid, MixedPayees, DueClosed,
    NotEnoughCash, PaymentSeen, SameKeyOtherBody, and for OSM what request_osm raises.
    """
    wanted = sorted(set(due_ids))
    dues = [
        due for due in lock_with_sharers(wanted) if due.pk in wanted and due.venue_id == venue_id
    ]
    if not wanted or [due.pk for due in dues] != wanted:
        raise NotFound
    first = Collection.objects.filter(venue_id=venue_id, key=key).first()
    if first is not None:
        return _the_first(first, kind=kind, due_ids=wanted)
    if len({due.payee_id for due in dues}) != 1:
        raise MixedPayees
    if sum(cancel_open_requests(due_id=due.pk, by=operator, at=at) for due in dues):
        dues = lock_dues(wanted)
    for due in dues:
        if not due.remaining_cents:
            raise DueClosed(state=due.state)
        check_room(due, due.remaining_cents)
    total = sum(due.remaining_cents for due in dues)
    received = total if received_cents is None else received_cents
    if kind != TenderKind.OSM:
        check_taken(kind=kind, amount_cents=total, received_cents=received)
    collection = _insert(
        Collection(
            venue_id=venue_id,
            payee_id=dues[0].payee_id,
            key=key,
            kind=kind,
            amount_cents=total,
            received_cents=received,
            change_cents=received - total,
            authorisation=authorisation,
            station_id=station_id,
            operator=operator,
            created_at=at,
        )
    )
    request = None
    if kind == TenderKind.OSM:
        if quote_id is None or expires_at is None or received != total:
            raise Invalid(fields={"quote_id": "required", "expires_at": "required"})
        request = ask_for_coins(
            dues=dues,
            amount_cents=total,
            quote_id=quote_id,
            required_confirmations=required_confirmations,
            expires_at=expires_at,
            at=at,
        )
    insert_once(*[_part(collection, due, request) for due in dues])
    recompute_dues(dues, at=at, tell_trade=True)
    return collection


def _part(collection: Collection, due: Due, request: OsmRequest | None) -> Tender:
    """One due's part. The change given is the collection's, so parts are received exactly."""
    pending = request is not None
    return Tender(
        venue_id=due.venue_id,
        payee_id=due.payee_id,
        due=due,
        collection=collection,
        request=request,
        key=uuid5(collection.key, str(due.pk)),
        kind=collection.kind,
        amount_cents=due.remaining_cents,
        received_cents=due.remaining_cents,
        state=TenderState.PENDING if pending else TenderState.SETTLED,
        authorisation=collection.authorisation,
        station_id=collection.station_id,
        operator=collection.operator,
        created_at=collection.created_at,
        settled_at=None if pending else collection.created_at,
    )


def _insert(collection: Collection) -> Collection:
    """Insert; a rival with the same key wins. Raises SameKeyOtherBody."""
    try:
        with transaction.atomic():
            collection.save(force_insert=True)
    except IntegrityError as error:
        if "settlement_collection_key_once" not in str(error):
            raise
        raise SameKeyOtherBody from error
    return collection


def _the_first(first: Collection, *, kind: str, due_ids: Sequence[UUID]) -> Collection:
    paid = sorted(first.tenders.values_list("due_id", flat=True))
    if first.kind != kind or paid != list(due_ids):
        raise SameKeyOtherBody
    return first
