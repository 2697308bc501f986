"""To whom coins went, read from the signed bytes that were stored."""

from __future__ import annotations

import pytest

from teraa.settlement.cases.recipients import recipient_of
from teraa.settlement.osm.addresses import key_pair
from teraa.settlement.osm.transactions import Transaction
from teraa.settlement.osm.transactions_v2 import MULTI_PAYMENT, TRANSFER, TransactionV2
from tests.settlement import cast
from tests.settlement.cases.moves import address

KEYS = key_pair("somebody's wallet")
ADA, BOB = address("ada"), address("bob")


@pytest.mark.parametrize("memo", [b"", b"R0123456789", b"x" * 64, "é".encode() * 100])
def test_a_transfer_of_either_version_names_its_recipient(memo):
    first = Transaction(
        type=0,
        timestamp=1,
        sender_public_key=KEYS.public_key,
        amount=5,
        fee=1,
        recipient_id=ADA,
        vendor_field=memo,
    ).signed(KEYS)
    second = TransactionV2(
        type=TRANSFER,
        network=cast.ADDRESS_BYTE,
        nonce=1,
        sender_public_key=KEYS.public_key,
        amount=5,
        fee=1,
        recipient_id=ADA,
        vendor_field=memo,
    ).signed(KEYS)

    for version, made in ((1, first), (2, second)):
        raw = made.signed_bytes(with_signature=True)
        assert recipient_of(raw=raw, version=version, type_=0) == ADA


def test_each_line_of_a_multi_payment_names_its_own():
    lines = [{"amount": "5", "recipientId": ADA}, {"amount": "6", "recipientId": BOB}]
    raw = (
        TransactionV2(
            type=MULTI_PAYMENT,
            network=cast.ADDRESS_BYTE,
            nonce=1,
            sender_public_key=KEYS.public_key,
            amount=0,
            fee=1,
            vendor_field=b"R0123456789",
            asset={"payments": lines},
        )
        .signed(KEYS)
        .signed_bytes(with_signature=True)
    )

    found = [recipient_of(raw=raw, version=2, type_=6, out_index=index) for index in range(3)]
    assert found == [ADA, BOB, ""]


def test_bytes_that_do_not_say_name_nobody():
    for version, type_ in ((1, 0), (2, 0), (2, 6), (1, 3), (2, 8)):
        assert recipient_of(raw=b"", version=version, type_=type_) == ""
        assert recipient_of(raw=b"\xff" * 40, version=2, type_=type_) == ""
