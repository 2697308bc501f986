"""What the chain says becomes what the till knows: real node, real signatures, look by look."""

import datetime

import pytest
from django.db import connection

from teraa.common.ids import uuid7
from teraa.live.models import Outbox
from teraa.settlement import operations
from teraa.settlement.models import Due, Effect, Tender
from teraa.settlement.osm.ingest import store
from teraa.settlement.osm.ingest.election import begin_epoch
from teraa.settlement.osm.ingest.leadership import Leadership, LeadershipLost
from teraa.settlement.osm.ingest.verify import verify_block
from teraa.settlement.osm.models import (
    Allocation,
    Block,
    BlockCursor,
    ChainTransaction,
    OsmRequest,
    Receipt,
)
from teraa.settlement.queries import (
    due_state,
    settled_tenders,
    tender_views,
    unmatched_receipts,
    unsettled_surplus,
)
from tests import make
from tests.settlement import cast
from tests.settlement.cast import OSM
from tests.settlement.osm.channel import effects_of

MINUTE = datetime.timedelta(minutes=1)


def everything() -> dict[str, list[tuple]]:
    """Every row of the channel, to compare before and after."""
    tables = (Due, Tender, Effect, OsmRequest, Block, ChainTransaction, Receipt, Allocation, Outbox)
    return {
        model.__name__: sorted(model.objects.values_list(), key=lambda row: str(row[0]))
        for model in tables
    }


def test_it_settles_a_payment_with_its_block(channel):
    due, request = channel.ask(cast.payee())
    assert request.units == 60 * OSM

    txid = channel.pay(request)
    channel.look()
    request.refresh_from_db()
    assert (request.state, request.seen_units, request.included_units) == ("seen", 60 * OSM, 0)
    assert due_state(due.pk).state == "open"

    channel.node.forge()
    channel.look()
    request.refresh_from_db()
    assert (request.state, request.confirmed_units, request.flags) == ("settled", 60 * OSM, [])
    found = due_state(due.pk)
    assert (found.state, found.paid_cents, found.pending_cents) == ("settled", 120, 0)
    assert effects_of(due) == ["changed", "settled"]
    [tender] = settled_tenders(due_id=due.pk)
    assert (tender.osm_units, tender.osm_txids) == (60 * OSM, (txid,))
    assert (tender.osm_rate_e10, tender.osm_reference) == (cast.RATE_E10, request.reference)
    assert Outbox.objects.filter(topic=f"due.{due.pk}").count() == found.version - 1
    connection.check_constraints()


def test_it_settles_a_payment_it_never_saw_in_the_pool(channel):
    due, request = channel.ask(cast.payee())
    channel.pay(request)
    channel.node.forge()
    channel.look()

    assert due_state(due.pk).state == "settled"
    assert effects_of(due) == ["settled"]


def test_it_counts_confirmations_block_by_block(channel):
    due, request = channel.ask(cast.payee(), confirmations=3)
    channel.pay(request)
    seen = []
    for _ in range(3):
        channel.node.forge()
        channel.look()
        [view] = tender_views(due.pk)
        seen.append((view.osm.state, view.osm.confirmations, view.osm.wait_s))

    assert seen == [("confirming", 1, 40), ("confirming", 2, 20), ("settled", 3, 0)]
    assert effects_of(due) == ["changed", "changed", "settled"]


def test_it_waits_for_the_rest_of_an_underpayment(channel):
    due, request = channel.ask(cast.payee())
    channel.pay(request, 40 * OSM)
    channel.node.forge()
    channel.look()

    [view] = tender_views(due.pk)
    assert (view.osm.state, view.osm.missing_units, view.osm.flags) == ("open", 20 * OSM, ["under"])

    channel.pay(request, 20 * OSM)
    channel.node.forge()
    channel.look()
    request.refresh_from_db()
    assert (request.state, request.flags, request.surplus_units) == ("settled", [], 0)
    [tender] = settled_tenders(due_id=due.pk)
    assert len(tender.osm_txids) == 2


def test_it_accepts_a_shortfall_of_one_fee(channel):
    due, request = channel.ask(cast.payee())
    channel.pay(request, 59 * OSM)
    channel.node.forge()
    channel.look()

    assert due_state(due.pk).state == "settled"
    assert settled_tenders(due_id=due.pk)[0].osm_units == 59 * OSM


def test_it_keeps_an_overpayment_apart(channel):
    due, request = channel.ask(cast.payee())
    channel.pay(request, 75 * OSM)
    channel.node.forge()
    channel.look()

    request.refresh_from_db()
    assert (request.state, request.flags) == ("settled", ["over"])
    assert request.surplus_units == 15 * OSM
    assert settled_tenders(due_id=due.pk)[0].osm_units == 60 * OSM
    assert list(unsettled_surplus(venue_id=due.venue_id)) == [request]
    assert effects_of(due) == ["settled", "attention"]


