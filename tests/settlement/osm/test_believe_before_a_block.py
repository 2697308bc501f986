"""Small payments believed while they wait for their block: every condition, and what follows."""

import dataclasses
import datetime

import pytest

from teraa.settlement.cases.models import Case
from teraa.settlement.models import PaymentPolicy
from teraa.settlement.operations.progress import bring_up_to_date
from teraa.settlement.osm.fakes.lying_wire import without_rows
from teraa.settlement.osm.ingest import leases
from teraa.settlement.osm.ingest.election import begin_epoch
from teraa.settlement.osm.ingest.leadership import LeadershipLost
from teraa.settlement.osm.models import DistrustedSender, Lease, OsmRequest
from teraa.settlement.osm.trusting import (
    Asked,
    Waiting,
    Word,
    why_not_asked,
    why_not_believed,
)
from teraa.settlement.queries import due_state, osm_state
from tests.settlement import cast
from tests.settlement.cast import OSM
from tests.settlement.osm.channel import effects_of, following
from tests.settlement.osm.test_peers import A_LOOK_AT_OTHERS, mirrored

ASKED = Asked(units=60 * OSM, reference="OS1234", fee_units=OSM)
NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
PAID = Waiting(
    type=0,
    units=60 * OSM,
    fee_units=OSM,
    memo="OS1234",
    sender_time=NOON,
    first_seen_at=NOON,
)
SECOND = datetime.timedelta(seconds=1)
MINUTE = datetime.timedelta(minutes=1)


def test_what_is_as_it_should_be_is_asked_about():
    assert why_not_asked(ASKED, PAID) == ""
    assert why_not_asked(ASKED, dataclasses.replace(PAID, memo=" OS1234\n", units=61 * OSM)) == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"type": 6}, "transfer"),
        ({"type": 3}, "transfer"),
        ({"memo": "for OS1234"}, "reference"),
        ({"memo": ""}, "reference"),
        ({"units": 60 * OSM - 1}, "less"),
        ({"fee_units": OSM - 1}, "fee"),
        ({"sender_time": NOON - 10 * MINUTE - SECOND}, "clock"),
        ({"sender_time": NOON + MINUTE + SECOND}, "clock"),
    ],
)
def test_each_flaw_of_a_payment_is_reason_enough_not_to_believe_it(changed, said):
    assert said in why_not_asked(ASKED, dataclasses.replace(PAID, **changed))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "hold it"),
        ([Word("a", True, 99)], "hold it"),
        ([Word("a", True, 99), Word("b", False, 99)], "hold it"),
        ([Word("a", True, 99), Word("b", True, None)], "say what"),
        ([Word("a", True, 99), Word("b", True, 60)], "not hold enough"),
        ([Word("a", True, 99), Word("b", True, 99), Word("c", False, 60)], "not hold enough"),
        ([Word("a", True, 61), Word("b", True, 61)], ""),
        ([Word("a", True, 61), Word("b", True, 99), Word("c", False, None)], ""),
    ],
)
def test_two_nodes_must_hold_it_and_know_that_the_sender_can_pay(words, said):
    why = why_not_believed(words, spending_units=61)
    assert said in why if said else why == ""


@pytest.fixture
def pair(db, chain_node):
    """Our own node, and a public one on the same chain."""
    chain_node.forge()
    with following(chain_node, others=[mirrored(chain_node, "public")]) as channel:
        channel.look(later=A_LOOK_AT_OTHERS)
        channel.look(later=A_LOOK_AT_OTHERS)
        channel.other = channel.wire_of(mirrored(chain_node, "public").partition("=")[2])
        yield channel


def trusting(up_to_cents=20_00, in_all_cents=100_00):
    payee = cast.payee()
    PaymentPolicy.objects.create(
        payee=payee,
        venue_id=payee.venue_id,
        trust_up_to_cents=up_to_cents,
        trust_total_cents=in_all_cents,
    )
    return payee


def test_a_coffee_may_go_before_its_block_and_is_settled_by_it(pair):
    due, request = pair.ask(trusting())
    txid = pair.pay(request)
    pair.look()
    request.refresh_from_db()
    assert request.state == "accepted"
    assert due_state(due.pk).state == "accepted"
    assert effects_of(due)[-1] == "accepted"
    block_s = request.network.block_seconds
    shown = osm_state(request.pk)
    assert shown.trusted_until == request.accepted_at + 4 * block_s * SECOND

    lease = Lease.objects.get(request=request)
    assert (lease.transaction.txid, lease.amount_cents) == (txid, 120)
    assert len(lease.evidence["pools"]) == len(lease.evidence["balances"]) == 2
    assert int(lease.evidence["spending"]) == request.units + OSM

    pair.node.forge()
    pair.look()
    request.refresh_from_db()
    assert (request.state, request.flags) == ("settled", [])
    assert osm_state(request.pk).trusted_until is None
    assert effects_of(due)[-1] == "settled"
    assert not DistrustedSender.objects.exists()


def test_nobody_is_believed_who_did_not_ask_for_it(pair):
    _due, plain = pair.ask(cast.payee())
    _due, dear = pair.ask(trusting(up_to_cents=119))
    _due, patient = pair.ask(trusting(), confirmations=2)
    for request in (plain, dear, patient):
        pair.pay(request)
    pair.look()
    for request in (plain, dear, patient):
        request.refresh_from_db()
        assert request.state == "seen"
    assert not Lease.objects.exists()
    pair.node.forge()


