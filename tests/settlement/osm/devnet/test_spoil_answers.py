"""One test per switch for answers: what it does, seen on the wire."""

from __future__ import annotations

import json
import time

import httpx
import pytest

from teraa.settlement.osm import blocks, transactions
from teraa.settlement.osm.blocks import payload_hash
from teraa.settlement.osm.devnet.faults.switches import ANSWER_SWITCHES, UnknownFault

COIN = 10**8


@pytest.fixture
def paid(node, shop):
    """A node with three payments to the shop in one block, and a block on top."""
    for units in (1, 2, 3):
        node.pay(shop, units * COIN, f"OS-{units}")
    node.forge(2)
    return node


@pytest.fixture
def full(paid, ask):
    """The block that holds the payments, as the API shows it."""
    return ask(paid, f"/blocks/{paid.height - 1}").json()["data"]


def rows(answer):
    return answer.json()["data"]


def test_nothing_is_spoilt_while_every_switch_is_off(paid, ask, shop):
    assert paid.faults.as_json() == {}
    assert len(rows(ask(paid, f"/transactions?recipientId={shop}&limit=3"))) == 0, "2.5: cold"
    assert len(rows(ask(paid, f"/transactions?recipientId={shop}"))) == 3


def test_t10_cached(paid, ask):
    with paid.faults.during("t10_cached"):
        before = ask(paid, "/blocks?limit=1").content
        tip = ask(paid, "/node/syncing").json()["data"]["height"]
        paid.forge()
        assert ask(paid, "/blocks?limit=1").content == before
        assert ask(paid, "/blocks?limit=2").content != before, "kept by what was asked"
        assert ask(paid, "/node/syncing").json()["data"]["height"] == tip + 1
    assert ask(paid, "/blocks?limit=1").content != before


def test_t10_orphans(paid, ask, full):
    height, orphan = full["height"], full["id"]
    paid.roll_back(2, "other", lose="all")
    paid.faults.on("t10_orphans")
    assert ask(paid, f"/blocks/{height}").json()["data"]["id"] == orphan
    assert len(rows(ask(paid, f"/blocks/{height}/transactions"))) == 3
    assert ask(paid, f"/blocks/{orphan}").status_code == 404
    paid.faults.on("cached_orphan_by_height", ids=True)
    assert ask(paid, f"/blocks/{orphan}").json()["data"]["id"] == orphan
    paid.faults.off("t10_orphans")
    assert ask(paid, f"/blocks/{height}").json()["data"]["id"] != orphan


def test_t11_empty_200(paid, ask, shop):
    paid.faults.on("t11_empty_200", times=2)
    for path in (f"/transactions?recipientId={shop}", "/blocks"):
        answer = ask(paid, path)
        assert answer.status_code == 200
        assert (answer.json()["data"], answer.json()["meta"]["totalCount"]) == ([], 0)
    assert len(rows(ask(paid, "/blocks"))) == paid.height, "two uses, then no more"


def test_t12_wrong_total(paid, ask):
    with paid.faults.during("wrong_total_count"):
        meta = ask(paid, "/blocks?limit=2").json()["meta"]
    assert (meta["totalCount"], meta["next"]) == (2, None)


@pytest.mark.parametrize(("by", "lost"), [(1, True), (-1, False)])
def test_t13_page_drift(paid, ask, by, lost):
    paid.forge(4)
    with paid.faults.during("t13_page_drift", by=by):
        seen = [
            one["height"]
            for page in (1, 2, 3, 4)
            for one in rows(ask(paid, f"/blocks?limit=3&page={page}&orderBy=height:asc"))
        ]
    if lost:
        assert set(seen) < set(range(1, paid.height + 1))
    else:
        assert len(seen) > len(set(seen))


def test_t15_votes_look_paid(paid, ask, shop):
    voted = paid.forge().generator_public_key
    paid.demo_wallet.vote(f"+{voted}")
    paid.forge()
    with paid.faults.during("t15_votes_look_paid", address=shop):
        [vote] = rows(ask(paid, "/transactions?type=3&limit=1"))
        [payment] = rows(ask(paid, "/transactions?type=0&limit=1"))
    assert (vote["recipient"], vote["amount"]) == (shop, "100000000")
    assert payment["amount"] in ("100000000", "200000000", "300000000")
    assert transactions.from_json(vote | {"recipientId": None}).computed_id() != vote["id"]


def test_t16_confirmations(paid, ask, full):
    with paid.faults.during("t16_confirmations", value=0):
        assert {one["confirmations"] for one in rows(ask(paid, "/blocks"))} == {0}
    assert ask(paid, f"/blocks/{full['id']}").json()["data"]["confirmations"] == 1


