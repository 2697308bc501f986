"""Writes of this room: what a person decides about a case, a request or a refund.

Each takes a ``key`` made by whoever asks: the same again changes nothing. Locks are taken in the
house's order: dues by id, OSM requests by id, allocations, then cases and refunds.
"""

from teraa.settlement.cases.operations.claims import claim_path, give_address, make_claim
from teraa.settlement.cases.operations.coins import assign_receipt, ignore_coins, keep_surplus
from teraa.settlement.cases.operations.mismatches import accept_as_sent, ask_again
from teraa.settlement.cases.operations.refunds import (
    approve_refund,
    cancel_refund,
    direct_refund,
    draft_refund,
)
from teraa.settlement.cases.operations.requests import (
    accept_late_coins,
    accept_shortfall,
    settle_by_hand,
)
from teraa.settlement.cases.operations.words import explain_case, take_case

__all__ = [
    "accept_as_sent",
    "accept_late_coins",
    "accept_shortfall",
    "approve_refund",
    "ask_again",
    "assign_receipt",
    "cancel_refund",
    "claim_path",
    "direct_refund",
    "draft_refund",
    "explain_case",
    "give_address",
    "ignore_coins",
    "keep_surplus",
    "make_claim",
    "settle_by_hand",
    "take_case",
]
