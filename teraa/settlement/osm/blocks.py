"""Block headers of ARK Core 2.x: bytes, id, payload hash, signature, and the node's JSON forms."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from . import schnorr, signatures
from .addresses import KeyPair
from .amounts import read_units

FULL_ID_LENGTH: Final = 64
GENESIS_PREVIOUS: Final = "0" * FULL_ID_LENGTH


class NotABlock(ValueError):
    """The JSON lacks a field of a block header, or one has a wrong type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockHeader:
    """A block without its transactions. Amounts are units of 10^-8, hashes lower-case hex."""

    version: int
    timestamp: int
    height: int
    previous_block: str
    number_of_transactions: int
    total_amount: int
    total_fee: int
    reward: int
    payload_length: int
    payload_hash: str
    generator_public_key: str
    block_signature: str | None = None
    id: str | None = None

    def serialised(self, *, with_signature: bool) -> bytes:
        """Return the header's bytes: with the signature they give the id, without it are signed."""
        signature = self.block_signature if with_signature else None
        return b"".join(
            [
                struct.pack("<III", self.version, self.timestamp, self.height),
                _previous_bytes(self.previous_block),
                struct.pack(
                    "<IQQQI",
                    self.number_of_transactions,
                    self.total_amount,
                    self.total_fee,
                    self.reward,
                    self.payload_length,
                ),
                bytes.fromhex(self.payload_hash),
                bytes.fromhex(self.generator_public_key),
                bytes.fromhex(signature or ""),
            ]
        )

    def computed_id(self, *, full_sha256: bool = True) -> str:
        """Return the id: the SHA-256 (hex), or a 64-bit decimal where `idFullSha256` is off."""
        digest = hashlib.sha256(self.serialised(with_signature=True)).digest()
        return digest.hex() if full_sha256 else str(int.from_bytes(digest[:8], "little"))

    def signed(self, keys: KeyPair) -> BlockHeader:
        """Return a copy signed by its generator, with its id (64 hex). Deterministic.

        Raises NotABlock when the keys are not the generator's.
        """
        if keys.public_key != self.generator_public_key:
            raise NotABlock("these keys are not the generator's")
        message = self.serialised(with_signature=False)
        signed = replace(self, block_signature=signatures.sign(message, keys.private_key))
        return replace(signed, id=signed.computed_id())

    def verifies(self) -> bool:
        """Say whether the block's signature is its generator's over exactly these fields."""
        if not self.block_signature:
            return False
        message = self.serialised(with_signature=False)
        # 2.5 and 3.9.1 sign blocks by ECDSA; 64 bytes could only be the other kind.
        kind = schnorr if len(self.block_signature) == 2 * schnorr.LENGTH else signatures
        try:
            return bool(kind.verifies(message, self.block_signature, self.generator_public_key))
        except (ValueError, struct.error):
            return False


def payload_hash(transaction_ids: Iterable[str]) -> str:
    """Return the SHA-256 (hex) of the transaction ids in block order, as bytes, one after another.

    This is what a completeness check recomputes: a list that is short, long or in another order
    gives another hash.
    """
    digest = hashlib.sha256()
    for transaction_id in transaction_ids:
        digest.update(bytes.fromhex(transaction_id))
    return digest.hexdigest()


def from_json(data: Mapping[str, Any]) -> BlockHeader:
    """Read a header from the node's transformed form or its raw form (webhooks).

    Nothing is verified here. Raises NotABlock when a field is missing or of the wrong type.
    """
    try:
        return _from_api(data) if "forged" in data else _from_raw(data)
    except (KeyError, TypeError, ValueError) as error:
        raise NotABlock(f"{type(error).__name__}: {error}") from error


def to_raw(header: BlockHeader) -> dict[str, Any]:
    """Return the raw form that webhooks carry, in the node's order of keys."""
    return {
        "version": header.version,
        "timestamp": header.timestamp,
        "height": header.height,
        "previousBlockHex": header.previous_block,
        "previousBlock": header.previous_block,
        "numberOfTransactions": header.number_of_transactions,
        "totalAmount": str(header.total_amount),
        "totalFee": str(header.total_fee),
        "reward": str(header.reward),
        "payloadLength": header.payload_length,
        "payloadHash": header.payload_hash,
        "generatorPublicKey": header.generator_public_key,
        "blockSignature": header.block_signature,
        "idHex": header.id,
        "id": header.id,
    }


def to_api(
    header: BlockHeader,
    *,
    generator: Mapping[str, str],
    confirmations: int,
    timestamp: Mapping[str, int | str],
) -> dict[str, Any]:
    """Return the transformed form of the node, in its order of keys.

    `generator` is `{username, address, publicKey}` (the premine wallet has no username);
    `timestamp` the `{epoch, unix, human}` object.
    """
    return {
        "id": header.id,
        "version": header.version,
        "height": header.height,
        "previous": header.previous_block,
        "forged": {
            "reward": str(header.reward),
            "fee": str(header.total_fee),
            "total": str(header.reward + header.total_fee),
            "amount": str(header.total_amount),
        },
        "payload": {"hash": header.payload_hash, "length": header.payload_length},
        "generator": dict(generator),
        "signature": header.block_signature,
        "confirmations": confirmations,
        "transactions": header.number_of_transactions,
        "timestamp": dict(timestamp),
    }


def _from_api(data: Mapping[str, Any]) -> BlockHeader:
    forged, payload = data["forged"], data["payload"]
    return BlockHeader(
        version=int(data["version"]),
        timestamp=int(data["timestamp"]["epoch"]),
        height=int(data["height"]),
        previous_block=str(data["previous"]),
        number_of_transactions=int(data["transactions"]),
        total_amount=read_units(forged["amount"]),
        total_fee=read_units(forged["fee"]),
        reward=read_units(forged["reward"]),
        payload_length=int(payload["length"]),
        payload_hash=str(payload["hash"]),
        generator_public_key=str(data["generator"]["publicKey"]),
        block_signature=data["signature"],
        id=data["id"],
    )


def _from_raw(data: Mapping[str, Any]) -> BlockHeader:
    return BlockHeader(
        version=int(data["version"]),
        timestamp=int(data["timestamp"]),
        height=int(data["height"]),
        previous_block=str(data["previousBlock"]),
        number_of_transactions=int(data["numberOfTransactions"]),
        total_amount=read_units(data["totalAmount"]),
        total_fee=read_units(data["totalFee"]),
        reward=read_units(data["reward"]),
        payload_length=int(data["payloadLength"]),
        payload_hash=str(data["payloadHash"]),
        generator_public_key=str(data["generatorPublicKey"]),
        block_signature=data["blockSignature"],
        id=data["id"],
    )


def _previous_bytes(previous: str) -> bytes:
    """A full id is 32 bytes; a 64-bit decimal one is eight bytes, big-endian (older milestones)."""
    if len(previous) == FULL_ID_LENGTH:
        return bytes.fromhex(previous)
    return int(previous or "0").to_bytes(8, "big")
