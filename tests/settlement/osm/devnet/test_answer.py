"""Every answer has the keys, in the order, and of the types recorded from a real 2.5.19 node."""

from __future__ import annotations

from typing import Any

import pytest

from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.devnet.profiles import DEMO_PHRASE

NUMBER = "number"
FEES = dict.fromkeys(
    [
        *("transfer", "secondSignature", "delegateRegistration", "vote", "multiSignature"),
        *("ipfs", "multiPayment", "delegateResignation", "timelockTransfer"),
    ],
    NUMBER,
)
MILESTONE = {
    "height": NUMBER,
    "reward": NUMBER,
    "activeDelegates": NUMBER,
    "blocktime": NUMBER,
    "block": {
        "version": NUMBER,
        "maxTransactions": NUMBER,
        "maxPayload": NUMBER,
        "acceptExpiredTransactionTimestamps": "bool",
        "idFullSha256": "bool",
    },
    "epoch": "text",
    "fees": {"staticFees": FEES},
    "vendorFieldLength": NUMBER,
}
ADDON_BYTES = dict.fromkeys(
    [
        *("transfer", "secondSignature", "delegateRegistration", "vote", "multiSignature"),
        *("ipfs", "timelockTransfer", "multiPayment", "delegateResignation"),
    ],
    NUMBER,
)
CONFIGURATION = {
    "nethash": "text",
    "slip44": NUMBER,
    "wif": NUMBER,
    "token": "text",
    "symbol": "text",
    "explorer": "text",
    "version": NUMBER,
    "ports": {
        "@arkecosystem/core-p2p": "null",
        "@arkecosystem/core-api": NUMBER,
        "@arkecosystem/core-webhooks": NUMBER,
    },
    "constants": MILESTONE,
    "transactionPool": {
        "dynamicFees": {
            "enabled": "bool",
            "minFeePool": NUMBER,
            "minFeeBroadcast": NUMBER,
            "addonBytes": ADDON_BYTES,
        }
    },
}
TIMESTAMP = {"epoch": NUMBER, "unix": NUMBER, "human": "text"}
BLOCK = {
    "id": "text",
    "version": NUMBER,
    "height": NUMBER,
    "previous": "text",
    "forged": {"reward": "text", "fee": "text", "total": "text", "amount": "text"},
    "payload": {"hash": "text", "length": NUMBER},
    "generator": {"username": "text", "address": "text", "publicKey": "text"},
    "signature": "text",
    "confirmations": NUMBER,
    "transactions": NUMBER,
    "timestamp": TIMESTAMP,
}
TRANSFER = {
    "id": "text",
    "blockId": "text",
    "version": NUMBER,
    "type": NUMBER,
    "amount": "text",
    "fee": "text",
    "sender": "text",
    "senderPublicKey": "text",
    "recipient": "text",
    "signature": "text",
    "vendorField": "text",
    "confirmations": NUMBER,
    "timestamp": TIMESTAMP,
}
WAITING = {name: kind for name, kind in TRANSFER.items() if name != "blockId"}
VOTE = {
    **{name: TRANSFER[name] for name in list(TRANSFER)[:10]},
    "asset": {"votes": ["text"]},
    "confirmations": NUMBER,
    "timestamp": TIMESTAMP,
}
RAW = {
    "version": NUMBER,
    "network": NUMBER,
    "type": NUMBER,
    "timestamp": NUMBER,
    "senderPublicKey": "text",
    "fee": "text",
    "amount": "text",
    "vendorFieldHex": "text",
    "expiration": NUMBER,
    "recipientId": "text",
    "signature": "text",
    "vendorField": "text",
    "id": "text",
}
DELEGATE = {
    "username": "text",
    "address": "text",
    "publicKey": "text",
    "votes": "text",
    "rank": NUMBER,
    "blocks": {
        "produced": NUMBER,
        "last": {"id": "text", "height": NUMBER, "timestamp": TIMESTAMP},
    },
    "production": {"approval": NUMBER},
    "forged": {"fees": "text", "rewards": "text", "total": "text"},
}
WALLET = {"address": "text", "publicKey": "text", "balance": "text", "isDelegate": "bool"}
VOTER = {**WALLET, "vote": "text"}
DELEGATE_WALLET = {
    "address": "text",
    "publicKey": "text",
    "username": "text",
    "balance": "text",
    "isDelegate": "bool",
    "vote": "text",
}
PAGE = [
    *("count", "pageCount", "totalCount", "next", "previous", "self", "first", "last"),
]
COUNTED_PAGE = ["totalCountIsEstimate", *PAGE]


