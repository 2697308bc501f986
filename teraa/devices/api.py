"""What an agent may ask: the next pages to print, and to be heard about them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from teraa.common.clock import now
from teraa.common.endpoints import Endpoint
from teraa.devices.models import PrintJob
from teraa.devices.operations import (
    MAX_LEASE,
    REPORTED,
    lease_jobs,
    note_agent,
    page_to_print,
    report_job,
)
from teraa.venues.authentication import StationSession
from teraa.venues.models import StationKind
from teraa.venues.permissions import StationKindRequired

MAX_DETAIL = 500


class LeaseSerializer(serializers.Serializer[Any]):
    """How many jobs the agent has hands for."""

    max = serializers.IntegerField(min_value=1, max_value=MAX_LEASE)
    run = serializers.UUIDField(help_text="New at each start of the agent: ends its old leases")


class LeasedPrinterSerializer(serializers.Serializer[Any]):
    """How to reach a printer, and its model."""

    name = serializers.CharField()
    driver = serializers.CharField()
    target = serializers.CharField()
    profile = serializers.DictField()


class LeasedJobSerializer(serializers.Serializer[Any]):
    """One page for one printer."""

    key = serializers.UUIDField()
    attempt = serializers.IntegerField(help_text="Sent back with every report")
    printer = LeasedPrinterSerializer()
    page = serializers.DictField(help_text="teraa.common.paper, form 1")


class LeaseAnswerSerializer(serializers.Serializer[Any]):
    """At most one job for each printer."""

    jobs = LeasedJobSerializer(many=True)


class ReportSerializer(serializers.Serializer[Any]):
    """What became of a leased job. `sent` is said before the first byte leaves."""

    state = serializers.ChoiceField(choices=[str(state) for state in REPORTED])
    attempt = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    detail = serializers.CharField(max_length=MAX_DETAIL, allow_blank=True, default="")


class ReportAnswerSerializer(serializers.Serializer[Any]):
    """The state now stored."""

    state = serializers.CharField()


class AgentView(Endpoint):
    """A door for device agents only."""

    permission_classes = [StationKindRequired]
    station_kinds = (StationKind.AGENT,)


class LeaseView(AgentView):
    @extend_schema(
        operation_id="agent_lease",
        tags=["agent"],
        request=LeaseSerializer,
        responses=LeaseAnswerSerializer,
    )
    def post(self, request: Request) -> Response:
        """Take the next job of each printer of this agent, for half a minute."""
        wanted = LeaseSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        session: StationSession = request.auth  # type: ignore[assignment]
        at = now()
        jobs = lease_jobs(
            station=session.station,
            run=wanted.validated_data["run"],
            maximum=wanted.validated_data["max"],
            at=at,
        )
        note_agent(station=session.station, at=at)
        return Response({"jobs": [_leased(job) for job in jobs]})


class ReportView(AgentView):
    @extend_schema(
        operation_id="agent_report",
        tags=["agent"],
        request=ReportSerializer,
        responses=ReportAnswerSerializer,
    )
    def post(self, request: Request, key: UUID) -> Response:
        """Say what became of a job. 409 `lease_lost`: print nothing."""
        report = ReportSerializer(data=request.data)
        report.is_valid(raise_exception=True)
        session: StationSession = request.auth  # type: ignore[assignment]
        job = report_job(station=session.station, key=key, at=now(), **report.validated_data)
        return Response({"state": job.state})


def _leased(job: PrintJob) -> dict[str, Any]:
    return {
        "key": str(job.key),
        "attempt": job.attempt,
        "printer": {
            "name": job.printer.name,
            "driver": job.printer.driver,
            "target": job.printer.target,
            "profile": job.printer.profile,
        },
        "page": page_to_print(job),
    }
