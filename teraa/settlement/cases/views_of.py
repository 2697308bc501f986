"""Cases and refunds as JSON. Units of 10⁻⁸ OSM are strings, moments are UTC."""

from __future__ import annotations

import datetime
from typing import Any

from teraa.common.clock import iso_utc
from teraa.settlement.cases.models import Case, Decision, Refund
from teraa.settlement.cases.operations.claims import claim_path, is_open
from teraa.settlement.cases.queries import Coins, Story, link_of
from teraa.settlement.cases.states import Action


def case_view(case: Case) -> dict[str, Any]:
    """One case; request, receipt with its transaction, refund and payee are at hand."""
    return {
        "id": str(case.pk),
        "kind": case.kind,
        "kind_label": str(case.get_kind_display()),
        "state": case.state,
        "payee": case.payee.name,
        "payee_id": str(case.payee_id),
        "units": str(case.units),
        "reference": case.request.reference
        if case.request
        else case.refund.reference
        if case.refund
        else "",
        "txid": case.receipt.transaction.txid if case.receipt else "",
        "assignee": case.assignee,
        "resolution": case.resolution,
        "opened_at": iso_utc(case.opened_at),
        "closed_at": _moment(case.closed_at),
        "closed_by": case.closed_by,
    }


def story_view(story: Story, *, at: datetime.datetime) -> dict[str, Any]:
    """All there is to know to decide a case."""
    left = None
    if story.may_refund and story.source is not None:
        left = {
            "units": str(story.source.left.units),
            "cents": story.source.left.cents,
            "variants": [str(one) for one in story.source.variants],
            "sender": story.sender,
            "warnings": [str(one) for one in story.warnings],
        }
    return {
        "case": case_view(story.case),
        "coins": [coins_view(one) for one in story.coins],
        "dues": [str(one.pk) for one in story.dues],
        "decisions": [decision_view(one) for one in story.decisions],
        "refunds": [refund_view(one, at=at) for one in story.refunds],
        "proposals": [
            {
                "request": str(one.request.pk),
                "reference": one.request.reference,
                "units": str(one.request.units),
                "has_nearly_its_reference": one.has_nearly_its_reference,
            }
            for one in story.proposals
        ],
        "actions": [str(one) for one in story.actions],
        "left": left,
    }


def coins_view(coins: Coins) -> dict[str, Any]:
    """One receipt, with what the chain says of it."""
    receipt = coins.receipt
    transaction = receipt.transaction
    return {
        "receipt": receipt.pk,
        "txid": transaction.txid,
        "direction": receipt.direction,
        "units": str(receipt.amount_units),
        "sender": transaction.sender,
        "recipient": coins.recipient,
        "memo": transaction.memo_text,
        "where": coins.where,
        "height": transaction.block.height if transaction.block else None,
        "confirmations": coins.confirmations,
        "first_seen_at": iso_utc(transaction.first_seen_at),
    }


def decision_view(decision: Decision) -> dict[str, Any]:
    """What one person said."""
    return {
        "action": decision.action,
        "by": decision.by,
        "reason": decision.reason,
        "carried_out": decision.carried_out,
        "at": iso_utc(decision.at),
    }


def refund_view(refund: Refund, *, at: datetime.datetime) -> dict[str, Any]:
    """One refund; its claims, decisions and what it was sent with are read if not at hand."""
    decisions = list(refund.decisions.all())
    claims = [one for one in refund.claims.all() if one.used_at is None and one.ended_at is None]
    claim = claims[0] if claims else None
    if claim is not None:
        claim.refund = refund
    sent = refund.out_receipt
    return {
        "id": str(refund.pk),
        "key": str(refund.key),
        "reference": refund.reference,
        "state": refund.state,
        "variant": refund.variant,
        "part": refund.part,
        "payee": refund.payee.name,
        "payee_id": str(refund.payee_id),
        "covers_units": str(refund.covers_units),
        "amount_units": str(refund.amount_units),
        "amount_cents": refund.amount_cents,
        "destination": refund.destination,
        "destination_source": refund.destination_source,
        "link": link_of(refund),
        "approvals": sum(1 for one in decisions if one.action == Action.APPROVE),
        "approvals_needed": refund.approvals_needed,
        "txid": sent.transaction.txid if sent else "",
        "due": str(refund.due_id) if refund.due_id else None,
        "claim_path": claim_path(claim) if claim and is_open(claim, at=at) else "",
        "drafted_at": iso_utc(refund.drafted_at),
        "closed_at": _moment(refund.closed_at),
        "version": refund.version,
    }


def _moment(at: datetime.datetime | None) -> str | None:
    return iso_utc(at) if at else None