def test_it_follows_a_second_payment_to_a_settled_request(channel):
    due, request = channel.ask(cast.payee())
    channel.pay(request)
    channel.node.forge()
    channel.look()
    settled_at = Due.objects.get(pk=due.pk).settled_at
    channel.pay(request)
    channel.node.forge()
    channel.look()

    request.refresh_from_db()
    assert (request.state, request.surplus_units) == ("settled", 60 * OSM)
    assert request.flags == ["over", "duplicate"]
    assert request.confirmed_units == 120 * OSM
    assert Due.objects.get(pk=due.pk).settled_at == settled_at
    assert effects_of(due).count("settled") == 1
    assert effects_of(due)[-1] == "attention"


@pytest.mark.parametrize(
    ("memo", "reason"),
    [
        ("", "no_reference"),
        ("un café merci", "no_reference"),
        ("OS00000000" + "0", "unknown_reference"),
    ],
)
def test_it_keeps_what_matches_nothing(channel, memo, reason):
    due, request = channel.ask(cast.payee())
    txid = channel.pay(request, memo=memo)
    channel.node.forge()
    channel.look()

    request.refresh_from_db()
    assert (request.state, request.seen_units) == ("open", 0)
    [kept] = unmatched_receipts(venue_id=due.venue_id)
    assert (kept.kind, kept.reason, kept.amount_units) == ("unknown", reason, 60 * OSM)
    assert kept.receipt.transaction.txid == txid
    assert kept.receipt.transaction.memo_text == memo


@pytest.mark.parametrize("written", ["merci {}", "{0:.6}-{0}", " {} pour Zoé ☕", "{}"], ids=str)
def test_it_finds_the_reference_in_what_people_write(channel, written):
    due, request = channel.ask(cast.payee())
    memo = written.format(request.reference)
    if written.startswith("{0"):
        memo = f"{request.reference[:6]}-{request.reference[6:]}".lower()
    channel.pay(request, memo=memo)
    channel.node.forge()
    channel.look()

    assert due_state(due.pk).state == "settled"


def test_it_never_credits_the_reference_of_another_venue(channel):
    ours, theirs = cast.payee(), cast.payee()
    due, request = channel.ask(theirs)
    channel.ask(ours)  # so that our address is watched
    channel.node.pay(ours.osm_address, request.units, request.reference)
    channel.node.forge()
    channel.look()

    assert due_state(due.pk).state == "open"
    [kept] = unmatched_receipts(venue_id=ours.venue_id)
    assert kept.reason == "foreign_reference"
    assert not unmatched_receipts(venue_id=theirs.venue_id).exists()


def test_it_never_credits_the_reference_of_another_payee_of_the_venue(channel):
    venue = make.venue()
    bar, growers = cast.payee(venue), cast.payee(venue)
    due, request = channel.ask(growers)
    channel.ask(bar)
    channel.node.pay(bar.osm_address, request.units, request.reference)
    channel.node.forge()
    channel.look()

    assert due_state(due.pk).state == "open"
    assert [one.reason for one in unmatched_receipts(venue_id=venue.pk)] == ["foreign_reference"]


def test_it_leaves_two_references_in_one_memo_to_a_person(channel):
    payee = cast.payee()
    (one, first), (other, second) = channel.ask(payee), channel.ask(payee)
    channel.pay(first, memo=f"{first.reference} {second.reference}")
    channel.node.forge()
    channel.look()

    assert {due_state(one.pk).state, due_state(other.pk).state} == {"open"}
    assert [one.reason for one in unmatched_receipts(venue_id=payee.venue_id)] == [
        "several_references"
    ]


def test_it_watches_a_payee_nobody_has_asked_for_yet(channel):
    payee = cast.payee()
    channel.look(later=MINUTE)
    channel.node.pay(payee.osm_address, 5 * OSM, "avance")
    channel.node.forge()
    channel.look()

    assert [one.amount_units for one in unmatched_receipts(venue_id=payee.venue_id)] == [5 * OSM]


def test_it_takes_no_vote_and_no_transfer_to_oneself_for_income(channel):
    wallet = channel.node.wallet(f"a payee that spends {uuid7()}")
    payee = cast.payee(osm_address=wallet.address)
    channel.look(later=MINUTE)
    channel.node.pay(payee.osm_address, 1000 * OSM, "fonds")
    channel.node.forge()
    wallet.send(address=payee.osm_address, units=7 * OSM, vendor_field="to myself")
    channel.node.forge()
    channel.look()

    [fund] = unmatched_receipts(venue_id=payee.venue_id)
    assert fund.amount_units == 1000 * OSM
    # The transfer to itself is kept (its fee is spent) but brings nothing.
    own = ChainTransaction.objects.get(sender=payee.osm_address)
    assert (own.amount_units, own.receipts.count()) == (7 * OSM, 0)


