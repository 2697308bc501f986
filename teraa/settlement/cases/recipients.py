"""To whom a stored transaction sent coins, read from its signed bytes. Pure: no Django.

Version 1 is the form of Core 2.x that is hashed (see ``osm.transactions``); version 2 the wire
form of Core 3.x, whose transfers and multi-payments name their recipients at the end.
"""

from __future__ import annotations

import struct

import base58

_ADDRESS = 21
_V1_RECIPIENT = 5 + 33
_V2_FEE_END = 1 + 1 + 1 + 4 + 2 + 8 + 33 + 8
_TRANSFER, _MULTI_PAYMENT, _HTLC_LOCK = 0, 6, 8
_SECRET_HASH = 32


def recipient_of(*, raw: bytes, version: int, type_: int, out_index: int = 0) -> str:
    """The address that output ``out_index`` went to; "" when the bytes do not say.

    ``raw`` are the signed bytes as stored.
    """
    if version == 1:
        found = raw[_V1_RECIPIENT : _V1_RECIPIENT + _ADDRESS] if type_ == _TRANSFER else b""
    else:
        found = _of_version_2(raw, type_, out_index)
    return base58.b58encode_check(found).decode() if len(found) == _ADDRESS else ""


def _of_version_2(raw: bytes, type_: int, out_index: int) -> bytes:
    if len(raw) <= _V2_FEE_END:
        return b""
    asset = _V2_FEE_END + 1 + raw[_V2_FEE_END]
    if type_ == _TRANSFER:
        # amount (8), expiration (4), recipient
        return raw[asset + 12 : asset + 12 + _ADDRESS]
    if type_ == _HTLC_LOCK:
        # amount (8), hash of the secret, kind (1) and value (4) of its end, recipient
        start = asset + 8 + _SECRET_HASH + 5
        return raw[start : start + _ADDRESS]
    if type_ == _MULTI_PAYMENT and len(raw) >= asset + 2:
        (count,) = struct.unpack_from("<H", raw, asset)
        if out_index < count:
            start = asset + 2 + out_index * (8 + _ADDRESS) + 8
            return raw[start : start + _ADDRESS]
    return b""
