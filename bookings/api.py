"""The bookings' HTTP interface: public, per venue, idempotent by the key its client makes."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from bookings import queries, schemas, searching
from bookings.operations import (
    WaitingWanted,
    cancel_booking,
    give_up_waiting,
    hold_space,
    join_waiting_list,
    move_booking,
)
from bookings.pricing import MAX_STAY_MIN
from bookings.states import PaysHow
from bookings.wanting import Wanted
from teraa.common.clock import now
from teraa.common.endpoints import Endpoint
from teraa.common.fields import WholeNumber
from teraa.common.money import MAX_CENTS
from teraa.spaces.states import Feature
from teraa.venues.public import venue_or_404

MAX_PEOPLE = 500
FARTHEST = datetime.timedelta(days=3660)
REFUSALS = {
    404: schemas.ProblemSchema,
    409: schemas.ProblemSchema,
    422: schemas.ProblemSchema,
}


class SearchSerializer(serializers.Serializer[searching.Search]):
    """A day of the venue's calendar, a length, how many people."""

    day = serializers.DateField()
    minutes = serializers.IntegerField(min_value=15, max_value=MAX_STAY_MIN, default=60)
    people = serializers.IntegerField(min_value=1, max_value=MAX_PEOPLE, default=1)
    has = serializers.MultipleChoiceField(choices=Feature.choices, required=False, default=set)

    def validate_day(self, day: datetime.date) -> datetime.date:
        if abs(day - now().date()) > FARTHEST:
            raise serializers.ValidationError("too far away")
        return day


class HoldSerializer(serializers.Serializer[Wanted]):
    """What to hold, for whom, and the price that was shown."""

    key = serializers.UUIDField(help_text="UUIDv7 made by the client: sent twice, held once")
    offer = serializers.UUIDField()
    starts_at = serializers.DateTimeField(default_timezone=datetime.UTC)
    minutes = WholeNumber(min_value=15, max_value=MAX_STAY_MIN)
    people = WholeNumber(min_value=1, max_value=MAX_PEOPLE, default=1)
    name = serializers.CharField(max_length=80)
    email = serializers.EmailField(max_length=254)
    total_cents = WholeNumber(min_value=0, max_value=MAX_CENTS)
    pays = serializers.ChoiceField(choices=PaysHow.choices, default=PaysHow.OSM)
    discount = serializers.CharField(max_length=20, required=False, allow_blank=True)

    def validate_starts_at(self, starts_at: datetime.datetime) -> datetime.datetime:
        return _not_too_far(starts_at)

    def wanted(self) -> Wanted:
        given: dict[str, Any] = self.validated_data
        return Wanted(**given, language=get_language() or "fr")


class MoveSerializer(serializers.Serializer[None]):
    """When it shall begin instead."""

    starts_at = serializers.DateTimeField(default_timezone=datetime.UTC)

    def validate_starts_at(self, starts_at: datetime.datetime) -> datetime.datetime:
        return _not_too_far(starts_at)


def _not_too_far(starts_at: datetime.datetime) -> datetime.datetime:
    if abs(starts_at - now()) > FARTHEST:
        raise serializers.ValidationError("too far away")
    return starts_at.astimezone(datetime.UTC)


class CancelBookingSerializer(serializers.Serializer[None]):
    """What its guest was told would come back, if it was paid: less is refused."""

    least_cents = WholeNumber(min_value=0, max_value=MAX_CENTS, required=False, allow_null=True)


class PublicView(Endpoint):
    """Open to everybody: the venue is named in the path, a booking by its guest's secret."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class SearchView(PublicView):
    """What is free on a day, with its price in euros and OSM."""

    @extend_schema(
        operation_id="search_bookings",
        parameters=[
            OpenApiParameter("day", datetime.date, required=True),
            OpenApiParameter("minutes", int, description="length of the stay, 60 unless said"),
            OpenApiParameter("people", int, description="how many, 1 unless said"),
            OpenApiParameter(
                "has", str, many=True, enum=Feature.values, description="all of these"
            ),
        ],
        responses={
            200: schemas.SearchSchema,
            404: schemas.ProblemSchema,
            422: schemas.ProblemSchema,
        },
        auth=[],
    )
    def get(self, request: Request, slug: str) -> Response:
        venue = venue_or_404(slug)
        asked = SearchSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given: dict[str, Any] = dict(asked.validated_data)
        features = frozenset(given.pop("has"))
        wanted = searching.Search(**given, features=features)
        found = searching.search(venue=venue, wanted=wanted, at=now())
        return Response({"zone": venue.zone, "offers": searching.found_view(found)})


class MonthSerializer(serializers.Serializer[None]):
    """A month of the venue's calendar, a length, how many people, and one offer or all."""

    month = serializers.RegexField(r"^20\d\d-(0[1-9]|1[0-2])$", help_text="2026-12")
    minutes = serializers.IntegerField(min_value=15, max_value=MAX_STAY_MIN, default=60)
    people = serializers.IntegerField(min_value=1, max_value=MAX_PEOPLE, default=1)
    offer = serializers.UUIDField(required=False)


