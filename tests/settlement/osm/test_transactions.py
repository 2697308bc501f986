"""Version-1 transactions: bytes, ids and signatures of a real node, reproduced to the letter."""

from dataclasses import replace

import pytest

from teraa.settlement.osm import signatures, transactions
from teraa.settlement.osm.addresses import key_pair
from teraa.settlement.osm.moments import timestamp_json
from teraa.settlement.osm.transactions import NotATransaction, Transaction, Unserialisable

NETWORK = 115
FUNDED = key_pair("osmose private test network funded wallet")
SHOP = "odXF2Zix4KpiSgMYvXHCzWh4BR4yvcoanY"

ID = "7fe0ff53cdcdc7ba6f8ccffcd537f7c4470f35195924a89b06c9f3e6e9238a98"
SIGNATURE = (
    "30440220138b5b761bb5b6974a2f5c3427893492eac272c38ae1f9ba45f51bba4649a77c"
    "022059b58873eb99534067baa69f8be5b4bb3c1bf0d1c189a9a338f9dd20998b5da2"
)
POSTED = {
    "id": ID,
    "signature": SIGNATURE,
    "timestamp": 237377143,
    "version": 1,
    "type": 0,
    "fee": "100000000",
    "senderPublicKey": FUNDED.public_key,
    "network": NETWORK,
    "amount": "1250000000",
    "recipientId": SHOP,
    "vendorField": "ORDER-7Q4K café ☕",
    "expiration": 0,
}
RAW = {
    "version": 1,
    "network": NETWORK,
    "type": 0,
    "timestamp": 237377143,
    "senderPublicKey": FUNDED.public_key,
    "fee": "100000000",
    "amount": "1250000000",
    "vendorFieldHex": "4f524445522d3751344b20636166c3a920e29895",
    "expiration": 0,
    "recipientId": SHOP,
    "signature": SIGNATURE,
    "vendorField": "ORDER-7Q4K café ☕",
    "id": ID,
}
API = {
    "id": ID,
    "blockId": "82e0ae4dff0a9b570e1d451341203614cb593c63cb2f36132dd1a3db4fe4f154",
    "version": 1,
    "type": 0,
    "amount": "1250000000",
    "fee": "100000000",
    "sender": "oQg5Aq6DkSdZxetEbpbgjgHqkucDoqT3BP",
    "senderPublicKey": FUNDED.public_key,
    "recipient": SHOP,
    "signature": SIGNATURE,
    "vendorField": "ORDER-7Q4K café ☕",
    "confirmations": 31,
    "timestamp": {"epoch": 237377143, "unix": 1795299704, "human": "2026-11-21T22:21:44.019Z"},
}
VOTER = "034151a3ec46b5670a682b0a63394f863587d1bc97483b1b6c70eb58e7f0aed192"
VOTE = {
    "id": "5b0167014652cf8f827f33c2f6bc1c80cbe634c48b73a0b2123e06751b3cc5a3",
    "signature": (
        "3045022100a9bb23c5e34d14c12d3f5b7d08dc230d89c319ffe05d7d68c6affbbde232d7a6"
        "02206f551f4cc593874f2aa26466d4701d76ed24c726d46af80eab6462e16ad5e97e"
    ),
    "timestamp": 237377375,
    "version": 1,
    "type": 3,
    "fee": "1000000000",
    "senderPublicKey": VOTER,
    "network": NETWORK,
    "amount": "0",
    "recipientId": "oHk3Mg2BLwJtCJL1Ay1dXwAWJAV1fgg1ev",
    "asset": {"votes": ["+021cd4fd9f15e803f8e1d37fa12e04e422df23562de21fb6a9ef75d7a1ed122511"]},
}
REGISTRATION = {
    "id": "d381d12b4345bf7fdeecb2d7249a017c62bcb99380565f18013cc5399e5f2acf",
    "timestamp": 0,
    "version": 1,
    "type": 2,
    "fee": "0",
    "amount": "0",
    "senderPublicKey": "021cd4fd9f15e803f8e1d37fa12e04e422df23562de21fb6a9ef75d7a1ed122511",
    "asset": {"delegate": {"username": "osm_01"}},
    "network": NETWORK,
    "signature": (
        "3045022100ada435275224a11061d060b331a4c3b055632fca733e49bad99f0ddfcd0ce169"
        "0220372fac24fae515a5cd94778a01df265bf3c20005cc68e471f94c60de62bbc899"
    ),
}
REVERTED = {
    "type": 0,
    "timestamp": 237377438,
    "senderPublicKey": FUNDED.public_key,
    "fee": "100000000",
    "amount": "333",
    "vendorFieldHex": "746f206265207265766572746564",
    "recipientId": SHOP,
    "signature": (
        "304502210096ee6abd01534cb42c553596ec69e28384eff6dd03cf486d33aa22d7a276b75a0"
        "22019b457391a35f6317c88587a807353fe413835525821903d3201dfbc9d214f62"
    ),
}
WIRE_OF_REVERTED = (
    "ff0173009e17260e03b4fee5f6032508f5aa9ab310687542f7bdaf4861c5c8416bdcf54f6df72ce7"
    "8000e1f505000000000e746f2062652072657665727465644d010000000000000000000073e28c4e"
    "ac04db300200ad252324d4e6eb0b8a5b29304502210096ee6abd01534cb42c553596ec69e28384ef"
    "f6dd03cf486d33aa22d7a276b75a022019b457391a35f6317c88587a807353fe413835525821903d"
    "3201dfbc9d214f62"
)


@pytest.mark.parametrize(
    "data",
    [POSTED, RAW, API, VOTE, REGISTRATION],
    ids=["post", "raw", "api", "vote", "registration"],
)
def test_it_reproduces_the_id_and_verifies_the_signature_of_recorded_ones(data):
    transaction = transactions.from_json(data)
    assert transaction.computed_id() == data["id"]
    assert transaction.verifies()