def test_no_more_is_believed_than_the_payee_bears(pair):
    payee = trusting(in_all_cents=2 * 120 + 119)
    requests = [pair.ask(payee)[1] for _ in range(3)]
    for request in requests:
        pair.pay(request)
    pair.look()
    pair.look(later=3 * SECOND)
    for request in requests:
        request.refresh_from_db()
    assert sorted(one.state for one in requests) == ["accepted", "accepted", "seen"]
    pair.node.forge()
    pair.look()
    for request in requests:
        request.refresh_from_db()
        assert request.state == "settled"


def test_one_node_alone_is_not_enough(channel):
    _due, request = channel.ask(trusting())
    channel.pay(request)
    channel.look()
    channel.look(later=3 * SECOND)
    request.refresh_from_db()
    assert request.state == "seen"
    channel.node.forge()


def nearly_nothing(answer):
    answer["data"]["balance"] = str(OSM)
    return answer


def test_a_second_node_that_knows_better_prevents_it_until_it_agrees(pair):
    _due, request = pair.ask(trusting())
    pair.pay(request)
    with pair.other.lying("/wallets/", nearly_nothing):
        pair.look()
    request.refresh_from_db()
    assert request.state == "seen"
    pair.look(later=SECOND)
    request.refresh_from_db()
    assert request.state == "seen", "nodes are not asked with every look"
    pair.look(later=3 * SECOND)
    request.refresh_from_db()
    assert request.state == "accepted"
    pair.node.forge()


def test_what_all_waiting_payments_take_is_counted_together(pair):
    """The same coins for two coffees: each would be covered, both are not."""
    wallet = pair.node.wallet("somebody with sixty-three coins")
    pair.node.pay(wallet.address, 63 * OSM, "fonds")
    pair.node.forge()
    pair.look()
    _due, request = pair.ask(trusting())
    wallet.send(address=request.address, units=request.units, vendor_field=request.reference)

    def two_at_once(answer):
        # As if another wallet of the same sender had reached this node with one more payment.
        answer["data"] += [{**row, "id": "f" * 64} for row in answer["data"]]
        return answer

    with pair.wire.lying("/transactions/unconfirmed?", two_at_once):
        pair.look()
    request.refresh_from_db()
    assert request.state == "seen"
    pair.look(later=3 * SECOND)
    request.refresh_from_db()
    assert request.state == "accepted"
    pair.node.forge()


def vanish(channel):
    """No pool holds what was believed, for longer than anybody waits."""
    channel.other.silent = True
    with channel.wire.lying("/transactions/unconfirmed", without_rows):
        for _ in range(20):
            channel.look(later=20 * SECOND)
    channel.other.silent = False


def test_who_was_believed_and_did_not_pay_opens_a_case_and_is_not_believed_again(pair):
    payee = trusting()
    due, request = pair.ask(payee)
    pair.pay(request)
    pair.look()
    vanish(pair)
    request.refresh_from_db()
    assert (request.seen_units, request.flags) == (0, ["broken"])
    assert request.state in ("open", "expired")
    assert "attention" in effects_of(due)
    [case] = Case.objects.filter(request=request, state="open")
    assert case.kind == "broken"
    sender = Lease.objects.get().sender
    found = DistrustedSender.objects.get()
    assert (found.venue_id, found.address, found.request_id) == (
        payee.venue_id,
        sender,
        request.pk,
    )

    # Whom a person forgave is not entered again for the same payment.
    DistrustedSender.objects.all().delete()
    request.refresh_from_db()
    OsmRequest.objects.filter(pk=request.pk).update(limbo=True)  # so that deriving changes it
    assert bring_up_to_date(request_ids=[request.pk], at=pair.now)
    assert not DistrustedSender.objects.exists()
    found.pk = None
    found.save()

    # The coins come after all: the case closes by itself, the list stays as it is.
    pair.node.forge()
    pair.look(later=A_LOOK_AT_OTHERS)
    pair.look(later=A_LOOK_AT_OTHERS)
    request.refresh_from_db()
    case.refresh_from_db()
    assert request.seen_units == request.units
    assert case.state == ("closed" if request.state == "settled" else "open")

    # Another payment of theirs waits for its block, here; another venue never heard of them.
    _due, here = pair.ask(payee)
    _due, there = pair.ask(trusting())
    pair.pay(here)
    pair.pay(there)
    pair.look()
    here.refresh_from_db()
    there.refresh_from_db()
    assert (here.state, there.state) == ("seen", "accepted")
    assert DistrustedSender.objects.count() == 1
    pair.node.forge()


def test_a_leader_that_was_replaced_believes_nobody(pair):
    _due, request = pair.ask(trusting())
    pair.pay(request)
    with pair.other.lying("/wallets/", nearly_nothing):
        pair.look()
    request.refresh_from_db()
    follower = pair.worker._follower
    [candidate] = leases._candidates(follower.leadership, follower.outflows, at=pair.now)
    begin_epoch(follower.leadership.network)
    with pytest.raises(LeadershipLost):
        leases.grant(follower.leadership, candidate, evidence={}, at=pair.now)
    request.refresh_from_db()
    assert (request.state, request.accepted_at) == ("seen", None)
    assert not Lease.objects.exists()
    pair.node.forge()


def test_what_was_granted_is_granted_once(pair):
    due, request = pair.ask(trusting())
    pair.pay(request)
    with pair.other.lying("/wallets/", nearly_nothing):
        pair.look()
    follower = pair.worker._follower
    [candidate] = leases._candidates(follower.leadership, follower.outflows, at=pair.now)
    evidence = {"pools": ["a", "b"], "balances": {}, "spending": "0"}
    for moved in (1, 0):
        assert leases.grant(follower.leadership, candidate, evidence=evidence, at=pair.now) == moved
    assert Lease.objects.count() == 1
    assert effects_of(due).count("accepted") == 1
    pair.node.forge()
