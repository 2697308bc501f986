"""Cases open and close by what the chain and people say; judging twice changes nothing."""

from __future__ import annotations

import pytest

from teraa.settlement.cases.judging import judge, judge_receipts
from teraa.settlement.cases.models import Case
from teraa.settlement.cases.operations import explain_case
from teraa.settlement.cases.queries import story_of
from teraa.settlement.operations.requests import cancel_request
from teraa.settlement.osm.addresses import key_pair
from teraa.settlement.osm.models import ChainTransaction, WatchedAddress
from teraa.settlement.osm.transactions_v2 import HTLC_LOCK, TransactionV2
from tests.settlement import cast
from tests.settlement.cases.moves import ADA, CUSTOMER, OSM, address, scene

pytestmark = pytest.mark.django_db


def test_nothing_is_said_of_what_was_paid_as_asked(at):
    of = scene(at)
    _due, request = of.ask()
    of.pays(request)

    request.refresh_from_db()
    assert request.state == "settled"
    assert of.kinds() == []


def test_what_is_too_little_when_time_is_up_is_a_case(at):
    of = scene(at)
    _due, request = of.ask()
    of.pays(request, request.units // 2)
    assert of.kinds() == []  # there is still time

    of.expires(request)

    case = of.case(kind="under")
    assert case.units == request.units // 2
    assert (case.request_id, case.payee_id) == (request.pk, of.payee.pk)


def test_what_comes_too_late_is_a_case_and_settles_nothing(at):
    of = scene(at)
    _due, request = of.ask()
    of.expires(request)

    of.pays(request)

    assert of.kinds() == ["late"]


def test_a_payment_after_giving_up_is_late(at):
    of = scene(at)
    _due, request = of.ask()
    cancel_request(request_id=request.pk, by="caisse", at=of.at)

    of.pays(request)

    assert of.kinds() == ["late"]


def test_small_change_is_no_case_and_more_is(at):
    of = scene(at)
    _due, request = of.ask()
    of.pays(request, request.units + OSM)
    assert of.kinds() == []

    _due, request = of.ask()
    of.pays(request, request.units + 20 * OSM)

    assert of.case(kind="over").units == 20 * OSM


def test_who_pays_twice_is_a_duplicate(at):
    of = scene(at)
    _due, request = of.ask()
    of.pays(request)
    of.pays(request)

    assert of.case().kind == "duplicate"
    assert of.case().units == request.units


def test_coins_without_a_reference_are_to_be_identified(at):
    of = scene(at)
    of.comes(50 * OSM, "merci")

    case = of.case(kind="unknown")
    assert case.units == 50 * OSM


def test_a_reference_we_never_gave_is_a_wrong_one(at):
    of = scene(at)
    _due, request = of.ask()
    other = scene(at, of.cursor)
    other.at = of.at

    other.comes(50 * OSM, request.reference)

    assert other.kinds() == ["wrong_reference"]
    assert of.kinds() == []


def test_dust_is_recorded_and_quiet(at):
    of = scene(at)
    receipt = of.comes(of.cursor.network.fee_units - 1)

    assert of.kinds() == []
    assert receipt.allocations.get().kind == "unknown"


def test_a_settled_payment_taken_back_by_the_chain_is_a_case_until_it_returns(at):
    of = scene(at)
    _due, request = of.ask()
    receipt = of.pays(request)
    of.goes_out_of_its_block(receipt.transaction)
    assert of.kinds() == []  # most of it returns within a minute

    of.vanishes(receipt.transaction)
    assert of.kinds() == ["reorged"]

    of.returns(receipt.transaction)
    case = Case.objects.get(kind="reorged")
    assert (case.state, case.resolution, case.closed_by) == ("closed", "by_itself", "")


def test_coins_that_leave_without_a_refund_are_an_alarm(at):
    of = scene(at)
    out = of.leaves(address("a thief"), 70 * OSM)

    case = of.case(kind="outflow")
    assert (case.receipt_id, case.units) == (out.pk, 70 * OSM)


def test_judging_twice_changes_nothing(at):
    of = scene(at)
    _due, request = of.ask()
    of.expires(request)
    receipt = of.pays(request)
    unknown = of.comes(50 * OSM)
    before = list(Case.objects.order_by("pk").values())

    judge(request_ids=[request.pk], at=of.at)
    judge_receipts(receipt_ids=[receipt.pk, unknown.pk], at=of.at)

    assert list(Case.objects.order_by("pk").values()) == before


def test_what_a_person_explained_rests_until_there_is_more_of_it(at):
    of = scene(at)
    _due, request = of.ask()
    of.expires(request)
    of.pays(request, request.units // 2)
    case = of.case(kind="late")
    explain_case(case_id=case.pk, reason="il repassera samedi", **of.by(ADA))

    judge(request_ids=[request.pk], at=of.at)
    assert of.kinds() == []

    of.pays(request, request.units // 4)
    assert of.case(kind="late").units == request.units // 2 + request.units // 4


def test_a_payment_that_pays_as_asked_costs_judging_two_queries(at, count_queries):
    of = scene(at)
    _due, request = of.ask()
    of.pays(request)

    with count_queries() as queries:
        judge(request_ids=[request.pk], at=of.at)

    assert len(queries) == 1, queries


def test_venues_never_meet(at):
    of, other = scene(at), scene(at)
    of.comes(50 * OSM)

    with pytest.raises(Exception, match="same_venue"), cast.checked():
        Case.objects.create(
            venue=other.payee.venue,
            payee=of.payee,
            kind="unknown",
            target="receipt:0",
            opened_at=at,
        )


def lock(of, sender=CUSTOMER):
    """A contract that locks coins for the payee, as the ingest stores it."""
    made = TransactionV2(
        type=HTLC_LOCK,
        network=cast.ADDRESS_BYTE,
        nonce=1,
        sender_public_key=key_pair(sender).public_key,
        amount=50 * OSM,
        fee=1,
        recipient_id=of.payee.osm_address,
        asset={"lock": {"secretHash": "0" * 64, "expiration": {"type": 1, "value": 9}}},
    )
    return ChainTransaction.objects.create(
        network=of.cursor.network,
        txid="1" * 64,
        version=2,
        type=HTLC_LOCK,
        sender=address(sender),
        sender_public_key=made.sender_public_key,
        amount_units=made.amount,
        fee_units=1,
        memo=b"",
        sender_time=of.at,
        raw=made.signed_bytes(with_signature=True),
        first_seen_at=of.at,
    )


def test_a_contract_that_locks_coins_is_for_a_person_and_nothing_is_credited(at):
    of = scene(at)
    stored = lock(of)
    for _twice in range(2):
        of.look(stored)

    case = of.case(kind="locked")
    assert (case.units, case.target) == (50 * OSM, f"transaction:{stored.pk}")
    story = story_of(case, at=at)
    assert story.locking == stored
    assert "explain" in story.actions
    of.vanishes(stored)
    assert of.kinds() == []


def test_what_one_payee_explained_is_still_news_to_another(at):
    of = scene(at)
    stored = lock(of, sender="watched since yesterday")
    of.look(stored)
    explain_case(case_id=of.case().pk, reason="agreed with them", **of.by())

    other = cast.payee(osm_address=address("watched since yesterday"))
    WatchedAddress.objects.create(
        network=of.cursor.network,
        venue_id=other.venue_id,
        payee=other,
        address=other.osm_address,
        since=of.at,
    )
    of.look(stored)

    open_ones = Case.objects.filter(state="open")
    assert [(one.payee_id, one.kind) for one in open_ones] == [(other.pk, "locked")]
