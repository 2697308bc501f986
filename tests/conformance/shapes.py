"""The shape of answers: keys in their order, and the JSON type of every leaf, by dialect."""

from __future__ import annotations

from typing import Any

NUMBER = "number"


def shape(value: Any) -> Any:
    """Return the value with every leaf replaced by the name of its JSON type."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    names = {bool: "bool", int: NUMBER, float: NUMBER, str: "text", type(None): "null"}
    return names[type(value)]


def ordered(value: Any) -> Any:
    """Make the order of keys count in a comparison."""
    if isinstance(value, dict):
        return [(name, ordered(part)) for name, part in value.items()]
    return [ordered(part) for part in value] if isinstance(value, list) else value


def shaped(value: Any) -> Any:
    """Return what two answers of one shape have in common, in one comparable value."""
    return ordered(shape(value))


def described(wanted: Any) -> Any:
    """Return a shape written down in the form `shaped` returns."""
    return ordered(wanted)


_FEES_2 = dict.fromkeys(
    [
        *("transfer", "secondSignature", "delegateRegistration", "vote", "multiSignature"),
        *("ipfs", "multiPayment", "delegateResignation", "timelockTransfer"),
    ],
    NUMBER,
)
_FEES_3 = dict.fromkeys(
    [
        *("transfer", "secondSignature", "delegateRegistration", "vote", "multiSignature"),
        *("ipfs", "multiPayment", "delegateResignation", "htlcLock", "htlcClaim", "htlcRefund"),
    ],
    NUMBER,
)
_BLOCK_RULES = {
    "version": NUMBER,
    "maxTransactions": NUMBER,
    "maxPayload": NUMBER,
    "acceptExpiredTransactionTimestamps": "bool",
    "idFullSha256": "bool",
}
MILESTONE = {
    "2.5": {
        "height": NUMBER,
        "reward": NUMBER,
        "activeDelegates": NUMBER,
        "blocktime": NUMBER,
        "block": _BLOCK_RULES,
        "epoch": "text",
        "fees": {"staticFees": _FEES_2},
        "vendorFieldLength": NUMBER,
    },
    "3.9": {
        "height": NUMBER,
        "reward": "text",
        "activeDelegates": NUMBER,
        "blocktime": NUMBER,
        "block": _BLOCK_RULES,
        "epoch": "text",
        "fees": {"staticFees": _FEES_3},
        "vendorFieldLength": NUMBER,
        "multiPaymentLimit": NUMBER,
        "aip11": "bool",
    },
}
_ADDON_2 = dict.fromkeys(
    [
        *("transfer", "secondSignature", "delegateRegistration", "vote", "multiSignature"),
        *("ipfs", "timelockTransfer", "multiPayment", "delegateResignation"),
    ],
    NUMBER,
)
CONFIGURATION = {
    "2.5": {
        "nethash": "text",
        "slip44": NUMBER,
        "wif": NUMBER,
        "token": "text",
        "symbol": "text",
        "explorer": "text",
        "version": NUMBER,
        "ports": {
            "@arkecosystem/core-p2p": "null",
            "@arkecosystem/core-api": NUMBER,
            "@arkecosystem/core-webhooks": NUMBER,
        },
        "constants": MILESTONE["2.5"],
        "transactionPool": {
            "dynamicFees": {
                "enabled": "bool",
                "minFeePool": NUMBER,
                "minFeeBroadcast": NUMBER,
                "addonBytes": _ADDON_2,
            }
        },
    },
    "3.9": {
        "core": {"version": "text"},
        "nethash": "text",
        "slip44": NUMBER,
        "wif": NUMBER,
        "token": "text",
        "symbol": "text",
        "explorer": "text",
        "version": NUMBER,
        "ports": {"@arkecosystem/core-webhooks": "null"},
        "constants": MILESTONE["3.9"],
        "transactionPool": {
            "dynamicFees": {
                "enabled": "bool",
                "minFeePool": NUMBER,
                "minFeeBroadcast": NUMBER,
                "addonBytes": _FEES_3,
            },
            "maxTransactionsInPool": NUMBER,
            "maxTransactionsPerSender": NUMBER,
            "maxTransactionsPerRequest": NUMBER,
            "maxTransactionAge": NUMBER,
            "maxTransactionBytes": NUMBER,
        },
    },
}
TIMESTAMP = {"epoch": NUMBER, "unix": NUMBER, "human": "text"}
_FORGED = {
    "2.5": {"reward": "text", "fee": "text", "total": "text", "amount": "text"},
    "3.9": {"reward": "text", "fee": "text", "amount": "text", "total": "text"},
}
BLOCK = {
    dialect: {
        "id": "text",
        "version": NUMBER,
        "height": NUMBER,
        "previous": "text",
        "forged": forged,
        "payload": {"hash": "text", "length": NUMBER},
        "generator": {"username": "text", "address": "text", "publicKey": "text"},
        "signature": "text",
        "confirmations": NUMBER,
        "transactions": NUMBER,
        "timestamp": TIMESTAMP,
    }
    for dialect, forged in _FORGED.items()
}
_PEOPLE = {
    "amount": "text",
    "fee": "text",
    "sender": "text",
    "senderPublicKey": "text",
    "recipient": "text",
    "signature": "text",
}
TRANSFER = {
    "2.5": {
        "id": "text",
        "blockId": "text",
        "version": NUMBER,
        "type": NUMBER,
        **_PEOPLE,
        "vendorField": "text",
        "confirmations": NUMBER,
        "timestamp": TIMESTAMP,
    },
    "3.9": {
        "id": "text",
        "blockId": "text",
        "version": NUMBER,
        "type": NUMBER,
        "typeGroup": NUMBER,
        **_PEOPLE,
        "vendorField": "text",
        "confirmations": NUMBER,
        "timestamp": TIMESTAMP,
        "nonce": "text",
    },
}
WAITING = {
    "2.5": {name: kind for name, kind in TRANSFER["2.5"].items() if name != "blockId"},
    "3.9": {
        name: kind for name, kind in TRANSFER["3.9"].items() if name not in ("blockId", "timestamp")
    },
}
IN_BLOCK = {
    "2.5": TRANSFER["2.5"],
    "3.9": {name: kind for name, kind in TRANSFER["3.9"].items() if name != "timestamp"},
}
"""3.x leaves the time out of `/blocks/{id}/transactions`."""
_WAITING_RAW_3 = {
    "version": NUMBER,
    "network": NUMBER,
    "typeGroup": NUMBER,
    "type": NUMBER,
    "nonce": "text",
    "senderPublicKey": "text",
    "fee": "text",
    "amount": "text",
    "vendorField": "text",
    "expiration": NUMBER,
    "recipientId": "text",
    "signature": "text",
    "id": "text",
}
_RAW_2 = {
    "version": NUMBER,
    "network": NUMBER,
    "type": NUMBER,
    "timestamp": NUMBER,
    "senderPublicKey": "text",
    "fee": "text",
    "amount": "text",
    "vendorFieldHex": "text",
    "expiration": NUMBER,
    "recipientId": "text",
    "signature": "text",
    "vendorField": "text",
    "id": "text",
}
WAITING_RAW = {"2.5": _RAW_2, "3.9": _WAITING_RAW_3}
RAW = {
    "2.5": _RAW_2,
    "3.9": {**_WAITING_RAW_3, "blockId": "text", "blockHeight": NUMBER, "sequence": NUMBER},
}
BLOCK_RAW = {
    "version": NUMBER,
    "timestamp": NUMBER,
    "height": NUMBER,
    "previousBlockHex": "text",
    "previousBlock": "text",
    "numberOfTransactions": NUMBER,
    "totalAmount": "text",
    "totalFee": "text",
    "reward": "text",
    "payloadLength": NUMBER,
    "payloadHash": "text",
    "generatorPublicKey": "text",
    "blockSignature": "text",
    "idHex": "text",
    "id": "text",
}
_PAGE = ["count", "pageCount", "totalCount", "next", "previous", "self", "first", "last"]
COUNTED_PAGE = ["totalCountIsEstimate", *_PAGE]
POOL_PAGE = {"2.5": _PAGE, "3.9": COUNTED_PAGE}
