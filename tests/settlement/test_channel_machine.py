"""The channel against a model of it: customers, clerks, forks and faults in any order (§3.13).

The chain is the development node's own, in memory, with a clock that only moves when told to. The
model only knows who sent what with which memo; everything else is read from the database and
held against the laws. An ordinary run tries a fixed sample; ``TERAA_LONG=1`` 20,000 examples with
a seed of ``TERAA_SEED`` (or a new one, printed).
"""

from __future__ import annotations

import datetime
import itertools
import logging
import os
import random
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Count, F, Q, Sum
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from teraa.common.ids import uuid7
from teraa.settlement import operations
from teraa.settlement.models import Due, Effect, PaymentPolicy, Tender
from teraa.settlement.osm.derive import LAST_SECOND
from teraa.settlement.osm.devnet.inprocess import START, InProcessNode
from teraa.settlement.osm.devnet.payments import NotPaid
from teraa.settlement.osm.dialects.buckets import TokenBucket
from teraa.settlement.osm.dialects.core2 import Core2Node
from teraa.settlement.osm.ingest.networks import entered_peers
from teraa.settlement.osm.ingest.peers import Peers
from teraa.settlement.osm.ingest.worker import Place, Worker
from teraa.settlement.osm.models import (
    Allocation,
    Block,
    BlockCursor,
    ChainTransaction,
    OsmRequest,
    Receipt,
)
from teraa.settlement.osm.rederive import rederive
from teraa.settlement.problems import DueClosed, NothingLate, OsmUnavailable, PaymentSeen, TooMuch
from teraa.venues.models import Payee
from tests import make
from tests.settlement import cast
from tests.settlement.osm.channel import AtOnce

LONG = os.environ.get("TERAA_LONG") == "1"
EXAMPLES = int(os.environ.get("TERAA_EXAMPLES", "20000" if LONG else "25"))
STEPS = 18
OUR_PHRASES = ("bar of the model", "kitchen of the model", "theatre of the model")
SECONDS = st.sampled_from([1, 7, 31, 150, 400])
FAULTS = (
    *("half_json", "status_503", "stall", "slow_drip", "clock_behind", "truncated_page"),
    *("equivocating_block", "t10_cached", "t11_empty_200", "t12_wrong_total", "t13_page_drift"),
    *("t16_confirmations", "t17_rate_limit", "t20_float_amounts", "t23_sender_order"),
    "t24_stale_search",
)


@dataclass(frozen=True)
class Sent:
    """A transfer of the model: what a customer did."""

    txid: str
    address: str
    units: int
    memo: str


