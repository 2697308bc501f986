"""Pages, limits, unknown parameters and the bodies of errors."""

from __future__ import annotations

import pytest

NOBODY = "a" * 64


@pytest.fixture(scope="module")
def paid_often(subject, payer, shop):
    """Seven payments of 1 to 7 units to one address, in at least two blocks."""
    for units in range(1, 8):
        payer.pay(shop, units, "page")
        if units % 3 == 0:
            subject.forge()
    subject.forge()
    subject.until(
        lambda: [one["amount"] for one in subject.data(f"/transactions?recipientId={shop}")],
        lambda amounts: "7" in amounts,
    )
    return shop


def test_it_gives_every_row_to_whoever_asks_until_a_short_page(subject, paid_often):
    ids = []
    for page in range(1, 60):
        rows = subject.data(
            f"/transactions?recipientId={paid_often}&orderBy=timestamp:asc&limit=3&page={page}"
        )
        ids += [one["id"] for one in rows]
        if len(rows) < 3:
            break
    assert len(set(ids)) == len(ids)
    everything = subject.data(f"/transactions?recipientId={paid_often}&limit=100")
    assert set(ids) == {one["id"] for one in everything}


def test_it_says_of_a_full_page_that_its_total_is_a_guess(subject, paid_often):
    meta = subject.ask(f"/transactions?recipientId={paid_often}&limit=2").json()["meta"]
    assert meta["totalCountIsEstimate"] is True
    assert (meta["count"], meta["previous"]) == (2, None)
    short = subject.ask(f"/transactions?recipientId={paid_often}&limit=100").json()["meta"]
    assert short["totalCountIsEstimate"] is (subject.dialect != "2.5")


def test_it_links_with_or_without_the_root(subject, paid_often):
    meta = subject.ask(f"/transactions?recipientId={paid_often}&limit=2").json()["meta"]
    root = "/api" if subject.dialect == "2.5" else ""
    assert meta["first"] == (
        f"{root}/transactions?recipientId={paid_often}&limit=2&transform=true&page=1"
    )


def test_it_orders_blocks_by_height_newest_first(subject):
    rows = subject.data("/blocks?limit=5")
    heights = [one["height"] for one in rows]
    assert heights == list(range(heights[0], heights[0] - 5, -1))


def test_it_finds_blocks_in_a_range_of_heights(subject):
    if subject.dialect == "2.5":
        answer = subject.ask("/blocks/search", json={"height": {"from": 2, "to": 4}})
    else:
        answer = subject.ask("/blocks?height.from=2&height.to=4")
    assert answer.status_code == 200
    assert sorted(one["height"] for one in answer.json()["data"]) == [2, 3, 4]


def test_it_searches_by_post_in_2_5_only(subject):
    answer = subject.ask("/transactions/search", json={"timestamp": {"from": 0}})
    assert answer.status_code == (200 if subject.dialect == "2.5" else 404)


def refusals(dialect):
    if dialect == "2.5":
        return {
            "/transactions?limit=101": 'child "limit" fails because '
            '["limit" must be less than or equal to 100]',
            "/transactions?limit=0": 'child "limit" fails because '
            '["limit" must be larger than or equal to 1]',
            "/transactions?page=0": 'child "page" fails because ["page" must be a positive number]',
            "/transactions?foo=1": '"foo" is not allowed',
            "/blocks?height=abc": 'child "height" fails because ["height" must be a number]',
            "/transactions/zz": 'child "id" fails because '
            '["id" must only contain hexadecimal characters]',
            "/blocks/abc": 'child "id" fails because ["id" with value "abc" fails to match the '
            'decimal non-negative integer pattern, "id" length must be 64 characters long]',
            "/transactions?vendorField=x": '"vendorField" is not allowed',
            "/transactions?type=abc": 'child "type" fails because ["type" must be a number]',
            "/transactions?timestamp.from=abc": '"timestamp.from" is not allowed',
        }
    return {
        "/transactions?limit=101": '"limit" must be less than or equal to '
        "ref:global:configuration.plugins.pagination.limit",
        "/transactions?limit=0": '"limit" must be greater than or equal to 1',
        "/transactions?page=0": '"page" must be a positive number',
        "/transactions?foo=1": '"foo" is not allowed',
        "/transactions/zz": '"id" must only contain hexadecimal characters',
        "/blocks?height=abc": '"height" must be one of [number, object]',
        "/transactions?type=abc": '"type" must be one of [number, array]',
        "/transactions?timestamp.from=abc": '"timestamp" does not match any of the allowed types',
        "/blocks/abc": '"id" does not match any of the allowed types',
        "/blocks?orderBy=height": '"orderBy" with value "height" fails to match the required '
        "pattern: /^[a-z._]{1,40}:(asc|desc)$/i",
        "/transactions?orderBy=nonsense:asc": "Unknown orderBy property 'nonsense'",
    }


