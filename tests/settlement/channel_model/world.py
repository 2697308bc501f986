"""What stands around the channel: one or two nodes in memory, their clock, and the listener."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.test import RequestFactory

from teraa.settlement.models import PaymentPolicy
from teraa.settlement.operations import decide_rate
from teraa.settlement.osm.availability import FRESH_FOR
from teraa.settlement.osm.derive import QUORUM_FROM
from teraa.settlement.osm.devnet.inprocess import START, InProcessNode, Posted
from teraa.settlement.osm.dialects import connect
from teraa.settlement.osm.dialects.buckets import TokenBucket
from teraa.settlement.osm.ingest.networks import entered_peers
from teraa.settlement.osm.ingest.peer import Peer
from teraa.settlement.osm.ingest.peers import Peers
from teraa.settlement.osm.ingest.worker import Place, Worker
from teraa.settlement.osm.node import NodeClient
from teraa.settlement.osm.states import CursorState, PeerHealth
from teraa.settlement.osm.views import take_hint
from teraa.venues.models import Payee
from tests import make
from tests.settlement import cast
from tests.settlement.osm.channel import HOOK_BASE, AtOnce

OUR_PHRASES = ("bar of the model", "kitchen of the model", "theatre of the model")
OTHER_URL = "http://other.invalid:4003"
TICK = 0.001
"""Seconds between two things that happen "at once": no two of them are at the same moment."""
FIRST_BLOCKS = 3
MOST = 40


@dataclass(frozen=True)
class Sent:
    """A line of a transfer of the model: what a customer did."""

    txid: str
    place: int
    address: str
    units: int


@dataclass(frozen=True)
class Looked:
    """A look: when, and since when we have been live without a gap (None: we are not)."""

    at: datetime.datetime
    live_from: datetime.datetime | None


class World:
    """``node`` is our own; ``other``, if there is one, a second node with a chain of its own."""

    def __init__(self, *, dialect: str, other_role: str, hooked: bool) -> None:
        """``other_role``: "public", "trusted", or "" for no other node; ``hooked``: hints come."""
        self.node = InProcessNode(profile="published", dialect=dialect)
        self.node.forge_now(FIRST_BLOCKS)
        self.other: InProcessNode | None = None
        self.told_by_other: set[str] = set()
        self._entered = [self.node.url]
        self._hooks_url = self.node.hooks_url if hooked else ""
        if other_role:
            self.other = InProcessNode(
                profile="published", dialect=dialect, clock=self.node.model_clock, seed=1
            )
            self.other.url = OTHER_URL
            self._entered.append(f"{other_role}={OTHER_URL}")
            self.catch_up_other()
        self.looks: list[Looked] = []
        self.listen()

    @property
    def at(self) -> datetime.datetime:
        return self.node.model_clock.at

    def tick(self) -> datetime.datetime:
        """Let a moment pass; return the new one."""
        self.node.model_clock.advance(TICK)
        return self.at

    def listen(self) -> None:
        """A new listener, as after a start of its process."""
        rows = entered_peers(self._entered, hooks_url=self._hooks_url)
        clock = self.node.model_clock
        self.peers = Peers(rows, connecting=self._connect, executor=AtOnce(), now=clock)
        self.worker = Worker(self.peers, Place(self.node.nethash, HOOK_BASE))
        self.worker.soonest = 0.0

    def look(self) -> None:
        """Look until there is nothing more to read."""
        at = self.tick()
        while self.worker.turn(at):
            pass
        before = self.looks[-1] if self.looks else None
        status = self.worker.status
        live_from = None
        if status is not None and status.state == CursorState.LIVE:
            seamless = before is not None and at - before.at <= FRESH_FOR
            live_from = (before.live_from if before and seamless else None) or at
        self.looks.append(Looked(at, live_from))

    def live_from(self, at: datetime.datetime) -> datetime.datetime | None:
        """Since when we had been live without a gap, as far as the looks until ``at`` tell."""
        done = [one for one in self.looks if one.at <= at]
        if not done or at - done[-1].at > FRESH_FOR:
            return None
        if done[-1].live_from is None and len(done) > 1:
            # What was judged in that look was judged before it found the trouble.
            return done[-2].live_from if at - done[-2].at <= FRESH_FOR else None
        return done[-1].live_from

    def catch_up_other(self) -> None:
        """The other node takes over our node's chain."""
        if self.other is not None:
            self.other.sync_from(self.node)
            self.note_other()

    def note_other(self) -> None:
        """Remember every block that the other node ever held."""
        if self.other is None:
            return
        for height in range(self.other.height, 0, -1):
            block = self.other.chain.at(height)
            if block is None or block.id in self.told_by_other:
                return  # then we know those below, too
            self.told_by_other.add(block.id)

    def calm(self) -> None:
        """Nothing misbehaves any more."""
        for node in (self.node, self.other):
            if node is not None:
                node.faults.clear()

    def deliver(self, posts: Sequence[Posted]) -> list[int]:
        """Have webhooks arrive where they were sent to; return what was answered."""
        return [self._arrive(one) for one in posts]

    def is_anybody_believed(self) -> bool:
        """Whether there is a node to follow: the only one is followed whatever it said."""
        return self.other is None or any(map(_is_believed, self.peers))

    def confirmations_are_counted_to(self) -> int:
        """Up to how many required confirmations nothing keeps a payment from being settled."""
        if self.other is None or all(map(_is_believed, self.peers)):
            return MOST
        own = self.peers.own
        return QUORUM_FROM - 1 if own is not None and _is_believed(own) else 0

    def close(self) -> None:
        self.worker.close()

    def _arrive(self, posted: Posted) -> int:
        segment = posted.target.rstrip("/").rpartition("/")[2]
        request = RequestFactory().post(
            "/", posted.body, content_type="application/json", HTTP_AUTHORIZATION=posted.token
        )
        return take_hint(request, segment).status_code

    def _connect(self, url: str, hooks_url: str, _bucket: TokenBucket) -> NodeClient:
        clock = self.node.model_clock
        patient = TokenBucket(clock=lambda: clock.at.timestamp(), sleep=clock.advance)
        asked = self.other if self.other is not None and url == OTHER_URL else self.node
        return connect(url, hooks_url, transport=asked.transport(), bucket=patient)


def _is_believed(peer: Peer) -> bool:
    return peer.health not in (PeerHealth.QUARANTINED, PeerHealth.DISABLED)


def furnish() -> list[Payee]:
    """Two payees of one venue, the second with rules of its own, and one of another venue."""
    node = InProcessNode(profile="published")
    addresses = [node.address(phrase) for phrase in OUR_PHRASES]
    venue = make.venue()
    payees = [
        make.payee(venue, osm_address=addresses[0]),
        make.payee(venue, osm_address=addresses[1]),
        make.payee(make.venue(), osm_address=addresses[2]),
    ]
    PaymentPolicy.objects.create(payee=payees[1], venue=venue, late="accept", by_amount=True)
    for payee in (payees[0], payees[2]):
        decide_rate(
            venue_id=payee.venue_id,
            rate_e10=cast.RATE_E10,
            valid_from=START - datetime.timedelta(days=1),
            decided_by="assemblée",
        )
    return payees
