"""The till's HTTP interface: validate the shape, call one operation, answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from pos import queries, schemas
from pos.billing import BillWanted, keep_order, print_bill
from pos.bills import BillKind
from pos.catalogue import current_catalogue
from pos.models import Sale
from pos.operations import (
    SaleWanted,
    TenderWanted,
    cancel_sale,
    give_up_request,
    print_receipt,
    ring_up,
    take_tender,
)
from pos.pricing import Wanted
from pos.readings import print_x_reading, x_view
from pos.states import ReceiptWish
from pos.training import switch_training
from teraa.common.clock import business_date, iso_utc, now
from teraa.common.endpoints import Endpoint
from teraa.common.fields import WholeNumber
from teraa.common.money import MAX_CENTS
from teraa.common.shapes import read_body
from teraa.settlement.operations import current_quote
from teraa.venues.authentication import StationSession
from teraa.venues.models import Serving
from teraa.venues.permissions import StaffRequired, StationRequired
from teraa.venues.permissions_table import CANCEL_SALE, READ_X, SELL, TRAIN

MAX_LINES = 200
MAX_TENDERS = 10
MAX_QUANTITY = 999


class TenderSerializer(serializers.Serializer[TenderWanted]):
    """One payment. Amounts in cents."""

    key = serializers.UUIDField(help_text="UUIDv7 made by the till: sent twice, taken once")
    kind = serializers.ChoiceField(choices=["cash", "card", "osm"])
    amount_cents = WholeNumber(min_value=1, max_value=MAX_CENTS)
    received_cents = WholeNumber(min_value=0, max_value=MAX_CENTS, required=False, allow_null=True)
    authorisation = serializers.CharField(max_length=40, required=False, allow_blank=True)
    quote = serializers.UUIDField(required=False, allow_null=True)


class LineSerializer(serializers.Serializer[Wanted]):
    product = serializers.UUIDField()
    quantity = WholeNumber(min_value=1, max_value=MAX_QUANTITY)


class SaleSerializer(serializers.Serializer[SaleWanted]):
    """A cart and how it is paid."""

    key = serializers.UUIDField(help_text="UUIDv7 made by the till: sent twice, sold once")
    catalogue_version = WholeNumber(min_value=1, max_value=2**31 - 1)
    serving = serializers.ChoiceField(choices=Serving.choices, default=Serving.ON_SITE)
    receipt = serializers.ChoiceField(choices=ReceiptWish.choices, default=ReceiptWish.NONE)
    lines = serializers.ListField(child=LineSerializer(), min_length=1, max_length=MAX_LINES)
    total_cents = WholeNumber(min_value=0, max_value=MAX_CENTS)
    tenders = serializers.ListField(child=TenderSerializer(), max_length=MAX_TENDERS)


class PrintSerializer(serializers.Serializer[None]):
    key = serializers.UUIDField(help_text="UUIDv7 made by the till: sent twice, printed once")


class BillSerializer(serializers.Serializer[BillWanted]):
    """A bill or a note; ``customer`` is the name the note carries, unless it is refused."""

    key = serializers.UUIDField(help_text="UUIDv7 made by the till: sent twice, printed once")
    kind = serializers.ChoiceField(choices=BillKind.choices, default=BillKind.BILL)
    customer = serializers.CharField(max_length=80, required=False, allow_blank=True)


class CancelSerializer(serializers.Serializer[None]):
    reason = serializers.CharField(
        max_length=120,
        required=False,
        allow_blank=True,
        help_text="needed once a bill or a note was printed",
    )


class TrainingSerializer(serializers.Serializer[None]):
    on = serializers.BooleanField(help_text="true: what is rung up from now on counts for nothing")


class NothingSerializer(serializers.Serializer[None]):
    """An empty body."""


def _tender(given: dict[str, Any]) -> TenderWanted:
    return TenderWanted(
        key=given["key"],
        kind=given["kind"],
        amount_cents=given["amount_cents"],
        received_cents=given.get("received_cents"),
        authorisation=given.get("authorisation", ""),
        quote=given.get("quote"),
    )


def _sale(given: dict[str, Any]) -> SaleWanted:
    return SaleWanted(
        key=given["key"],
        catalogue_version=given["catalogue_version"],
        serving=given["serving"],
        receipt=given["receipt"],
        lines=[Wanted(str(line["product"]), line["quantity"]) for line in given["lines"]],
        total_cents=given["total_cents"],
        tenders=[_tender(tender) for tender in given["tenders"]],
    )


def session_of(request: Request) -> StationSession:
    session = request.auth
    assert isinstance(session, StationSession)  # noqa: S101  the permission class made sure
    return session


class TillView(Endpoint):
    """Base of the till's endpoints: a person signed on, whose role may do this."""

    permission_classes = [StaffRequired]
    permission_needed: str | dict[str, str] = SELL


class CatalogueView(Endpoint):
    """The newest catalogue. Needs an enrolled station, so that a till is ready before the PIN."""

    permission_classes = [StationRequired]

    @extend_schema(operation_id="read_catalogue", responses=schemas.CatalogueSchema)
    def get(self, request: Request) -> Response:
        venue = session_of(request).venue
        catalogue = current_catalogue(venue_id=venue.pk)
        day = business_date(now(), venue.zone, venue.day_cutoff)
        etag = f'"{catalogue.number}-{day.isoformat()}"'
        if request.headers.get("If-None-Match") == etag:
            return Response(status=304, headers={"ETag": etag})
        return Response(queries.catalogue_view(catalogue, day), headers={"ETag": etag})


