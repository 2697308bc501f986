"""What the development node does in 3.9 beyond what the conformance suite asks of both."""

from __future__ import annotations

import hashlib

import pytest

from teraa.settlement.osm import transaction_forms_v2, transactions_v2
from teraa.settlement.osm.addresses import key_pair
from teraa.settlement.osm.devnet.genesis import nethash_of
from teraa.settlement.osm.devnet.node import DevelopmentNode, UnknownDialect
from teraa.settlement.osm.devnet.profiles import ADDRESS_BYTE, DEMO_PHRASE
from teraa.settlement.osm.devnet.storage import StorageBroken
from teraa.settlement.osm.devnet.wallet import WalletRefused
from teraa.settlement.osm.transactions_v2 import TransactionV2

COIN = 10**8
DEMO = key_pair(DEMO_PHRASE)


@pytest.fixture
def new():
    """A node of 3.9 whose network has switched locks on."""
    with DevelopmentNode(dialect="3.9", locks=True) as node:
        node.forge()
        yield node


def post(ask, node, made, keys=DEMO):
    signed = made.signed(keys)
    body = {"transactions": [transaction_forms_v2.to_post(signed)]}
    return str(signed.id), ask(node, "/transactions", json=body).json()


def locked(node, shop, *, until: int, secret: bytes = b"s" * 32) -> TransactionV2:
    return TransactionV2(
        type=transactions_v2.HTLC_LOCK,
        nonce=node.demo_wallet.next_nonce(),
        sender_public_key=DEMO.public_key,
        amount=5 * COIN,
        fee=COIN,
        network=ADDRESS_BYTE,
        recipient_id=shop,
        asset={
            "lock": {
                "secretHash": hashlib.sha256(secret).hexdigest(),
                "expiration": {"type": 2, "value": until},
            }
        },
    )


def test_it_is_another_network_than_that_of_2_5(new):
    assert new.nethash == nethash_of("manifesto", "3.9") != nethash_of("manifesto")
    with pytest.raises(UnknownDialect):
        DevelopmentNode(dialect="4.0").start()


def test_it_keeps_chain_and_pool_over_a_restart(tmp_path, ask, shop):
    with DevelopmentNode(dialect="3.9", data_dir=tmp_path) as node:
        node.demo_wallet.send_several([(shop, 5), (shop, 6)], vendor_field="several")
        node.forge(2)
        waiting = node.pay(shop, 7)
        tip = ask(node, "/blockchain").json()
    with DevelopmentNode(dialect="3.9", data_dir=tmp_path) as node:
        assert ask(node, "/blockchain").json() == tip
        assert ask(node, f"/transactions/unconfirmed/{waiting}").status_code == 200
        assert ask(node, f"/wallets/{shop}").json()["data"]["balance"] == "11"
        node.forge()
        assert ask(node, f"/wallets/{shop}").json()["data"]["balance"] == "18"
    with pytest.raises(StorageBroken):
        DevelopmentNode(dialect="2.5", data_dir=tmp_path).start()


def test_it_forges_a_senders_transactions_in_the_order_of_their_nonces(new, ask, shop):
    ids = [
        new.demo_wallet.send(address=shop, units=units, fee=fee)
        for units, fee in ((1, COIN), (2, 3 * COIN), (3, 2 * COIN))
    ]
    header = new.forge()
    path = f"/blocks/{header.id}/transactions?orderBy=sequence:asc"
    assert [one["id"] for one in ask(new, path).json()["data"]] == ids


def test_it_counts_nonces_back_when_blocks_are_undone(new, ask, shop):
    new.pay(shop, 1, forge=True)
    second = new.pay(shop, 2, forge=True)
    new.roll_back(1)
    wallet = ask(new, f"/wallets/{new.demo_wallet.address}").json()["data"]
    assert wallet["nonce"] == "1"
    assert new.demo_wallet.next_nonce() == 3
    new.forge()
    assert ask(new, f"/transactions/{second}").json()["data"]["nonce"] == "2"


def test_it_takes_a_senders_transactions_back_in_their_order(new, ask, shop):
    paid = [new.pay(shop, units, forge=True) for units in (1, 2, 3)]
    paid.append(new.pay(shop, 4))
    new.roll_back(3)
    waiting = [one["id"] for one in ask(new, "/transactions/unconfirmed").json()["data"]]
    assert waiting == paid
    new.forge()
    assert ask(new, f"/wallets/{shop}").json()["data"]["balance"] == "10"


