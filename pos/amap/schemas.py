"""The shapes the baskets' API answers with, for the API description only."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as fields

from pos.amap.states import BasketState
from teraa.settlement.states import DueState


def _shape(name: str, members: dict[str, Any]) -> type[fields.Serializer[Any]]:
    return type(name, (fields.Serializer,), members)


DistributionSchema = _shape(
    "AmapDistribution",
    {
        "id": fields.UUIDField(),
        "group": fields.CharField(),
        "starts_at": fields.DateTimeField(),
        "ends_at": fields.DateTimeField(),
        "place": fields.CharField(),
        "is_today": fields.BooleanField(),
        "baskets": fields.IntegerField(),
        "handed_out": fields.IntegerField(),
    },
)
DistributionsSchema = _shape("AmapDistributions", {"distributions": DistributionSchema(many=True)})
BasketDueSchema = _shape(
    "BasketDue",
    {
        "id": fields.UUIDField(),
        "code": fields.CharField(help_text="what the till finds it by"),
        "state": fields.ChoiceField(choices=DueState.choices),
        "amount_cents": fields.IntegerField(),
        "paid_cents": fields.IntegerField(),
        "pending_cents": fields.IntegerField(),
        "remaining_cents": fields.IntegerField(),
    },
)
BasketLineSchema = _shape(
    "BasketLine",
    {
        "id": fields.UUIDField(),
        "label": fields.CharField(),
        "catalog": fields.CharField(),
        "quantity": fields.CharField(help_text="as people read it in France: 2,50"),
        "quantity_milli": fields.IntegerField(),
        "unit_price_cents": fields.IntegerField(),
        "fee_cents": fields.IntegerField(),
        "total_cents": fields.IntegerField(),
        "paid_elsewhere": fields.BooleanField(),
        "handed": fields.BooleanField(allow_null=True),
    },
)
HandedSchema = _shape(
    "BasketHanded",
    {
        "key": fields.UUIDField(),
        "at": fields.DateTimeField(),
        "by": fields.CharField(),
        "till": fields.CharField(),
    },
)
BasketSchema = _shape(
    "Basket",
    {
        "id": fields.UUIDField(),
        "number": fields.IntegerField(allow_null=True),
        "state": fields.ChoiceField(choices=BasketState.choices),
        "version": fields.IntegerField(),
        "household": fields.CharField(),
        "phones": fields.ListField(child=fields.CharField()),
        "total_cents": fields.IntegerField(),
        "due": BasketDueSchema(allow_null=True),
        "ticket": fields.CharField(allow_null=True),
        "handed": HandedSchema(allow_null=True),
        "lines": BasketLineSchema(many=True),
    },
)
BasketsSchema = _shape("Baskets", {"baskets": BasketSchema(many=True)})