class QuoteView(TillView):
    """The rate at which an OSM request made now would be frozen."""

    @extend_schema(operation_id="read_quote", responses=schemas.QuoteSchema)
    def get(self, request: Request) -> Response:
        quote = current_quote(venue_id=session_of(request).venue.pk, at=now())
        return Response(
            {
                "id": str(quote.pk),
                "rate_e10": str(quote.rate_e10),
                "step_units": str(quote.step_units),
                "valid_until": iso_utc(quote.valid_until),
                "source": str(quote.source),
            }
        )


class SalesView(TillView):
    @extend_schema(
        operation_id="list_last_sales",
        parameters=[
            OpenApiParameter("last", int, description="how many, 1 to 50"),
            OpenApiParameter("number", str, description="of a ticket: any till of the venue"),
        ],
        responses=schemas.LastSalesSchema,
    )
    def get(self, request: Request) -> Response:
        session = session_of(request)
        number = request.query_params.get("number", "")
        if number:
            found = queries.sales_numbered(
                venue_id=session.venue.pk, text=number[:60], training=session.station.training
            )
            return Response({"sales": found})
        asked = request.query_params.get("last", "")
        last = min(max(int(asked), 1), 50) if asked.isascii() and asked.isdigit() else 20
        sales = queries.last_sales(
            station_id=session.station.pk,
            venue_id=session.venue.pk,
            training=session.station.training,
            last=last,
        )
        return Response({"sales": sales})

    @extend_schema(
        operation_id="ring_up",
        request=SaleSerializer,
        responses={201: schemas.SaleSchema, 200: schemas.SaleSchema},
    )
    def post(self, request: Request) -> Response:
        wanted = _sale(read_body(SaleSerializer, request.data))
        rung = ring_up(session=session_of(request), wanted=wanted, at=now())
        return Response(queries.rung_view(rung), status=201 if rung.is_new else 200)


class KeptView(TillView):
    """A cart kept on the server before it is paid, so that its bill can be shown."""

    @extend_schema(
        operation_id="keep_order",
        request=SaleSerializer,
        responses={201: schemas.SaleSchema, 200: schemas.SaleSchema},
    )
    def post(self, request: Request) -> Response:
        wanted = _sale(read_body(SaleSerializer, request.data))
        kept = keep_order(session=session_of(request), wanted=wanted, at=now())
        return Response(queries.rung_view(kept), status=201 if kept.is_new else 200)


class BillsView(TillView):
    """The bill, or the note, of a sale that waits for its money."""

    @extend_schema(operation_id="print_bill", request=BillSerializer, responses=schemas.SaleSchema)
    def post(self, request: Request, key: UUID) -> Response:
        given = read_body(BillSerializer, request.data)
        wanted = BillWanted(given["key"], given["kind"], given.get("customer", ""))
        return _answer(print_bill(session=session_of(request), key=key, wanted=wanted, at=now()))


class SaleView(TillView):
    @extend_schema(operation_id="read_sale", responses=schemas.SaleSchema)
    def get(self, request: Request, key: UUID) -> Response:
        return _answer(queries.sale_for(venue_id=session_of(request).venue.pk, key=key))


class TendersView(TillView):
    @extend_schema(
        operation_id="take_tender", request=TenderSerializer, responses=schemas.SaleSchema
    )
    def post(self, request: Request, key: UUID) -> Response:
        tender = _tender(read_body(TenderSerializer, request.data))
        sale = take_tender(session=session_of(request), key=key, tender=tender, at=now())
        return _answer(sale)


class GiveUpRequestView(TillView):
    @extend_schema(
        operation_id="give_up_request", request=NothingSerializer, responses=schemas.SaleSchema
    )
    def post(self, request: Request, key: UUID) -> Response:
        return _answer(give_up_request(session=session_of(request), key=key, at=now()))


class CancelView(TillView):
    permission_needed = CANCEL_SALE

    @extend_schema(
        operation_id="cancel_sale", request=CancelSerializer, responses=schemas.SaleSchema
    )
    def post(self, request: Request, key: UUID) -> Response:
        reason = read_body(CancelSerializer, request.data).get("reason", "")
        return _answer(cancel_sale(session=session_of(request), key=key, reason=reason, at=now()))


class PrintView(TillView):
    @extend_schema(
        operation_id="print_receipt", request=PrintSerializer, responses=schemas.SaleSchema
    )
    def post(self, request: Request, key: UUID) -> Response:
        body = read_body(PrintSerializer, request.data)
        sale = print_receipt(session=session_of(request), key=key, print_key=body["key"], at=now())
        return _answer(sale)


class TrainingView(TillView):
    """A till practises, or goes back to work."""

    permission_needed = TRAIN

    @extend_schema(
        operation_id="switch_training", request=TrainingSerializer, responses=TrainingSerializer
    )
    def post(self, request: Request) -> Response:
        body = read_body(TrainingSerializer, request.data)
        station = switch_training(session=session_of(request), on=body["on"], at=now())
        return Response({"on": station.training})


class XReadingView(TillView):
    permission_needed = READ_X

    @extend_schema(operation_id="read_x", responses=schemas.XReadingSchema)
    def get(self, request: Request) -> Response:
        return Response(x_view(session=session_of(request)))


class XPrintView(TillView):
    permission_needed = READ_X

    @extend_schema(
        operation_id="print_x", request=PrintSerializer, responses=schemas.XReadingSchema
    )
    def post(self, request: Request) -> Response:
        body = read_body(PrintSerializer, request.data)
        reading = print_x_reading(session=session_of(request), print_key=body["key"], at=now())
        return Response(reading)


def _answer(sale: Sale) -> Response:
    return Response(queries.sale_view(sale))