def test_it_drops_what_a_lost_transaction_made_impossible(new, ask, shop):
    first = new.pay(shop, 1, forge=True)
    second = new.pay(shop, 2)
    new.roll_back(1, lose=[first])
    new.forge()
    assert ask(new, f"/transactions/{second}").status_code == 404
    assert ask(new, f"/transactions/unconfirmed/{second}").status_code == 404


def test_it_gives_locked_coins_back_when_time_is_up(new, ask, shop):
    before = new.demo_wallet.balance()
    lock, verdict = post(ask, new, locked(new, shop, until=new.height + 3))
    assert verdict["data"]["accept"] == [lock]
    new.forge()
    [listed] = ask(new, "/locks").json()["data"]
    assert (listed["lockId"], listed["amount"]) == (lock, str(5 * COIN))
    refund = TransactionV2(
        type=transactions_v2.HTLC_REFUND,
        nonce=new.demo_wallet.next_nonce(),
        sender_public_key=DEMO.public_key,
        amount=0,
        fee=0,
        network=ADDRESS_BYTE,
        asset={"refund": {"lockTransactionId": lock}},
    )
    name, verdict = post(ask, new, refund)
    assert "did not expire yet" in verdict["errors"][name]["message"]
    new.forge(3)
    name, verdict = post(ask, new, refund)
    assert verdict["data"]["accept"] == [name]
    new.forge()
    assert new.demo_wallet.balance() == before - COIN
    assert ask(new, "/locks").json()["data"] == []
    assert ask(new, f"/wallets/{shop}").status_code == 404, "the shop was never paid"


def test_it_pays_the_recipient_of_a_lock_whoever_claims(new, ask, shop):
    secret = b"open sesame".ljust(32, b".")
    lock, _ = post(ask, new, locked(new, shop, until=new.height + 50, secret=secret))
    new.forge()
    claim = TransactionV2(
        type=transactions_v2.HTLC_CLAIM,
        nonce=new.demo_wallet.next_nonce(),
        sender_public_key=DEMO.public_key,
        amount=0,
        fee=0,
        network=ADDRESS_BYTE,
        asset={"claim": {"lockTransactionId": lock, "unlockSecret": secret.hex()}},
    )
    name, verdict = post(ask, new, claim)
    assert verdict["data"]["accept"] == [name]
    new.forge()
    assert ask(new, f"/wallets/{shop}").json()["data"]["balance"] == str(5 * COIN)
    received = ask(new, f"/wallets/{shop}/transactions/received").json()["data"]
    assert [one["id"] for one in received] == [lock], "the claim that moved them names nobody"


def test_it_votes_and_registers(new, ask):
    voted = new.forge().generator_public_key
    new.demo_wallet.vote(f"+{voted}")
    new.demo_wallet.register("demo")
    new.forge()
    wallet = ask(new, f"/wallets/{new.demo_wallet.address}").json()["data"]
    assert wallet["attributes"]["vote"] == voted
    assert wallet["attributes"]["delegate"]["username"] == "demo"
    with pytest.raises(WalletRefused, match="already voted"):
        new.demo_wallet.vote(f"+{voted}")


def test_a_wallet_of_2_5_knows_no_payment_to_several(node, shop):
    with pytest.raises(WalletRefused, match="several"):
        node.demo_wallet.send_several([(shop, 1), (shop, 2)])


def test_it_tells_of_reverted_and_phantom_transactions(new, http, target, shop):
    for event in ("transaction.reverted", "block.reverted", "transaction.pool.rejected"):
        wanted = {"event": event, "target": target.url, "conditions": []}
        http.post(f"{new.hooks_url}/api/webhooks", json=wanted)
    paid = new.pay(shop, 5)
    new.faults.on("phantom_applied")
    phantom = new.forge()
    with pytest.raises(WalletRefused):
        new.demo_wallet.send(address=shop, units=10**17)
    new.settle_hooks()
    [reverted] = target.of("transaction.reverted")
    assert (reverted["id"], reverted["blockId"]) == (paid, phantom.id)
    assert [one["id"] for one in target.of("block.reverted")] == [phantom.id]
    assert len(target.of("transaction.pool.rejected")) == 1
