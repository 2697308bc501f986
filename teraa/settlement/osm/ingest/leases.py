"""Taking small payments on trust while they wait for their block (0-conf): a lease with an end.

Payees opt in. Only the leader grants, with the cursor locked, so sums cannot race; nodes are asked
outside of any transaction and never hold the look up for long.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum

from teraa.settlement.models import Tender
from teraa.settlement.operations.progress import bring_up_to_date
from teraa.settlement.operations.recompute import lock_dues
from teraa.settlement.osm import trusting
from teraa.settlement.osm.ingest.leadership import Leadership, locked_cursor
from teraa.settlement.osm.ingest.peers import Peers
from teraa.settlement.osm.models import (
    Allocation,
    DistrustedSender,
    Lease,
    OsmRequest,
)
from teraa.settlement.osm.node import NodeClient, NodeTrouble
from teraa.settlement.osm.states import AllocationKind, PeerHealth, RequestState
from teraa.settlement.policies import policy_of

log = logging.getLogger(__name__)

AT_ONCE = 10
ASKING_SECONDS = 0.3
"""How long a look waits for the nodes' answers; later ones are read by the next look."""
AGAIN = datetime.timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A request that one waiting transaction pays, and what nodes are asked about it."""

    request: OsmRequest
    transaction_pk: int
    txid: str
    sender: str
    spending_units: int


class Leases:
    """Grants them; ``turn`` is called with every look at the tip."""

    def __init__(self, leadership: Leadership, peers: Peers) -> None:
        self._leadership = leadership
        self._peers = peers
        self._asking: dict[UUID, list[Future[trusting.Word]]] = {}
        self._next: dict[UUID, datetime.datetime] = {}

    def turn(self, outflows: Mapping[str, int] | None, *, at: datetime.datetime) -> int:
        """Ask about what is newly seen, grant what may be; return how many requests moved.

        ``outflows``: units that waiting transactions take, by their sender's public key; None
        when the pool was not shown whole. Raises LeadershipLost.
        """
        nodes = [
            (peer.row.url, peer.client)
            for peer in self._peers
            if peer.health == PeerHealth.HEALTHY and peer.client is not None
        ]
        if outflows is None or len(nodes) < trusting.NODES:
            return 0
        found = _candidates(self._leadership, outflows, at=at)
        for known in self._asking.keys() - {one.request.pk for one in found}:
            del self._asking[known]
        self._next = {pk: when for pk, when in self._next.items() if when > at}
        for one in found:
            if one.request.pk not in self._asking and one.request.pk not in self._next:
                self._asking[one.request.pk] = [
                    self._peers.executor.submit(_ask, url, client, one) for url, client in nodes
                ]
        wait([word for asked in self._asking.values() for word in asked], ASKING_SECONDS)
        return sum(self._decide(one, at) for one in found)

    def _decide(self, one: Candidate, at: datetime.datetime) -> int:
        asked = self._asking.get(one.request.pk)
        if asked is None or not all(word.done() for word in asked):
            return 0
        del self._asking[one.request.pk]
        words = [word.result() for word in asked]
        if refused := trusting.why_not_believed(words, spending_units=one.spending_units):
            log.info("%s waits for its block: %s", one.request.reference, refused)
            self._next[one.request.pk] = at + AGAIN
            return 0
        evidence = {
            "pools": [word.node for word in words if word.waits],
            "balances": {
                word.node: str(word.balance_units)
                for word in words
                if word.balance_units is not None
            },
            "spending": str(one.spending_units),
        }
        return grant(self._leadership, one, evidence=evidence, at=at)


@transaction.atomic
def grant(
    by: Leadership, candidate: Candidate, *, evidence: Mapping[str, Any], at: datetime.datetime
) -> int:
    """Believe a payment until its block comes, if nothing has moved since nodes were asked.

    Locks the dues, then the request. Returns how many requests moved. Raises LeadershipLost.
    """
    locked_cursor(by)
    pk = candidate.request.pk
    lock_dues(Tender.objects.filter(request_id=pk).values_list("due_id", flat=True))
    request = (
        OsmRequest.objects.select_for_update(no_key=True, of=("self",))
        .select_related("payee__payment_policy")
        .get(pk=pk)
    )
    if request.state != RequestState.SEEN or request.accepted_at is not None:
        return 0
    believed = OsmRequest.objects.filter(payee=request.payee, state=RequestState.ACCEPTED)
    out = believed.aggregate(cents=Sum("amount_cents"))["cents"] or 0
    if not policy_of(request.payee).trusts(amount_cents=request.amount_cents, out_cents=out):
        return 0
    OsmRequest.objects.filter(pk=pk).update(accepted_at=at)
    Lease.objects.create(
        request=request,
        venue_id=request.venue_id,
        transaction_id=candidate.transaction_pk,
        sender=candidate.sender,
        amount_cents=request.amount_cents,
        evidence=dict(evidence),
        granted_at=at,
    )
    return len(bring_up_to_date(request_ids=[pk], at=at))


def _candidates(
    by: Leadership, outflows: Mapping[str, int], *, at: datetime.datetime
) -> list[Candidate]:
    """Requests just seen, of payees who trust such amounts, paid by one transaction as it should.

    One query when there is none, three else.
    """
    requests = {
        one.pk: one
        for one in OsmRequest.objects.filter(
            network=by.network,
            state=RequestState.SEEN,
            accepted_at__isnull=True,
            required_confirmations=1,
            amount_cents__lte=F("payee__payment_policy__trust_up_to_cents"),
        ).order_by("created_at")[:AT_ONCE]
    }
    if not requests:
        return []
    paying: dict[UUID, list[Allocation]] = {}
    allocations = Allocation.objects.filter(
        request__in=requests.keys(),
        kind=AllocationKind.REQUEST,
        reversed_at__isnull=True,
        receipt__transaction__gone_at__isnull=True,
    )
    for one in allocations.select_related("receipt__transaction"):
        if one.request_id is not None:
            paying.setdefault(one.request_id, []).append(one)
    distrusted = set(
        DistrustedSender.objects.filter(
            venue__in={one.venue_id for one in requests.values()}
        ).values_list("venue_id", "address")
    )
    lately = at - datetime.timedelta(seconds=trusting.SLOTS * by.network.block_seconds)
    found = []
    for pk, allocated in paying.items():
        request, paid = requests[pk], allocated[0].receipt.transaction
        asked = trusting.Asked(request.units, request.reference, by.network.fee_units)
        waiting = trusting.Waiting(
            type=paid.type,
            units=allocated[0].amount_units,
            fee_units=paid.fee_units,
            memo=paid.memo_text,
            sender_time=paid.sender_time,
            first_seen_at=paid.first_seen_at,
        )
        spending = outflows.get(paid.sender_public_key)
        if (
            len(allocated) == 1
            and paid.block_id is None
            and paid.limbo_since is None
            and paid.first_seen_at >= lately
            and spending is not None
            and (request.venue_id, paid.sender) not in distrusted
            and not trusting.why_not_asked(asked, waiting)
        ):
            found.append(Candidate(request, paid.pk, paid.txid, paid.sender, spending))
    return found


def _ask(url: str, client: NodeClient, one: Candidate) -> trusting.Word:
    try:
        return trusting.Word(url, client.waits(one.txid), client.balance(one.sender))
    except NodeTrouble as trouble:
        log.info("%s says nothing of %s: %s", url, one.txid, trouble)
        return trusting.Word(url, False, None)
