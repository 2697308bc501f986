"""Version-2 transactions: bytes, ids and Schnorr signatures of a real 3.9.1, to the letter."""

from dataclasses import replace

import pytest

from teraa.settlement.osm import schnorr, signatures, transaction_forms_v2, transactions_v2
from teraa.settlement.osm.addresses import key_pair
from teraa.settlement.osm.blocks import payload_hash
from teraa.settlement.osm.transactions import NotATransaction, Transaction, Unserialisable
from teraa.settlement.osm.transactions_v2 import Payment, TransactionV2, from_json

NETWORK = 115
FUNDED = key_pair("osmose private test network funded wallet")
SHOP = "odXF2Zix4KpiSgMYvXHCzWh4BR4yvcoanY"
OTHER = "oHk3Mg2BLwJtCJL1Ay1dXwAWJAV1fgg1ev"
TRANSFER = {
    "id": "72a7c471785597c71634d2832711ce28ed6ffed788f4b9a4fe45a780fa1bf7ae",
    "signature": "aaae8bbcff5fced81c9699e5d2f7a1291f7a6f87b8fe55c83e2a3f94b1320803"
    "f513cd5e48eee2a05be47ec33309bb90df1c0e3b89e1fd732ef5d3a2b8440126",
    "version": 2,
    "type": 0,
    "fee": "100000000",
    "senderPublicKey": FUNDED.public_key,
    "network": NETWORK,
    "typeGroup": 1,
    "nonce": "1",
    "amount": "1250000000",
    "recipientId": SHOP,
    "vendorField": "ORDER-7Q4K café ☕",
    "expiration": 0,
}
SEVERAL = {
    "id": "4c98b991608c0c9c020d76d465296171f5230082319d4c88f8a8901840356696",
    "signature": "7255c7423f239eb7de5cafb9d69e319cfa72c0bf01d56abee50faace4475acf4"
    "8c1f6c1915cf4d7cf29945a95c2c7237adf4d559d80caf1cd34ed373e205917e",
    "version": 2,
    "type": 6,
    "fee": "100000000",
    "senderPublicKey": FUNDED.public_key,
    "network": NETWORK,
    "typeGroup": 1,
    "nonce": "2",
    "vendorField": "multi",
    "amount": "0",
    "asset": {
        "payments": [
            {"amount": "5", "recipientId": SHOP},
            {"amount": "6", "recipientId": SHOP},
            {"amount": "700000000000", "recipientId": OTHER},
        ]
    },
}
VOTE = {
    "id": "171256e58e5e12693647bdb9ff55a130c86fc76b0f71eab264c630923a9cd9c7",
    "signature": "b5120ecbfb3ff068db399fa506610f825975b7fac0b6c9a0ff649f82dafd148d"
    "9db115677d5ecc74bd21032bcf7a3dcc3618cfc15c2fb451b2d1189c978d6d29",
    "version": 2,
    "type": 3,
    "fee": "1000000000",
    "senderPublicKey": "034151a3ec46b5670a682b0a63394f863587d1bc97483b1b6c70eb58e7f0aed192",
    "network": NETWORK,
    "typeGroup": 1,
    "nonce": "1",
    "amount": "0",
    "recipientId": OTHER,
    "asset": {"votes": ["+021cd4fd9f15e803f8e1d37fa12e04e422df23562de21fb6a9ef75d7a1ed122511"]},
}
THIRD = {
    "id": "d686fab5a59b2909ff12c007d31a4ae75b54ba47f8d48f65a24af6027e77e91a",
    "signature": "1d998d207489b40d8648915a50bde8d2db685c0301f1628d3f74537580af98f5"
    "0b57fcff9466f61d18997060d02d464305cdd920e27202542a0fc43c18549c7d",
}
RECORDED = [TRANSFER, SEVERAL, VOTE]


def read(data: dict) -> TransactionV2:
    found = from_json(data, network=NETWORK)
    assert isinstance(found, TransactionV2)
    return found


@pytest.mark.parametrize("data", RECORDED, ids=["transfer", "several", "vote"])
def test_it_hashes_to_the_id_and_verifies(data):
    found = read(data)
    assert found.computed_id() == data["id"]
    assert found.verifies()
    assert not replace(found, fee=found.fee + 1).verifies()
    assert not replace(found, nonce=found.nonce + 1).verifies()


def test_it_makes_the_very_signature_of_the_nodes_own_library():
    made = transactions_v2.transfer(
        sender_public_key=FUNDED.public_key,
        nonce=1,
        recipient_id=SHOP,
        amount=1_250_000_000,
        fee=100_000_000,
        network=NETWORK,
        vendor_field="ORDER-7Q4K café ☕",
    ).signed(FUNDED)
    assert transaction_forms_v2.to_post(made) == TRANSFER
    several = transactions_v2.multi_payment(
        sender_public_key=FUNDED.public_key,
        nonce=2,
        payments=[Payment(SHOP, 5), Payment(SHOP, 6), Payment(OTHER, 700_000_000_000)],
        fee=100_000_000,
        network=NETWORK,
        vendor_field="multi",
    ).signed(FUNDED)
    assert transaction_forms_v2.to_post(several) == SEVERAL


def test_it_keeps_amounts_that_no_double_can_hold():
    made = transactions_v2.transfer(
        sender_public_key=FUNDED.public_key,
        nonce=3,
        recipient_id=SHOP,
        amount=9_007_199_254_740_993,
        fee=100_000_000,
        network=NETWORK,
    ).signed(FUNDED)
    assert {"id": made.id, "signature": made.signature} == THIRD


