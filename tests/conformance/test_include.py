"""A payment from the pool into a block: memo, amounts, confirmations, block order."""

from __future__ import annotations

import pytest

from teraa.settlement.osm import blocks, transactions_v2
from teraa.settlement.osm.blocks import payload_hash
from tests.conformance.shapes import (
    BLOCK,
    COUNTED_PAGE,
    IN_BLOCK,
    POOL_PAGE,
    RAW,
    TRANSFER,
    WAITING,
    WAITING_RAW,
    described,
    shaped,
)

MEMO = "OS-7Q4K café ☕ <b>'\"&"


@pytest.fixture(scope="module")
def payment(subject, payer, shop):
    """A payment that is in a block: its id."""
    paid = payer.pay(shop, 1_250_000_000, MEMO)
    subject.forge()
    confirmed(subject, paid)
    return paid


def confirmed(subject, paid):
    return subject.until(
        lambda: subject.ask(f"/transactions/{paid}"), lambda answer: answer.status_code == 200
    ).json()["data"]


def test_it_shows_what_waits(subject, payer, shop):
    subject.forge()
    paid = payer.pay(shop, 77, MEMO)
    answer = subject.ask("/transactions/unconfirmed").json()
    assert list(answer["meta"]) == POOL_PAGE[subject.dialect]
    [listed] = [one for one in answer["data"] if one["id"] == paid]
    assert shaped(listed) == described(WAITING[subject.dialect])
    assert (listed["vendorField"], listed["amount"], listed["confirmations"]) == (MEMO, "77", 0)
    by_id = f"/transactions/unconfirmed/{paid}"
    if subject.dialect == "2.5":
        assert subject.data(by_id) == listed
    else:
        assert subject.data(f"{by_id}?transform=true") == listed
        assert shaped(subject.data(by_id)) == described(WAITING_RAW[subject.dialect])
    raw = subject.data("/transactions/unconfirmed?transform=false")
    [raw] = [one for one in raw if one["id"] == paid]
    assert shaped(raw) == described(WAITING_RAW[subject.dialect])
    assert subject.ask(f"/transactions/{paid}").status_code == 404
    subject.forge()
    gone = subject.until(
        lambda: subject.ask(f"/transactions/unconfirmed/{paid}"),
        lambda answer: answer.status_code == 404,
    )
    assert gone.json()["message"] == "Transaction not found"


def test_it_gives_the_memo_back_unchanged_everywhere(subject, payment, shop):
    shown = subject.data(f"/transactions/{payment}")
    assert shaped(shown) == described(TRANSFER[subject.dialect])
    assert shown["vendorField"] == MEMO
    raw = subject.data(f"/transactions/{payment}?transform=false")
    assert shaped(raw) == described(RAW[subject.dialect])
    assert raw["vendorField"] == MEMO
    if subject.dialect == "2.5":
        assert bytes.fromhex(raw["vendorFieldHex"]).decode() == MEMO
    for path in (
        f"/blocks/{shown['blockId']}/transactions",
        f"/wallets/{shop}/transactions?orderBy=timestamp:desc",
        f"/wallets/{shop}/transactions/received",
        f"/transactions?recipientId={shop}",
        f"/transactions?id={payment}",
    ):
        listed = subject.until(
            lambda path=path: [one for one in subject.data(path) if one["id"] == payment], bool
        )
        assert listed[0]["vendorField"] == MEMO, path


def test_it_signs_and_names_what_it_shows(subject, payer, payment):
    for path in (f"/transactions/{payment}", f"/transactions/{payment}?transform=false"):
        found = transactions_v2.from_json(subject.data(path), network=payer.version)
        assert found.computed_id() == payment
        assert found.verifies()
        assert found.sender_id(payer.version) == payer.address


def test_it_counts_confirmations_of_transactions_from_one_and_of_blocks_from_zero(
    subject, payer, shop
):
    paid = payer.pay(shop, 78)
    subject.forge()
    shown = confirmed(subject, paid)
    for _ in range(3):
        height = subject.forge()
        shown = subject.data(f"/transactions/{paid}")
        block = subject.data(f"/blocks/{shown['blockId']}")
        # A real node keeps answers for some seconds: never more than the truth, never much less.
        age = height - block["height"]
        assert 1 <= shown["confirmations"] <= age + 2
        assert 0 <= block["confirmations"] <= age + 1
    subject.until(
        lambda: subject.data(f"/transactions/{paid}")["confirmations"], lambda count: count >= 3
    )


def test_it_links_hashes_and_signs_its_blocks(subject, payer, payment):
    first = subject.data(f"/transactions/{payment}")["blockId"]
    block_id = subject.tip()[1]
    seen = []
    while first not in seen:
        shown = subject.data(f"/blocks/{block_id}")
        assert shaped(shown) == described(BLOCK[subject.dialect])
        header = blocks.from_json(shown)
        assert header.id == header.computed_id() == block_id
        assert header.verifies()
        seen.append(block_id)
        block_id = header.previous_block
        assert len(seen) < 500


def test_it_lists_a_block_in_its_own_order_when_asked_by_sequence(subject, payer, shop):
    subject.forge()
    for fee in (payer.fee, payer.fee + 3, payer.fee + 1, payer.fee + 2):
        posted = payer.transfer(shop, 79, fee=fee)
        assert payer.post(posted).json()["data"]["accept"]
    subject.forge()
    block_id = confirmed(subject, posted["id"])["blockId"]
    header = blocks.from_json(subject.data(f"/blocks/{block_id}"))
    path = f"/blocks/{block_id}/transactions?limit=100&orderBy=sequence:asc"
    for form in ("", "&transform=false"):
        answer = subject.ask(path + form).json()
        assert list(answer["meta"]) == COUNTED_PAGE
        rows = answer["data"]
        assert len(rows) == header.number_of_transactions
        found = [transactions_v2.from_json(one, network=payer.version) for one in rows]
        assert payload_hash(one.computed_id() for one in found) == header.payload_hash
        assert sum(moved(one) for one in found) == header.total_amount
        assert sum(one.fee for one in found) == header.total_fee
        assert all(one.verifies() for one in found)


def moved(one):
    return one.amount if one.version == 1 else one.spent


def test_it_shows_the_transactions_of_a_block_with_or_without_their_time(subject, payment):
    block_id = subject.data(f"/transactions/{payment}")["blockId"]
    [listed] = [
        one for one in subject.data(f"/blocks/{block_id}/transactions") if one["id"] == payment
    ]
    assert shaped(listed) == described(IN_BLOCK[subject.dialect])


def test_it_adds_the_payment_to_the_wallet(subject, payer, stranger):
    assert subject.ask(f"/wallets/{stranger.address}").status_code == 404
    payer.pay(stranger.address, 81)
    subject.forge()
    found = subject.until(
        lambda: subject.ask(f"/wallets/{stranger.address}").json().get("data") or {},
        lambda wallet: wallet.get("balance") == "81",
    )
    if subject.dialect == "2.5":
        assert found == {"address": stranger.address, "balance": "81", "isDelegate": False}
    else:
        assert found == {
            "address": stranger.address,
            "balance": "81",
            "nonce": "0",
            "attributes": {},
        }
