"""Block headers: ids, payload hashes and signatures of a real node, reproduced to the letter."""

from dataclasses import replace

import pytest

from teraa.settlement.osm import blocks
from teraa.settlement.osm.addresses import key_pair
from teraa.settlement.osm.blocks import BlockHeader, NotABlock, payload_hash
from teraa.settlement.osm.moments import timestamp_json

EMPTY = {
    "version": 0,
    "timestamp": 237377520,
    "height": 40,
    "previousBlockHex": "8414dd5390ed9a32ebd5c76258d7eb836daddaa10df9f1b3ed91f62d1f570a15",
    "previousBlock": "8414dd5390ed9a32ebd5c76258d7eb836daddaa10df9f1b3ed91f62d1f570a15",
    "numberOfTransactions": 0,
    "totalAmount": "0",
    "totalFee": "0",
    "reward": "200000000000",
    "payloadLength": 0,
    "payloadHash": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "generatorPublicKey": "037eabd2433693762f9397b8fc88adbb792b7b5ea9cda5938250e2faccacef7667",
    "blockSignature": "3045022100c072949e2736a5150e3912f8c63fae876003c6ad67914c67641ccd6ce6d268ab02201e3726f1e58eb7c05843e5e75fe5631e97811120c9be6d04c5bf39c849210fc9",
    "idHex": "cc045854e0511ff12da1b0907ed9bc6b6c2f24af66ba217beff3df351e15c5d2",
    "id": "cc045854e0511ff12da1b0907ed9bc6b6c2f24af66ba217beff3df351e15c5d2",
}

WITH_ONE_TRANSFER = {
    "version": 0,
    "timestamp": 237377440,
    "height": 32,
    "previousBlockHex": "c7f113a5c9b6ef915ab2758c498dcb33ef12546674391ec033eadbfb97255861",
    "previousBlock": "c7f113a5c9b6ef915ab2758c498dcb33ef12546674391ec033eadbfb97255861",
    "numberOfTransactions": 1,
    "totalAmount": "333",
    "totalFee": "100000000",
    "reward": "200000000000",
    "payloadLength": 32,
    "payloadHash": "406aee53d3f3b5bcf0db1de19a27d87f2f6ab155516dee9ca65a5636d7b03645",
    "generatorPublicKey": "02a0826d323ea4072c4a6fc791cc64960ea3fa6067e819104daae9caf78afe21d9",
    "blockSignature": "3045022100948bd95a563c27f111f4e9b5f326da012afc882b70b3feac34f6998eeafb680002202e01b2c88886ada9be24c4719cfca8c92394398bdd14bad85a2b0bd793a2c965",
    "idHex": "96be13c0378eae6767e48859a639135a4ad5ee846bbaf850d996f7cde688d531",
    "id": "96be13c0378eae6767e48859a639135a4ad5ee846bbaf850d996f7cde688d531",
}

API = {
    "id": "82e0ae4dff0a9b570e1d451341203614cb593c63cb2f36132dd1a3db4fe4f154",
    "version": 0,
    "height": 10,
    "previous": "33d5773f6d7deedbb7dbbc82ee2e5040a198712faa8214d5cb8f9709ba5e573c",
    "forged": {
        "reward": "200000000000",
        "fee": "100000000",
        "total": "200100000000",
        "amount": "1250000000",
    },
    "payload": {
        "hash": "8dcdcb52eedb22146f4593522ff16e2912f2e9548c72aaa86faf5dbf6d906ca6",
        "length": 32,
    },
    "generator": {
        "username": "osm_40",
        "address": "oL8ru2wb1st1vAobdZxSBkjmT2y8DKeWxk",
        "publicKey": "0397ee25d8a9becd46e781880a9f0634854124380956b93fda9916c51f7f3cb301",
    },
    "signature": "304402202171a45a95fd17f2c87a1bdbd1d1cbb124518f20c2b1f366b160bab6d119431902200697793f7bdb118b3ffbbe4ad8eca78dafff8649cb8964b2195fe9ffd8bbfa21",
    "confirmations": 30,
    "transactions": 1,
    "timestamp": {"epoch": 237377144, "unix": 1795299705, "human": "2026-11-21T22:21:45.019Z"},
}


