"""Transactions of either version in the JSON of the dialect that the node speaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from teraa.settlement.osm import transaction_forms_v2, transactions, transactions_v2
from teraa.settlement.osm.transactions import Transaction
from teraa.settlement.osm.transactions_v2 import AnyTransaction, TransactionV2

from .profiles import ADDRESS_BYTE

__all__ = [
    "AnyTransaction",
    "api_form",
    "from_form",
    "placed_form",
    "post_form",
    "raw_form",
    "spent_by",
]


def from_form(data: Mapping[str, Any]) -> AnyTransaction:
    """Read any form of a transaction of either version. Raises NotATransaction."""
    return transactions_v2.from_json(data, network=ADDRESS_BYTE)


def raw_form(one: AnyTransaction) -> dict[str, Any]:
    """Return the untransformed form: webhooks, logs, `transform=false`."""
    if isinstance(one, TransactionV2):
        return transaction_forms_v2.to_raw(one)
    return transactions.to_raw(one, version=ADDRESS_BYTE)


def placed_form(
    one: AnyTransaction, *, block_id: str, height: int, sequence: int
) -> dict[str, Any]:
    """Return the untransformed form of what is in a block, with its place."""
    place: dict[str, Any] = {"blockId": block_id}
    if isinstance(one, TransactionV2):
        place["blockHeight"] = height
    return raw_form(one) | place | {"sequence": sequence}


def post_form(one: AnyTransaction) -> dict[str, Any]:
    """Return what a wallet posts."""
    if isinstance(one, TransactionV2):
        return transaction_forms_v2.to_post(one)
    return transactions.to_post(one, version=ADDRESS_BYTE)


def api_form(
    one: AnyTransaction,
    *,
    timestamp: Mapping[str, int | str] | None,
    block_id: str | None = None,
    confirmations: int = 0,
) -> dict[str, Any]:
    """Return the transformed form. `timestamp` None: it is left out, as 3.x does in places.

    Raises ValueError for a version-1 transaction without its time.
    """
    if isinstance(one, TransactionV2):
        return transaction_forms_v2.to_api(
            one, timestamp=timestamp, block_id=block_id, confirmations=confirmations
        )
    if timestamp is None:
        raise ValueError("a version-1 transaction shows its time everywhere")
    return transactions.to_api(
        one,
        version=ADDRESS_BYTE,
        timestamp=timestamp,
        block_id=block_id,
        confirmations=confirmations,
    )


def spent_by(one: AnyTransaction) -> int:
    """Return what a transaction takes from its sender besides the fee (units of 10^-8)."""
    return one.amount if isinstance(one, Transaction) else one.spent