def shape(value: Any) -> Any:
    """Return the value with every leaf replaced by the name of its JSON type."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    names = {bool: "bool", int: NUMBER, float: NUMBER, str: "text", type(None): "null"}
    return names[type(value)]


def ordered(value: Any) -> Any:
    """Make the order of keys count in a comparison."""
    if isinstance(value, dict):
        return [(name, ordered(part)) for name, part in value.items()]
    return [ordered(part) for part in value] if isinstance(value, list) else value


def matches(value: Any, wanted: Any) -> bool:
    return ordered(shape(value)) == ordered(wanted)


@pytest.fixture(scope="module")
def lived(idle_node: DevelopmentNode, shop: str) -> DevelopmentNode:
    """A node with a payment, a vote, two blocks on top and a payment that waits."""
    voted = idle_node.forge().generator_public_key
    idle_node.pay(shop, 1250000000, "ORDER-7Q4K café ☕")
    idle_node.demo_wallet.vote(f"+{voted}")
    idle_node.forge(3)
    idle_node.pay(shop, 1, "waiting")
    return idle_node


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/blockchain", {"block": {"height": NUMBER, "id": "text"}, "supply": "text"}),
        ("/blocks/2", BLOCK),
        ("/blocks/last", BLOCK),
        (
            "/node/status",
            {"synced": "bool", "now": NUMBER, "blocksCount": NUMBER, "timestamp": NUMBER},
        ),
        (
            "/node/syncing",
            {"syncing": "bool", "blocks": NUMBER, "height": NUMBER, "id": "text"},
        ),
        ("/node/configuration", CONFIGURATION),
        ("/transactions/fees", FEES),
    ],
)
def test_it_answers_about_itself_in_the_recorded_shape(lived, ask, path, wanted):
    answer = ask(lived, path)
    assert answer.status_code == 200
    assert matches(answer.json(), {"data": wanted})


@pytest.mark.parametrize(
    ("path", "meta", "wanted"),
    [
        ("/blocks?limit=2", COUNTED_PAGE, BLOCK),
        ("/transactions?recipientId={shop}&limit=2", COUNTED_PAGE, TRANSFER),
        ("/transactions/unconfirmed", PAGE, WAITING),
        ("/wallets/{shop}/transactions", COUNTED_PAGE, TRANSFER),
        ("/wallets/{shop}/transactions/received", COUNTED_PAGE, TRANSFER),
        ("/wallets/{demo}/transactions/sent?orderBy=amount:desc", COUNTED_PAGE, TRANSFER),
        ("/wallets/{demo}/votes", COUNTED_PAGE, VOTE),
        ("/votes?limit=1", COUNTED_PAGE, VOTE),
        ("/delegates/{voted}/voters?orderBy=balance:asc", PAGE, VOTER),
        ("/delegates/{voted}/blocks", COUNTED_PAGE, BLOCK),
        ("/delegates?orderBy=producedBlocks:desc&limit=2", PAGE, DELEGATE),
        ("/wallets/top?limit=2", PAGE, {n: k for n, k in WALLET.items() if n != "publicKey"}),
        ("/wallets?vote={voted_key}&orderBy=balance:asc", PAGE, VOTER),
    ],
)
def test_it_answers_pages_in_the_recorded_shape(lived, ask, shop, path, meta, wanted):
    voted = ask(lived, "/blocks/2").json()["data"]["generator"]
    names = {
        "shop": shop,
        "demo": lived.demo_wallet.address,
        "voted": voted["username"],
        "voted_key": voted["publicKey"],
    }
    answer = ask(lived, path.format(**names)).json()
    assert list(answer) == ["meta", "data"]
    assert list(answer["meta"]) == meta
    assert matches(answer["data"][0], wanted)


def test_it_shows_one_transaction_in_all_its_forms(lived, ask, shop):
    payment = ask(lived, f"/transactions?recipientId={shop}").json()["data"][0]
    path = f"/transactions/{payment['id']}"
    shown = ask(lived, path).json()["data"]
    assert matches(shown, TRANSFER)
    assert shown["vendorField"] == "ORDER-7Q4K café ☕"
    assert shown["confirmations"] == 3
    assert shown["timestamp"]["human"].endswith(".019Z")
    raw = ask(lived, f"{path}?transform=false").json()["data"]
    assert matches(raw, RAW)
    assert raw["vendorFieldHex"] == "ORDER-7Q4K café ☕".encode().hex()
    assert ask(lived, f"/transactions/unconfirmed/{payment['id']}").status_code == 404


def test_it_shows_what_waits_without_a_block(lived, ask):
    waiting = ask(lived, "/transactions/unconfirmed").json()["data"][0]
    shown = ask(lived, f"/transactions/unconfirmed/{waiting['id']}").json()["data"]
    assert matches(shown, WAITING)
    assert shown["confirmations"] == 0
    assert ask(lived, f"/transactions/{waiting['id']}").status_code == 404


def test_it_counts_the_confirmations_of_blocks_from_zero_and_of_transactions_from_one(
    node, ask, shop
):
    node.pay(shop, 1, forge=True)
    block = ask(node, "/blocks/last").json()["data"]
    assert block["confirmations"] == 0
    payment = ask(node, f"/blocks/{block['id']}/transactions").json()["data"][0]
    assert payment["confirmations"] == 1


def test_it_tells_the_delegates_of_a_wallet_apart(lived, ask, shop):
    voted = ask(lived, "/blocks/2").json()["data"]["generator"]
    assert matches(ask(lived, f"/wallets/{voted['address']}").json()["data"], DELEGATE_WALLET)
    assert matches(ask(lived, f"/delegates/{voted['username']}").json()["data"], DELEGATE)
    cold = ask(lived, f"/wallets/{shop}").json()["data"]
    assert cold == {"address": shop, "balance": "1250000000", "isDelegate": False}
    demo = lived.demo_wallet
    voter = ask(lived, f"/wallets/{demo.address}").json()["data"]
    assert matches(voter, VOTER)
    assert voter["vote"] == voted["publicKey"]
    delegate = ask(lived, f"/delegates/{voted['username']}").json()["data"]
    own = ask(lived, f"/wallets/{voted['address']}").json()["data"]["balance"]
    assert int(delegate["votes"]) == int(own) + demo.balance()


def test_it_shows_raw_blocks_as_the_database_and_the_memory_of_a_node_do(lived, ask):
    columns = [
        *("id", "version", "timestamp", "height", "reward", "previousBlock"),
        *("numberOfTransactions", "totalAmount", "totalFee", "payloadLength", "payloadHash"),
        *("generatorPublicKey", "blockSignature"),
    ]
    assert list(ask(lived, "/blocks/3?transform=false").json()["data"]) == columns
    last = ask(lived, "/blocks/last?transform=false").json()["data"]
    assert last["idHex"] == last["id"]
    assert last["previousBlockHex"] == last["previousBlock"]


def test_it_tells_the_whole_genesis_and_its_schedule(lived, ask):
    crypto = ask(lived, "/node/configuration/crypto").json()["data"]
    assert list(crypto) == ["network", "milestones", "exceptions", "genesisBlock"]
    assert [matches(one, MILESTONE) for one in crypto["milestones"]] == [True, True]
    genesis = crypto["genesisBlock"]
    assert genesis["payloadHash"] == crypto["network"]["nethash"] == lived.nethash
    assert genesis["numberOfTransactions"] == len(genesis["transactions"]) == 2 + 3 * 51
    assert sum(int(one["amount"]) for one in genesis["transactions"]) == 10**18


def test_it_tells_the_fees_that_were_paid(lived, ask):
    assert ask(lived, "/node/fees").json() == {
        "meta": {"days": 7},
        "data": [
            {"type": 0, **dict.fromkeys(("avg", "min", "max", "sum"), "100000000")},
            {"type": 3, **dict.fromkeys(("avg", "min", "max", "sum"), "1000000000")},
        ],
    }


def test_it_has_no_peers_and_the_delegates_of_the_round(lived, ask):
    peers = ask(lived, "/peers").json()
    assert (list(peers["meta"]), peers["data"]) == (PAGE, [])
    assert ask(lived, "/peers/127.0.0.1").json()["message"] == "Peer not found"
    delegates = ask(lived, "/rounds/1/delegates").json()["data"]
    assert len(delegates) == 51
    assert matches(delegates[0], {"publicKey": "text", "votes": "text"})
    assert ask(lived, "/rounds/2/delegates").json()["message"] == "Round not found"


def test_it_answers_under_v2_and_with_a_slash_at_the_end(lived, ask):
    plain = ask(lived, "/blocks/3").content
    assert ask(lived, "/v2/blocks/3").content == plain
    assert ask(lived, "/blocks/3/").content == plain


def test_it_marks_every_answer_as_a_development_nodes(lived, ask):
    for path in ("/blockchain", "/nothing", "/blocks?limit=0"):
        answer = ask(lived, path)
        assert answer.headers["x-teraa-development-node"] == "1"
        assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_it_adds_up(lived, ask):
    tip = ask(lived, "/blockchain").json()["data"]
    assert tip["block"]["height"] == 5
    assert tip["supply"] == str(10**18 + 4 * 200_000_000_000)
    wallets = ask(lived, "/wallets?limit=100").json()["data"]
    made = sum(int(one["balance"]) for one in wallets if not one["balance"].startswith("-"))
    assert made == int(tip["supply"])


def test_it_keeps_a_funded_demo_wallet_of_a_public_phrase(node):
    assert node.wallet(DEMO_PHRASE).balance() == 1_000_000 * 10**8
    assert node.wallet("somebody else").balance() == 0
