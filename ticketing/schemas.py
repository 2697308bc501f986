"""The shapes ticketing's API answers with, for the API description only."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as fields

from ticketing.states import EventState, OrderState, Reason, TicketState


def _shape(name: str, members: dict[str, Any]) -> type[fields.Serializer[Any]]:
    """A serializer by its fields; as class attributes, `label` or `source` would hide DRF's own."""
    return type(name, (fields.Serializer,), members)


RateSchema = _shape(
    "TicketRate",
    {
        "id": fields.UUIDField(),
        "name": fields.CharField(),
        "price_cents": fields.IntegerField(),
        "left": fields.IntegerField(),
    },
)
EventSchema = _shape(
    "TicketEvent",
    {
        "slug": fields.CharField(),
        "title": fields.CharField(),
        "session": fields.IntegerField(),
        "place": fields.CharField(),
        "starts_at": fields.DateTimeField(),
        "ends_at": fields.DateTimeField(),
        "state": fields.ChoiceField(choices=EventState.choices),
        "organiser": fields.CharField(),
        "most_per_order": fields.IntegerField(),
        "rates": RateSchema(many=True),
    },
)
EventsSchema = _shape("TicketEvents", {"events": EventSchema(many=True)})
OrderLineSchema = _shape(
    "TicketOrderLine",
    {
        "rate": fields.UUIDField(),
        "category": fields.CharField(),
        "quantity": fields.IntegerField(),
        "unit_price_cents": fields.IntegerField(),
        "total_cents": fields.IntegerField(),
        "vat_rate_bp": fields.IntegerField(help_text="basis points: 5.5 % is 550"),
    },
)
TicketSchema = _shape(
    "Ticket",
    {
        "number": fields.IntegerField(help_text="of the event's unbroken series"),
        "category": fields.CharField(),
        "price_cents": fields.IntegerField(),
        "state": fields.ChoiceField(choices=TicketState.choices),
        "qr": fields.CharField(help_text="the text of the QR code"),
        "short_code": fields.CharField(help_text="what is typed when the QR cannot be read"),
    },
)
OrderSchema = _shape(
    "TicketOrder",
    {
        "key": fields.UUIDField(),
        "code": fields.CharField(),
        "state": fields.ChoiceField(choices=OrderState.choices),
        "event": fields.CharField(),
        "page": fields.CharField(help_text="the order's page; who has its address has the tickets"),
        "pay": fields.CharField(allow_null=True, help_text="where it is paid, while it is held"),
        "total_cents": fields.IntegerField(),
        "placed_at": fields.DateTimeField(),
        "hold_until": fields.DateTimeField(allow_null=True),
        "lines": OrderLineSchema(many=True),
        "tickets": TicketSchema(many=True),
    },
)
GateEventSchema = _shape(
    "GateEvent",
    {
        "id": fields.UUIDField(),
        "title": fields.CharField(),
        "session": fields.IntegerField(),
        "starts_at": fields.DateTimeField(),
        "entry_at": fields.DateTimeField(),
        "sold": fields.IntegerField(),
        "inside": fields.IntegerField(),
    },
)
PersonSchema = _shape(
    "GatePerson",
    {"id": fields.UUIDField(), "name": fields.CharField(), "role": fields.CharField()},
)
GateSchema = _shape(
    "Gate",
    {
        "station": fields.DictField(child=fields.CharField()),
        "venue": fields.DictField(child=fields.CharField()),
        "staff": PersonSchema(many=True),
        "signed_on": fields.DictField(allow_null=True),
        "events": GateEventSchema(many=True),
        "csrf": fields.CharField(),
    },
)
AnswerSchema = _shape(
    "GateAnswer",
    {
        "key": fields.UUIDField(),
        "admitted": fields.BooleanField(),
        "reason": fields.ChoiceField(choices=Reason.choices),
        "tone": fields.CharField(help_text="ok, attention or danger"),
        "word": fields.CharField(help_text="fills the screen"),
        "sentence": fields.CharField(),
        "shown": fields.DictField(help_text="number, category, holder, event, admitted_at, gate"),
        "at": fields.DateTimeField(),
    },
)
