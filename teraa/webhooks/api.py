"""Endpoints and deliveries over HTTP, for managers signed on at a station of the venue."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from teraa.common.clock import now
from teraa.common.endpoints import Endpoint
from teraa.common.problems import Invalid, NotFound
from teraa.common.shapes import read_body
from teraa.venues.authentication import StationSession
from teraa.venues.permissions import StaffRequired
from teraa.venues.permissions_table import MANAGE_WEBHOOKS
from teraa.venues.serializers import ProblemSerializer
from teraa.webhooks import kinds, operations, queries
from teraa.webhooks.models import HookDelivery, HookEndpoint
from teraa.webhooks.serializers import (
    DeliveriesSerializer,
    DeliveryFilterSerializer,
    DeliverySerializer,
    DeliveryWithPayloadSerializer,
    EndpointChangeSerializer,
    EndpointSerializer,
    EndpointsSerializer,
    KindsSerializer,
    NewEndpointSerializer,
    NewSecretSerializer,
    NothingNeededSerializer,
    RotationSerializer,
    delivery_view,
    endpoint_view,
    kind_view,
)
from teraa.webhooks.states import DeliveryState

PROBLEM = OpenApiResponse(ProblemSerializer, description="Why not, and what to do now")
TAGS = ["webhooks"]


class HookView(Endpoint):
    """Base of this room's doors: somebody signed on who may decide who is told."""

    permission_classes = [StaffRequired]
    permission_needed = MANAGE_WEBHOOKS

    def session(self, request: Request) -> StationSession:
        session = request.auth
        assert isinstance(session, StationSession)  # noqa: S101  the permission class made sure
        return session

    def who(self, request: Request) -> dict[str, Any]:
        """Who acts where and when, as every operation of this room wants to know it."""
        session = self.session(request)
        return {
            "venue_id": session.venue.pk,
            "by": session.staff.name if session.staff else "",
            "at": now(),
        }


