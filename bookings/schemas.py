"""The shapes the bookings' API answers with, for the API description only."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as fields

from bookings.states import Attendance, BookingState, OfferKind, WaitingState


def _shape(name: str, members: dict[str, Any]) -> type[fields.Serializer[Any]]:
    """A serializer by its fields; as class attributes, ``label`` would hide DRF's own."""
    return type(name, (fields.Serializer,), members)


SlotSchema = _shape(
    "Slot",
    {
        "starts_at": fields.DateTimeField(),
        "ends_at": fields.DateTimeField(),
        "total_cents": fields.IntegerField(),
        "osm_units": fields.CharField(
            allow_null=True, help_text="10⁻⁸ OSM at today's rate; frozen only when paying"
        ),
        "free": fields.IntegerField(help_text="how many are free, of a choice"),
    },
)
FoundSchema = _shape(
    "FoundOffer",
    {
        "offer": fields.UUIDField(),
        "name": fields.CharField(),
        "kind": fields.ChoiceField(choices=OfferKind.choices),
        "summary": fields.CharField(),
        "capacity": fields.IntegerField(allow_null=True, help_text="people; of a choice, in each"),
        "features": fields.ListField(child=fields.CharField()),
        "payee": fields.CharField(),
        "count": fields.IntegerField(help_text="how many of it the people asked for need"),
        "closed": fields.BooleanField(help_text="not open that day for so long"),
        "why_closed": fields.CharField(
            allow_blank=True, help_text="the holiday or special day that is the reason"
        ),
        "next_free": fields.DateTimeField(allow_null=True),
        "slots": SlotSchema(many=True),
    },
)
SearchSchema = _shape(
    "BookingSearch",
    {
        "zone": fields.CharField(help_text="the venue's time zone, in which days are counted"),
        "offers": FoundSchema(many=True),
    },
)
LineSchema = _shape(
    "BookingLine",
    {
        "label": fields.CharField(),
        "unit": fields.CharField(),
        "quantity_milli": fields.IntegerField(help_text="thousandths of a unit"),
        "unit_price_cents": fields.IntegerField(),
        "discount_cents": fields.IntegerField(help_text="taken off already"),
        "total_cents": fields.IntegerField(),
        "vat_rate_bp": fields.IntegerField(help_text="basis points: 10 % is 1000"),
    },
)
PromiseSchema = _shape(
    "BookingPromise",
    {
        "until": fields.DateTimeField(help_text="itself included"),
        "percent": fields.IntegerField(),
        "cents": fields.IntegerField(),
    },
)
BookingSchema = _shape(
    "BookingAnswer",
    {
        "key": fields.UUIDField(),
        "secret": fields.CharField(help_text="whoever has it is the guest"),
        "code": fields.CharField(),
        "state": fields.ChoiceField(choices=BookingState.choices),
        "version": fields.IntegerField(),
        "offer": fields.UUIDField(),
        "label": fields.CharField(),
        "payee": fields.CharField(),
        "name": fields.CharField(),
        "people": fields.IntegerField(),
        "count": fields.IntegerField(),
        "starts_at": fields.DateTimeField(),
        "ends_at": fields.DateTimeField(),
        "lines": LineSchema(many=True),
        "total_cents": fields.IntegerField(),
        "comes_back": PromiseSchema(
            many=True, help_text="of what was paid when it is cancelled, by when; later nothing"
        ),
        "refund_cents": fields.IntegerField(
            allow_null=True, help_text="what comes back of it, once it was cancelled"
        ),
        "payout_code": fields.CharField(
            allow_null=True, help_text="what its guest says at the till to get it"
        ),
        "expires_at": fields.DateTimeField(allow_null=True),
        "due_code": fields.CharField(allow_null=True, help_text="what a till finds it by"),
        "page": fields.CharField(),
        "pay": fields.CharField(allow_null=True),
        "calendar": fields.CharField(),
    },
)
MonthDaySchema = _shape(
    "BookingMonthDay",
    {
        "day": fields.DateField(),
        "open": fields.IntegerField(help_text="offers that are open at all"),
        "free": fields.IntegerField(help_text="of them, those with a free time"),
    },
)
MonthSchema = _shape(
    "BookingMonth", {"zone": fields.CharField(), "days": MonthDaySchema(many=True)}
)
PriceLineSchema = _shape(
    "BookingPriceLine",
    {
        "unit": fields.CharField(help_text="month, week, day, half_day, hour or peak"),
        "name": fields.CharField(help_text="of a peak"),
        "quantity_milli": fields.IntegerField(help_text="thousandths of a unit"),
        "unit_price_cents": fields.IntegerField(),
        "total_cents": fields.IntegerField(),
    },
)
QuoteSchema = _shape(
    "BookingQuote",
    {
        "offer": fields.UUIDField(),
        "starts_at": fields.DateTimeField(),
        "ends_at": fields.DateTimeField(),
        "count": fields.IntegerField(),
        "lines": PriceLineSchema(many=True),
        "full_cents": fields.IntegerField(help_text="the sum of the lines"),
        "discount": fields.CharField(allow_null=True, help_text="what the code is for"),
        "total_cents": fields.IntegerField(help_text="what holding it takes"),
        "osm_units": fields.CharField(allow_null=True, help_text="10⁻⁸ OSM, as of today"),
        "comes_back": PromiseSchema(many=True),
    },
)
WaitingSchema = _shape(
    "BookingWaiting",
    {
        "key": fields.UUIDField(),
        "secret": fields.CharField(help_text="whoever has it is the guest"),
        "state": fields.ChoiceField(choices=WaitingState.choices),
        "offer": fields.UUIDField(),
        "day": fields.DateField(),
        "starts_at": fields.DateTimeField(allow_null=True, help_text="null: any time of the day"),
        "minutes": fields.IntegerField(),
        "people": fields.IntegerField(),
        "name": fields.CharField(),
        "before": fields.IntegerField(allow_null=True, help_text="how many asked earlier"),
        "page": fields.CharField(),
        "booking": BookingSchema(allow_null=True, help_text="what was offered"),
    },
)
ArrivalSchema = _shape(
    "BookingArrival",
    {
        "id": fields.UUIDField(),
        "code": fields.CharField(),
        "name": fields.CharField(),
        "space": fields.CharField(),
        "people": fields.IntegerField(),
        "count": fields.IntegerField(),
        "starts_at": fields.DateTimeField(),
        "ends_at": fields.DateTimeField(),
        "state": fields.ChoiceField(choices=BookingState.choices),
        "attendance": fields.ChoiceField(choices=Attendance.choices),
        "attended_at": fields.DateTimeField(allow_null=True),
        "due_code": fields.CharField(allow_null=True, help_text="what it is collected by first"),
        "owed_cents": fields.IntegerField(),
    },
)
ArrivalsSchema = _shape("BookingArrivals", {"stays": ArrivalSchema(many=True)})
ProblemSchema = _shape(
    "BookingProblem",
    {
        "code": fields.CharField(),
        "title": fields.CharField(),
        "advice": fields.CharField(),
        "context": fields.DictField(),
    },
)
