"""Keys and addresses, against what a real node's own library made of public phrases."""

import pytest

from teraa.settlement.osm.addresses import (
    NotAnAddress,
    NotAPublicKey,
    address_bytes,
    address_of,
    address_of_passphrase,
    is_address,
    key_pair,
    wif_of,
)

MERCHANT = "odXF2Zix4KpiSgMYvXHCzWh4BR4yvcoanY"


@pytest.mark.parametrize(
    ("passphrase", "public_key", "address"),
    [
        (
            "merchant one",
            "03f1304f56684ef9c1efb987c3f952c41479bbb2126b9fe6805ee1be38e43a9398",
            MERCHANT,
        ),
        (
            "this is a top secret passphrase",
            "034151a3ec46b5670a682b0a63394f863587d1bc97483b1b6c70eb58e7f0aed192",
            "oHk3Mg2BLwJtCJL1Ay1dXwAWJAV1fgg1ev",
        ),
        (
            "osmose private test network delegate 1",
            "021cd4fd9f15e803f8e1d37fa12e04e422df23562de21fb6a9ef75d7a1ed122511",
            "oHmV4KD67gwNfJ3iq8TP3RFDoc3oAwq3KU",
        ),
    ],
)
def test_it_derives_the_keys_and_address_the_node_derives(passphrase, public_key, address):
    assert key_pair(passphrase).public_key == public_key
    assert address_of(public_key, 115) == address
    assert address_of_passphrase(passphrase, 115) == address


def test_it_writes_the_private_key_in_wallet_import_format():
    assert wif_of("merchant one", 30) == "5Zqax4CvbYbtMd12G8E69emPTHLw7FiEPQUT2TqaD1vjSdkNj1ca"


def test_it_never_shows_the_private_key_in_a_log():
    keys = key_pair("merchant one")
    assert keys.private_key.hex() not in repr(keys)
    assert "private_key" not in repr(keys)


def test_it_recognises_an_address_of_its_own_network_only():
    assert is_address(MERCHANT, 115)
    assert not is_address(MERCHANT, 23)
    assert address_bytes(MERCHANT)[0] == 115
    assert len(address_bytes(MERCHANT)) == 21


@pytest.mark.parametrize(
    "text",
    [
        "",
        MERCHANT[:-1],
        MERCHANT[:-1] + "Z",
        MERCHANT + "Y",
        " " + MERCHANT[:-1],
        MERCHANT + "\n",
        MERCHANT.lower(),
        MERCHANT.replace("d", "0", 1),
        "oé" + MERCHANT[2:],
        "1" * 34,
    ],
)
def test_it_refuses_what_is_no_address(text):
    assert not is_address(text, 115)
    with pytest.raises(NotAnAddress):
        address_bytes(text)


@pytest.mark.parametrize("key", ["", "02", "04" + "ab" * 32, "zz" * 33, "02" + "ab" * 33])
def test_it_refuses_what_is_no_public_key(key):
    with pytest.raises(NotAPublicKey):
        address_of(key, 115)
