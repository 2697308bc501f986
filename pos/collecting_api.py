"""What is owed at this venue, and taking it: the till's HTTP interface to dues of every trade."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from pos import collecting, paying_out, schemas
from pos.api import NothingSerializer, PrintSerializer, TillView
from teraa.common.clock import now
from teraa.common.fields import WholeNumber
from teraa.common.money import MAX_CENTS
from teraa.common.shapes import read_body
from teraa.settlement.models import Collection
from teraa.venues.authentication import StationSession

LONGEST_TEXT = 60


class CollectionSerializer(serializers.Serializer[collecting.CollectionWanted]):
    """Several dues of one payee, paid in one go."""

    key = serializers.UUIDField(help_text="UUIDv7 made by the till: sent twice, taken once")
    dues = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=collecting.MOST_DUES
    )
    kind = serializers.ChoiceField(choices=["cash", "card", "osm"])
    received_cents = WholeNumber(min_value=0, max_value=MAX_CENTS, required=False, allow_null=True)
    authorisation = serializers.CharField(max_length=40, required=False, allow_blank=True)
    quote = serializers.UUIDField(required=False, allow_null=True)


class PayoutSerializer(serializers.Serializer[paying_out.PayoutWanted]):
    """Money given back, in cash or on the card's terminal."""

    key = serializers.UUIDField(help_text="UUIDv7 made by the till: sent twice, given once")
    payout = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=["cash", "card"])
    authorisation = serializers.CharField(max_length=40, required=False, allow_blank=True)


def _session(request: Request) -> StationSession:
    session = request.auth
    assert isinstance(session, StationSession)  # noqa: S101  the permission class made sure
    return session


def _wanted(given: dict[str, Any]) -> collecting.CollectionWanted:
    return collecting.CollectionWanted(
        key=given["key"],
        due_ids=given["dues"],
        kind=given["kind"],
        received_cents=given.get("received_cents"),
        authorisation=given.get("authorisation", ""),
        quote=given.get("quote"),
    )


def _answer(collection: Collection) -> Response:
    return Response(collecting.collection_view(collection))


class DuesView(TillView):
    @extend_schema(
        operation_id="find_dues",
        parameters=[
            OpenApiParameter("q", str, description="a code, an OSM reference, or part of a name")
        ],
        responses=schemas.DuesSchema,
    )
    def get(self, request: Request) -> Response:
        text = request.query_params.get("q", "")[:LONGEST_TEXT].replace("\x00", "")
        return Response(
            {
                "dues": collecting.find_dues(venue_id=_session(request).venue.pk, text=text),
                "payouts": paying_out.find_payouts(venue_id=_session(request).venue.pk, text=text),
            }
        )


class CollectionsView(TillView):
    @extend_schema(
        operation_id="collect", request=CollectionSerializer, responses=schemas.SaleSchema
    )
    def post(self, request: Request) -> Response:
        wanted = _wanted(read_body(CollectionSerializer, request.data))
        return _answer(
            collecting.collect_at_till(session=_session(request), wanted=wanted, at=now())
        )


class CollectionView(TillView):
    @extend_schema(operation_id="read_collection", responses=schemas.SaleSchema)
    def get(self, request: Request, key: UUID) -> Response:
        return _answer(collecting.collection_for(venue_id=_session(request).venue.pk, key=key))


class GiveUpCollectionView(TillView):
    @extend_schema(
        operation_id="give_up_collection",
        request=NothingSerializer,
        responses=schemas.SaleSchema,
    )
    def post(self, request: Request, key: UUID) -> Response:
        return _answer(collecting.give_up_collection(session=_session(request), key=key, at=now()))


class PrintCollectionView(TillView):
    @extend_schema(
        operation_id="print_collection", request=PrintSerializer, responses=schemas.SaleSchema
    )
    def post(self, request: Request, key: UUID) -> Response:
        body = read_body(PrintSerializer, request.data)
        return _answer(
            collecting.print_collection(
                session=_session(request), key=key, print_key=body["key"], at=now()
            )
        )


class PayoutsView(TillView):
    @extend_schema(operation_id="pay_out", request=PayoutSerializer, responses=schemas.PayoutSchema)
    def post(self, request: Request) -> Response:
        given = read_body(PayoutSerializer, request.data)
        wanted = paying_out.PayoutWanted(
            key=given["key"],
            payout_id=given["payout"],
            kind=given["kind"],
            authorisation=given.get("authorisation", ""),
        )
        session = _session(request)
        payout = paying_out.pay_out_at_till(session=session, wanted=wanted, at=now())
        return Response(paying_out.payout_view(payout))


class PayoutView(TillView):
    @extend_schema(operation_id="read_payout", responses=schemas.PayoutSchema)
    def get(self, request: Request, key: UUID) -> Response:
        payout = paying_out.payout_for(venue_id=_session(request).venue.pk, key=key)
        return Response(paying_out.payout_view(payout))


class PrintPayoutView(TillView):
    @extend_schema(
        operation_id="print_payout", request=PrintSerializer, responses=schemas.PayoutSchema
    )
    def post(self, request: Request, key: UUID) -> Response:
        body = read_body(PrintSerializer, request.data)
        payout = paying_out.print_payout(
            session=_session(request), key=key, print_key=body["key"], at=now()
        )
        return Response(paying_out.payout_view(payout))
