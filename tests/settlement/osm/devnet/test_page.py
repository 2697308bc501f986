"""Pages, with the node's traps: totals that are guesses, links that hide rows, empty failures."""

from __future__ import annotations

import pytest


def amounts(answer) -> list[str]:
    return [one["amount"] for one in answer.json()["data"]]


@pytest.fixture
def eight_paid(node, shop):
    """Eight payments to a shop that has sent something itself, in eight blocks."""
    merchant = node.wallet("merchant one")
    node.pay(shop, 10**9, forge=True)
    merchant.send(address=node.demo_wallet.address, units=1)
    for units in range(1, 8):
        node.pay(shop, units, forge=True)
    return node


def test_it_hides_the_next_page_behind_a_guessed_total(eight_paid, ask, shop):
    path = f"/transactions?recipientId={shop}&limit=2"
    first = ask(eight_paid, path)
    assert first.json()["meta"] == {
        "totalCountIsEstimate": True,
        "count": 2,
        "pageCount": 1,
        "totalCount": 2,
        "next": None,
        "previous": None,
        **dict.fromkeys(
            ("self", "first", "last"),
            f"/api/transactions?recipientId={shop}&limit=2&transform=true&page=1",
        ),
    }
    assert amounts(first) == ["7", "6"]
    second = ask(eight_paid, f"{path}&page=2")
    base = f"/api/transactions?recipientId={shop}&limit=2&page="
    assert amounts(second) == ["5", "4"]
    assert second.json()["meta"]["previous"] == f"{base}1&transform=true"
    assert second.json()["meta"]["self"] == f"{base}2&transform=true"


def test_it_gives_every_row_to_whoever_asks_until_a_short_page(eight_paid, ask, shop):
    rows = []
    for page in range(1, 6):
        answer = ask(
            eight_paid,
            f"/transactions?recipientId={shop}&orderBy=timestamp:asc&limit=3&page={page}",
        )
        rows += amounts(answer)
        if answer.json()["meta"]["count"] < 3:
            break
    assert rows == ["1000000000", "1", "2", "3", "4", "5", "6", "7"]


def test_it_promises_pages_of_a_whole_table_that_do_not_exist(eight_paid, ask):
    meta = ask(eight_paid, "/blocks?limit=2").json()["meta"]
    assert (meta["totalCountIsEstimate"], meta["totalCount"]) == (True, 13)
    beyond = ask(eight_paid, "/blocks?limit=2&page=7").json()
    assert (beyond["data"], beyond["meta"]["totalCountIsEstimate"]) == ([], False)


def test_it_answers_nothing_about_a_shop_that_never_sent_when_a_page_is_full(node, ask, shop):
    for units in (1, 2, 3):
        node.pay(shop, units, forge=True)
    full = ask(node, f"/transactions?recipientId={shop}&limit=2").json()
    assert (full["data"], full["meta"]["totalCount"]) == ([], 0)
    assert "totalCountIsEstimate" not in full["meta"]
    assert ask(node, f"/wallets/{shop}/transactions?limit=2").status_code == 500
    assert len(ask(node, f"/transactions?recipientId={shop}&limit=4").json()["data"]) == 3


def test_it_answers_nothing_about_an_unknown_sender(idle_node, ask, shop):
    answer = ask(idle_node, f"/transactions?senderId={shop}").json()
    assert (answer["data"], answer["meta"]["totalCount"]) == ([], 0)


def test_it_gives_block_order_only_when_asked(node, ask, shop):
    wallet = node.demo_wallet
    for units, fee in ((1, 10**8), (2, 3 * 10**8), (3, 2 * 10**8)):
        wallet.send(address=shop, units=units, fee=fee)
    block = node.forge()
    path = f"/blocks/{block.id}/transactions"
    assert amounts(ask(node, f"{path}?orderBy=sequence:asc")) == ["2", "3", "1"]
    assert amounts(ask(node, f"{path}?orderBy=Sequence:DESC")) == ["1", "3", "2"]
    assert amounts(ask(node, path)) == ["3", "2", "1"], "by the time the sender claims"
    assert amounts(ask(node, f"{path}?orderBy=nonsense:asc")) == ["2", "3", "1"]
    assert amounts(ask(node, f"{path}?orderBy=amount:desc&limit=2")) == ["3", "2"]
    assert amounts(ask(node, f"/blocks/{block.height}/transactions?offset=1&amount=3")) == []
    assert amounts(ask(node, f"/transactions?blockId={block.id}")) == ["1", "3", "2"]


