"""Today's stays at a till: who comes, checked in by a code, a name or a press."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from bookings import queries, schemas
from bookings.operations import note_attendance
from bookings.states import Attendance
from teraa.common.clock import now
from teraa.common.endpoints import Endpoint
from teraa.common.shapes import read_body
from teraa.venues.authentication import StationSession
from teraa.venues.permissions import StaffRequired
from teraa.venues.permissions_table import SEE_BOOKINGS

LONGEST_TEXT = 60


class AttendanceSerializer(serializers.Serializer[None]):
    """How it is now; the same again changes nothing."""

    attendance = serializers.ChoiceField(choices=Attendance.choices)


class DeskView(Endpoint):
    """A person signed on at a station, who may see who has which space."""

    permission_classes = (StaffRequired,)
    permission_needed = SEE_BOOKINGS


class ArrivalsView(DeskView):
    """The stays of today, or those a code or a name finds."""

    @extend_schema(
        operation_id="find_arrivals",
        parameters=[OpenApiParameter("q", str, description="a booking's code, or part of a name")],
        responses=schemas.ArrivalsSchema,
    )
    def get(self, request: Request) -> Response:
        text = request.query_params.get("q", "")[:LONGEST_TEXT].replace("\x00", "")
        session = _session(request)
        found = queries.arrivals(venue=session.venue, text=text, at=now())
        return Response({"stays": [queries.arrival_view(one) for one in found]})


class AttendanceView(DeskView):
    """Here, gone, not come, or expected again."""

    @extend_schema(
        operation_id="note_attendance",
        request=AttendanceSerializer,
        responses={
            200: schemas.ArrivalSchema,
            404: schemas.ProblemSchema,
            409: schemas.ProblemSchema,
        },
    )
    def post(self, request: Request, key: UUID) -> Response:
        given: dict[str, Any] = read_body(AttendanceSerializer, request.data)
        session = _session(request)
        booking = note_attendance(
            venue_id=session.venue.pk,
            booking_id=key,
            attendance=given["attendance"],
            by=session.staff.name if session.staff else "",
            at=now(),
        )
        return Response(queries.arrival_view(booking))


def _session(request: Request) -> StationSession:
    session = request.auth
    assert isinstance(session, StationSession)  # noqa: S101  the permission class made sure
    return session