def test_t17_rate_limit(paid, ask):
    paid.faults.on("storm_429", times=2)
    for _ in range(2):
        answer = ask(paid, "/blockchain")
        assert answer.status_code == 429
        assert answer.json()["message"] == "Rate limit exceeded"
        assert answer.headers["x-ratelimit-userremaining"] == "-1"
    assert ask(paid, "/blockchain").status_code == 200


def test_t20_float_amounts(paid, ask, full):
    path = f"/blocks/{full['id']}/transactions"
    with paid.faults.during("t20_float_amounts"):
        assert b'"amount":300000000.0' in ask(paid, path).content
        assert isinstance(ask(paid, f"/blocks/{full['id']}").json()["data"]["forged"]["fee"], float)
    with paid.faults.during("t20_float_amounts", form="number"):
        assert b'"amount":300000000,' in ask(paid, path).content


def test_t21_memo_search(paid, ask):
    path = f"/transactions?vendorFieldHex={b'OS-2'.hex()}"
    assert len(rows(ask(paid, path))) == 1
    with paid.faults.during("t21_memo_search"):
        assert len(rows(ask(paid, path))) > 1


def test_t22_wrong_nethash(paid, ask):
    with paid.faults.during("wrong_nethash", nethash="ab" * 32):
        assert ask(paid, "/node/configuration").json()["data"]["nethash"] == "ab" * 32
        crypto = ask(paid, "/node/configuration/crypto").json()["data"]
        assert crypto["network"]["nethash"] == "ab" * 32
    assert ask(paid, "/node/configuration").json()["data"]["nethash"] == paid.nethash


def test_t23_sender_order(paid, ask, full):
    path = f"/blocks/{full['id']}/transactions?orderBy=sequence:asc"
    assert payload_hash(one["id"] for one in rows(ask(paid, path))) == full["payload"]["hash"]
    with paid.faults.during("t23_sender_order"):
        found = rows(ask(paid, path))
    assert len(found) == 3
    assert payload_hash(one["id"] for one in found) != full["payload"]["hash"]


def test_t24_stale_search(paid, ask):
    body = {"height": {"from": 1, "to": paid.height}}
    with paid.faults.during("t24_stale_search", rows=2):
        found = [one["height"] for one in rows(ask(paid, "/blocks/search", json=body))]
    assert sorted(found) == list(range(1, paid.height - 1))


def test_equivocating_block(paid, ask):
    paid.faults.on("equivocating_block")
    tips = [ask(paid, "/node/syncing").json()["data"] for _ in range(4)]
    assert {one["height"] for one in tips} == {paid.height}
    assert len({one["id"] for one in tips}) == 2
    for one in tips[:2]:
        header = blocks.from_json(ask(paid, f"/blocks/{one['id']}").json()["data"])
        assert (header.height, header.id) == (paid.height, one["id"])
        assert header.computed_id() == one["id"]
        assert header.verifies(), "both are signed by the delegate"


def test_truncated_page(paid, ask, full):
    path = f"/blocks/{full['id']}/transactions"
    with paid.faults.during("truncated_page", path="/transactions"):
        answer = ask(paid, path)
        assert len(rows(ask(paid, "/blocks"))) == paid.height, "another path"
    assert len(rows(answer)) == 2
    assert answer.json()["meta"]["count"] == 3


def test_half_json(paid, ask):
    with paid.faults.during("half_json"):
        answer = ask(paid, "/blocks")
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_half_json_with_the_connection_cut(paid, ask):
    with paid.faults.during("half_json", cut=True), pytest.raises(httpx.RemoteProtocolError):
        ask(paid, "/blocks")


def test_slow_drip(paid, ask):
    whole = ask(paid, "/blockchain").content
    with paid.faults.during("slow_drip", piece=len(whole) // 3, seconds=0.05):
        began = time.monotonic()
        assert ask(paid, "/blockchain").content == whole
    assert time.monotonic() - began >= 0.15


def test_stall(paid, ask):
    with paid.faults.during("stall", seconds=0.2):
        began = time.monotonic()
        assert ask(paid, "/blockchain").status_code == 200
    assert time.monotonic() - began >= 0.2


def test_status_503(paid, ask):
    with paid.faults.during("status_503"):
        assert ask(paid, "/blockchain").status_code == 503
        assert ask(paid, "/transactions", json={"transactions": []}).status_code == 503


def test_clock_behind(paid, ask):
    now = ask(paid, "/node/status").json()["data"]["timestamp"]
    with paid.faults.during("clock_behind"):
        behind = ask(paid, "/node/status").json()["data"]["timestamp"]
    assert 0 <= behind + 21_600 - now < 60


def test_it_knows_no_other_names(paid):
    with pytest.raises(UnknownFault):
        paid.faults.on("t99_nonsense")


def test_every_switch_for_answers_has_its_test():
    names = set(globals())
    for switch in ANSWER_SWITCHES:
        assert f"test_{switch}" in names, switch