def test_it_lists_a_wallets_history_oldest_first(eight_paid, ask, shop):
    history = amounts(ask(eight_paid, f"/wallets/{shop}/transactions"))
    # In the block that holds both, the merchant's own transfer came first: same fee, older.
    assert history == ["1000000000", "1", "1", "2", "3", "4", "5", "6", "7"]
    assert amounts(ask(eight_paid, f"/wallets/{shop}/transactions/sent")) == ["1"]
    assert len(amounts(ask(eight_paid, f"/wallets/{shop}/transactions/received"))) == 8


def test_it_finds_by_ranges(eight_paid, ask, shop):
    found = ask(eight_paid, "/blocks/search", json={"height": {"from": 3, "to": 5}}).json()
    assert [one["height"] for one in found["data"]] == [5, 4, 3]
    wanted = {"recipientId": shop, "amount": {"from": 2, "to": 4}}
    assert amounts(ask(eight_paid, "/transactions/search", json=wanted)) == ["4", "3", "2"]
    wanted = {"addresses": [shop], "type": 0, "amount": {"to": 1}}
    assert amounts(ask(eight_paid, "/transactions/search", json=wanted)) == ["1", "1"]
    found = ask(eight_paid, "/wallets/search", json={"addresses": [shop]}).json()["data"]
    assert [one["address"] for one in found] == [shop]
    found = ask(eight_paid, "/delegates/search?limit=3", json={"username": "osm_0"}).json()
    assert found["meta"]["totalCount"] == 9


def test_it_finds_by_memo_and_by_type(node, ask, shop):
    node.pay(shop, 5, "OS-CAFE", forge=True)
    memo = b"CAFE".hex()
    assert amounts(ask(node, f"/transactions?vendorFieldHex={memo}")) == ["5"]
    assert ask(node, "/transactions?type=2").json()["meta"]["count"] == 51


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/blocks?limit=0", 'child "limit" fails because ["limit" must be larger than or equal to 1]'),
        ("/blocks?limit=101&foo=1", 'child "limit" fails because ["limit" must be less than or equal to 100]'),
        ("/blocks?limit=abc", 'child "limit" fails because ["limit" must be a number]'),
        ("/blocks?limit=1.5", 'child "limit" fails because ["limit" must be an integer]'),
        ("/blocks?limit=1&limit=2", 'child "limit" fails because ["limit" must be a number]'),
        ("/blocks?page=0", 'child "page" fails because ["page" must be a positive number]'),
        ("/blocks?transform=x", 'child "transform" fails because ["transform" must be a boolean]'),
        ("/blocks?foo=1", '"foo" is not allowed'),
        ("/transactions?vendorField=x", '"vendorField" is not allowed'),
        ("/transactions?timestamp.from=1", '"timestamp.from" is not allowed'),
        ("/transactions?recipientId=abc", 'child "recipientId" fails because ["recipientId" length must be 34 characters long]'),
        ("/transactions/abc", 'child "id" fails because ["id" length must be 64 characters long]'),
        ("/blocks/abc", 'child "id" fails because ["id" with value "abc" fails to match the decimal non-negative integer pattern, "id" length must be 64 characters long]'),
        ("/delegates/a b", 'child "id" fails because ["id" with value "a b" fails to match the required pattern: /^[a-zA-Z0-9!@$&_.]+$/]'),
        ("/node/fees?days=31", 'child "days" fails because ["days" must be less than or equal to 30]'),
    ],
)  # fmt: skip
def test_it_refuses_a_query_in_the_nodes_words(idle_node, ask, path, message):
    answer = ask(idle_node, path)
    assert answer.status_code == 422
    assert answer.json() == {
        "statusCode": 422,
        "error": "Unprocessable Entity",
        "message": message,
    }


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/nothing", "Not Found"),
        ("/blocks/99", "Block not found"),
        (f"/blocks/{'0' * 64}", "Block not found"),
        ("/blocks/99/transactions", "Block not found"),
        (f"/transactions/{'0' * 64}", "Transaction not found"),
        (f"/transactions/unconfirmed/{'0' * 64}", "Transaction not found"),
        ("/wallets/nobody", "Wallet not found"),
        ("/wallets/nobody/transactions", "Wallet not found"),
        ("/delegates/nobody", "Delegate not found"),
        (f"/votes/{'0' * 64}", "Vote not found"),
    ],
)
def test_it_says_what_it_did_not_find(idle_node, ask, path, message):
    answer = ask(idle_node, path)
    assert answer.status_code == 404
    assert answer.json() == {"statusCode": 404, "error": "Not Found", "message": message}


def test_it_does_not_know_a_method_it_does_not_have(idle_node, ask):
    assert ask(idle_node, "/blocks", method="DELETE").json()["message"] == "Not Found"
