"""Version-2 transactions of ARK Core 2.6 to 3.x: bytes, id, signature, and how to read them.

One byte form (AIP-11) is stored, hashed and signed: without signatures it is what is signed, with
them its SHA-256 is the id. The sender's nonce stands where version 1 has a claimed time. The JSON
forms are in `transaction_forms_v2`.

Amounts and fees are integers of 10^-8 coin inside and decimal strings in JSON.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from . import schnorr, signatures, transactions
from .addresses import KeyPair, address_bytes, address_of
from .amounts import read_units
from .transactions import NotATransaction, Transaction, Unserialisable

VERSION: Final = 2
CORE_GROUP: Final = 1
"""The group of the node's own types. Other groups are plug-ins: their bytes are not known here."""

TRANSFER: Final = 0
SECOND_SIGNATURE: Final = 1
DELEGATE_REGISTRATION: Final = 2
VOTE: Final = 3
MULTI_SIGNATURE: Final = 4
IPFS: Final = 5
MULTI_PAYMENT: Final = 6
DELEGATE_RESIGNATION: Final = 7
HTLC_LOCK: Final = 8
HTLC_CLAIM: Final = 9
HTLC_REFUND: Final = 10

TYPE_NAMES: Final[Mapping[int, str]] = {
    0: "transfer",
    1: "secondSignature",
    2: "delegateRegistration",
    3: "vote",
    4: "multiSignature",
    5: "ipfs",
    6: "multiPayment",
    7: "delegateResignation",
    8: "htlcLock",
    9: "htlcClaim",
    10: "htlcRefund",
}
_WITH_MEMO: Final = {TRANSFER, MULTI_PAYMENT, HTLC_LOCK}