class EndpointsView(HookView):
    """The venue's endpoints."""

    @extend_schema(
        operation_id="list_webhook_endpoints",
        responses={200: EndpointsSerializer, 401: PROBLEM, 403: PROBLEM},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        found = queries.endpoints_of(self.session(request).venue.pk)
        return Response({"endpoints": [endpoint_view(one) for one in found]})

    @extend_schema(
        operation_id="create_webhook_endpoint",
        request=NewEndpointSerializer,
        responses={
            200: NewSecretSerializer,
            201: NewSecretSerializer,
            401: PROBLEM,
            403: PROBLEM,
            409: PROBLEM,
            422: PROBLEM,
        },
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """The secret is in this answer and nowhere else."""
        given = read_body(NewEndpointSerializer, request.data)
        made, secret = operations.create_endpoint(
            key=given["key"],
            url=given["url"],
            description=given["description"],
            wanted=given["kinds"],
            station_id=self.session(request).station.pk,
            **self.who(request),
        )
        return _with_secret(made, secret, status=201 if secret else 200)


class EndpointView(HookView):
    """One endpoint."""

    @extend_schema(
        operation_id="read_webhook_endpoint",
        responses={200: EndpointSerializer, 401: PROBLEM, 403: PROBLEM, 404: PROBLEM},
        tags=TAGS,
    )
    def get(self, request: Request, key: UUID) -> Response:
        found = queries.endpoints_of(self.session(request).venue.pk).filter(pk=key).first()
        if found is None:
            raise NotFound
        return Response(endpoint_view(found))

    @extend_schema(
        operation_id="change_webhook_endpoint",
        request=EndpointChangeSerializer,
        responses={
            200: EndpointSerializer,
            401: PROBLEM,
            403: PROBLEM,
            404: PROBLEM,
            409: PROBLEM,
            422: PROBLEM,
        },
        tags=TAGS,
    )
    def patch(self, request: Request, key: UUID) -> Response:
        """Only what is given is changed; ``enabled`` turns it off and on."""
        given = read_body(EndpointChangeSerializer, request.data)
        changed = operations.change_endpoint(
            endpoint_id=key,
            url=given.get("url"),
            wanted=given.get("kinds"),
            description=given.get("description"),
            enabled=given.get("enabled"),
            station_id=self.session(request).station.pk,
            **self.who(request),
        )
        return Response(endpoint_view(changed))

    @extend_schema(
        operation_id="turn_webhook_endpoint_off",
        request=None,
        responses={200: EndpointSerializer, 401: PROBLEM, 403: PROBLEM, 404: PROBLEM, 422: PROBLEM},
        tags=TAGS,
    )
    def delete(self, request: Request, key: UUID) -> Response:
        """Turns it off: what was sent stays on record. Asked again, it answers the same."""
        if request.data:  # whoever sends something here wants something else done
            raise Invalid(fields=dict.fromkeys(request.data, "not expected"))
        off = operations.change_endpoint(
            endpoint_id=key,
            enabled=False,
            station_id=self.session(request).station.pk,
            **self.who(request),
        )
        return Response(endpoint_view(off))


class RotateView(HookView):
    """A new secret beside the present one."""

    @extend_schema(
        operation_id="rotate_webhook_secret",
        request=RotationSerializer,
        responses={
            200: NewSecretSerializer,
            401: PROBLEM,
            403: PROBLEM,
            404: PROBLEM,
            422: PROBLEM,
        },
        tags=TAGS,
    )
    def post(self, request: Request, key: UUID) -> Response:
        """Both sign for a day; the secret is in this answer and nowhere else."""
        given = read_body(RotationSerializer, request.data)
        endpoint, secret = operations.rotate_secret(
            endpoint_id=key,
            key=given["key"],
            station_id=self.session(request).station.pk,
            **self.who(request),
        )
        return _with_secret(endpoint, secret, status=200)


class PingView(HookView):
    """A test."""

    @extend_schema(
        operation_id="ping_webhook_endpoint",
        request=NothingNeededSerializer,
        responses={201: DeliverySerializer, 401: PROBLEM, 403: PROBLEM, 404: PROBLEM, 409: PROBLEM},
        tags=TAGS,
    )
    def post(self, request: Request, key: UUID) -> Response:
        """An event of the kind ``ping`` goes the way of all others, wanted or not."""
        sent = operations.ping_endpoint(endpoint_id=key, **self.who(request))
        return Response(delivery_view(sent), status=201)


class DeliveriesView(HookView):
    """What was sent, is being sent and waits."""

    @extend_schema(
        operation_id="list_webhook_deliveries",
        parameters=[
            OpenApiParameter("endpoint", UUID),
            OpenApiParameter("state", str, enum=DeliveryState.values),
            OpenApiParameter("before", UUID, description="A delivery: only older ones"),
        ],
        responses={
            200: DeliveriesSerializer,
            401: PROBLEM,
            403: PROBLEM,
            404: PROBLEM,
            422: PROBLEM,
        },
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """Fifty at a time, the newest first."""
        asked = DeliveryFilterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        venue_id = self.session(request).venue.pk
        found = queries.deliveries_of(
            venue_id,
            endpoint_id=wanted.get("endpoint"),
            state=wanted.get("state"),
            before=_delivery(venue_id, wanted["before"]) if "before" in wanted else None,
        )[: queries.PAGE + 1]
        page = list(found)
        return Response(
            {
                "deliveries": [delivery_view(one) for one in page[: queries.PAGE]],
                "more": len(page) > queries.PAGE,
            }
        )


class DeliveryView(HookView):
    """One attempt, with what it carries."""

    @extend_schema(
        operation_id="read_webhook_delivery",
        responses={200: DeliveryWithPayloadSerializer, 401: PROBLEM, 403: PROBLEM, 404: PROBLEM},
        tags=TAGS,
    )
    def get(self, request: Request, key: UUID) -> Response:
        found = _delivery(self.session(request).venue.pk, key)
        return Response({**delivery_view(found), "payload": found.event.payload})


class RedeliverView(HookView):
    """Once more."""

    @extend_schema(
        operation_id="redeliver_webhook",
        request=NothingNeededSerializer,
        responses={200: DeliverySerializer, 401: PROBLEM, 403: PROBLEM, 404: PROBLEM, 409: PROBLEM},
        tags=TAGS,
    )
    def post(self, request: Request, key: UUID) -> Response:
        """The same event under the same delivery id; asked twice at once, sent once."""
        sent = operations.redeliver(delivery_id=key, **self.who(request))
        return Response(delivery_view(sent))


class KindsView(HookView):
    """What can be told."""

    @extend_schema(
        operation_id="list_webhook_kinds",
        responses={200: KindsSerializer, 401: PROBLEM, 403: PROBLEM},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """Each kind with the JSON schema of its body, and all that an endpoint may want."""
        known = [kind_view(one, kinds.API_VERSION) for one in kinds.registered()]
        return Response({"kinds": known, "patterns": kinds.patterns()})


def _delivery(venue_id: UUID, key: UUID) -> HookDelivery:
    found = queries.deliveries_of(venue_id).filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def _with_secret(endpoint: HookEndpoint, secret: str, *, status: int) -> Response:
    return Response({**endpoint_view(endpoint), "secret": secret or None}, status=status)
