"""Version-1 transactions of ARK Core 2.x: bytes, id, signature, and the node's JSON forms.

Two byte forms exist. The *signed* form (before AIP-11) is what is hashed: its SHA-256 with the
signatures is the id, without them what is signed. The *wire* form (AIP-11) is what nodes store
and what `transaction.pool.added` carries as `serialized`; fees per byte count half its length.

Amounts and fees are integers of 10^-8 coin inside and decimal strings in JSON. (Core 2.5 itself
passes amounts above 2^53 through a double; here they stay exact.)
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from . import signatures
from .addresses import KeyPair, address_bytes, address_of
from .amounts import read_units

TRANSFER: Final = 0
SECOND_SIGNATURE: Final = 1
DELEGATE_REGISTRATION: Final = 2
VOTE: Final = 3

TYPE_NAMES: Final[Mapping[int, str]] = {
    0: "transfer",
    1: "secondSignature",
    2: "delegateRegistration",
    3: "vote",
    4: "multiSignature",
    5: "ipfs",
    6: "timelockTransfer",
    7: "multiPayment",
    8: "delegateResignation",
}
"""Numbers of 2.x (in 3.x, 6 and 7 mean something else); the names are those of its settings."""

_MEMO_PADDING = 64
_NO_RECIPIENT = bytes(21)


class NotATransaction(ValueError):
    """The JSON lacks a field of a version-1 transaction, or one has a wrong type."""


class Unserialisable(ValueError):
    """The type is known only as data: its bytes cannot be made, its id must be believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A version-1 transaction. `amount` and `fee` are units of 10^-8; `vendor_field` is bytes."""

    type: int
    timestamp: int
    sender_public_key: str
    amount: int
    fee: int
    recipient_id: str | None = None
    vendor_field: bytes = b""
    asset: Mapping[str, Any] | None = None
    expiration: int = 0
    network: int | None = None
    signature: str | None = None
    second_signature: str | None = None
    signatures: tuple[str, ...] = ()
    id: str | None = None
    version: int = 1

    @property
    def memo(self) -> str:
        """The vendorField as text; bytes that are no UTF-8 show as U+FFFD, as on the node."""
        return self.vendor_field.decode("utf-8", "replace")

    def signed_bytes(self, *, with_signature: bool, with_second: bool = True) -> bytes:
        """Return the bytes that are hashed, with or without the signatures.

        Raises Unserialisable for types other than 0 to 3, NotAnAddress for a bad recipient.
        """
        parts = [
            struct.pack("<BI", self.type, self.timestamp),
            bytes.fromhex(self.sender_public_key),
            self._recipient_bytes(),
            self.vendor_field.ljust(_MEMO_PADDING, b"\0"),
            struct.pack("<QQ", self.amount, self.fee),
            self._asset_bytes(),
        ]
        if with_signature and self.signature:
            parts.append(bytes.fromhex(self.signature))
        if with_signature and with_second and self.second_signature:
            parts.append(bytes.fromhex(self.second_signature))
        return b"".join(parts)

    def wire_bytes(self, *, version: int) -> bytes:
        """Return the AIP-11 form in which nodes store it (`version`: the network's address byte).

        Raises Unserialisable for types other than 0 to 3.
        """
        has_memo = self.type == TRANSFER
        memo = self.vendor_field if has_memo else b""
        head = struct.pack("<BBBBI", 0xFF, 1, self.network or version, self.type, self.timestamp)
        parts = [
            head,
            bytes.fromhex(self.sender_public_key),
            struct.pack("<QB", self.fee, len(memo)),
            memo,
            self._wire_asset_bytes(),
        ]
        parts += [bytes.fromhex(one) for one in (self.signature, self.second_signature) if one]
        return b"".join(parts)

    def computed_id(self) -> str:
        """Return the SHA-256 (hex) of the signed bytes with their signatures."""
        return hashlib.sha256(self.signed_bytes(with_signature=True)).hexdigest()

    def signed(self, keys: KeyPair) -> Transaction:
        """Return a copy signed by these keys, with its id. Deterministic.

        Raises NotATransaction when the keys are not the sender's.
        """
        if keys.public_key != self.sender_public_key:
            raise NotATransaction("these keys are not the sender's")
        message = self.signed_bytes(with_signature=False)
        signed = replace(self, signature=signatures.sign(message, keys.private_key))
        return replace(signed, id=signed.computed_id())

    def verifies(self) -> bool:
        """Say whether the signature is the sender's over exactly these fields."""
        if not self.signature:
            return False
        message = self.signed_bytes(with_signature=False)
        return signatures.verifies(message, self.signature, self.sender_public_key)

    def second_verifies(self, public_key: str) -> bool:
        """Say whether the second signature is that key's (over the bytes with the first one)."""
        if not self.second_signature:
            return False
        message = self.signed_bytes(with_signature=True, with_second=False)
        return signatures.verifies(message, self.second_signature, public_key)

    def sender_id(self, version: int) -> str:
        """Return the sender's address on the network of that address byte."""
        return address_of(self.sender_public_key, version)

    def _recipient_bytes(self) -> bytes:
        if self.recipient_id is None or self.type == SECOND_SIGNATURE:
            return _NO_RECIPIENT
        return address_bytes(self.recipient_id)

    def _asset_bytes(self) -> bytes:
        match self.type:
            case 0:
                return b""
            case 1:
                return bytes.fromhex(self._asset_value("signature", "publicKey"))
            case 2:
                return str(self._asset_value("delegate", "username")).encode()
            case 3:
                return "".join(self._asset_value("votes")).encode()
        raise Unserialisable(f"type {self.type}")

    def _wire_asset_bytes(self) -> bytes:
        match self.type:
            case 0:
                if self.recipient_id is None:
                    raise NotATransaction("a transfer without a recipient")
                amount = struct.pack("<QI", self.amount, self.expiration)
                return amount + address_bytes(self.recipient_id)
            case 2:
                username = self._asset_bytes()
                return bytes([len(username)]) + username
            case 3:
                votes = self._asset_value("votes")
                body = "".join(("01" if vote[0] == "+" else "00") + vote[1:] for vote in votes)
                return bytes([len(votes)]) + bytes.fromhex(body)
        return self._asset_bytes()

    def _asset_value(self, *path: str) -> Any:
        value: Any = self.asset
        for key in path:
            if not isinstance(value, Mapping) or key not in value:
                raise NotATransaction(f"no asset.{'.'.join(path)}")
            value = value[key]
        return value


def from_json(data: Mapping[str, Any]) -> Transaction:
    """Read any of the node's forms: transformed, raw (`transform=false`, webhooks), or posted.

    Amounts may be decimal strings or integers, never floats. Nothing is verified here. The raw
    form gives the memo's bytes (`vendorFieldHex`); of the others only its text is known.

    Raises NotATransaction when a field is missing or of the wrong type.
    """
    try:
        timestamp = data["timestamp"]
        if isinstance(timestamp, Mapping):
            timestamp = timestamp["epoch"]
        return Transaction(
            type=_whole(data["type"]),
            timestamp=_whole(timestamp),
            sender_public_key=_text(data["senderPublicKey"]).lower(),
            amount=read_units(data["amount"]),
            fee=read_units(data["fee"]),
            recipient_id=_optional(data, "recipientId", "recipient"),
            vendor_field=_memo_bytes(data),
            asset=data.get("asset"),
            expiration=_whole(data.get("expiration") or 0),
            network=_whole(data["network"]) if data.get("network") is not None else None,
            signature=_optional(data, "signature"),
            second_signature=_optional(data, "secondSignature", "signSignature"),
            signatures=tuple(data.get("signatures") or ()),
            id=_optional(data, "id"),
            version=_whole(data.get("version", 1)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NotATransaction(f"{type(error).__name__}: {error}") from error


def to_raw(transaction: Transaction, *, version: int) -> dict[str, Any]:
    """Return the untransformed form of the node, in its order of keys."""
    data: dict[str, Any] = {
        "version": transaction.version,
        "network": transaction.network or version,
        "type": transaction.type,
        "timestamp": transaction.timestamp,
        "senderPublicKey": transaction.sender_public_key,
        "fee": str(transaction.fee),
        "amount": str(transaction.amount),
    }
    if transaction.vendor_field:
        data["vendorFieldHex"] = transaction.vendor_field.hex()
    if transaction.type == TRANSFER:
        data |= {"expiration": transaction.expiration, "recipientId": transaction.recipient_id}
    if transaction.asset is not None:
        data["asset"] = transaction.asset
    data |= _signatures_json(transaction, "secondSignature")
    if transaction.type == VOTE:
        data["recipientId"] = transaction.recipient_id
    if transaction.vendor_field:
        data["vendorField"] = transaction.memo
    data["id"] = transaction.id
    return data


def to_post(transaction: Transaction, *, version: int) -> dict[str, Any]:
    """Return what a wallet posts to `/api/transactions` (one element of `transactions`)."""
    data: dict[str, Any] = {
        "id": transaction.id,
        "signature": transaction.signature,
        "timestamp": transaction.timestamp,
        "version": transaction.version,
        "type": transaction.type,
        "fee": str(transaction.fee),
        "senderPublicKey": transaction.sender_public_key,
        "network": transaction.network or version,
        "amount": str(transaction.amount),
    }
    if transaction.second_signature:
        data["signSignature"] = transaction.second_signature
    if transaction.recipient_id is not None:
        data["recipientId"] = transaction.recipient_id
    if transaction.type == TRANSFER:
        if transaction.vendor_field:
            data["vendorField"] = transaction.memo
        data["expiration"] = transaction.expiration
    if transaction.asset is not None:
        data["asset"] = transaction.asset
    return data


def to_api(
    transaction: Transaction,
    *,
    version: int,
    timestamp: Mapping[str, int | str],
    block_id: str | None = None,
    confirmations: int = 0,
) -> dict[str, Any]:
    """Return the transformed form of the node, in its order of keys.

    `timestamp` is the `{epoch, unix, human}` object (moments.timestamp_json). A transaction
    without a recipient shows the *sender* as recipient: the node's trap, kept.
    """
    sender = transaction.sender_id(version)
    data: dict[str, Any] = {"id": transaction.id}
    if block_id is not None:
        data["blockId"] = block_id
    data |= {
        "version": transaction.version,
        "type": transaction.type,
        "amount": str(transaction.amount),
        "fee": str(transaction.fee),
        "sender": sender,
        "senderPublicKey": transaction.sender_public_key,
        "recipient": transaction.recipient_id or sender,
        **_signatures_json(transaction, "signSignature"),
    }
    if transaction.vendor_field:
        data["vendorField"] = transaction.memo
    if transaction.asset is not None:
        data["asset"] = transaction.asset
    data |= {"confirmations": confirmations, "timestamp": dict(timestamp)}
    return data


def transfer(
    *,
    sender_public_key: str,
    recipient_id: str,
    amount: int,
    fee: int,
    timestamp: int,
    version: int,
    vendor_field: str = "",
) -> Transaction:
    """Return an unsigned transfer. `amount` and `fee` in units of 10^-8, `timestamp` epoch seconds.

    `version` is the address byte of the network. Raises NotAnAddress for a bad recipient.
    """
    address_bytes(recipient_id)
    return Transaction(
        type=TRANSFER,
        timestamp=timestamp,
        sender_public_key=sender_public_key,
        amount=amount,
        fee=fee,
        recipient_id=recipient_id,
        vendor_field=vendor_field.encode(),
        network=version,
    )


def delegate_registration(
    *, sender_public_key: str, username: str, fee: int, timestamp: int, version: int
) -> Transaction:
    """Return an unsigned registration of the sender as the delegate `username`."""
    return Transaction(
        type=DELEGATE_REGISTRATION,
        timestamp=timestamp,
        sender_public_key=sender_public_key,
        amount=0,
        fee=fee,
        asset={"delegate": {"username": username}},
        network=version,
    )


def vote(
    *, sender_public_key: str, delegate: str, fee: int, timestamp: int, version: int
) -> Transaction:
    """Return an unsigned vote; `delegate` is the delegate's public key after a `+` or a `-`.

    Votes name their own sender as recipient: that is part of the signed bytes.
    """
    return Transaction(
        type=VOTE,
        timestamp=timestamp,
        sender_public_key=sender_public_key,
        amount=0,
        fee=fee,
        recipient_id=address_of(sender_public_key, version),
        asset={"votes": [delegate]},
        network=version,
    )


def _signatures_json(transaction: Transaction, second: str) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if transaction.signature:
        data["signature"] = transaction.signature
    if transaction.second_signature:
        data[second] = transaction.second_signature
    if transaction.signatures:
        data["signatures"] = list(transaction.signatures)
    return data


def _memo_bytes(data: Mapping[str, Any]) -> bytes:
    if data.get("vendorFieldHex"):
        return bytes.fromhex(_text(data["vendorFieldHex"]))
    return _text(data.get("vendorField") or "").encode()


def _optional(data: Mapping[str, Any], *names: str) -> str | None:
    for name in names:
        if data.get(name):
            return _text(data[name])
    return None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not text: {value!r}")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"not a whole number: {value!r}")
    return value
