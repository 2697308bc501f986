"""What is posted: accepted, or refused with status 200 and a reason, or malformed (422)."""

from __future__ import annotations

import pytest

from teraa.settlement.osm.addresses import address_of

COLD = "Cold wallet is not allowed to send until receiving transaction is confirmed."

POOR = "Insufficient balance in the wallet."


def refused(subject, answer, posted) -> tuple[str, str]:
    """Return type and sentence of a refusal, its body checked whole."""
    assert answer.status_code == 200, "the node answers 200 even when it refuses"
    body = answer.json()
    refused_id = posted["id"]
    assert body["data"] == {
        "accept": [],
        "broadcast": [],
        "excess": [],
        "invalid": [refused_id],
    }
    assert list(body["errors"]) == [refused_id]
    error = body["errors"][refused_id]
    if subject.dialect == "2.5":
        [error] = error
    assert list(error) == ["type", "message"]
    return error["type"], error["message"]


def test_it_accepts_a_signed_payment(subject, payer, shop):
    posted = payer.transfer(shop, 1000)
    assert payer.post(posted).json() == {
        "data": {
            "accept": [posted["id"]],
            "broadcast": [posted["id"]],
            "excess": [],
            "invalid": [],
        }
    }
    subject.forge()


def test_it_refuses_the_same_twice(subject, payer, shop):
    posted = payer.transfer(shop, 1001)
    payer.post(posted)
    kind, message = refused(subject, payer.post(posted), posted)
    assert kind == "ERR_DUPLICATE"
    if subject.dialect == "2.5":
        assert message == "Already in cache."
    subject.forge()


def test_it_refuses_what_is_in_a_block_already(subject, payer, shop):
    posted = payer.transfer(shop, 1002)
    payer.post(posted)
    subject.forge()
    subject.until(
        lambda: subject.ask(f"/transactions/{posted['id']}"), lambda one: one.status_code == 200
    )
    kind, message = refused(subject, payer.post(posted), posted)
    if subject.dialect == "2.5":
        assert (kind, message) == ("ERR_FORGED", "Already forged.")
    else:
        assert kind == "ERR_APPLY"
        assert "Cannot apply a transaction with nonce" in message


def test_it_refuses_a_fee_that_is_too_low(subject, payer, shop):
    posted = payer.transfer(shop, 1003, fee=1)
    kind, message = refused(subject, payer.post(posted), posted)
    assert kind == "ERR_LOW_FEE"
    if subject.dialect == "2.5":
        assert message == "The fee is too low to broadcast and accept the transaction"


def test_it_accepts_a_fee_below_the_static_one(subject, payer, shop):
    posted = payer.transfer(shop, 1004, fee=2_000_000)
    assert payer.post(posted).json()["data"]["accept"] == [posted["id"]]
    subject.forge()


def test_it_refuses_a_wallet_that_has_nothing(subject, stranger, shop):
    posted = stranger.transfer(shop, 1)
    kind, message = refused(subject, stranger.post(posted), posted)
    assert kind == "ERR_APPLY"
    assert (COLD if subject.dialect == "2.5" else POOR) in message


def test_it_refuses_more_than_there_is(subject, payer, stranger, shop):
    payer.pay(stranger.address, 3 * payer.fee)
    subject.forge()
    posted = stranger.transfer(shop, 4 * payer.fee)
    kind, message = refused(subject, stranger.post(posted), posted)
    assert kind == "ERR_APPLY"
    assert POOR in message


def test_it_refuses_a_signature_that_is_not_the_senders(subject, payer, stranger, shop):
    posted = payer.transfer(shop, 1005)
    other = payer.transfer(shop, 1006)
    posted["signature"] = other["signature"]
    kind, message = refused(subject, payer.post(posted), posted)
    assert kind == "ERR_BAD_DATA"
    if subject.dialect == "2.5":
        assert message == "Transaction didn't pass the verification process."