@dataclass(frozen=True, slots=True)
class Payment:
    """One line of a multi-payment: `amount` in units of 10^-8."""

    recipient_id: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionV2:
    """A version-2 transaction. `amount` and `fee` are units of 10^-8; `vendor_field` is bytes.

    A multi-payment's own `amount` is 0: what moves is in `payments`. An HTLC lock's amount leaves
    the sender but reaches nobody until a claim, which has none.
    """

    type: int
    nonce: int
    sender_public_key: str
    amount: int
    fee: int
    network: int
    type_group: int = CORE_GROUP
    recipient_id: str | None = None
    vendor_field: bytes = b""
    asset: Mapping[str, Any] | None = None
    expiration: int = 0
    signature: str | None = None
    second_signature: str | None = None
    signatures: tuple[str, ...] = ()
    id: str | None = None
    version: int = VERSION

    @property
    def memo(self) -> str:
        """The vendorField as text; bytes that are no UTF-8 show as U+FFFD, as on the node."""
        return self.vendor_field.decode("utf-8", "replace")

    @property
    def payments(self) -> tuple[Payment, ...]:
        """Who gets what at once: a transfer's recipient, or every line of a multi-payment.

        Empty for all other types, HTLC included. Raises NotATransaction for a broken asset.
        """
        if self.type_group != CORE_GROUP:
            return ()
        if self.type == TRANSFER and self.recipient_id is not None:
            return (Payment(self.recipient_id, self.amount),)
        if self.type != MULTI_PAYMENT:
            return ()
        try:
            return tuple(
                Payment(str(one["recipientId"]), read_units(one["amount"]))
                for one in self._asset_value("payments")
            )
        except (KeyError, TypeError, ValueError) as error:
            raise NotATransaction(f"payments: {error!r}") from error

    @property
    def spent(self) -> int:
        """What the transaction takes from its sender besides the fee (units of 10^-8)."""
        if self.type_group == CORE_GROUP and self.type == MULTI_PAYMENT:
            return sum(one.amount for one in self.payments)
        return self.amount

    def signed_bytes(self, *, with_signature: bool, with_second: bool = True) -> bytes:
        """Return the bytes that are hashed, with or without the signatures.

        Raises Unserialisable for types we do not know, NotATransaction for a broken asset,
        NotAnAddress for a bad recipient.
        """
        memo = self.vendor_field if self.type in _WITH_MEMO else b""
        try:
            head = struct.pack(
                "<BBBIHQ", 0xFF, 2, self.network, self.type_group, self.type, self.nonce
            )
            parts = [
                head,
                bytes.fromhex(self.sender_public_key),
                struct.pack("<QB", self.fee, len(memo)),
                memo,
                self._asset_bytes(),
            ]
        except struct.error as error:
            raise NotATransaction(f"a number does not fit its bytes: {error}") from error
        if with_signature:
            parts += [bytes.fromhex(one) for one in (self.signature,) if one]
            parts += [bytes.fromhex(one) for one in (self.second_signature,) if one and with_second]
            parts += [bytes.fromhex(one) for one in self.signatures]
        return b"".join(parts)

    def wire_bytes(self, *, version: int) -> bytes:
        """Return the stored form: the signed bytes (`version`, the address byte, is in them)."""
        return self.signed_bytes(with_signature=True)

    def computed_id(self) -> str:
        """Return the SHA-256 (hex) of the bytes with their signatures."""
        return hashlib.sha256(self.signed_bytes(with_signature=True)).hexdigest()

    def signed(self, keys: KeyPair) -> TransactionV2:
        """Return a copy signed by these keys (Schnorr), with its id. Deterministic.

        Raises NotATransaction when the keys are not the sender's.
        """
        if keys.public_key != self.sender_public_key:
            raise NotATransaction("these keys are not the sender's")
        message = self.signed_bytes(with_signature=False)
        signed = replace(self, signature=schnorr.sign(message, keys.private_key))
        return replace(signed, id=signed.computed_id())

    def verifies(self) -> bool:
        """Say whether the signature is the sender's over exactly these fields.

        64 bytes are Schnorr, any other length ECDSA, as on the node. A transaction of several
        signers only (`signatures` without `signature`) does not verify: its keys are not in it.
        """
        if not self.signature:
            return False
        message = self.signed_bytes(with_signature=False)
        return _verifies(message, self.signature, self.sender_public_key)

    def second_verifies(self, public_key: str) -> bool:
        """Say whether the second signature is that key's (over the bytes with the first one)."""
        if not self.second_signature:
            return False
        unsigned = replace(self, signatures=())
        message = unsigned.signed_bytes(with_signature=True, with_second=False)
        return _verifies(message, self.second_signature, public_key)

    def sender_id(self, version: int) -> str:
        """Return the sender's address on the network of that address byte."""
        return address_of(self.sender_public_key, version)

    def _asset_bytes(self) -> bytes:
        if self.type_group != CORE_GROUP:
            raise Unserialisable(f"type {self.type} of group {self.type_group}")
        match self.type:
            case 0:
                return struct.pack("<QI", self.amount, self.expiration) + self._recipient()
            case 1:
                return bytes.fromhex(self._asset_value("signature", "publicKey"))
            case 2:
                username = str(self._asset_value("delegate", "username")).encode()
                return bytes([len(username)]) + username
            case 3:
                votes = self._asset_value("votes")
                body = "".join(("01" if vote[0] == "+" else "00") + vote[1:] for vote in votes)
                return bytes([len(votes)]) + bytes.fromhex(body)
            case 4:
                keys = self._asset_value("multiSignature", "publicKeys")
                least = self._asset_value("multiSignature", "min")
                return bytes([least, len(keys)]) + bytes.fromhex("".join(keys))
            case 6:
                lines = [
                    struct.pack("<Q", one.amount) + address_bytes(one.recipient_id)
                    for one in self.payments
                ]
                return struct.pack("<H", len(lines)) + b"".join(lines)
            case 7:
                return b""
            case 8:
                expiration = self._asset_value("lock", "expiration")
                return b"".join(
                    [
                        struct.pack("<Q", self.amount),
                        bytes.fromhex(self._asset_value("lock", "secretHash")),
                        struct.pack("<BI", expiration["type"], expiration["value"]),
                        self._recipient(),
                    ]
                )
            case 9:
                lock = self._asset_value("claim", "lockTransactionId")
                return bytes.fromhex(lock + self._asset_value("claim", "unlockSecret"))
            case 10:
                return bytes.fromhex(self._asset_value("refund", "lockTransactionId"))
        raise Unserialisable(f"type {self.type}")

    def _recipient(self) -> bytes:
        if self.recipient_id is None:
            raise NotATransaction("no recipient")
        return address_bytes(self.recipient_id)

    def _asset_value(self, *path: str) -> Any:
        value: Any = self.asset
        for key in path:
            if not isinstance(value, Mapping) or key not in value:
                raise NotATransaction(f"no asset.{'.'.join(path)}")
            value = value[key]
        return value


