"""The shapes the drawer's API answers with, for the API description only."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as fields

from pos.drawer.states import ShiftState


class MovedSchema(fields.Serializer[Any]):
    kind = fields.CharField(help_text="in or out")
    amount_cents = fields.IntegerField(help_text="below nil for what was taken out")
    reason = fields.CharField()
    operator = fields.CharField()
    moved_at = fields.DateTimeField()


class ShiftSchema(fields.Serializer[Any]):
    number = fields.IntegerField()
    state = fields.ChoiceField(choices=ShiftState.choices)
    opened_at = fields.DateTimeField()
    opened_by = fields.CharField()
    float_cents = fields.IntegerField()
    count = fields.DictField(child=fields.IntegerField(), help_text="what was counted so far")
    moved = MovedSchema(many=True)


class ClosedShiftSchema(fields.Serializer[Any]):
    number = fields.IntegerField()
    opened_at = fields.DateTimeField()
    closed_at = fields.DateTimeField()
    closed_by = fields.CharField()
    counted_cents = fields.IntegerField()
    left_cents = fields.IntegerField()
    note = fields.CharField()
    expected_cents = fields.IntegerField(allow_null=True, help_text="null for who counts blind")
    variance_cents = fields.IntegerField(allow_null=True, help_text="counted less expected")


class DrawerSchema(fields.Serializer[Any]):
    denominations = fields.ListField(child=fields.IntegerField())
    shift = ShiftSchema(allow_null=True)
    last = ClosedShiftSchema(allow_null=True)