@pytest.mark.parametrize(
    "path",
    [
        *("/transactions?limit=101", "/transactions?limit=0", "/transactions?page=0"),
        *("/transactions?foo=1", "/blocks?height=abc", "/transactions/zz"),
        *("/transactions?vendorField=x", "/transactions?type=abc", "/blocks/abc"),
        *("/transactions?timestamp.from=abc", "/blocks?orderBy=height"),
        "/transactions?orderBy=nonsense:asc",
    ],
)
def test_it_refuses_what_it_does_not_know_with_the_recorded_words(subject, path):
    wanted = refusals(subject.dialect).get(path)
    answer = subject.ask(path)
    if wanted is None:
        # 3.x finds by memo; 2.5 passes over an order it does not understand.
        assert answer.status_code == 200
        return
    assert answer.status_code == 422
    assert answer.json() == {
        "statusCode": 422,
        "error": "Unprocessable Entity",
        "message": wanted,
    }


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (f"/transactions/{NOBODY}", "Transaction not found"),
        (f"/transactions/unconfirmed/{NOBODY}", "Transaction not found"),
        (f"/blocks/{NOBODY}", "Block not found"),
        ("/blocks/99999999", "Block not found"),
        ("/wallets/odXF2Zix4KpiSgMYvXHCzWh4BR4yvcoanZ", "Wallet not found"),
        ("/nothing", "Not Found"),
    ],
)
def test_it_does_not_find_what_is_not_there(subject, path, message):
    answer = subject.ask(path)
    assert answer.status_code == 404
    assert answer.json() == {"statusCode": 404, "error": "Not Found", "message": message}


def test_it_does_not_find_a_delegate(subject):
    answer = subject.ask("/delegates/nobody")
    assert answer.status_code == 404
    missing = "Delegate" if subject.dialect == "2.5" else "Wallet"
    assert answer.json()["message"] == f"{missing} not found"


def test_it_has_an_empty_page_beyond_the_last(subject, paid_often):
    answer = subject.ask(f"/transactions?recipientId={paid_often}&limit=100&page=50")
    assert answer.status_code == 200
    assert answer.json()["data"] == []


def test_it_shows_a_delegate_as_a_wallet(subject):
    found = subject.data(f"/wallets/{subject.data('/delegates?limit=1')[0]['address']}")
    if subject.dialect == "2.5":
        assert list(found) == ["address", "publicKey", "username", "balance", "isDelegate", "vote"]
        return
    delegate = found["attributes"]["delegate"]
    assert {"username", "voteBalance", "forgedFees", "forgedRewards"} < set(delegate)
    assert {"producedBlocks", "rank"} < set(delegate)
    assert {"lastBlock", "round"} >= set(delegate) - {
        *("username", "voteBalance", "forgedFees", "forgedRewards", "producedBlocks", "rank")
    }


def test_it_wants_the_number_of_a_round(subject):
    answer = subject.ask("/rounds/abc/delegates")
    wanted = '"id" must be a number'
    if subject.dialect == "2.5":
        wanted = f'child "id" fails because [{wanted}]'
    assert (answer.status_code, answer.json()["message"]) == (422, wanted)