class ChannelMachine(RuleBasedStateMachine):
    """Three payees of two venues on one chain, one listener."""

    requests = Bundle("requests")
    # Furnished once, for all examples: each puts back what it did.
    payees: list[Payee] = []

    @initialize()
    def begin(self) -> None:
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.node = InProcessNode(profile="published")
        self.node.forge_now(3)
        self._listen()
        self.microseconds = itertools.count(1)
        self.sent: list[Sent] = []
        self.versions: dict[Any, int] = {}
        self.settled: set[Any] = set()
        self.looked_at = self.at
        self._look()

    def teardown(self) -> None:
        if hasattr(self, "undo"):
            self.worker.close()
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    # -- what people do ----------------------------------------------------------------------------

    @rule(
        target=requests,
        payee=st.integers(0, 2),
        cents=st.sampled_from([120, 1200, 160_00]),
        confirmations=st.sampled_from([1, 3]),
        minutes=st.sampled_from([2, 10]),
    )
    def ask(self, payee: int, cents: int, confirmations: int, minutes: int) -> Any:
        due = cast.due(self.payees[payee], self.at, cents)
        try:
            quote = operations.current_quote(venue_id=due.venue_id, at=self.at)
            request = operations.request_osm(
                key=uuid7(),
                due_id=due.pk,
                amount_cents=cents,
                quote_id=quote.pk,
                required_confirmations=confirmations,
                expires_at=self.at + datetime.timedelta(minutes=minutes),
                at=self.at,
            )
        except OsmUnavailable:
            return None
        return request.pk

    @rule(
        request=requests,
        share=st.sampled_from([(1, 1), (1, 1), (1, 2), (3, 2), (2, 1)]),
        memo=st.sampled_from(["right", "right", "in words", "none", "typo", "foreign"]),
        other=requests,
    )
    def pay(self, request: Any, share: tuple[int, int], memo: str, other: Any) -> None:
        if request is None:
            return
        wanted = OsmRequest.objects.get(pk=request)
        text = {
            "right": wanted.reference,
            "in words": f"merci {wanted.reference.lower()} !",
            "none": "",
            "typo": f"{wanted.reference[:-1]}{'7' if wanted.reference[-1] != '7' else '8'}",
            "foreign": OsmRequest.objects.get(pk=other).reference if other else "bonjour",
        }[memo]
        units = wanted.units * share[0] // share[1]
        try:
            txid = self.node.pay(wanted.address, units, text)
        except NotPaid:
            return
        self.sent.append(Sent(txid, wanted.address, units, text))

    @rule(payee=st.integers(0, 2))
    def send_dust(self, payee: int) -> None:
        address = self.payees[payee].osm_address
        txid = self.node.pay(address, 1, "https://win.example")
        self.sent.append(Sent(txid, address, 1, "https://win.example"))

    @rule(request=requests)
    def give_up(self, request: Any) -> None:
        if request is None:
            return
        try:
            operations.cancel_request(request_id=request, by="Ada", at=self.at)
        except PaymentSeen:
            return

    @rule(request=requests)
    def accept_what_came_late(self, request: Any) -> None:
        if request is None:
            return
        try:
            operations.accept_late(request_id=request, by="Ada", at=self.at)
        except NothingLate:
            return

    @rule(request=requests)
    def take_cash_for_the_rest(self, request: Any) -> None:
        due = Due.objects.filter(tenders__request_id=request).first() if request else None
        if due is None or not due.remaining_cents:
            return
        try:
            operations.add_tender(
                key=uuid7(),
                due_id=due.pk,
                kind="cash",
                amount_cents=due.remaining_cents,
                at=self.at,
            )
        except (DueClosed, TooMuch):
            return

    @rule(rate=st.sampled_from([180_000_000, 201_000_000, 300_000_000]))
    def decide_another_rate(self, rate: int) -> None:
        operations.decide_rate(
            venue_id=self.payees[0].venue_id,
            rate_e10=rate,
            valid_from=self.at + next(self.microseconds) * cast.MICROSECOND,
            decided_by="assemblée",
        )

    # -- what the chain and the machines do ----------------------------------------------------------

    @rule(count=st.sampled_from([1, 1, 2, 4]))
    def forge(self, count: int) -> None:
        self.node.forge_now(count)

    @rule(count=st.integers(1, 4))
    def skip_slots(self, count: int) -> None:
        self.node.skip_slot(count)

    @rule(
        depth=st.sampled_from([1, 2, 5, 40, 119]),
        then=st.sampled_from(["same", "other", "nothing"]),
        lose=st.booleans(),
    )
    def fork(self, depth: int, then: Any, lose: bool) -> None:
        self.node.roll_back(min(depth, self.node.height - 2), then, lose="all" if lose else ())

    @rule(seconds=SECONDS)
    def wait(self, seconds: int) -> None:
        self.node.model_clock.advance(seconds)

    @rule()
    def look(self) -> None:
        self._look()

    @rule(fault=st.sampled_from(FAULTS), times=st.integers(1, 3))
    def look_while_the_node_misbehaves(self, fault: str, times: int) -> None:
        self.node.faults.on(fault, times=times)
        self._look()
        self.node.faults.clear()

    @rule()
    def lose_the_listener(self) -> None:
        """Killed between two looks; another takes over from what is stored."""
        self.worker.close()
        self._listen()

    @rule(minutes=st.sampled_from([1, 5]))
    def live_quietly(self, minutes: int) -> None:
        """Time as it mostly is: a block every slot, a look every ten seconds."""
        for _ in range(minutes * 60 // 24):
            self.node.forge_now(3)
            self._look()

    @precondition(lambda self: self.sent)
    @rule()
    def come_to_rest(self) -> None:
        """Everything works again for a while; then nothing may be missing."""
        self.node.faults.clear()
        for _ in range(14):
            self.node.forge_now(3)
            self._look()
        cursor = self._cursor()
        assert (cursor.state, cursor.height) == ("live", self.node.height)
        self._assert_nothing_is_lost()
        self._assert_all_is_settled_that_was_paid_in_time()

    # -- the laws ------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_credited_twice_or_across_payees(self) -> None:
        if not hasattr(self, "sent"):
            return
        live = Allocation.objects.filter(reversed_at__isnull=True)
        over = (
            live.values("receipt")
            .annotate(given=Sum("amount_units"), paid=Count("request", distinct=True))
            .filter(Q(given__gt=F("receipt__amount_units")) | Q(paid__gt=1))
        )
        assert not list(over)
        across = live.filter(request__isnull=False).exclude(
            request__payee_id=F("receipt__watched__payee_id")
        )
        assert not across.exists()

    @invariant()
    def what_is_stored_is_what_the_facts_say(self) -> None:
        if not hasattr(self, "sent"):
            return
        ids = list(OsmRequest.objects.values_list("pk", flat=True))
        with transaction.atomic():
            assert rederive(request_ids=ids, at=self.looked_at) == []
            transaction.set_rollback(True)

    @invariant()
    def settled_is_final_and_told_once_and_versions_only_grow(self) -> None:
        if not hasattr(self, "sent"):
            return
        told = dict(
            Effect.objects.filter(kind="settled")
            .values("due_id")
            .annotate(times=Count("pk"))
            .values_list("due_id", "times")
        )
        for pk, state, version, paid, amount in Due.objects.values_list(
            "pk", "state", "version", "paid_cents", "amount_cents"
        ):
            self._note(pk, state, version)
            assert told.get(pk, 0) == (1 if state == "settled" else 0)
            assert (paid == amount) == (state == "settled")
        for (
            pk,
            state,
            version,
            by_hand,
            units,
            tolerance,
            confirmed,
        ) in OsmRequest.objects.values_list(
            *["pk", "state", "version", "by_hand", "units", "tolerance_units"],
            "confirmed_units",
        ):
            was_settled = pk in self.settled
            self._note(pk, state, version)
            if state == "settled" and not was_settled and not by_hand:
                assert confirmed >= units - tolerance

    @invariant()
    def the_chain_we_hold_is_linked_up_to_the_cursor(self) -> None:
        if not hasattr(self, "sent"):
            return
        cursor = self._cursor()
        rows = list(
            Block.objects.filter(canonical=True)
            .order_by("-height")
            .values_list("height", "block_id", "previous_id")[:130]
        )
        assert rows[0][:2] == (cursor.height, cursor.block_id)
        for above, below in itertools.pairwise(rows):
            assert (above[0] - 1, above[2]) == below[:2]

    @invariant()
    def the_database_agrees_at_a_commit(self) -> None:
        if hasattr(self, "sent"):
            connection.check_constraints()

    # -- at rest -------------------------------------------------------------------------------------

    def _assert_nothing_is_lost(self) -> None:
        """Every transfer that is in the chain has its receipt, wholly given to something."""
        there = self._heights()
        for sent in self.sent:
            if sent.txid not in there:
                continue
            receipt = Receipt.objects.get(transaction__txid=sent.txid, direction="in")
            assert receipt.amount_units == sent.units
            given = receipt.allocations.filter(reversed_at__isnull=True)
            assert given.aggregate(all=Sum("amount_units"))["all"] == sent.units
            assert receipt.transaction.block.height == there[sent.txid]
        strangers = Receipt.objects.filter(direction="in").exclude(
            transaction__txid__in=[sent.txid for sent in self.sent]
        )
        assert not strangers.exists()

    def _assert_all_is_settled_that_was_paid_in_time(self) -> None:
        """Money in blocks before the end is never late, whatever kept us from seeing it."""
        in_time: dict[Any, int] = defaultdict(int)
        rows = Allocation.objects.filter(
            request__isnull=False,
            reversed_at__isnull=True,
            receipt__transaction__block__canonical=True,
            receipt__transaction__block__forged_at__lte=F("request__expires_at") - LAST_SECOND,
        )
        for request, units in rows.values_list("request_id", "amount_units"):
            in_time[request] += units
        given_up = set(OsmRequest.objects.filter(acts__kind="cancel").values_list("pk", flat=True))
        for request in OsmRequest.objects.filter(pk__in=in_time):
            enough = in_time[request.pk] >= request.units - request.tolerance_units
            deep = request.required_confirmations <= 40
            if enough and deep and request.pk not in given_up:
                assert request.state == "settled", (request.state, request.flags)
                assert Tender.objects.get(request=request).state in ("settled", "cancelled")

    # -- helpers ---------------------------------------------------------------------------------------

    @property
    def at(self) -> datetime.datetime:
        return self.node.model_clock.at

    def _listen(self) -> None:
        rows = entered_peers([self.node.url], hooks_url="")
        peers = Peers(rows, connecting=lambda *_: self._client(), executor=AtOnce())
        self.worker = Worker(peers, Place(self.node.nethash, "http://127.0.0.1:9"))
        self.worker.soonest = 0.0

    def _client(self) -> Core2Node:
        clock = self.node.model_clock
        patient = TokenBucket(clock=lambda: clock.at.timestamp(), sleep=clock.advance)
        wire = self.node.transport()
        return Core2Node(self.node.url, self.node.hooks_url, transport=wire, bucket=patient)

    def _look(self) -> None:
        self.looked_at = self.at
        while self.worker.turn(self.looked_at):
            pass

    def _cursor(self) -> BlockCursor:
        return BlockCursor.objects.get(network__nethash=self.node.nethash)

    def _heights(self) -> dict[str, int]:
        return {
            str(one.id): height
            for height in range(1, self.node.height + 1)
            if (block := self.node.chain.at(height)) is not None
            for one in block.transactions
        }

    def _note(self, pk: Any, state: str, version: int) -> None:
        assert version >= self.versions.get(pk, 0)
        self.versions[pk] = version
        assert pk not in self.settled or state == "settled"
        if state == "settled":
            self.settled.add(pk)


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
        operations.decide_rate(
            venue_id=payee.venue_id,
            rate_e10=cast.RATE_E10,
            valid_from=START - datetime.timedelta(days=1),
            decided_by="assemblée",
        )
    return payees


@pytest.mark.timeout(0 if LONG else 600)
def test_the_channel_keeps_its_laws_whatever_happens(live_database, request):
    number = int(os.environ.get("TERAA_SEED") or random.SystemRandom().randrange(2**32))
    machine = ChannelMachine
    if LONG:
        print(f"seed {number}, {EXAMPLES} examples")
        machine = seeded(number)(ChannelMachine)
    ChannelMachine.payees = furnish()
    logging.disable(logging.WARNING)  # of nodes that misbehave as they were told to
    request.addfinalizer(lambda: logging.disable(logging.NOTSET))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=not LONG,
            phases=[Phase.explicit, Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
    assert not ChainTransaction.objects.exists(), "an example left something behind"