@pytest.mark.parametrize("data", [EMPTY, WITH_ONE_TRANSFER, API], ids=["empty", "full", "api"])
def test_it_reproduces_the_id_and_verifies_the_signature_of_recorded_ones(data):
    header = blocks.from_json(data)
    assert header.computed_id() == data["id"]
    assert header.verifies()


def test_it_writes_the_forms_it_reads_in_the_nodes_order_of_keys():
    assert list(blocks.to_raw(blocks.from_json(EMPTY)).items()) == list(EMPTY.items())
    header = blocks.from_json(API)
    shown = blocks.to_api(
        header,
        generator=API["generator"],
        confirmations=30,
        timestamp=timestamp_json(header.timestamp),
    )
    assert list(shown.items()) == list(API.items())


def test_it_hashes_the_transaction_ids_in_block_order():
    only = "5566a1ff2dce6f48383b513ffa353bb39281900bac14973cd71a750652c70cd1"
    assert payload_hash([only]) == WITH_ONE_TRANSFER["payloadHash"]
    assert payload_hash([]) == EMPTY["payloadHash"]
    other = "00" * 32
    assert payload_hash([only, other]) != payload_hash([other, only])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("height", 34),
        ("timestamp", 1),
        ("total_amount", 334),
        ("total_fee", 0),
        ("reward", 1),
        ("number_of_transactions", 0),
        ("payload_hash", EMPTY["payloadHash"]),
        ("previous_block", "0" * 64),
        ("generator_public_key", EMPTY["generatorPublicKey"]),
        ("block_signature", None),
        ("block_signature", "30"),
    ],
)
def test_it_notices_any_altered_field(field, value):
    assert not replace(blocks.from_json(WITH_ONE_TRANSFER), **{field: value}).verifies()


def test_it_makes_the_very_signature_the_node_made():
    forger = key_pair("osmose private test network delegate 42")
    header = replace(blocks.from_json(EMPTY), block_signature=None, id=None)
    signed = header.signed(forger)
    assert (signed.block_signature, signed.id) == (EMPTY["blockSignature"], EMPTY["id"])


def test_it_refuses_to_sign_for_another_generator():
    with pytest.raises(NotABlock):
        blocks.from_json(EMPTY).signed(key_pair("somebody else"))


def test_it_knows_the_short_ids_of_older_milestones():
    header = replace(blocks.from_json(EMPTY), previous_block="17882607875259085966")
    assert header.serialised(with_signature=False)[12:20].hex() == f"{17882607875259085966:016x}"
    short = blocks.from_json(EMPTY).computed_id(full_sha256=False)
    assert int(short) == int.from_bytes(bytes.fromhex(EMPTY["id"])[:8], "little")


@pytest.mark.parametrize("missing", ["height", "previousBlock", "totalAmount", "payloadHash"])
def test_it_refuses_json_that_lacks_a_field(missing):
    with pytest.raises(NotABlock):
        blocks.from_json({key: value for key, value in EMPTY.items() if key != missing})


def test_it_refuses_amounts_that_are_floats():
    with pytest.raises(NotABlock):
        blocks.from_json(EMPTY | {"reward": 2000.0})


def test_what_a_multi_payment_moves_is_no_part_of_the_header():
    """A block as a real 3.9.1 showed it: two transfers, and 7000 OSM to several."""
    header = BlockHeader(
        version=0,
        timestamp=237377576,
        height=33,
        previous_block="cfe83328f10780ed8cde0a4cd1be27e3bdb3b7b8643ad69fedcb50ea0cfaf9de",
        number_of_transactions=3,
        total_amount=9007199254740993 + 1250000000,
        total_fee=300000000,
        reward=200000000000,
        payload_length=96,
        payload_hash="4e805c0777234fddf0774bdd688f7896f515001372acde7f52a63f4572981475",
        generator_public_key="0216f093ab4fdf1d55f8c5ce4367eab566805e7b08a774fe649daee96d43df3d1a",
        block_signature=(
            "30440220665d1409f50a6ecb888affd736484c68ca9c03ac8b4ff2ad415ca9e0236617e9"
            "02207d8d5a5b5466c24f8704efb2f6c1e7199541a34ed4d1750ed6c651156f5eda19"
        ),
    )
    assert header.computed_id() == (
        "06511f4a604ccdc59f64d45fc0695be64345a7117030389c3a0ab2c3b7a7fb7b"
    )
    assert header.verifies()
