"""The JSON forms of version-2 transactions as a node of 3.x writes them, keys in its order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .transactions_v2 import (
    DELEGATE_REGISTRATION,
    HTLC_LOCK,
    TRANSFER,
    VOTE,
    TransactionV2,
)


def to_raw(transaction: TransactionV2) -> dict[str, Any]:
    """Return the untransformed form, as in webhooks; a confirmed one gets its place added."""
    data: dict[str, Any] = {
        "version": transaction.version,
        "network": transaction.network,
        "typeGroup": transaction.type_group,
        "type": transaction.type,
        "nonce": str(transaction.nonce),
        "senderPublicKey": transaction.sender_public_key,
        "fee": str(transaction.fee),
        "amount": str(transaction.amount),
    }
    if transaction.vendor_field:
        data["vendorField"] = transaction.memo
    if transaction.type == TRANSFER:
        data |= {"expiration": transaction.expiration, "recipientId": transaction.recipient_id}
    elif transaction.type == HTLC_LOCK:
        data["recipientId"] = transaction.recipient_id
    if transaction.asset is not None:
        data["asset"] = transaction.asset
    data |= _signatures(transaction, "secondSignature")
    return data | {"id": transaction.id}


def to_post(transaction: TransactionV2) -> dict[str, Any]:
    """Return what a wallet posts to `/api/transactions` (one element of `transactions`)."""
    data: dict[str, Any] = {
        "id": transaction.id,
        "signature": transaction.signature,
        "version": transaction.version,
        "type": transaction.type,
        "fee": str(transaction.fee),
        "senderPublicKey": transaction.sender_public_key,
        "network": transaction.network,
        "typeGroup": transaction.type_group,
        "nonce": str(transaction.nonce),
        "amount": str(transaction.amount),
    }
    if transaction.second_signature:
        data["secondSignature"] = transaction.second_signature
    if transaction.recipient_id is not None:
        data["recipientId"] = transaction.recipient_id
    if transaction.vendor_field:
        data["vendorField"] = transaction.memo
    if transaction.type == TRANSFER:
        data["expiration"] = transaction.expiration
    if transaction.asset is not None:
        data["asset"] = transaction.asset
    return data


def to_api(
    transaction: TransactionV2,
    *,
    timestamp: Mapping[str, int | str] | None = None,
    block_id: str | None = None,
    confirmations: int = 0,
) -> dict[str, Any]:
    """Return the transformed form. `timestamp` is that of the block; some answers leave it out.

    A transaction without a recipient shows the *sender* as recipient: the node's trap, kept.
    """
    sender = transaction.sender_id(transaction.network)
    data: dict[str, Any] = {"id": transaction.id}
    if block_id is not None:
        data["blockId"] = block_id
    data |= {
        "version": transaction.version,
        "type": transaction.type,
        "typeGroup": transaction.type_group,
        "amount": str(transaction.amount),
        "fee": str(transaction.fee),
        "sender": sender,
        "senderPublicKey": transaction.sender_public_key,
        "recipient": transaction.recipient_id or sender,
        **_signatures(transaction, "signSignature"),
    }
    if transaction.vendor_field:
        data["vendorField"] = transaction.memo
    if transaction.asset is not None:
        data["asset"] = transaction.asset
    data["confirmations"] = confirmations
    if timestamp is not None:
        data["timestamp"] = dict(timestamp)
    return data | {"nonce": str(transaction.nonce)}


def delegate_registration(
    *, sender_public_key: str, nonce: int, username: str, fee: int, network: int
) -> TransactionV2:
    """Return an unsigned registration of the sender as the delegate `username`."""
    return TransactionV2(
        type=DELEGATE_REGISTRATION,
        nonce=nonce,
        sender_public_key=sender_public_key,
        amount=0,
        fee=fee,
        network=network,
        asset={"delegate": {"username": username}},
    )


def vote(
    *, sender_public_key: str, nonce: int, delegate: str, fee: int, network: int
) -> TransactionV2:
    """Return an unsigned vote; `delegate` is the delegate's public key after a `+` or a `-`."""
    return TransactionV2(
        type=VOTE,
        nonce=nonce,
        sender_public_key=sender_public_key,
        amount=0,
        fee=fee,
        network=network,
        asset={"votes": [delegate]},
    )


def _signatures(transaction: TransactionV2, second: str) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if transaction.signature:
        data["signature"] = transaction.signature
    if transaction.second_signature:
        data[second] = transaction.second_signature
    if transaction.signatures:
        data["signatures"] = list(transaction.signatures)
    return data
