"""What 3.x adds: nonces, payments to several at once, locks; and what it gives in less requests."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace

import pytest

from teraa.settlement.osm import blocks, transactions_v2
from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.transactions_v2 import TransactionV2
from tests.conformance.conftest import REAL, our_subject
from tests.conformance.payer import Payer
from tests.conformance.test_broadcast import refused

if not REAL:
    pytestmark = pytest.mark.parametrize("subject", ["3.9"], indirect=True)


@pytest.fixture(autouse=True)
def version_two(subject):
    if subject.dialect == "2.5":
        pytest.skip("this real node's version-1 transactions have none of this")


@pytest.fixture
def with_locks(subject):
    """A node whose network has switched locks on."""
    if subject.data("/node/configuration")["constants"].get("htlcEnabled"):
        yield subject
        return
    if REAL:
        pytest.skip("this real network has not switched locks on (milestone htlcEnabled)")
    with DevelopmentNode(dialect="3.9", locks=True) as node:
        found = our_subject(node)
        found.forge(2)
        yield found
        found.close()


def confirmed(subject, paid):
    return subject.until(
        lambda: subject.ask(f"/transactions/{paid}"), lambda answer: answer.status_code == 200
    ).json()["data"]


def test_it_wants_the_very_next_nonce(subject, payer, shop):
    subject.forge()
    nonce = payer.nonce()
    for wrong in (nonce - 1, nonce + 1):
        posted = payer.transfer(shop, 21, nonce=wrong)
        kind, message = refused(subject, payer.post(posted), posted)
        assert kind == "ERR_APPLY"
        assert f"Cannot apply a transaction with nonce {wrong}: the sender" in message
        assert message.endswith(f"has nonce {nonce - 1}.")


def test_it_takes_several_of_one_sender_in_a_row(subject, payer, shop):
    posted = [payer.transfer(shop, 30 + n, nonce=payer.nonce() + n) for n in range(3)]
    assert payer.post(*posted).json()["data"]["accept"] == [one["id"] for one in posted]
    subject.forge()
    found = [confirmed(subject, one["id"]) for one in posted]
    assert [one["nonce"] for one in found] == [one["nonce"] for one in posted]
    raw = [subject.data(f"/transactions/{one['id']}?transform=false") for one in posted]
    places = [(one["blockHeight"], one["sequence"]) for one in raw]
    assert places == sorted(places)


def test_it_pays_several_at_once(subject, payer, shop, stranger):
    posted = payer.several([(shop, 5), (shop, 6), (stranger.address, 70)], "several é")
    assert payer.post(posted).json()["data"]["accept"] == [posted["id"]]
    subject.forge()
    shown = confirmed(subject, posted["id"])
    assert (shown["type"], shown["amount"], shown["vendorField"]) == (6, "0", "several é")
    assert shown["recipient"] == shown["sender"] == payer.address
    assert shown["asset"]["payments"] == [
        {"amount": "5", "recipientId": shop},
        {"amount": "6", "recipientId": shop},
        {"amount": "70", "recipientId": stranger.address},
    ]
    found = transactions_v2.from_json(shown, network=payer.version)
    assert found.computed_id() == posted["id"]
    assert found.verifies()
    block = blocks.from_json(subject.data(f"/blocks/{shown['blockId']}"))
    listed = subject.data(f"/blocks/{shown['blockId']}/transactions?orderBy=sequence:asc")
    in_block = [transactions_v2.from_json(one, network=payer.version) for one in listed]
    assert block.total_amount == sum(one.spent for one in in_block), "what is shown"
    header = blocks.from_json(subject.data(f"/blocks/{shown['blockId']}?transform=false"))
    assert header.total_amount == sum(one.amount for one in in_block), "what is signed"
    assert header.computed_id() == shown["blockId"]
    for path in (
        f"/transactions?recipientId={stranger.address}",
        f"/wallets/{stranger.address}/transactions/received",
        f"/wallets/{stranger.address}/transactions",
    ):
        assert [one["id"] for one in subject.data(path)] == [posted["id"]], path
    assert subject.data(f"/wallets/{stranger.address}")["balance"] == "70"


def test_it_refuses_a_payment_to_one_as_a_payment_to_several(subject, payer, shop):
    posted = payer.several([(shop, 5)])
    kind, _ = refused(subject, payer.post(posted), posted)
    assert kind == "ERR_BAD_DATA"


def a_lock(subject, payer, address, secret):
    return TransactionV2(
        type=transactions_v2.HTLC_LOCK,
        nonce=payer.nonce(),
        sender_public_key=payer.keys.public_key,
        amount=90,
        fee=payer.fee,
        network=payer.version,
        recipient_id=address,
        vendor_field=b"locked",
        asset={
            "lock": {
                "secretHash": hashlib.sha256(secret).hexdigest(),
                "expiration": {"type": 2, "value": subject.tip()[0] + 500},
            }
        },
    )


def test_it_refuses_locks_unless_its_network_has_switched_them_on(subject, payer, shop):
    if subject.data("/node/configuration")["constants"].get("htlcEnabled"):
        pytest.skip("this network has locks: the next test uses them")
    posted = payer.posted(a_lock(subject, payer, shop, b""), payer.keys)
    refusal = refused(subject, payer.post(posted), posted)
    assert refusal == ("ERR_OTHER", "Transaction type Core/8 is deactivated.")


def test_it_locks_coins_for_whoever_knows_a_secret(with_locks):
    subject, payer = with_locks, Payer(with_locks)
    stranger = Payer(subject, f"conformance {secrets.token_hex(16)}")
    payer.pay(stranger.address, 2 * payer.fee)
    subject.forge()
    secret = secrets.token_bytes(32)
    posted = payer.posted(a_lock(subject, payer, stranger.address, secret), payer.keys)
    assert payer.post(posted).json()["data"]["accept"] == [posted["id"]]
    subject.forge()
    shown = confirmed(subject, posted["id"])
    assert (shown["type"], shown["amount"], shown["recipient"]) == (8, "90", stranger.address)
    assert subject.data(f"/wallets/{stranger.address}")["balance"] == str(2 * payer.fee)

    claim = TransactionV2(
        type=transactions_v2.HTLC_CLAIM,
        nonce=stranger.nonce(),
        sender_public_key=stranger.keys.public_key,
        amount=0,
        fee=0,
        network=payer.version,
        asset={"claim": {"lockTransactionId": posted["id"], "unlockSecret": secret.hex()}},
    )
    wrong = stranger.posted(
        replace(
            claim,
            asset={"claim": {"lockTransactionId": posted["id"], "unlockSecret": "0" * 64}},
        ),
        stranger.keys,
    )
    assert refused(subject, stranger.post(wrong), wrong)[0] == "ERR_APPLY"
    claimed = stranger.posted(claim, stranger.keys)
    assert stranger.post(claimed).json()["data"]["accept"] == [claimed["id"]]
    subject.forge()
    shown = confirmed(subject, claimed["id"])
    assert (shown["type"], shown["amount"], shown["recipient"]) == (9, "0", stranger.address)
    assert subject.data(f"/wallets/{stranger.address}")["balance"] == str(2 * payer.fee + 90)


def test_it_finds_by_memo(subject, payer, shop):
    memo = f"memo {secrets.token_hex(6)}"
    paid = payer.pay(shop, 41, memo)
    subject.forge()
    confirmed(subject, paid)
    found = subject.data(f"/transactions?vendorField={memo}")
    assert [one["id"] for one in found] == [paid]


def test_it_tells_its_height_on_every_answer(subject):
    for path in ("/blockchain", "/transactions?limit=1", "/nothing"):
        assert int(subject.ask(path).headers["x-block-height"]) >= 1
