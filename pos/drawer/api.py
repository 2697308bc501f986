"""The drawer at the till: validate the shape, call one operation, answer."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from pos.api import NothingSerializer, session_of
from pos.drawer import schemas
from pos.drawer.operations import (
    MOST_PIECES,
    REASON_LENGTH,
    begin_shift,
    close_shift,
    give_up_count,
    keep_count,
    move_cash,
    open_without_sale,
)
from pos.drawer.queries import drawer_view
from pos.drawer.states import DENOMINATIONS
from teraa.common.clock import now
from teraa.common.endpoints import Endpoint
from teraa.common.fields import WholeNumber
from teraa.common.money import MAX_CENTS
from teraa.common.shapes import read_body
from teraa.venues.permissions import StaffRequired
from teraa.venues.permissions_table import READ_X, SELL, allows

KEY = "UUIDv7 made by the till: sent twice, done once"


class CountField(serializers.DictField):
    """Cents of a note or coin → how many, as ``{"200": 3}``."""

    child = WholeNumber(min_value=0, max_value=MOST_PIECES)

    def to_internal_value(self, data: Any) -> dict[int, int]:
        given = super().to_internal_value(data)
        unknown = [name for name in given if name not in _NAMES]
        if unknown:
            raise serializers.ValidationError({unknown[0][:20]: "no note or coin"})
        return {int(name): pieces for name, pieces in given.items()}


_NAMES = frozenset(str(cents) for cents in DENOMINATIONS)


class BeginShiftSerializer(serializers.Serializer[None]):
    key = serializers.UUIDField(help_text=KEY)
    count = CountField()


class KeepCountSerializer(serializers.Serializer[None]):
    count = CountField()


class CloseShiftSerializer(serializers.Serializer[None]):
    key = serializers.UUIDField(help_text=KEY)
    count = CountField()
    left_cents = WholeNumber(min_value=0, max_value=MAX_CENTS)
    note = serializers.CharField(max_length=200, required=False, allow_blank=True)


class MoveCashSerializer(serializers.Serializer[None]):
    key = serializers.UUIDField(help_text=KEY)
    kind = serializers.ChoiceField(choices=["in", "out"])
    amount_cents = WholeNumber(min_value=1, max_value=MAX_CENTS)
    reason = serializers.CharField(max_length=REASON_LENGTH)


class OpenDrawerSerializer(serializers.Serializer[None]):
    key = serializers.UUIDField(help_text=KEY)
    reason = serializers.CharField(max_length=REASON_LENGTH)


class DrawerView(Endpoint):
    """What is known of this till's drawer; also the base of what is done with it."""

    permission_classes = [StaffRequired]
    permission_needed = SELL

    def answer(self, request: Request) -> Response:
        session = session_of(request)
        role = session.staff.role if session.staff is not None else ""
        return Response(
            drawer_view(station_id=session.station.pk, sees_expected=allows(role, READ_X))
        )


class ReadDrawerView(DrawerView):
    @extend_schema(operation_id="read_drawer", responses=schemas.DrawerSchema)
    def get(self, request: Request) -> Response:
        return self.answer(request)


class BeginView(DrawerView):
    @extend_schema(
        operation_id="begin_shift", request=BeginShiftSerializer, responses=schemas.DrawerSchema
    )
    def post(self, request: Request) -> Response:
        begin_shift(
            session=session_of(request), **read_body(BeginShiftSerializer, request.data), at=now()
        )
        return self.answer(request)


class CountView(DrawerView):
    @extend_schema(
        operation_id="keep_count", request=KeepCountSerializer, responses=schemas.DrawerSchema
    )
    def post(self, request: Request) -> Response:
        keep_count(session=session_of(request), **read_body(KeepCountSerializer, request.data))
        return self.answer(request)


class GiveUpCountView(DrawerView):
    @extend_schema(
        operation_id="give_up_count", request=NothingSerializer, responses=schemas.DrawerSchema
    )
    def post(self, request: Request) -> Response:
        give_up_count(session=session_of(request))
        return self.answer(request)


class CloseView(DrawerView):
    @extend_schema(
        operation_id="close_shift", request=CloseShiftSerializer, responses=schemas.DrawerSchema
    )
    def post(self, request: Request) -> Response:
        close_shift(
            session=session_of(request), **read_body(CloseShiftSerializer, request.data), at=now()
        )
        return self.answer(request)


class MoveView(DrawerView):
    @extend_schema(
        operation_id="move_cash", request=MoveCashSerializer, responses=schemas.DrawerSchema
    )
    def post(self, request: Request) -> Response:
        move_cash(
            session=session_of(request), **read_body(MoveCashSerializer, request.data), at=now()
        )
        return self.answer(request)


class OpenView(DrawerView):
    @extend_schema(
        operation_id="open_drawer", request=OpenDrawerSerializer, responses=schemas.DrawerSchema
    )
    def post(self, request: Request) -> Response:
        body = read_body(OpenDrawerSerializer, request.data)
        open_without_sale(session=session_of(request), **body, at=now())
        return self.answer(request)