def test_it_stores_what_leaves_a_watched_address(channel):
    wallet = channel.node.wallet(f"a payee that pays out {uuid7()}")
    payee, other = cast.payee(osm_address=wallet.address), cast.payee()
    channel.look(later=MINUTE)
    channel.node.pay(payee.osm_address, 1000 * OSM, "fonds")
    channel.node.forge()
    wallet.send(address=other.osm_address, units=30 * OSM, vendor_field="loyer")
    channel.node.forge()
    channel.look()

    sent = Receipt.objects.filter(transaction__sender=payee.osm_address).order_by("direction")
    assert [(one.direction, one.venue_id, one.amount_units) for one in sent] == [
        ("in", other.venue_id, 30 * OSM),
        ("out", payee.venue_id, 30 * OSM),
    ]


def test_it_credits_a_payee_entered_while_the_coins_were_on_their_way(channel):
    """The transaction was stored for its sender's sake, before anybody watched who gets it."""
    wallet = channel.node.wallet(f"a payee that pays one to come {uuid7()}")
    payer = cast.payee(osm_address=wallet.address)
    channel.look(later=MINUTE)
    channel.node.pay(payer.osm_address, 1000 * OSM, "fonds")
    channel.node.forge()
    newcomer = channel.node.address(f"one to come {uuid7()}")
    wallet.send(address=newcomer, units=30 * OSM, vendor_field="bienvenue")
    channel.look()
    assert Receipt.objects.filter(watched__payee=payer, direction="out").count() == 1

    payee = cast.payee(osm_address=newcomer)
    channel.look(later=MINUTE)
    channel.node.forge()
    channel.look()
    assert [one.amount_units for one in unmatched_receipts(venue_id=payee.venue_id)] == [30 * OSM]
    assert Receipt.objects.filter(watched__payee=payer, direction="out").count() == 1


def test_two_requests_are_confirmed_in_one_block(channel):
    venue = make.venue()
    (one, first), (other, second) = (channel.ask(cast.payee(venue), cents) for cents in (120, 350))
    channel.pay(first)
    channel.pay(second)
    channel.node.forge()
    channel.look()

    assert due_state(one.pk).state == due_state(other.pk).state == "settled"
    blocks = {row.receipt.transaction.block_id for row in Allocation.objects.filter(kind="request")}
    assert len(blocks) == 1


def test_osm_then_cash_settle_one_due(channel):
    due, request = channel.ask(cast.payee(), 1000, part_cents=600)
    channel.pay(request)
    channel.node.forge()
    channel.look()
    found = due_state(due.pk)
    assert (found.state, found.paid_cents, found.remaining_cents) == ("open", 600, 400)

    operations.add_tender(
        key=uuid7(),
        due_id=due.pk,
        kind="cash",
        amount_cents=400,
        received_cents=500,
        at=channel.now,
    )
    found = due_state(due.pk)
    assert (found.state, found.paid_cents) == ("settled", 1000)
    assert [one.kind for one in settled_tenders(due_id=due.pk)] == ["osm", "cash"]
    assert effects_of(due).count("settled") == 1


def test_storing_blocks_again_changes_nothing(channel):
    _due, request = channel.ask(cast.payee())
    channel.pay(request, 40 * OSM)
    channel.look()
    start = channel.cursor
    channel.node.forge(2)
    channel.pay(request, 40 * OSM)
    channel.node.forge()
    channel.look()
    before = everything()

    # As if these blocks had never been read, with everything they brought still there.
    BlockCursor.objects.update(height=start.height, block_id=start.block_id)
    headers = channel.client.headers(start.height + 1, start.height + 3)
    blocks = [
        verify_block(one, channel.client.transactions(one.id, 0), version=cast.ADDRESS_BYTE)
        for one in headers
    ]
    by = Leadership(start.network, start.epoch)
    assert store.store_blocks(by, blocks, at=channel.now) == 0

    assert channel.cursor.height == start.height + 3
    assert everything() == before


def test_a_leader_that_was_replaced_writes_nothing(channel):
    _due, request = channel.ask(cast.payee())
    channel.pay(request)
    channel.node.forge()
    before = channel.cursor.height
    begin_epoch(channel.cursor.network)

    with pytest.raises(LeadershipLost):
        channel.look()
    assert channel.cursor.height == before
    assert not Receipt.objects.exists()


def test_tills_hear_at_once_when_the_chain_is_lost_and_found(channel):
    def told():
        return Outbox.objects.filter(topic="chain").count()

    before = told()
    channel.look()
    assert told() == before, "nothing changed"
    for _ in range(40):  # no block for long
        channel.look(later=datetime.timedelta(seconds=10))
    assert (channel.cursor.state, told()) == ("stalled", before + 1)
    channel.node.forge()
    channel.look()
    assert (channel.cursor.state, told()) == ("live", before + 2)