def test_it_adds_up_the_block_that_held_them():
    ids = [TRANSFER["id"], SEVERAL["id"], THIRD["id"]]
    recorded = "4e805c0777234fddf0774bdd688f7896f515001372acde7f52a63f4572981475"
    assert payload_hash(ids) == recorded
    moved = read(TRANSFER).spent + read(SEVERAL).spent + 9_007_199_254_740_993
    assert moved == 9_007_900_504_741_004


def test_it_tells_who_gets_what():
    assert read(TRANSFER).payments == (Payment(SHOP, 1_250_000_000),)
    assert read(SEVERAL).payments == (
        Payment(SHOP, 5),
        Payment(SHOP, 6),
        Payment(OTHER, 700_000_000_000),
    )
    assert read(SEVERAL).spent == 700_000_000_011
    assert read(VOTE).payments == ()
    lock = replace(read(TRANSFER), type=transactions_v2.HTLC_LOCK)
    assert (lock.payments, lock.spent) == ((), 1_250_000_000)


def test_it_reads_every_form_the_node_writes():
    shown = transaction_forms_v2.to_api(
        read(SEVERAL), timestamp={"epoch": 1, "unix": 2, "human": "x"}, block_id="ab" * 32
    )
    assert list(shown)[-2:] == ["timestamp", "nonce"]
    assert shown["recipient"] == shown["sender"] == "oQg5Aq6DkSdZxetEbpbgjgHqkucDoqT3BP"
    assert read(shown).computed_id() == SEVERAL["id"]
    raw = transaction_forms_v2.to_raw(read(TRANSFER))
    assert list(raw) == [
        *("version", "network", "typeGroup", "type", "nonce", "senderPublicKey", "fee", "amount"),
        *("vendorField", "expiration", "recipientId", "signature", "id"),
    ]
    assert read(raw) == read(TRANSFER)
    placeless = transaction_forms_v2.to_api(read(TRANSFER), timestamp=None)
    assert "timestamp" not in placeless
    assert read(placeless).verifies()


def test_it_reads_version_1_where_version_1_is_said():
    first = from_json(
        {
            "type": 0,
            "timestamp": 5,
            "senderPublicKey": FUNDED.public_key,
            "amount": "1",
            "fee": "1",
            "recipientId": SHOP,
        },
        network=NETWORK,
    )
    assert isinstance(first, Transaction)


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": None},
        {"nonce": 1.0},
        {"amount": 1.5},
        {"version": 3},
        {"version": True, "nonce": "x"},
        {"senderPublicKey": 7},
        {"vendorField": ["x"]},
        {"type": "0"},
    ],
)
def test_it_refuses_what_has_a_wrong_type(changes):
    with pytest.raises(NotATransaction):
        from_json({**TRANSFER, **changes}, network=NETWORK)


@pytest.mark.parametrize(
    "payments", [[{"amount": 1.5, "recipientId": SHOP}], [{"recipientId": SHOP}], "x", None]
)
def test_it_refuses_broken_payments(payments):
    with pytest.raises(NotATransaction):
        _ = read({**SEVERAL, "asset": {"payments": payments}}).payments


def test_it_does_not_guess_the_bytes_of_plugins():
    with pytest.raises(Unserialisable):
        replace(read(VOTE), type_group=2).computed_id()
    with pytest.raises(Unserialisable):
        replace(read(VOTE), type=5).computed_id()


def test_it_takes_ecdsa_for_every_other_length():
    unsigned = replace(read(TRANSFER), signature=None)
    message = unsigned.signed_bytes(with_signature=False)
    older = replace(unsigned, signature=signatures.sign(message, FUNDED.private_key))
    assert older.verifies()
    assert not replace(older, amount=1).verifies()


def test_it_checks_a_second_signature_over_the_first():
    second = key_pair("a second passphrase")
    first = read(TRANSFER)
    message = first.signed_bytes(with_signature=True)
    twice = replace(first, second_signature=schnorr.sign(message, second.private_key))
    assert twice.second_verifies(second.public_key)
    assert not twice.second_verifies(FUNDED.public_key)
    assert not first.second_verifies(second.public_key)
    assert twice.verifies()
    assert twice.computed_id() != first.id


@pytest.mark.parametrize(
    "signature",
    ["", "zz" * 64, "00" * 64, "ff" * 64, "00" * 63, TRANSFER["signature"][:64] + "00" * 32],
)
def test_schnorr_says_no_to_what_is_no_signature(signature):
    message = read(TRANSFER).signed_bytes(with_signature=False)
    assert not schnorr.verifies(message, signature, FUNDED.public_key)


def test_schnorr_is_not_bip_340():
    """The challenge has the whole public key in it: the key of opposite parity does not pass."""
    found = read(TRANSFER)
    message = found.signed_bytes(with_signature=False)
    flipped = ("02" if FUNDED.public_key[:2] == "03" else "03") + FUNDED.public_key[2:]
    assert schnorr.verifies(message, TRANSFER["signature"], FUNDED.public_key)
    assert not schnorr.verifies(message, TRANSFER["signature"], flipped)
    assert not schnorr.verifies(message, TRANSFER["signature"], "zz")


def test_schnorr_round_trips_with_any_key():
    for number in range(20):
        keys = key_pair(f"schnorr {number}")
        message = f"message {number}".encode()
        signed = schnorr.sign(message, keys.private_key)
        assert schnorr.sign(message, keys.private_key) == signed
        assert schnorr.verifies(message, signed, keys.public_key)
        assert not schnorr.verifies(message + b".", signed, keys.public_key)
