"""Words and allowed moves of cases, decisions and refunds."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from teraa.common.states import Moves


class CaseKind(models.TextChoices):
    UNDER = "under", _("Paid too little")
    OVER = "over", _("Paid too much")
    LATE = "late", _("Paid too late")
    DUPLICATE = "duplicate", _("Paid twice")
    WRONG_REFERENCE = "wrong_reference", _("Wrong reference")
    UNKNOWN = "unknown", _("Payment to identify")
    REORGED = "reorged", _("Settled, then taken back by the chain")
    BROKEN = "broken", _("Trusted before its block, never came")
    NODE_CONFLICT = "node_conflict", _("Nodes disagree")
    OUTFLOW = "outflow", _("Coins left without a refund")
    REFUND_MISMATCH = "refund_mismatch", _("Refund sent otherwise than asked")
    LOCKED = "locked", _("Coins locked or unlocked by a contract")


OF_REQUESTS = (
    CaseKind.UNDER,
    CaseKind.OVER,
    CaseKind.LATE,
    CaseKind.DUPLICATE,
    CaseKind.REORGED,
    CaseKind.BROKEN,
)
OF_RECEIPTS = (CaseKind.WRONG_REFERENCE, CaseKind.UNKNOWN, CaseKind.OUTFLOW)
ALARMING = (
    CaseKind.OUTFLOW,
    CaseKind.REORGED,
    CaseKind.BROKEN,
    CaseKind.NODE_CONFLICT,
    CaseKind.REFUND_MISMATCH,
)
"""Not about giving change: somebody should look today."""


class CaseState(models.TextChoices):
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


# What happens again is a new case: a closed one stays as it was decided.
CASE_MOVES: Moves = {
    CaseState.OPEN: frozenset({CaseState.CLOSED}),
    CaseState.CLOSED: frozenset(),
}


class Resolution(models.TextChoices):
    BY_ITSELF = "by_itself", _("Resolved by itself")
    ASSIGNED = "assigned", _("Assigned to a request")
    LATE_ACCEPTED = "late_accepted", _("Late payment accepted")
    SHORT_ACCEPTED = "short_accepted", _("Shortfall accepted")
    SETTLED = "settled", _("Settled by hand")
    KEPT = "kept", _("Kept")
    IGNORED = "ignored", _("Left aside")
    REFUND = "refund", _("A refund was opened")
    EXPLAINED = "explained", _("Explained")


LASTING = (Resolution.EXPLAINED, Resolution.IGNORED)
"""A person said that this may stay as it is: only more of it opens a case again."""


class Action(models.TextChoices):
    """What a person does about a case or a refund."""

    ASSIGN = "assign", _("Assign to a request")
    ACCEPT_LATE = "accept_late", _("Accept the late payment")
    ACCEPT_SHORT = "accept_short", _("Accept the shortfall")
    SETTLE = "settle", _("Settle by hand")
    KEEP_TIP = "keep_tip", _("Keep as a tip")
    KEEP_CREDIT = "keep_credit", _("Keep as the customer’s credit")
    IGNORE = "ignore", _("Leave aside")
    EXPLAIN = "explain", _("Explain and close")
    TAKE = "take", _("Take charge of it")
    APPROVE = "approve", _("Approve the refund")
    CANCEL = "cancel", _("Give the refund up")
    DIRECT = "direct", _("Say where the refund goes")
    INVITE = "invite", _("Make a claim link")
    ACCEPT_AS_SENT = "accept_as_sent", _("Accept what was sent")
    ASK_AGAIN = "ask_again", _("Ask the wallet again")


FORCING = (Action.ASSIGN, Action.ACCEPT_LATE, Action.ACCEPT_SHORT, Action.SETTLE)
"""A person says that something is paid which the chain does not say by itself."""

CASE_ACTIONS = [
    (one.value, one.label)
    for one in (
        Action.ASSIGN,
        Action.ACCEPT_LATE,
        Action.ACCEPT_SHORT,
        Action.KEEP_TIP,
        Action.KEEP_CREDIT,
        Action.IGNORE,
        Action.EXPLAIN,
        Action.TAKE,
    )
]
REFUND_ACTIONS = [
    (one.value, one.label)
    for one in (
        Action.APPROVE,
        Action.CANCEL,
        Action.DIRECT,
        Action.INVITE,
        Action.ACCEPT_AS_SENT,
        Action.ASK_AGAIN,
    )
]

RESOLUTION_OF: dict[str, Resolution] = {
    Action.ASSIGN: Resolution.ASSIGNED,
    Action.ACCEPT_LATE: Resolution.LATE_ACCEPTED,
    Action.ACCEPT_SHORT: Resolution.SHORT_ACCEPTED,
    Action.SETTLE: Resolution.SETTLED,
    Action.KEEP_TIP: Resolution.KEPT,
    Action.KEEP_CREDIT: Resolution.KEPT,
    Action.IGNORE: Resolution.IGNORED,
    Action.EXPLAIN: Resolution.EXPLAINED,
}


class RefundState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved, address awaited")
    AWAITING_WALLET = "awaiting_wallet", _("To be sent from the wallet")
    SEEN = "seen", _("Sent, not in a block yet")
    PAID = "paid", _("Sent")
    CLOSED = "closed", _("Sent for good")
    CANCELLED = "cancelled", _("Refund given up")
    MISMATCH = "mismatch", _("Sent otherwise than asked")


# Where a transfer is follows the chain; people only approve, cancel, and judge a mismatch.
REFUND_MOVES: Moves = {
    RefundState.DRAFT: frozenset(
        {RefundState.APPROVED, RefundState.AWAITING_WALLET, RefundState.CANCELLED}
    ),
    RefundState.APPROVED: frozenset({RefundState.AWAITING_WALLET, RefundState.CANCELLED}),
    RefundState.AWAITING_WALLET: frozenset(
        {
            RefundState.SEEN,
            RefundState.PAID,
            RefundState.MISMATCH,
            RefundState.CANCELLED,
        }
    ),
    RefundState.SEEN: frozenset({RefundState.PAID, RefundState.AWAITING_WALLET}),
    RefundState.PAID: frozenset(
        {RefundState.CLOSED, RefundState.SEEN, RefundState.AWAITING_WALLET}
    ),
    RefundState.MISMATCH: frozenset({RefundState.AWAITING_WALLET, RefundState.CLOSED}),
    RefundState.CLOSED: frozenset(),
    RefundState.CANCELLED: frozenset(),
}


class Variant(models.TextChoices):
    """How much goes back: the five of settlement.md §1.3."""

    THEN = "then", _("The same coins (rate of then)")
    NOW = "now", _("The same euros (rate of today)")
    FIXED = "fixed", _("An amount in euros (rate of today)")
    SURPLUS = "surplus", _("Only what was too much")
    CUSTOM = "custom", _("An amount in OSM")


class Part(models.TextChoices):
    """What the coins given back had been: not credited, the money of a due, or not identified."""

    SURPLUS = "surplus", _("Coins that were not credited")
    CREDITED = "credited", _("Coins that paid a due")
    RECEIPT = "receipt", _("Coins that were not identified")


class DestinationSource(models.TextChoices):
    SENDER = "sender", _("The address that paid")
    TYPED = "typed", _("Typed by us")
    CLAIM = "claim", _("Given by the customer")


class SenderWarning(models.TextChoices):
    """Why the address that paid may be nobody's own: exchanges pay for many from one address."""

    NO_SENDER = "no_sender", _("No payment to return to was found.")
    SEVERAL_SENDERS = "several_senders", _("The coins came from several addresses.")
    SEVERAL_PAYEES = (
        "several_payees",
        _("This address also paid other payees: it may be an exchange. Ask the customer."),
    )
    MANY_AT_ONCE = (
        "many_at_once",
        _("This address sent several payments within minutes: it may be an exchange."),
    )
