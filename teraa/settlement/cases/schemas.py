"""The shapes the API of cases and refunds answers with, for the API description only."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as fields

from teraa.settlement.cases.states import (
    Action,
    CaseKind,
    CaseState,
    DestinationSource,
    Part,
    RefundState,
    Resolution,
    SenderWarning,
    Variant,
)

UNITS = "10⁻⁸ OSM, as a string of digits"


def _shape(name: str, members: dict[str, Any]) -> type[fields.Serializer[Any]]:
    """A serializer by its fields; as class attributes, ``label`` would hide DRF's own."""
    return type(name, (fields.Serializer,), members)


def _choice(choices: Any, **more: Any) -> fields.ChoiceField:
    return fields.ChoiceField(choices=choices.choices, **more)


def _moment(**more: Any) -> fields.DateTimeField:
    return fields.DateTimeField(**more)


CaseSchema = _shape(
    "MoneyCase",
    {
        "id": fields.UUIDField(),
        "kind": _choice(CaseKind),
        "kind_label": fields.CharField(),
        "state": _choice(CaseState),
        "payee": fields.CharField(),
        "payee_id": fields.UUIDField(),
        "units": fields.CharField(help_text=f"at stake; {UNITS}"),
        "reference": fields.CharField(help_text="of the OSM request or refund; may be empty"),
        "txid": fields.CharField(help_text="of the coins it is about; may be empty"),
        "assignee": fields.CharField(),
        "resolution": _choice(Resolution, allow_blank=True),
        "opened_at": _moment(),
        "closed_at": _moment(allow_null=True),
        "closed_by": fields.CharField(),
    },
)
CasesSchema = _shape(
    "MoneyCases",
    {
        "cases": CaseSchema(many=True),
        "more": fields.BooleanField(help_text="there are older ones: ask again with `before`"),
    },
)
CoinsSchema = _shape(
    "MoneyCaseCoins",
    {
        "receipt": fields.IntegerField(),
        "txid": fields.CharField(),
        "direction": fields.ChoiceField(choices=["in", "out"]),
        "units": fields.CharField(help_text=UNITS),
        "sender": fields.CharField(),
        "recipient": fields.CharField(),
        "memo": fields.CharField(),
        "where": fields.ChoiceField(choices=["block", "pool", "limbo", "gone"]),
        "height": fields.IntegerField(allow_null=True),
        "confirmations": fields.IntegerField(),
        "first_seen_at": _moment(),
    },
)
DecisionSchema = _shape(
    "MoneyDecision",
    {
        "action": _choice(Action),
        "by": fields.CharField(),
        "reason": fields.CharField(),
        "carried_out": fields.BooleanField(help_text="false: waits for a second person"),
        "at": _moment(),
    },
)
ProposalSchema = _shape(
    "MoneyProposal",
    {
        "request": fields.UUIDField(),
        "reference": fields.CharField(),
        "units": fields.CharField(help_text=UNITS),
        "has_nearly_its_reference": fields.BooleanField(),
    },
)
LeftSchema = _shape(
    "RefundLeft",
    {
        "units": fields.CharField(help_text=UNITS),
        "cents": fields.IntegerField(),
        "variants": fields.ListField(child=_choice(Variant)),
        "sender": fields.CharField(),
        "warnings": fields.ListField(child=_choice(SenderWarning)),
    },
)
RefundSchema = _shape(
    "Refund",
    {
        "id": fields.UUIDField(),
        "key": fields.UUIDField(),
        "reference": fields.CharField(),
        "state": _choice(RefundState),
        "variant": _choice(Variant),
        "part": _choice(Part),
        "payee": fields.CharField(),
        "payee_id": fields.UUIDField(),
        "covers_units": fields.CharField(help_text=f"given back of what came; {UNITS}"),
        "amount_units": fields.CharField(help_text=f"to be sent; {UNITS}"),
        "amount_cents": fields.IntegerField(),
        "destination": fields.CharField(),
        "destination_source": _choice(DestinationSource, allow_blank=True),
        "link": fields.CharField(help_text="AIP-13, for the payee's wallet; empty unless awaited"),
        "approvals": fields.IntegerField(),
        "approvals_needed": fields.IntegerField(),
        "txid": fields.CharField(help_text="of the transfer that was seen; may be empty"),
        "due": fields.UUIDField(allow_null=True),
        "claim_path": fields.CharField(help_text="of the customer's page, while it is open"),
        "drafted_at": _moment(),
        "closed_at": _moment(allow_null=True),
        "version": fields.IntegerField(),
    },
)
RefundsSchema = _shape(
    "Refunds",
    {
        "refunds": RefundSchema(many=True),
        "more": fields.BooleanField(help_text="there are older ones: ask again with `before`"),
    },
)
CaseStorySchema = _shape(
    "MoneyCaseStory",
    {
        "case": CaseSchema(),
        "coins": CoinsSchema(many=True),
        "dues": fields.ListField(child=fields.UUIDField()),
        "decisions": DecisionSchema(many=True),
        "refunds": RefundSchema(many=True),
        "proposals": ProposalSchema(many=True),
        "actions": fields.ListField(child=_choice(Action)),
        "left": LeftSchema(allow_null=True, help_text="what a refund could give back"),
    },
)
SettledSchema = _shape(
    "SettledByHand",
    {
        "request": fields.UUIDField(),
        "reference": fields.CharField(),
        "state": fields.CharField(),
        "carried_out": fields.BooleanField(help_text="false: waits for a second person"),
    },
)