def test_it_refuses_a_claimed_time_an_hour_ahead_in_2_5(subject, payer, shop):
    if subject.dialect != "2.5":
        assert "timestamp" not in payer.transfer(shop, 1), "version 2 claims no time"
        return
    ahead = payer.now() + 3600 + 60
    posted = payer.transfer(shop, 1007, timestamp=ahead)
    kind, message = refused(subject, payer.post(posted), posted)
    assert kind == "ERR_FROM_FUTURE"
    assert message.startswith(f"Transaction {posted['id']} is ")


def test_it_accepts_a_claimed_time_two_hours_ago_in_2_5(subject, payer, shop):
    if subject.dialect != "2.5":
        assert "timestamp" not in payer.transfer(shop, 1), "version 2 claims no time"
        return
    posted = payer.transfer(shop, 1008, timestamp=payer.now() - 7200)
    assert payer.post(posted).json()["data"]["accept"] == [posted["id"]]
    subject.forge()
    shown = subject.until(
        lambda: subject.ask(f"/transactions/{posted['id']}"), lambda one: one.status_code == 200
    ).json()["data"]
    block = subject.data(f"/blocks/{shown['blockId']}")
    assert shown["timestamp"]["epoch"] == posted["timestamp"]
    assert block["timestamp"]["epoch"] - posted["timestamp"] > 7000


def test_it_refuses_an_expiration_that_has_passed(subject, payer, shop):
    if subject.dialect == "2.5":
        posted = payer.transfer(shop, 1009) | {"expiration": 2}
    else:
        posted = payer.transfer(shop, 1009, expiration=2)
    kind, _ = refused(subject, payer.post(posted), posted)
    assert kind == "ERR_EXPIRED"


def test_it_judges_a_batch_one_by_one(subject, payer, stranger, shop):
    good = payer.transfer(shop, 1010)
    bad = stranger.transfer(shop, 1)
    body = payer.post(good, bad).json()
    assert body["data"] == {
        "accept": [good["id"]],
        "broadcast": [good["id"]],
        "excess": [],
        "invalid": [bad["id"]],
    }
    assert list(body["errors"]) == [bad["id"]]
    subject.forge()


def wrong_network(payer, shop):
    other = address_of(payer.keys.public_key, 65)
    return payer.transfer(shop, 1) | {"recipientId": other}


def long_memo(payer, shop):
    return payer.transfer(shop, 1) | {"vendorField": "é" * 128}


def no_signature(payer, shop):
    return {name: value for name, value in payer.transfer(shop, 1).items() if name != "signature"}


def nothing_moved(payer, shop):
    return payer.transfer(shop, 1) | {"amount": "0"}


def float_amount(payer, shop):
    return payer.transfer(shop, 1) | {"amount": "1.5"}


def unknown_type(payer, shop):
    return payer.transfer(shop, 1) | {"type": 99}


@pytest.mark.parametrize(
    "broken",
    [wrong_network, long_memo, no_signature, nothing_moved, float_amount, unknown_type],
)
def test_it_refuses_a_malformed_transaction(subject, payer, shop, broken):
    posted = broken(payer, shop)
    answer = payer.post(posted)
    if subject.dialect != "2.5" and broken is wrong_network:
        kind, message = refused(subject, answer, posted)
        assert kind == "ERR_BAD_DATA"
        assert "Expected address network byte" in message
        return
    body = answer.json()
    assert (answer.status_code, list(body)) == (422, ["statusCode", "error", "message"])
    assert body["error"] == "Unprocessable Entity"


@pytest.mark.parametrize("body", ['{"transactions":[]}', "{}", '{"transactions":', "[]"])
def test_it_refuses_a_body_that_is_no_list_of_transactions(subject, body):
    answer = subject.ask(
        "/transactions", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422
    assert list(answer.json()) == ["statusCode", "error", "message"]


def test_it_takes_forty_transactions_at_once_and_no_more(subject, payer, shop):
    posted = payer.transfer(shop, 1011)
    answer = payer.post(*[posted] * 41)
    assert answer.status_code == 422
    assert "40" in answer.json()["message"]
