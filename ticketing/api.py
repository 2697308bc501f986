"""Ticketing over HTTP: validate the shape, call one operation, answer."""

from __future__ import annotations

from typing import Any

from django.middleware.csrf import get_token
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from teraa.common.clock import iso_utc, now
from teraa.common.endpoints import Endpoint
from teraa.common.fields import WholeNumber
from teraa.common.money import MAX_CENTS
from teraa.venues.authentication import StationSession
from teraa.venues.models import StaffMember
from teraa.venues.permissions import StaffRequired, StationRequired
from teraa.venues.permissions_table import SCAN
from teraa.venues.public import venue_or_404
from teraa.venues.till_bootstrap import signed_on
from ticketing import queries, schemas
from ticketing.addresses import page_of, payment_of
from ticketing.models import Order, Scan
from ticketing.operations import (
    LineWanted,
    OrderWanted,
    ScanWanted,
    admit,
    cancel_order,
    place_order,
)
from ticketing.states import Reason
from ticketing.words import ANSWERS

MAX_LINES = 20
MAX_TICKETS = 50
MAX_CODE = 400


class OrderLineSerializer(serializers.Serializer[LineWanted]):
    rate = serializers.UUIDField()
    quantity = WholeNumber(min_value=1, max_value=MAX_TICKETS)


class OrderSerializer(serializers.Serializer[OrderWanted]):
    """Tickets of one event for one buyer."""

    key = serializers.UUIDField(help_text="UUIDv7 made by the client: sent twice, ordered once")
    event = serializers.SlugField(max_length=60)
    name = serializers.CharField(max_length=120)
    email = serializers.EmailField(max_length=254)
    lines = serializers.ListField(child=OrderLineSerializer(), min_length=1, max_length=MAX_LINES)
    total_cents = WholeNumber(min_value=0, max_value=MAX_CENTS)

    def wanted(self) -> OrderWanted:
        given = self.validated_data
        return OrderWanted(
            key=given["key"],
            event=given["event"],
            name=given["name"],
            email=given["email"],
            lines=[LineWanted(line["rate"], line["quantity"]) for line in given["lines"]],
            total_cents=given["total_cents"],
        )


class ScanSerializer(serializers.Serializer[ScanWanted]):
    """What a gate has read, and which session it controls."""

    key = serializers.UUIDField(help_text="UUIDv7 made by the gate: sent twice, looked at once")
    event = serializers.UUIDField()
    code = serializers.CharField(max_length=MAX_CODE)


class NothingHereSerializer(serializers.Serializer[None]):
    """An empty body."""


class PublicView(Endpoint):
    """Anybody may ask; what is theirs is known by a secret in its address."""

    authentication_classes = []
    permission_classes = [AllowAny]


class EventsView(PublicView):
    @extend_schema(operation_id="list_events", responses=schemas.EventsSchema)
    def get(self, request: Request, slug: str) -> Response:
        """What is on sale, soonest first."""
        venue, at = venue_or_404(slug), now()
        events = [
            queries.event_view(event, queries.offers_of(event, at=at))
            for event in queries.coming_events(venue=venue, at=at)
        ]
        return Response({"events": events})


class EventView(PublicView):
    @extend_schema(operation_id="read_event", responses=schemas.EventSchema)
    def get(self, request: Request, slug: str, event: str) -> Response:
        """One event with its rates and what is left of each."""
        found = queries.event_for(venue=venue_or_404(slug), slug=event)
        return Response(queries.event_view(found, queries.offers_of(found, at=now())))


class OrdersView(PublicView):
    @extend_schema(
        operation_id="place_ticket_order",
        request=OrderSerializer,
        responses={201: schemas.OrderSchema, 200: schemas.OrderSchema},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Hold places until they are paid; free ones are confirmed at once."""
        body = OrderSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        venue = venue_or_404(slug)
        placed = place_order(
            venue=venue,
            wanted=body.wanted(),
            page_of=page_of(request._request, venue),
            language=get_language() or "fr",
            at=now(),
        )
        return _answer(request, placed.order, status=201 if placed.is_new else 200)


class OrderView(PublicView):
    @extend_schema(operation_id="read_ticket_order", responses=schemas.OrderSchema)
    def get(self, request: Request, slug: str, secret: str) -> Response:
        """An order, and its tickets once it is confirmed."""
        return _answer(request, queries.order_for(venue=venue_or_404(slug), secret=secret))


class OrderCancelView(PublicView):
    @extend_schema(
        operation_id="cancel_ticket_order",
        request=NothingHereSerializer,
        responses=schemas.OrderSchema,
    )
    def post(self, request: Request, slug: str, secret: str) -> Response:
        """Give held places up before they are paid."""
        venue = venue_or_404(slug)
        cancel_order(venue_id=venue.pk, secret=secret, at=now())
        return _answer(request, queries.order_for(venue=venue, secret=secret))


def _answer(request: Request, order: Order, *, status: int = 200) -> Response:
    pay = payment_of(order)
    return Response(
        queries.order_view(order)
        | {"pay": request._request.build_absolute_uri(pay) if pay else None},
        status=status,
    )


def _session(request: Request) -> StationSession:
    session = request.auth
    assert isinstance(session, StationSession)  # noqa: S101  the permission class made sure
    return session


class GateView(Endpoint):
    """The gate's first question; any enrolled station may ask, and learns that it is no gate."""

    permission_classes = [StationRequired]

    @extend_schema(operation_id="read_gate", responses=schemas.GateSchema)
    def get(self, request: Request) -> Response:
        """Where this gate is, who works there, which sessions are near and how many are inside."""
        session = _session(request)
        staff = StaffMember.objects.filter(venue=session.venue, active=True).exclude(pin_hash="")
        return Response(
            {
                "station": {
                    "id": str(session.station.pk),
                    "name": session.station.name,
                    "kind": session.station.kind,
                },
                "venue": {
                    "name": session.venue.name,
                    "zone": session.venue.zone,
                    "accent": session.venue.accent,
                },
                "staff": [
                    {"id": str(one.pk), "name": one.name, "role": one.role}
                    for one in staff.order_by("name")
                    if one.may(SCAN)
                ],
                "signed_on": signed_on(session.staff),
                "events": queries.gate_events(venue_id=session.venue.pk, at=now()),
                "csrf": get_token(request._request),
            }
        )


class ScansView(Endpoint):
    permission_classes = [StaffRequired]
    permission_needed = SCAN

    @extend_schema(
        operation_id="scan_ticket", request=ScanSerializer, responses=schemas.AnswerSchema
    )
    def post(self, request: Request) -> Response:
        """Yes or no, with the reason; yes admits. The same key again gets the same answer."""
        body = ScanSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        wanted = ScanWanted(given["key"], given["event"], given["code"])
        return Response(answer_view(admit(session=_session(request), wanted=wanted, at=now())))


def answer_view(scan: Scan) -> dict[str, Any]:
    """What the gate's whole screen says."""
    tone, word, sentence = ANSWERS[scan.reason]
    return {
        "key": str(scan.key),
        "admitted": scan.reason == Reason.OK,
        "reason": scan.reason,
        "tone": tone,
        "word": str(word),
        "sentence": str(sentence),
        "shown": scan.shown,
        "at": iso_utc(scan.at),
    }
