"""Closing the day at the till, over HTTP."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from pos import schemas
from pos.api import PrintSerializer, TillView, session_of
from pos.closings import close_till, print_closing
from teraa.common.clock import now
from teraa.common.shapes import read_body
from teraa.venues.permissions_table import CLOSE_BOOKS


class CloseSerializer(serializers.Serializer[None]):
    key = serializers.UUIDField(help_text="UUIDv7 made by the till: sent twice, closed once")


class ClosingsView(TillView):
    """The day of every register of this till ends; the next sale opens another."""

    permission_needed = CLOSE_BOOKS

    @extend_schema(
        operation_id="close_day",
        request=CloseSerializer,
        responses={201: schemas.ClosingsSchema},
    )
    def post(self, request: Request) -> Response:
        body = read_body(CloseSerializer, request.data)
        closed = close_till(session=session_of(request), key=body["key"], at=now())
        return Response(closed, status=201)


class PrintClosingView(TillView):
    permission_needed = CLOSE_BOOKS

    @extend_schema(
        operation_id="print_closing", request=PrintSerializer, responses=schemas.QueuedSchema
    )
    def post(self, request: Request, key: UUID) -> Response:
        body = read_body(PrintSerializer, request.data)
        session = session_of(request)
        return Response(
            print_closing(session=session, closing_id=key, print_key=body["key"], at=now())
        )
