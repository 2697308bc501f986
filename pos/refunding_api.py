"""Money given back, over HTTP: what can be, doing it, its paper."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from pos.api import MAX_LINES, PrintSerializer, TillView, session_of
from pos.correction_queries import corrections_view
from pos.queries import sale_for
from pos.refunding import (
    REASON_LENGTH,
    LineBack,
    RefundWanted,
    TenderBack,
    print_refund,
    refund_sale,
)
from pos.schemas import CorrectionsSchema
from teraa.common.clock import now
from teraa.common.fields import WholeNumber
from teraa.common.money import MAX_CENTS
from teraa.common.shapes import read_body
from teraa.fiscal.drafts import MAX_QUANTITY_MILLI
from teraa.venues.permissions_table import REFUND, SELL

KINDS = ["cash", "card", "osm"]


class LineBackSerializer(serializers.Serializer[LineBack]):
    """A quantity of one line of one ticket of the sale."""

    document = serializers.UUIDField()
    position = WholeNumber(min_value=1, max_value=MAX_LINES * 2)
    quantity_milli = WholeNumber(min_value=-MAX_QUANTITY_MILLI, max_value=MAX_QUANTITY_MILLI)


class TenderBackSerializer(serializers.Serializer[TenderBack]):
    """How money is given back, in cents (positive)."""

    kind = serializers.ChoiceField(choices=KINDS)
    amount_cents = WholeNumber(min_value=1, max_value=MAX_CENTS)
    authorisation = serializers.CharField(max_length=40, required=False, allow_blank=True)


class SaleRefundSerializer(serializers.Serializer[RefundWanted]):
    """What is given back, how, and why. Without ``lines``: all that is left of the sale."""

    key = serializers.UUIDField(help_text="UUIDv7 made by the till: sent twice, given back once")
    lines = serializers.ListField(
        child=LineBackSerializer(),
        min_length=1,
        max_length=MAX_LINES,
        required=False,
        allow_null=True,
    )
    total_cents = WholeNumber(min_value=0, max_value=MAX_CENTS)
    tenders = serializers.ListField(child=TenderBackSerializer(), max_length=len(KINDS))
    reason = serializers.CharField(max_length=REASON_LENGTH, allow_blank=True)
    other_tender_reason = serializers.CharField(
        max_length=REASON_LENGTH, required=False, allow_blank=True
    )


def _wanted(given: dict[str, Any]) -> RefundWanted:
    lines = given.get("lines")
    return RefundWanted(
        key=given["key"],
        lines=None
        if lines is None
        else [
            LineBack(line["document"], line["position"], line["quantity_milli"]) for line in lines
        ],
        total_cents=given["total_cents"],
        tenders=[
            TenderBack(one["kind"], one["amount_cents"], one.get("authorisation", ""))
            for one in given["tenders"]
        ],
        reason=given["reason"],
        other_tender_reason=given.get("other_tender_reason", ""),
    )


class RefundsView(TillView):
    """What was given back of a sale, what still can be, and giving it back."""

    permission_needed = {"GET": SELL, "POST": REFUND}

    @extend_schema(operation_id="read_corrections", responses=CorrectionsSchema)
    def get(self, request: Request, key: UUID) -> Response:
        return _answer(request, key)

    @extend_schema(
        operation_id="refund_sale",
        request=SaleRefundSerializer,
        responses={201: CorrectionsSchema, 200: CorrectionsSchema},
    )
    def post(self, request: Request, key: UUID) -> Response:
        wanted = _wanted(read_body(SaleRefundSerializer, request.data))
        done = refund_sale(session=session_of(request), sale_key=key, wanted=wanted, at=now())
        return _answer(request, key, status=201 if done.is_new else 200)


class PrintRefundView(TillView):
    permission_needed = SELL

    @extend_schema(
        operation_id="print_refund", request=PrintSerializer, responses=CorrectionsSchema
    )
    def post(self, request: Request, key: UUID, refund: UUID) -> Response:
        body = read_body(PrintSerializer, request.data)
        print_refund(
            session=session_of(request),
            sale_key=key,
            key=refund,
            print_key=body["key"],
            at=now(),
        )
        return _answer(request, key)


def _answer(request: Request, key: UUID, *, status: int = 200) -> Response:
    sale = sale_for(venue_id=session_of(request).venue.pk, key=key)
    return Response(corrections_view(sale), status=status)