def test_it_makes_the_very_signature_the_node_library_makes():
    unsigned = transactions.transfer(
        sender_public_key=FUNDED.public_key,
        recipient_id=SHOP,
        amount=1250000000,
        fee=100000000,
        timestamp=237377143,
        version=NETWORK,
        vendor_field="ORDER-7Q4K café ☕",
    )
    signed = unsigned.signed(FUNDED)
    assert (signed.signature, signed.id) == (SIGNATURE, ID)
    vote = transactions.vote(
        sender_public_key=VOTER,
        delegate=VOTE["asset"]["votes"][0],
        fee=1000000000,
        timestamp=237377375,
        version=NETWORK,
    ).signed(key_pair("this is a top secret passphrase"))
    assert (vote.signature, vote.id) == (VOTE["signature"], VOTE["id"])


def test_it_makes_the_bytes_nodes_store():
    assert transactions.from_json(REVERTED).wire_bytes(version=NETWORK).hex() == WIRE_OF_REVERTED


def test_it_writes_the_forms_it_reads_in_the_nodes_order_of_keys():
    posted = transactions.from_json(POSTED)
    assert list(transactions.to_post(posted, version=NETWORK).items()) == list(POSTED.items())
    assert list(transactions.to_raw(posted, version=NETWORK).items()) == list(RAW.items())
    shown = transactions.to_api(
        posted,
        version=NETWORK,
        timestamp=timestamp_json(posted.timestamp),
        block_id=API["blockId"],
        confirmations=31,
    )
    assert list(shown.items()) == list(API.items())
    vote = transactions.from_json(VOTE)
    assert list(transactions.to_post(vote, version=NETWORK).items()) == list(VOTE.items())


def test_it_shows_the_sender_as_recipient_when_there_is_none():
    registration = transactions.from_json(REGISTRATION)
    shown = transactions.to_api(registration, version=NETWORK, timestamp=timestamp_json(0))
    assert shown["recipient"] == shown["sender"]
    assert "blockId" not in shown


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", 1250000001),
        ("fee", 99999999),
        ("timestamp", 237377144),
        ("recipient_id", "oQg5Aq6DkSdZxetEbpbgjgHqkucDoqT3BP"),
        ("vendor_field", b"ORDER-7Q4K"),
        ("sender_public_key", VOTER),
        ("signature", SIGNATURE[:-2] + "a3"),
        ("signature", "00"),
        ("signature", "zz"),
        ("signature", None),
    ],
)
def test_it_notices_any_altered_field(field, value):
    transaction = replace(transactions.from_json(RAW), **{field: value})
    assert not transaction.verifies()


def test_it_accepts_a_high_s_as_the_node_does():
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    signature = bytes.fromhex(SIGNATURE)
    high = (order - int.from_bytes(signature[-32:])).to_bytes(33)
    malleated = b"\x30\x45" + signature[2:36] + b"\x02\x21" + high
    transaction = replace(transactions.from_json(RAW), signature=malleated.hex())
    assert transaction.verifies()
    assert transaction.computed_id() != ID


def test_it_checks_a_second_signature():
    second = key_pair("second")
    signed = transactions.from_json(RAW)
    message = signed.signed_bytes(with_signature=True)
    doubly = replace(signed, second_signature=signatures.sign(message, second.private_key))
    assert doubly.second_verifies(second.public_key)
    assert not doubly.second_verifies(FUNDED.public_key)
    assert not signed.second_verifies(second.public_key)
    assert doubly.computed_id() != ID


def test_it_keeps_memo_bytes_that_are_no_text():
    data = RAW | {"vendorFieldHex": "ff00", "vendorField": "\ufffd\x00"}
    transaction = transactions.from_json(data)
    assert transaction.vendor_field == b"\xff\x00"
    assert transaction.memo == "\ufffd\x00"


def test_it_lets_a_memo_grow_beyond_its_padding():
    short = transactions.from_json(RAW | {"vendorFieldHex": "61" * 64})
    long = transactions.from_json(RAW | {"vendorFieldHex": "61" * 65})
    size = len(short.signed_bytes(with_signature=False))
    assert len(long.signed_bytes(with_signature=False)) == size + 1


def test_it_reads_amounts_of_older_nodes_and_refuses_floats():
    assert transactions.from_json(RAW | {"amount": 1250000000}).computed_id() == ID
    for wrong in (1250000000.0, "12.5", -1, None, True):
        with pytest.raises(NotATransaction):
            transactions.from_json(RAW | {"amount": wrong})


@pytest.mark.parametrize("missing", ["type", "timestamp", "senderPublicKey", "fee", "amount"])
def test_it_refuses_json_that_lacks_a_field(missing):
    with pytest.raises(NotATransaction):
        transactions.from_json({key: value for key, value in RAW.items() if key != missing})


def test_it_knows_other_types_as_data_but_not_as_bytes():
    other = transactions.from_json(RAW | {"type": 4, "asset": {"multiSignatureLegacy": {}}})
    assert other.asset == {"multiSignatureLegacy": {}}
    with pytest.raises(Unserialisable):
        other.computed_id()


def test_it_refuses_to_sign_for_somebody_else():
    transaction = transactions.from_json(RAW)
    with pytest.raises(NotATransaction):
        transaction.signed(key_pair("somebody else"))


def test_it_gives_two_presses_of_a_button_two_ids():
    def press(timestamp: int) -> Transaction:
        return replace(transactions.from_json(RAW), timestamp=timestamp).signed(FUNDED)

    assert press(1).id == press(1).id != press(2).id