AnyTransaction = Transaction | TransactionV2


def from_json(data: Mapping[str, Any], *, network: int) -> AnyTransaction:
    """Read any of the node's forms of a transaction of either version.

    Only the raw and posted forms carry the address byte; `network` stands in elsewhere. Amounts
    may be decimal strings or integers, never floats. Nothing is verified here.

    Raises NotATransaction when a field is missing or of the wrong type.
    """
    if data.get("version", 1) == 1:
        return transactions.from_json(data)
    try:
        return TransactionV2(
            type=_whole(data["type"]),
            type_group=_whole(data.get("typeGroup", CORE_GROUP)),
            nonce=read_units(data["nonce"]),
            sender_public_key=_text(data["senderPublicKey"]).lower(),
            amount=read_units(data["amount"]),
            fee=read_units(data["fee"]),
            network=_whole(data.get("network") or network),
            recipient_id=_optional(data, "recipientId", "recipient"),
            vendor_field=_text(data.get("vendorField") or "").encode(),
            asset=data.get("asset"),
            expiration=_whole(data.get("expiration") or 0),
            signature=_optional(data, "signature"),
            second_signature=_optional(data, "secondSignature", "signSignature"),
            signatures=tuple(data.get("signatures") or ()),
            id=_optional(data, "id"),
            version=_version(data["version"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NotATransaction(f"{type(error).__name__}: {error}") from error


def transfer(
    *,
    sender_public_key: str,
    nonce: int,
    recipient_id: str,
    amount: int,
    fee: int,
    network: int,
    vendor_field: str = "",
    expiration: int = 0,
) -> TransactionV2:
    """Return an unsigned transfer. Amounts in units of 10^-8, `expiration` a height (0: never).

    `nonce` is one more than the sender's last, `network` the address byte. Raises NotAnAddress.
    """
    address_bytes(recipient_id)
    return TransactionV2(
        type=TRANSFER,
        nonce=nonce,
        sender_public_key=sender_public_key,
        amount=amount,
        fee=fee,
        network=network,
        recipient_id=recipient_id,
        vendor_field=vendor_field.encode(),
        expiration=expiration,
    )


def multi_payment(
    *,
    sender_public_key: str,
    nonce: int,
    payments: Sequence[Payment],
    fee: int,
    network: int,
    vendor_field: str = "",
) -> TransactionV2:
    """Return an unsigned payment to several recipients with one memo (units of 10^-8).

    Raises NotAnAddress for a bad recipient.
    """
    for one in payments:
        address_bytes(one.recipient_id)
    lines = [{"amount": str(one.amount), "recipientId": one.recipient_id} for one in payments]
    return TransactionV2(
        type=MULTI_PAYMENT,
        nonce=nonce,
        sender_public_key=sender_public_key,
        amount=0,
        fee=fee,
        network=network,
        vendor_field=vendor_field.encode(),
        asset={"payments": lines},
    )


def _verifies(message: bytes, signature: str, public_key: str) -> bool:
    if len(signature) == 2 * schnorr.LENGTH:
        return schnorr.verifies(message, signature, public_key)
    return signatures.verifies(message, signature, public_key)


def _version(value: object) -> int:
    if value != VERSION:
        raise TypeError(f"version {value!r}")
    return VERSION


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
