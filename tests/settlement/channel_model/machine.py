"""Customers, clerks, nodes and faults in any order; after every step the laws are held."""

from __future__ import annotations

import datetime
import itertools
from contextlib import ExitStack
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from teraa.common.ids import uuid7
from teraa.settlement import operations
from teraa.settlement.models import Due
from teraa.settlement.osm.devnet.payments import NotPaid
from teraa.settlement.osm.models import OsmRequest
from teraa.settlement.problems import DueClosed, NothingLate, OsmUnavailable, PaymentSeen, TooMuch
from teraa.venues.models import Payee
from tests.settlement import cast
from tests.settlement.channel_model import laws
from tests.settlement.channel_model.world import Sent, World

SECONDS = st.sampled_from([1, 7, 31, 150, 400])
FAULTS = (
    *("half_json", "status_503", "stall", "slow_drip", "clock_behind", "truncated_page"),
    *("equivocating_block", "t10_cached", "t11_empty_200", "t12_wrong_total", "t13_page_drift"),
    *("t16_confirmations", "t17_rate_limit", "t20_float_amounts", "t22_wrong_nethash"),
    *("t23_sender_order", "t24_stale_search"),
)
SLOT = 8
POOR = "Insufficient balance"
RESTFUL_LOOKS = 10
BETWEEN_LOOKS = 14.5
"""Seconds, and two blocks, before each: together longer than any grace period and deeper than
anybody waits for, one by one closer than an outage."""


