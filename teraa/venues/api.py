"""A station enrols, asks where it is, and its people sign on and off."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import get_token
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from teraa.common.clock import iso_utc, now
from teraa.common.endpoints import Endpoint
from teraa.common.shapes import read_body
from teraa.live.address import live_url
from teraa.venues import operations, tries
from teraa.venues.authentication import SHIFT_COOKIE, STATION_COOKIE, StationSession
from teraa.venues.models import StaffMember, Station
from teraa.venues.permissions import StationRequired
from teraa.venues.serializers import (
    EnrolledSerializer,
    EnrolmentSerializer,
    ProblemSerializer,
    ShiftSerializer,
    SignOnSerializer,
    SilenceSerializer,
    SilenceToldSerializer,
    TillSerializer,
)
from teraa.venues.till_bootstrap import bootstrap, signed_on

# As long as browsers keep a cookie; a till that is used renews its enrolment by hand once a year.
STATION_COOKIE_SECONDS = 400 * 24 * 3600
SHIFT_COOKIE_SECONDS = 16 * 3600
PROBLEM = OpenApiResponse(ProblemSerializer, description="Why not, and what to do now")


def keep_cookie(request: HttpRequest, response: Any, name: str, token: str, seconds: int) -> None:
    """A cookie no script reads and no other site makes the browser send."""
    response.set_cookie(
        name,
        token,
        max_age=seconds,
        httponly=True,
        samesite="Strict",
        secure=request.is_secure() or settings.TERAA_SCHEME == "https",
    )


def keep_station(request: HttpRequest, response: Any, token: str) -> None:
    """From now on this browser is the station; whoever was signed on in it no longer is."""
    keep_cookie(request, response, STATION_COOKIE, token, STATION_COOKIE_SECONDS)
    response.delete_cookie(SHIFT_COOKIE, samesite="Strict")


def station_facts(station: Station) -> dict[str, Any]:
    return {"id": str(station.pk), "name": station.name, "kind": station.kind}


class EnrolView(Endpoint):
    """Spend an enrolment code."""

    # Nobody is known yet. Only JSON is read, which no foreign page can send here.
    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="enrol_station",
        request=EnrolmentSerializer,
        responses={201: EnrolledSerializer, 409: PROBLEM, 422: PROBLEM, 429: PROBLEM},
        tags=["station"],
    )
    def post(self, request: Request) -> Response:
        """A browser is answered with its cookie, an agent with its token."""
        asked = EnrolmentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        by_agent: bool = asked.validated_data["agent"]
        station, token = tries.enrol_from(
            address=tries.visitor_address(request._request),
            code=asked.validated_data["code"],
            at=now(),
            by_agent=by_agent,
        )
        response = Response(
            {"station": station_facts(station), "token": token if by_agent else None},
            status=status.HTTP_201_CREATED,
        )
        if not by_agent:
            keep_station(request._request, response, token)
        return response


class TillView(Endpoint):
    """The till's first question."""

    permission_classes = [StationRequired]

    @extend_schema(
        operation_id="till", responses={200: TillSerializer, 401: PROBLEM}, tags=["station"]
    )
    def get(self, request: Request) -> Response:
        """Venue, station, staff, who is signed on, and what other rooms add."""
        facts = bootstrap(_session(request))
        facts["live_url"] = live_url(request._request)
        facts["csrf"] = get_token(request._request)
        return Response(facts)


class SignOnView(Endpoint):
    """A person takes over the station with their PIN."""

    permission_classes = [StationRequired]

    @extend_schema(
        operation_id="sign_on",
        request=SignOnSerializer,
        responses={200: ShiftSerializer, 401: PROBLEM, 403: PROBLEM, 404: PROBLEM, 422: PROBLEM},
        tags=["station"],
    )
    def post(self, request: Request) -> Response:
        """Five wrong PINs lock this person out of this station for fifteen minutes."""
        asked = SignOnSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        staff_id = asked.validated_data["staff"]
        token = operations.sign_on(
            station=_session(request).station,
            staff_id=staff_id,
            pin=asked.validated_data["pin"],
            at=now(),
        )
        response = Response({"signed_on": signed_on(StaffMember.objects.get(pk=staff_id))})
        keep_cookie(request._request, response, SHIFT_COOKIE, token, SHIFT_COOKIE_SECONDS)
        return response


class SilenceView(Endpoint):
    """How long a station could not reach the server, told when it can again."""

    permission_classes = [StationRequired]

    @extend_schema(
        operation_id="tell_silence",
        request=SilenceSerializer,
        responses={200: SilenceToldSerializer, 400: PROBLEM, 401: PROBLEM},
        tags=["station"],
    )
    def post(self, request: Request) -> Response:
        """Told again with the same key, it is kept once."""
        given = read_body(SilenceSerializer, request.data)
        told = operations.tell_silence(
            session=_session(request), key=given["key"], seconds=given["seconds"], at=now()
        )
        return Response({"since": iso_utc(told.since), "until": iso_utc(told.until)})


class SignOffView(Endpoint):
    """The person leaves the station."""

    permission_classes = [StationRequired]

    @extend_schema(
        operation_id="sign_off",
        request=None,
        responses={200: ShiftSerializer, 401: PROBLEM},
        tags=["station"],
    )
    def post(self, request: Request) -> Response:
        """Asked again, it answers the same."""
        session = _session(request)
        if session.sign_on is not None:
            operations.sign_off(sign_on=session.sign_on, at=now())
        response = Response({"signed_on": None})
        response.delete_cookie(SHIFT_COOKIE, samesite="Strict")
        return response


def _session(request: Request) -> StationSession:
    session: StationSession = request.auth  # type: ignore[assignment]
    return session
