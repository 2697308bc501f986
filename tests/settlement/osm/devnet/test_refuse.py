"""What the pool refuses, with the node's error types."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from teraa.settlement.osm import transactions
from teraa.settlement.osm.addresses import address_of_passphrase, key_pair
from teraa.settlement.osm.devnet.examination import MAX_PER_SENDER
from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.devnet.profiles import ADDRESS_BYTE, DEMO_PHRASE
from teraa.settlement.osm.devnet.wallet import WalletRefused
from teraa.settlement.osm.moments import epoch_seconds

DEMO = key_pair(DEMO_PHRASE)
COIN = 10**8


@pytest.fixture
def transfer(shop):
    """Return transfer(**changes): a signed payment of the demo wallet."""

    def made(**changes):
        keys = changes.pop("keys", DEMO)
        fields = {
            "sender_public_key": keys.public_key,
            "recipient_id": shop,
            "amount": 1000,
            "fee": COIN,
            "timestamp": epoch_seconds(datetime.now(UTC)),
            "version": ADDRESS_BYTE,
            **changes,
        }
        return transactions.transfer(**fields).signed(keys)

    return made


@pytest.fixture
def post(node, ask):
    """Return post(*transactions, **changes): the answer, the JSON of the first one changed."""

    def posted(*signed, **changes):
        body = [transactions.to_post(one, version=ADDRESS_BYTE) for one in signed]
        body[0] |= changes
        body[0] = {name: value for name, value in body[0].items() if value is not None}
        return ask(node, "/transactions", json={"transactions": body})

    return posted


def reason(answer) -> tuple[str, str]:
    assert answer.status_code == 200, "the node answers 200 even when it refuses"
    body = answer.json()
    assert body["data"]["accept"] == body["data"]["broadcast"] == []
    [(refused, [error])] = body["errors"].items()
    assert body["data"]["invalid"] == [refused]
    return error["type"], error["message"]


def test_it_accepts_a_signed_payment(post, transfer):
    signed = transfer(vendor_field="café ☕")
    assert post(signed).json() == {
        "data": {
            "accept": [signed.id],
            "broadcast": [signed.id],
            "excess": [],
            "invalid": [],
        }
    }


def test_it_refuses_the_same_twice(node, post, transfer):
    signed = transfer()
    post(signed)
    assert reason(post(signed)) == ("ERR_DUPLICATE", "Already in cache.")
    node.forge()
    assert reason(post(signed)) == ("ERR_FORGED", "Already forged.")


def test_it_remembers_even_what_it_refused(post, transfer):
    altered = replace(transfer(), amount=1001)
    assert reason(post(altered))[0] == "ERR_BAD_DATA"
    assert reason(post(altered)) == ("ERR_DUPLICATE", "Already in cache.")


@pytest.mark.parametrize(
    "changes",
    [{"amount": "1001"}, {"fee": "99999999"}, {"vendorField": "x"}, {"timestamp": 1000000}],
)
def test_it_refuses_an_altered_field(post, transfer, changes):
    kind, message = reason(post(transfer(), **changes))
    assert (kind, message) == ("ERR_BAD_DATA", "Transaction didn't pass the verification process.")


def test_it_refuses_a_signature_of_somebody_else(post, transfer):
    stranger = key_pair("somebody else")
    forged = transfer(keys=stranger, amount=1)
    assert reason(post(forged, senderPublicKey=DEMO.public_key))[0] == "ERR_BAD_DATA"


def test_it_refuses_a_signature_that_is_no_signature(post, transfer):
    assert reason(post(transfer(), signature="00"))[0] == "ERR_UNKNOWN"


def test_it_computes_the_id_itself(node, post, transfer, ask):
    signed = transfer()
    answer = post(signed, id="ab" * 32).json()
    assert answer["data"]["accept"] == [signed.id]
    assert ask(node, f"/transactions/unconfirmed/{signed.id}").status_code == 200


def test_it_refuses_a_fee_below_3000_a_byte(post, transfer):
    # 156 bytes on the wire (with a 71-byte signature), half of them counted, and 100 on top.
    size = len(transfer(fee=1).wire_bytes(version=ADDRESS_BYTE))
    floor = 3000 * (200 + size) // 2
    assert reason(post(transfer(fee=floor // 2)))[0] == "ERR_LOW_FEE"
    assert 500_000 < floor < 600_000
    assert post(transfer(fee=2 * COIN // 100)).json()["data"]["invalid"] == []


def test_it_counts_what_waits_against_the_balance(node, post, transfer):
    balance = node.demo_wallet.balance()
    almost = balance - 2 * COIN
    assert reason(post(transfer(amount=balance))) == (
        "ERR_APPLY",
        '["Insufficient balance in the wallet."]',
    )
    assert post(transfer(amount=almost)).json()["data"]["invalid"] == []
    assert reason(post(transfer(amount=COIN)))[0] == "ERR_APPLY"
    assert post(transfer(amount=1, fee=COIN // 50)).json()["data"]["invalid"] == []


def test_it_refuses_a_wallet_whose_income_is_not_confirmed(node, post, transfer, shop):
    merchant = key_pair("merchant one")
    node.pay(shop, 3 * COIN)
    cold = '["Cold wallet is not allowed to send until receiving transaction is confirmed."]'
    assert reason(post(transfer(keys=merchant, amount=1))) == ("ERR_APPLY", cold)
    node.forge()
    assert post(transfer(keys=merchant, amount=2)).json()["data"]["invalid"] == []


def test_it_refuses_what_is_dated_more_than_an_hour_ahead(post, transfer):
    now = epoch_seconds(datetime.now(UTC))
    assert reason(post(transfer(timestamp=now + 3700)))[0] == "ERR_FROM_FUTURE"
    assert post(transfer(timestamp=now + 3500)).json()["data"]["invalid"] == []
    assert post(transfer(timestamp=now - 7200)).json()["data"]["invalid"] == []


def test_it_takes_an_old_one_and_lets_it_expire(node, post, transfer, ask):
    old = transfer(timestamp=epoch_seconds(datetime.now(UTC) - timedelta(hours=7)))
    assert post(old).json()["data"]["accept"] == [old.id]
    assert ask(node, f"/transactions/unconfirmed/{old.id}").status_code == 404
    node.forge()
    assert ask(node, f"/transactions/{old.id}").status_code == 404


def test_it_lets_one_sender_wait_three_hundred_times(node, post, transfer):
    waiting = [transfer(amount=units) for units in range(1, MAX_PER_SENDER + 2)]
    for start in range(0, MAX_PER_SENDER, 30):
        post(*waiting[start : start + 30])
    last = waiting[-1]
    assert post(last).json()["data"] == {
        "accept": [],
        "broadcast": [],
        "excess": [last.id],
        "invalid": [],
    }
    blocks = [node.forge().number_of_transactions for _ in range(3)]
    assert blocks == [150, 150, 0]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"amount": 1.5}, "bignumber"),
        ({"amount": "0"}, "bignumber"),
        ({"fee": "0"}, "bignumber"),
        ({"recipientId": address_of_passphrase("x", 23)}, "addressOnNetwork"),
        ({"recipientId": None}, "recipientId"),
        ({"network": 23}, "network"),
        ({"vendorField": "é" * 128}, "vendorField"),
        ({"timestamp": "12"}, "integer"),
        ({"type": 9}, "transactionType"),
        ({"id": None}, ".id"),
        ({"signature": None}, ".signature"),
        ({"senderPublicKey": "02"}, "pattern"),
    ],
)
def test_it_refuses_a_malformed_request_as_a_whole(node, ask, post, transfer, changes, word):
    answer = post(transfer(amount=1), transfer(amount=2), **changes)
    assert answer.status_code == 422
    assert word in answer.json()["message"]
    assert ask(node, "/transactions/unconfirmed").json()["data"] == []


def test_it_drops_keys_it_does_not_know(post, transfer):
    assert post(transfer(), foo=1).json()["data"]["invalid"] == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "should be object"),
        (b"[]", "should be object"),
        (b"{}", "should have required property 'transactions'"),
        (b'{"transactions":[]}', "should NOT have fewer than 1 items"),
        (b'{"transactions":7}', "should be array"),
        (b'{"x', "Invalid request payload JSON format"),
        (b'{"transactions":[' + b",".join([b"{}"] * 41) + b"]}", "should NOT have more than 40 items"),
    ],
)  # fmt: skip
def test_it_refuses_other_bodies(idle_node, ask, content, message):
    answer = ask(idle_node, "/transactions", method="POST", content=content)
    assert answer.status_code == 422
    assert answer.json()["message"] == message


def test_it_refuses_a_body_of_more_than_a_megabyte(idle_node, ask):
    answer = ask(idle_node, "/transactions", method="POST", content=b" " * 1_048_577)
    assert answer.status_code == 413


def test_it_knows_only_transfers_registrations_and_votes(post, transfer):
    second = transactions.to_post(transfer(), version=ADDRESS_BYTE) | {
        "type": 1,
        "amount": "0",
        "asset": {"signature": {"publicKey": key_pair("second").public_key}},
    }
    assert reason(post(transfer(), **second))[0] == "ERR_UNSUPPORTED"
    assert reason(post(transfer(amount=3), version=2))[0] == "ERR_UNKNOWN"


def test_it_refuses_a_second_signature_nobody_registered(node, post, transfer):
    kind, message = reason(post(transfer(), signSignature=transfer(amount=2).signature))
    assert kind == "ERR_APPLY"
    assert "wallet does not allow second signatures" in message


def refused(act) -> str:
    with pytest.raises(WalletRefused) as caught:
        act()
    return f"{caught.value.kind}: {caught.value}"


def test_it_refuses_votes_that_make_no_sense(node):
    demo = node.demo_wallet
    delegates = sorted({node.forge().generator_public_key for _ in range(3)})
    nobody = key_pair("nobody").public_key
    assert "only delegates can be voted" in refused(lambda: demo.vote(f"+{nobody}"))
    assert "has not voted" in refused(lambda: demo.vote(f"-{delegates[0]}"))
    demo.vote(f"+{delegates[0]}")
    assert "ERR_PENDING" in refused(lambda: demo.vote(f"+{delegates[1]}"))
    node.forge()
    assert "already voted" in refused(lambda: demo.vote(f"+{delegates[1]}"))
    assert "does not match" in refused(lambda: demo.vote(f"-{delegates[1]}"))
    demo.vote(f"-{delegates[0]}")
    node.forge()


def test_it_refuses_a_name_that_is_taken(node):
    demo = node.demo_wallet
    assert "'osm_01' is already registered" in refused(lambda: demo.register("osm_01"))
    other = node.wallet("another delegate")
    node.pay(other.address, 5000 * COIN, forge=True)
    demo.register("newcomer")
    assert 'registration for "newcomer"' in refused(lambda: other.register("newcomer"))
    node.forge()
    assert "already has a registered username" in refused(lambda: demo.register("second_name"))
    assert "pattern" in refused(lambda: demo.register("Capital Letters"))


def test_it_limits_requests_only_when_told_to(ask):
    with DevelopmentNode(rate_limit=True) as limited:
        answers = [ask(limited, "/node/syncing") for _ in range(301)]
        last = answers[-1]
        assert [one.status_code for one in answers[:300]] == [200] * 300
        assert answers[0].headers["x-ratelimit-userlimit"] == "300"
        assert answers[0].headers["x-ratelimit-userremaining"] == "299"
        assert last.status_code == 429
        assert last.headers["x-ratelimit-userremaining"] == "-1"
        assert last.json() == {
            "statusCode": 429,
            "error": "Too Many Requests",
            "message": "Rate limit exceeded",
        }
