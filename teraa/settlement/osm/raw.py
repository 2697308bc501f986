"""Transactions from the signed bytes we keep: what anybody can check against the id. No Django.

The bytes of version 1 do not say how long the memo is (it is padded to 64, or as long as it is);
the memo is kept beside them. Version 2 says everything.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

import base58

from teraa.settlement.osm.transactions_v2 import CORE_GROUP, MULTI_PAYMENT, TRANSFER, Payment

_ADDRESS = 21
_V1_HEAD = struct.Struct("<BI33s21s")
_V1_PADDING = 64
_V2_HEAD = struct.Struct("<BBBIHQ33sQB")
_LINE = struct.Struct(f"<Q{_ADDRESS}s")


class NotReadable(ValueError):
    """The bytes are not those of a transaction of that version."""


@dataclass(frozen=True, slots=True)
class RawTransaction:
    """What signed bytes say. ``payments`` as ``movements.payments_of`` has them."""

    txid: str
    sender_public_key: str
    memo: bytes
    fee: int
    payments: tuple[Payment, ...]


def read_raw(raw: bytes, *, version: int, memo: bytes) -> RawTransaction:
    """Read signed bytes; ``memo`` is the one kept with them. Raises NotReadable."""
    try:
        found = _version_1(raw, memo) if version == 1 else _version_2(raw)
    except (struct.error, IndexError) as error:
        raise NotReadable(str(error)) from error
    if found.memo != memo:
        raise NotReadable("another memo")
    return found


def _version_1(raw: bytes, memo: bytes) -> RawTransaction:
    kind, _time, key, recipient = _V1_HEAD.unpack_from(raw)
    start = _V1_HEAD.size
    end = start + max(_V1_PADDING, len(memo))
    held = raw[start:end]
    amount, fee = struct.unpack_from("<QQ", raw, end)
    payments = (Payment(_text(recipient), amount),) if kind == TRANSFER else ()
    return RawTransaction(
        txid=hashlib.sha256(raw).hexdigest(),
        sender_public_key=key.hex(),
        memo=memo if held == memo.ljust(_V1_PADDING, b"\0") else held,
        fee=fee,
        payments=payments,
    )


def _version_2(raw: bytes) -> RawTransaction:
    _mark, _version, _network, group, kind, _nonce, key, fee, length = _V2_HEAD.unpack_from(raw)
    asset = _V2_HEAD.size + length
    return RawTransaction(
        txid=hashlib.sha256(raw).hexdigest(),
        sender_public_key=key.hex(),
        memo=raw[_V2_HEAD.size : asset],
        fee=fee,
        payments=_payments(raw, asset, kind) if group == CORE_GROUP else (),
    )


def _payments(raw: bytes, asset: int, kind: int) -> tuple[Payment, ...]:
    if kind == TRANSFER:
        (amount,) = struct.unpack_from("<Q", raw, asset)
        return (Payment(_text(raw[asset + 12 : asset + 12 + _ADDRESS]), amount),)
    if kind != MULTI_PAYMENT:
        return ()
    (count,) = struct.unpack_from("<H", raw, asset)
    lines = [_LINE.unpack_from(raw, asset + 2 + index * _LINE.size) for index in range(count)]
    return tuple(Payment(_text(recipient), amount) for amount, recipient in lines)


def _text(address: bytes) -> str:
    if len(address) != _ADDRESS:
        raise NotReadable("an address cut short")
    return base58.b58encode_check(address).decode()