class ChannelMachine(RuleBasedStateMachine):
    """Three payees of two venues on one chain, one listener, one or two nodes."""

    requests = Bundle("requests")
    # Furnished once, for all examples: each puts back what it did.
    payees: ClassVar[list[Payee]] = []

    @initialize(
        target=requests,
        payee=st.integers(0, 2),
        confirmations=st.sampled_from([1, 3]),
        dialect=st.sampled_from(["2.5", "3.9"]),
        other_role=st.sampled_from(["", "", "public", "trusted"]),
        hooked=st.booleans(),
    )
    def begin(
        self, payee: int, confirmations: int, dialect: str, other_role: str, hooked: bool
    ) -> Any:
        self.undo = ExitStack()
        self.undo.enter_context(transaction.atomic())
        self.undo.enter_context(connection.execute_wrapper(self._count))
        self.statements = self.judged = 0
        self.microseconds = itertools.count(1)
        self.sent: list[Sent] = []
        self.asked: dict[UUID, OsmRequest] = {}
        self.remembered = laws.Remembered()
        self.world = World(dialect=dialect, other_role=other_role, hooked=hooked)
        self.node = self.world.node
        self.world.look()
        return self._ask(payee, cents=1200, confirmations=confirmations, minutes=10)

    def teardown(self) -> None:
        if hasattr(self, "undo"):
            if hasattr(self, "world"):
                self.world.close()
            transaction.set_rollback(True)
            self.undo.close()

    # -- what people do ----------------------------------------------------------------------------

    @rule(
        target=requests,
        payee=st.integers(0, 2),
        cents=st.sampled_from([120, 1200, 160_00]),
        confirmations=st.sampled_from([1, 3]),
        minutes=st.sampled_from([2, 10]),
    )
    def ask(self, payee: int, cents: int, confirmations: int, minutes: int) -> Any:
        return self._ask(payee, cents, confirmations, minutes)

    @rule(
        wanted=requests,
        share=st.sampled_from([(1, 1), (1, 1), (1, 2), (3, 2), (2, 1)]),
        memo=st.sampled_from(["right", "right", "in words", "none", "typo", "foreign"]),
        other=requests,
        in_parts=st.booleans(),
    )
    def pay(
        self,
        wanted: OsmRequest,
        share: tuple[int, int],
        memo: str,
        other: OsmRequest,
        in_parts: bool,
    ) -> None:
        text = {
            "right": wanted.reference,
            "in words": f"merci {wanted.reference.lower()} !",
            "none": "",
            "typo": f"{wanted.reference[:-1]}{'7' if wanted.reference[-1] != '7' else '8'}",
            "foreign": other.reference,
        }[memo]
        self._pay(wanted, wanted.units * share[0] // share[1], text, other if in_parts else None)

    @rule(wanted=requests, blocks=st.integers(0, 4), in_parts=st.booleans())
    def pay_at_the_till(self, wanted: OsmRequest, blocks: int, in_parts: bool) -> None:
        """What nearly everybody does, and what the till sees of it."""
        self._pay(wanted, wanted.units, wanted.reference, wanted if in_parts else None)
        for _ in range(blocks):
            self.node.forge_now()
        self.world.look()

    @rule(payee=st.integers(0, 2))
    def send_dust(self, payee: int) -> None:
        self._send([(self.payees[payee].osm_address, 1)], "https://win.example")

    @rule(request=requests)
    def give_up(self, request: OsmRequest) -> None:
        try:
            operations.cancel_request(request_id=request.pk, by="Ada", at=self.world.tick())
        except PaymentSeen:
            return

    @rule(request=requests)
    def accept_what_came_late(self, request: OsmRequest) -> None:
        try:
            operations.accept_late(request_id=request.pk, by="Ada", at=self.world.tick())
        except NothingLate:
            return

    @rule(request=requests)
    def take_cash_for_the_rest(self, request: OsmRequest) -> None:
        due = Due.objects.get(tenders__request_id=request.pk)
        if not due.remaining_cents:
            return
        try:
            operations.add_tender(
                key=uuid7(),
                due_id=due.pk,
                kind="cash",
                amount_cents=due.remaining_cents,
                at=self.world.tick(),
            )
        except (DueClosed, TooMuch):
            return

    @rule(rate=st.sampled_from([180_000_000, 201_000_000, 300_000_000]))
    def decide_another_rate(self, rate: int) -> None:
        operations.decide_rate(
            venue_id=self.payees[0].venue_id,
            rate_e10=rate,
            valid_from=self.world.at + next(self.microseconds) * cast.MICROSECOND,
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

    @precondition(lambda self: self.world.other is None)
    @rule(depth=st.sampled_from([1, 2, 5, 40, 119]))
    def fork_and_return(self, depth: int) -> None:
        """Other blocks for a while, then the same ones again: nobody sees a thing."""
        self.world.look()
        if laws.cursor_of(self.world).block_id != self.node.chain.at(self.node.height).id:
            return  # a node that misbehaved is not followed yet
        before = laws.shown(self.asked)
        undone = self.node.roll_back(min(depth, self.node.height - 2))
        self.node.faults.on("t18_left_waiting", times=len(undone))
        self.node.forger.forge_on_demand(len(undone))
        self.world.look()
        for pk, row in laws.shown(self.asked).items():
            assert row["state"] == before[pk]["state"]
        self.node.roll_back(len(undone))
        self.node.forger.reapply(undone[::-1])
        self.world.look()
        assert laws.shown(self.asked) == before

    @rule(seconds=SECONDS)
    def wait(self, seconds: int) -> None:
        self.node.model_clock.advance(seconds)

    @rule()
    def look(self) -> None:
        self.world.look()

    @rule(fault=st.sampled_from(FAULTS), times=st.integers(1, 3), at_the_other=st.booleans())
    def look_while_a_node_misbehaves(self, fault: str, times: int, at_the_other: bool) -> None:
        liar = self.world.other if at_the_other and self.world.other is not None else self.node
        liar.faults.on(fault, times=times)
        self.world.look()
        self.world.calm()

    @rule(
        how=st.sampled_from(["as sent", "backwards", "twice", "every other", "none"]),
        look=st.booleans(),
    )
    def have_hints_arrive(self, how: str, look: bool) -> None:
        """In any order, doubled or lost: a hint only ever means "look"."""
        posts = self.node.take_posted()
        chosen = {
            "as sent": posts,
            "backwards": posts[::-1],
            "twice": [*posts, *posts],
            "every other": posts[::2],
            "none": [],
        }[how]
        # (A hook that was replaced or forgotten meanwhile is refused.)
        assert set(self.world.deliver(chosen)) <= {204, 403}
        if look:
            self.world.look()

    @precondition(lambda self: self.world.other is not None)
    @rule()
    def the_other_catches_up(self) -> None:
        self.world.catch_up_other()

    @precondition(lambda self: self.world.other is not None)
    @rule(depth=st.sampled_from([1, 3, 20]))
    def the_other_goes_its_own_way(self, depth: int) -> None:
        other = self.world.other
        other.roll_back(min(depth, other.height - 2), "other")
        self.world.note_other()

    @rule()
    def lose_the_listener(self) -> None:
        """Killed between two looks; another takes over from what is stored."""
        self.world.close()
        self.world.listen()

    @rule(seconds=st.sampled_from([16, 40]))
    def live_quietly(self, seconds: int) -> None:
        """Time as it mostly is: a block every slot, a look for each."""
        for _ in range(seconds // SLOT):
            self.node.forge_now()
            self.world.catch_up_other()
            self.world.look()

    @precondition(lambda self: self.sent)
    @rule()
    def come_to_rest(self) -> None:
        """Everything works again for a while; then nothing may be missing."""
        self.world.calm()
        for _ in range(RESTFUL_LOOKS):
            self.node.model_clock.advance(BETWEEN_LOOKS)
            self.node.forger.forge_on_demand(2)
            self.world.catch_up_other()
            self.world.look()
        if not self.world.is_anybody_believed():
            return  # two nodes, both caught lying: somebody must decide
        cursor = laws.cursor_of(self.world)
        assert (cursor.state, cursor.height) == ("live", self.node.height)
        laws.nothing_is_lost(self.world, self.sent)
        laws.what_was_paid_in_time_is_settled(self.world)
        laws.what_is_over_has_expired(self.world)

    @precondition(lambda self: self.sent)
    @rule()
    def make_receipts_again(self) -> None:
        laws.receipts_come_back_as_they_were(self.world)

    # -- the laws ------------------------------------------------------------------------------------

    @invariant()
    def the_laws_hold(self) -> None:
        # What only moved clocks and chains outside changed nothing that is read here.
        if self.statements != self.judged:
            laws.hold(self.world, self.asked, self.remembered)
            self.judged = self.statements

    # -- helpers ---------------------------------------------------------------------------------------

    def _ask(self, payee: int, cents: int, confirmations: int, minutes: int) -> Any:
        at = self.world.tick()
        due = cast.due(self.payees[payee], at, cents)
        try:
            quote = operations.current_quote(venue_id=due.venue_id, at=at)
            request = operations.request_osm(
                key=uuid7(),
                due_id=due.pk,
                amount_cents=cents,
                quote_id=quote.pk,
                required_confirmations=confirmations,
                expires_at=at + datetime.timedelta(minutes=minutes),
                at=at,
            )
        except OsmUnavailable:
            return multiple()
        self.asked[request.pk] = request
        return request

    def _pay(self, wanted: OsmRequest, units: int, text: str, beside: OsmRequest | None) -> None:
        """With ``beside``, where it can be done, one transfer of three lines, that pays it, too."""
        if beside is None or self.node.dialect == "2.5":
            self._send([(wanted.address, units)], text)
        else:
            first, rest = units // 3, units - units // 3
            lines = [(wanted.address, first), (beside.address, 1), (wanted.address, rest)]
            self._send(lines, text)

    def _send(self, lines: list[tuple[str, int]], text: str) -> None:
        try:
            if len(lines) == 1:
                txid = self.node.pay(*lines[0], text)
            else:
                txid = self.node.payments.pay_several(lines, text)
        except NotPaid as refused:
            if POOR not in str(refused):
                raise
            return
        for place, (address, units) in enumerate(lines):
            self.sent.append(Sent(txid, place, address, units))

    def _count(self, execute: Any, *statement: Any) -> Any:
        self.statements += 1
        return execute(*statement)