class MonthView(PublicView):
    """On which days of a month how many offers are open, and how many have a free time."""

    @extend_schema(
        operation_id="read_month",
        parameters=[MonthSerializer],
        responses={
            200: schemas.MonthSchema,
            404: schemas.ProblemSchema,
            422: schemas.ProblemSchema,
        },
        auth=[],
    )
    def get(self, request: Request, slug: str) -> Response:
        venue = venue_or_404(slug)
        asked = MonthSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        days = searching.month_of(
            venue=venue,
            first=datetime.date.fromisoformat(f"{given['month']}-01"),
            minutes=given["minutes"],
            people=given["people"],
            offer_id=given.get("offer"),
            at=now(),
        )
        return Response(
            {
                "zone": venue.zone,
                "days": [
                    {"day": one.day.isoformat(), "open": one.open, "free": one.free} for one in days
                ],
            }
        )


class QuoteSerializer(serializers.Serializer[None]):
    """A stay somebody thinks of."""

    offer = serializers.UUIDField()
    starts_at = serializers.DateTimeField(default_timezone=datetime.UTC)
    minutes = serializers.IntegerField(min_value=15, max_value=MAX_STAY_MIN)
    people = serializers.IntegerField(min_value=1, max_value=MAX_PEOPLE, default=1)
    discount = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")

    def validate_starts_at(self, starts_at: datetime.datetime) -> datetime.datetime:
        return _not_too_far(starts_at)


class QuoteView(PublicView):
    """What a stay would cost, line by line; whether it is free is for the search to say."""

    @extend_schema(
        operation_id="quote_stay",
        parameters=[QuoteSerializer],
        responses={
            200: schemas.QuoteSchema,
            404: schemas.ProblemSchema,
            422: schemas.ProblemSchema,
        },
        auth=[],
    )
    def get(self, request: Request, slug: str) -> Response:
        venue = venue_or_404(slug)
        asked = QuoteSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given: dict[str, Any] = dict(asked.validated_data)
        offer = queries.open_offer(venue=venue, offer_id=given.pop("offer"))
        quote = queries.quote_stay(venue=venue, offer=offer, at=now(), **given)
        return Response(queries.quote_view(quote))


class HoldsView(PublicView):
    """Hold a space until it is paid; what costs nothing is confirmed at once."""

    @extend_schema(
        operation_id="hold_space",
        request=HoldSerializer,
        responses={
            201: schemas.BookingSchema,
            200: schemas.BookingSchema,
            **REFUSALS,
            429: schemas.ProblemSchema,
        },
        auth=[],
    )
    def post(self, request: Request, slug: str) -> Response:
        venue = venue_or_404(slug)
        body = HoldSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        at = now()

        def page(secret: str) -> str:
            return request.build_absolute_uri(
                queries.page_address("booking", slug=slug, secret=secret)
            )

        held = hold_space(venue=venue, wanted=body.wanted(), at=at, page=page)
        answer = queries.booking_view(held.booking, slug=slug, at=at)
        return Response(answer, status=201 if held.is_new else 200)


class BookingView(PublicView):
    """One booking, for whoever knows its secret."""

    @extend_schema(
        operation_id="read_booking",
        responses={200: schemas.BookingSchema, 404: schemas.ProblemSchema},
        auth=[],
    )
    def get(self, request: Request, slug: str, secret: str) -> Response:
        booking = queries.booking_of(venue_id=venue_or_404(slug).pk, secret=secret)
        return Response(queries.booking_view(booking, slug=slug, at=now()))


class CancelView(PublicView):
    """Let a booking go; of what was paid comes back what its ladder says. Twice changes nothing."""

    @extend_schema(
        operation_id="cancel_booking",
        request=CancelBookingSerializer,
        responses={200: schemas.BookingSchema, **REFUSALS},
        auth=[],
    )
    def post(self, request: Request, slug: str, secret: str) -> Response:
        venue = venue_or_404(slug)
        body = CancelBookingSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        at = now()
        booking = queries.booking_of(venue_id=venue.pk, secret=secret)
        least = body.validated_data.get("least_cents")
        cancel_booking(booking_id=booking.pk, at=at, least_cents=least)
        booking = queries.booking_of(venue_id=venue.pk, secret=secret)
        return Response(queries.booking_view(booking, slug=slug, at=at))


