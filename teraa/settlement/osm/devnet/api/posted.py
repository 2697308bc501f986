"""Checks the form of posted transactions before the pool judges them: 422 for the whole request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request

from teraa.settlement.osm import transactions
from teraa.settlement.osm.addresses import address_of, is_address
from teraa.settlement.osm.amounts import NotAnAmount, read_units
from teraa.settlement.osm.devnet.pool import MAX_PER_REQUEST
from teraa.settlement.osm.devnet.profiles import ADDRESS_BYTE, MEMO_BYTES

from .answers import Refused, unprocessable
from .parameters import read_json
from .posted_v2 import checked_3

_PUBLIC_KEY: Final = re.compile("0[23][0-9a-fA-F]{64}")
_ID: Final = re.compile("[0-9a-zA-Z]{64}")
_ALPHANUMERIC: Final = re.compile("[0-9a-zA-Z]+")
_HEX: Final = re.compile("([0-9a-fA-F]{2})+")
_USERNAME: Final = re.compile(r"[a-z0-9!@$&_.]{1,20}")
_VOTE: Final = re.compile(r"[+-][0-9a-zA-Z]{66}")
_BASE: Final = {
    *("id", "version", "network", "timestamp", "type", "amount", "fee", "senderPublicKey"),
    *("signature", "secondSignature", "signSignature", "signatures"),
}
_OF_TYPE: Final[Mapping[int, set[str]]] = {
    transactions.TRANSFER: {"vendorField", "vendorFieldHex", "recipientId", "expiration"},
    transactions.VOTE: {"recipientId", "asset"},
}


async def read_posted(request: Request, *, dialect: str) -> list[dict[str, Any]]:
    """Return the posted transactions, without keys that their type does not have.

    Raises Refused (422) in the node's words when the body or any one of them is malformed.
    """
    body = await read_json(request)
    if not isinstance(body, Mapping):
        raise unprocessable("should be object")
    if "transactions" not in body:
        raise unprocessable("should have required property 'transactions'")
    posted = body["transactions"]
    if not isinstance(posted, list):
        raise unprocessable("should be array")
    if not posted:
        raise unprocessable("should NOT have fewer than 1 items")
    if len(posted) > MAX_PER_REQUEST:
        raise unprocessable(f"should NOT have more than {MAX_PER_REQUEST} items")
    check = _checked if dialect == "2.5" else checked_3
    return [check(one) for one in posted]


def _checked(posted: Any) -> dict[str, Any]:
    if not isinstance(posted, dict):
        raise _malformed("should be object")
    data: dict[str, Any] = posted
    for name in ("type", "senderPublicKey", "fee", "amount", "timestamp"):
        if name not in data:
            raise _malformed(f"should have required property '{name}'")
    if type(data["type"]) is not int or data["type"] not in transactions.TYPE_NAMES:
        raise _malformed('should pass "transactionType" keyword validation')
    for name in ("id", "signature"):
        if not data.get(name):
            raise _malformed(f"should have required property '.{name}'")
    kept = _BASE | _OF_TYPE.get(data["type"], {"asset"})
    data = {name: value for name, value in data.items() if name in kept and value is not None}
    _check_base(data)
    if data["type"] == transactions.TRANSFER:
        _check_transfer(data)
    elif data["type"] == transactions.DELEGATE_REGISTRATION:
        _check_registration(data)
    elif data["type"] == transactions.VOTE:
        _check_vote(data)
    data["senderPublicKey"] = data["senderPublicKey"].lower()
    if data["type"] == transactions.VOTE:
        # Whatever was posted: a vote names its own sender, and those bytes are what is signed.
        data["recipientId"] = address_of(data["senderPublicKey"], ADDRESS_BYTE)
    return data


def _check_base(data: Mapping[str, Any]) -> None:
    _match(_ID, data["id"], "should NOT be shorter than 64 characters")
    _match(_PUBLIC_KEY, data["senderPublicKey"], 'should match pattern "^[0123456789A-Fa-f]+$"')
    for name in ("signature", "secondSignature", "signSignature"):
        if name in data:
            _match(_ALPHANUMERIC, data[name], 'should match pattern "^[a-zA-Z0-9]+$"')
    if data.get("version", 1) not in (1, 2):
        raise _malformed("should be equal to one of the allowed values")
    if data.get("network", ADDRESS_BYTE) != ADDRESS_BYTE:
        raise _malformed('should pass "network" keyword validation')
    _check_natural(data["timestamp"])
    try:
        fee, amount = read_units(data["fee"]), read_units(data["amount"])
    except NotAnAmount as error:
        raise _malformed('should pass "bignumber" keyword validation') from error
    # Only transfers move coins by themselves, and only the genesis block is free of fees.
    if fee < 1 or (amount >= 1) != (data["type"] == transactions.TRANSFER):
        raise _malformed('should pass "bignumber" keyword validation')


def _check_transfer(data: Mapping[str, Any]) -> None:
    if "recipientId" not in data:
        raise _malformed("should have required property 'recipientId'")
    if not isinstance(data["recipientId"], str) or not is_address(
        data["recipientId"], ADDRESS_BYTE
    ):
        raise _malformed('should pass "addressOnNetwork" keyword validation')
    memo = data.get("vendorField", "")
    if not isinstance(memo, str) or len(memo.encode("utf-8", "replace")) > MEMO_BYTES:
        raise _malformed('should match format "vendorField"')
    if memo_hex := data.get("vendorFieldHex"):
        _match(_HEX, memo_hex, 'should match format "vendorFieldHex"')
        if len(memo_hex) > 2 * MEMO_BYTES:
            raise _malformed('should match format "vendorFieldHex"')
    if "expiration" in data:
        _check_natural(data["expiration"])


def _check_registration(data: Mapping[str, Any]) -> None:
    delegate = _asset(data, "delegate")
    if not isinstance(delegate, Mapping) or "username" not in delegate:
        raise _malformed("should have required property 'username'")
    _match(_USERNAME, delegate["username"], 'should match pattern "^[a-z0-9!@$&_.]+$"')


def _check_vote(data: Mapping[str, Any]) -> None:
    votes = _asset(data, "votes")
    if not isinstance(votes, list) or len(votes) != 1:
        raise _malformed("should NOT have fewer than 1 items")
    _match(_VOTE, votes[0], 'should match pattern "^[+|-][a-zA-Z0-9]{66}$"')


def _asset(data: Mapping[str, Any], name: str) -> Any:
    asset = data.get("asset")
    if not isinstance(asset, Mapping) or name not in asset:
        raise _malformed("should have required property 'asset'")
    return asset[name]


def _check_natural(value: Any) -> None:
    if type(value) is not int:
        raise _malformed("should be integer")
    if not 0 <= value < 2**32:
        raise _malformed("should be >= 0")


def _match(pattern: re.Pattern[str], value: Any, problem: str) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _malformed(problem)


def _malformed(problem: str) -> Refused:
    return unprocessable(f"{problem},should match exactly one schema in oneOf")
