"""Baskets at the till: validate the shape, call one operation, answer."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from pos.amap import queries, schemas
from pos.amap.models import Basket
from pos.amap.operations import hand_out, mark_absent, take_back
from teraa.common.clock import now
from teraa.common.endpoints import Endpoint
from teraa.venues.authentication import StationSession
from teraa.venues.permissions import StaffRequired
from teraa.venues.permissions_table import HAND_OUT

MAX_LINES = 200


class HandOutSerializer(serializers.Serializer[None]):
    """The deed's key, and the lines that were not there."""

    key = serializers.UUIDField(help_text="UUIDv7 made by the till: sent twice, done once")
    missing = serializers.ListField(
        child=serializers.UUIDField(), max_length=MAX_LINES, default=list
    )


class DeedSerializer(serializers.Serializer[None]):
    key = serializers.UUIDField(help_text="UUIDv7 made by the till: sent twice, done once")


class TakeBackSerializer(serializers.Serializer[None]):
    key = serializers.UUIDField(help_text="the key of the deed to undo")


def _session(request: Request) -> StationSession:
    session = request.auth
    assert isinstance(session, StationSession)  # noqa: S101  the permission class made sure
    return session


class BasketsView(Endpoint):
    """Base of these endpoints: somebody signed on at a station, who may hand out."""

    permission_classes = [StaffRequired]
    permission_needed = HAND_OUT

    def answer(self, basket: Basket) -> Response:
        return Response(queries.basket_for(venue_id=basket.venue_id, basket_id=basket.pk))


class DistributionsView(BasketsView):
    """Distributions whose orders are closed, from the last week to the next two."""

    @extend_schema(operation_id="list_distributions", responses=schemas.DistributionsSchema)
    def get(self, request: Request) -> Response:
        found = queries.distributions_near(venue=_session(request).venue, at=now())
        return Response({"distributions": found})


class DistributionBasketsView(BasketsView):
    """All baskets of one distribution: who, what, and what is owed under which due."""

    @extend_schema(operation_id="list_baskets", responses=schemas.BasketsSchema)
    def get(self, request: Request, key: UUID) -> Response:
        venue_id = _session(request).venue.pk
        return Response({"baskets": queries.baskets_of(venue_id=venue_id, distribution_id=key)})


class BasketView(BasketsView):
    @extend_schema(operation_id="read_basket", responses=schemas.BasketSchema)
    def get(self, request: Request, key: UUID) -> Response:
        return Response(queries.basket_for(venue_id=_session(request).venue.pk, basket_id=key))


class HandOutView(BasketsView):
    @extend_schema(
        operation_id="hand_out", request=HandOutSerializer, responses=schemas.BasketSchema
    )
    def post(self, request: Request, key: UUID) -> Response:
        body = HandOutSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        basket = hand_out(
            session=_session(request),
            basket_id=key,
            key=body.validated_data["key"],
            missing=body.validated_data["missing"],
            at=now(),
        )
        return self.answer(basket)


class AbsentView(BasketsView):
    @extend_schema(
        operation_id="mark_absent", request=DeedSerializer, responses=schemas.BasketSchema
    )
    def post(self, request: Request, key: UUID) -> Response:
        body = DeedSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data["key"]
        return self.answer(
            mark_absent(session=_session(request), basket_id=key, key=given, at=now())
        )


class TakeBackView(BasketsView):
    @extend_schema(
        operation_id="take_back", request=TakeBackSerializer, responses=schemas.BasketSchema
    )
    def post(self, request: Request, key: UUID) -> Response:
        body = TakeBackSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data["key"]
        return self.answer(take_back(session=_session(request), basket_id=key, key=given))