class MoveView(PublicView):
    """Give a booking another time of the same price. Twice changes nothing."""

    @extend_schema(
        operation_id="move_booking",
        request=MoveSerializer,
        responses={200: schemas.BookingSchema, **REFUSALS},
        auth=[],
    )
    def post(self, request: Request, slug: str, secret: str) -> Response:
        venue = venue_or_404(slug)
        body = MoveSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        at = now()
        booking = queries.booking_of(venue_id=venue.pk, secret=secret)
        starts_at = body.validated_data["starts_at"]
        move_booking(venue=venue, booking_id=booking.pk, starts_at=starts_at, at=at)
        booking = queries.booking_of(venue_id=venue.pk, secret=secret)
        return Response(queries.booking_view(booking, slug=slug, at=at))


class WaitingSerializer(serializers.Serializer[WaitingWanted]):
    """What to wait for: one time, or without ``starts_at`` any time of the day."""

    key = serializers.UUIDField(help_text="UUIDv7 made by the client: sent twice, listed once")
    offer = serializers.UUIDField()
    day = serializers.DateField(help_text="of the venue's calendar")
    starts_at = serializers.DateTimeField(
        default_timezone=datetime.UTC, required=False, allow_null=True
    )
    minutes = WholeNumber(min_value=15, max_value=MAX_STAY_MIN)
    people = WholeNumber(min_value=1, max_value=MAX_PEOPLE, default=1)
    name = serializers.CharField(max_length=80)
    email = serializers.EmailField(max_length=254)

    def validate_day(self, day: datetime.date) -> datetime.date:
        if abs(day - now().date()) > FARTHEST:
            raise serializers.ValidationError("too far away")
        return day

    def validate_starts_at(self, starts_at: datetime.datetime | None) -> datetime.datetime | None:
        return None if starts_at is None else _not_too_far(starts_at)

    def wanted(self) -> WaitingWanted:
        given: dict[str, Any] = {"starts_at": None, **self.validated_data}
        return WaitingWanted(**given, language=get_language() or "fr")


class NothingSerializer(serializers.Serializer[None]):
    """An empty body."""


class WaitingListView(PublicView):
    """Wait for a time that is taken: who asks first gets it first, as a hold."""

    @extend_schema(
        operation_id="join_waiting_list",
        request=WaitingSerializer,
        responses={
            201: schemas.WaitingSchema,
            200: schemas.WaitingSchema,
            **REFUSALS,
            429: schemas.ProblemSchema,
        },
        auth=[],
    )
    def post(self, request: Request, slug: str) -> Response:
        venue = venue_or_404(slug)
        body = WaitingSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        at = now()

        def address(name: str) -> Callable[[str], str]:
            return lambda secret: request.build_absolute_uri(
                queries.page_address(name, slug=slug, secret=secret)
            )

        listed = join_waiting_list(
            venue=venue,
            wanted=body.wanted(),
            at=at,
            page=address("waiting"),
            booking_page=address("booking"),
        )
        answer = queries.waiting_view(listed.entry, slug=slug, at=at)
        return Response(answer, status=201 if listed.is_new else 200)


class WaitingView(PublicView):
    """One place on the list, for whoever knows its secret."""

    @extend_schema(
        operation_id="read_waiting",
        responses={200: schemas.WaitingSchema, 404: schemas.ProblemSchema},
        auth=[],
    )
    def get(self, request: Request, slug: str, secret: str) -> Response:
        entry = queries.waiting_of(venue_id=venue_or_404(slug).pk, secret=secret)
        return Response(queries.waiting_view(entry, slug=slug, at=now()))


class GiveUpView(PublicView):
    """Wait no longer; an offered place goes to the next. Twice changes nothing."""

    @extend_schema(
        operation_id="give_up_waiting",
        request=NothingSerializer,
        responses={200: schemas.WaitingSchema, **REFUSALS},
        auth=[],
    )
    def post(self, request: Request, slug: str, secret: str) -> Response:
        venue = venue_or_404(slug)
        at = now()
        give_up_waiting(venue=venue, secret=secret, at=at)
        entry = queries.waiting_of(venue_id=venue.pk, secret=secret)
        return Response(queries.waiting_view(entry, slug=slug, at=at))
