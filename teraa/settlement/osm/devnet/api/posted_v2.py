"""Checks the form of transactions posted to a node of 3.x: 422 for the whole request.

The real node lists what every one of its schemas missed; here the first complaint stands for all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from teraa.settlement.osm import transactions_v2 as kinds
from teraa.settlement.osm.amounts import NotAnAmount, read_units
from teraa.settlement.osm.devnet.profiles import ADDRESS_BYTE, MEMO_BYTES

from .answers import Refused, unprocessable

_PUBLIC_KEY: Final = re.compile("0[23][0-9a-fA-F]{64}")
_ID: Final = re.compile("[0-9a-fA-F]{64}")
_ALPHANUMERIC: Final = re.compile("[0-9a-zA-Z]+")
_ADDRESS: Final = re.compile("[0-9a-zA-Z]{34}")
_USERNAME: Final = re.compile(r"[a-z0-9!@$&_.]{1,20}")
_VOTE: Final = re.compile(r"[+-][0-9a-zA-Z]{66}")
_KEPT: Final = {
    *("id", "version", "network", "nonce", "type", "typeGroup", "amount", "fee"),
    *("senderPublicKey", "signature", "secondSignature", "signSignature", "signatures"),
    *("recipientId", "vendorField", "expiration", "asset", "timestamp"),
}
_MOVING: Final = {kinds.TRANSFER, kinds.HTLC_LOCK}
_FREE: Final = {kinds.HTLC_CLAIM, kinds.HTLC_REFUND}
_ASSETS: Final[Mapping[int, str]] = {
    kinds.DELEGATE_REGISTRATION: "delegate",
    kinds.VOTE: "votes",
    kinds.MULTI_PAYMENT: "payments",
    kinds.HTLC_LOCK: "lock",
    kinds.HTLC_CLAIM: "claim",
    kinds.HTLC_REFUND: "refund",
}


def checked_3(posted: Any) -> dict[str, Any]:
    """Return a posted transaction without keys that none has. Raises Refused (422)."""
    if not isinstance(posted, dict):
        raise _malformed("should be object")
    data = {name: value for name, value in posted.items() if name in _KEPT and value is not None}
    version = data.get("version", 1)
    if version not in (1, 2):
        raise _malformed("should be equal to one of the allowed values")
    time = ".nonce" if version == 2 else ".timestamp"
    for name in ("type", "senderPublicKey", "fee", "amount", time.removeprefix(".")):
        if name not in data:
            raise _malformed(f"should have required property '.{name}'")
    if type(data["type"]) is not int or data["type"] not in kinds.TYPE_NAMES:
        raise _malformed('should pass "transactionType" keyword validation')
    for name in ("id", "signature"):
        if not data.get(name):
            raise _malformed(f"should have required property '.{name}'")
    _check_base(data)
    _check_kind(data)
    return data


def _check_base(data: Mapping[str, Any]) -> None:
    _match(_ID, data["id"], "should NOT be shorter than 64 characters")
    _match(_PUBLIC_KEY, data["senderPublicKey"], 'should match pattern "^[0123456789A-Fa-f]+$"')
    for name in ("signature", "secondSignature", "signSignature"):
        if name in data:
            _match(_ALPHANUMERIC, data[name], 'should match pattern "^[a-zA-Z0-9]+$"')
    if data.get("network", ADDRESS_BYTE) != ADDRESS_BYTE:
        raise _malformed('should pass "network" keyword validation')
    try:
        fee, amount = read_units(data["fee"]), read_units(data["amount"])
        read_units(data.get("nonce", "0"))
    except NotAnAmount as error:
        raise _malformed('should pass "bignumber" keyword validation') from error
    free = data["type"] in _FREE
    if (fee == 0) != free or (amount >= 1) != (data["type"] in _MOVING):
        raise _malformed('should pass "bignumber" keyword validation')


def _check_kind(data: Mapping[str, Any]) -> None:
    kind = data["type"]
    if kind in _MOVING:
        if "recipientId" not in data:
            raise _malformed("should have required property '.recipientId'")
        _match(_ADDRESS, data["recipientId"], 'should match pattern "^[a-zA-Z0-9]+$"')
    memo = data.get("vendorField", "")
    if not isinstance(memo, str) or len(memo.encode("utf-8", "replace")) > MEMO_BYTES:
        raise _malformed('should be null,should match format "vendorField"')
    expiration = data.get("expiration", 0)
    if type(expiration) is not int or expiration < 0:
        raise _malformed("should be integer")
    if kind in _ASSETS:
        _check_asset(kind, data.get("asset"))


def _check_asset(kind: int, asset: Any) -> None:
    name = _ASSETS[kind]
    if not isinstance(asset, Mapping) or name not in asset:
        raise _malformed("should have required property '.asset'")
    found = asset[name]
    if kind == kinds.DELEGATE_REGISTRATION:
        _match(_USERNAME, _part(found, "username"), 'should match pattern "^[a-z0-9!@$&_.]+$"')
    elif kind == kinds.VOTE:
        if not isinstance(found, list) or len(found) != 1:
            raise _malformed("should NOT have fewer than 1 items")
        _match(_VOTE, found[0], 'should match pattern "^[+|-][a-zA-Z0-9]{66}$"')
    elif kind == kinds.MULTI_PAYMENT:
        _check_payments(found)
    elif kind == kinds.HTLC_LOCK:
        _match(_ID, _part(found, "secretHash"), "should match some schema in allOf")
        expiration = _part(found, "expiration")
        if _part(expiration, "type") not in (1, 2) or type(_part(expiration, "value")) is not int:
            raise _malformed("should be equal to one of the allowed values")
    else:
        _match(_ID, _part(found, "lockTransactionId"), "should NOT be shorter than 64 characters")
        if kind == kinds.HTLC_CLAIM:
            _match(_ID, _part(found, "unlockSecret"), "should match some schema in allOf")


def _check_payments(found: Any) -> None:
    if not isinstance(found, list) or not found:
        raise _malformed("should be array")
    for one in found:
        _match(_ADDRESS, _part(one, "recipientId"), 'should match pattern "^[a-zA-Z0-9]+$"')
        try:
            units = read_units(_part(one, "amount"))
        except NotAnAmount as error:
            raise _malformed('should pass "bignumber" keyword validation') from error
        if units < 1:
            raise _malformed('should pass "bignumber" keyword validation')


def _part(value: Any, name: str) -> Any:
    if not isinstance(value, Mapping) or name not in value:
        raise _malformed(f"should have required property '.{name}'")
    return value[name]


def _match(pattern: re.Pattern[str], value: Any, problem: str) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _malformed(problem)


def _malformed(problem: str) -> Refused:
    return unprocessable(f"{problem},should match some schema in anyOf")
