"""How the house is doing: ``/healthz`` for people and probes, ``/metrics`` for Prometheus.

Health merges what answers by itself (this process, the database), the heartbeats of the loops,
and what the supervisor knows of its children. It answers also when the database does not.
"""

from __future__ import annotations

import datetime
import hmac
import ipaddress
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from teraa.common.clock import iso_utc, now
from teraa.common.problems import Forbidden
from teraa.live import gauges
from teraa.live.heartbeat import is_fresh
from teraa.live.models import Heartbeat

log = logging.getLogger(__name__)

# Without one of these no coffee can be sold and paid as it should be.
VITAL = ("database", "web", "live", "ingest", "effects", "relay")
# A part that lives but cannot do its work now (a stalled chain, a failing turn) says so by a state
# of its own; only silence and death are down.
DOWN = ("silent", "starting", "backoff", "down")
PING_MS = 2000


def supervised(file: Path) -> dict[str, dict[str, Any]]:
    """What the supervisor wrote of its children; nothing when no supervisor runs here."""
    try:
        parts = json.loads(file.read_text())["parts"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {name: dict(part) for name, part in parts.items()} if isinstance(parts, dict) else {}


def heartbeats() -> list[Heartbeat] | None:
    """Every heartbeat; None when the database does not answer within two seconds."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {PING_MS}")
            return list(Heartbeat.objects.order_by("part"))
    except (DatabaseError, InterfaceError) as error:
        log.warning("health cannot ask the database: %s", error)
        return None


def parts_at(at: datetime.datetime) -> dict[str, dict[str, Any]]:
    """Every known part: ``state``, ``vital``, and what else is known of it."""
    children = supervised(settings.TERAA_DATA / "run" / "parts.json")
    beats = heartbeats()
    own = {"database": "down" if beats is None else "up", "web": "up"}
    found = {name: {"state": state} for name, state in own.items()}
    for beat in beats or []:
        state = beat.state if is_fresh(beat, at=at) else "silent"
        # A detail may have names of its own; what health decides by is not theirs to change.
        found[beat.part] = {**beat.detail, "state": state, "beat_at": iso_utc(beat.beat_at)}
    return {
        name: _merged(name, found.get(name), children.get(name))
        for name in dict.fromkeys([*VITAL, *children, *found])
    }


def _merged(name: str, said: dict[str, Any] | None, child: dict[str, Any] | None) -> dict[str, Any]:
    """One part's own word, overruled by a supervisor that knows it is not running."""
    if child is not None and child.get("state") != "up":
        state = child.get("state", "down")
    elif said is not None:
        state = said["state"]
    else:
        # A loop that never said anything is not believed to work because its process exists;
        # of a program that is none of our loops, the process is all there is to know.
        state = "silent" if name in VITAL else "up"
    return {**(child or {}), **(said or {}), "state": state, "vital": name in VITAL}


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while every vital part lives, 503 otherwise; details for this machine's own eyes."""
    at = now()
    parts = parts_at(at)
    missing = [n for n, part in parts.items() if part["vital"] and part["state"] in DOWN]
    if not is_local(request):
        parts = {n: {"state": part["state"], "vital": part["vital"]} for n, part in parts.items()}
    body = {"healthy": not missing, "at": iso_utc(at), "missing": missing, "parts": parts}
    return JsonResponse(body, status=503 if missing else 200)


def is_local(request: HttpRequest) -> bool:
    """Whether the request comes from this very machine and through no proxy."""
    try:
        address = ipaddress.ip_address(str(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return False
    return address.is_loopback and "X-Forwarded-For" not in request.headers


class Figures(Collector):
    """The registered gauges, read when asked."""

    def collect(self) -> Iterator[Metric]:
        """A gauge that fails is named and spares the others."""
        failed = GaugeMetricFamily("teraa_gauge_failed", "Gauges that failed", labels=["gauge"])
        for gauge in gauges.registered():
            try:
                yield _family(gauge)
            except Exception:
                log.exception("gauge %s failed", gauge.name)
                failed.add_metric([gauge.name], 1)
        yield failed
        beats = heartbeats()
        yield GaugeMetricFamily(
            "teraa_database_up", "Whether the database answers", value=int(beats is not None)
        )
        ages = GaugeMetricFamily(
            "teraa_heartbeat_age_seconds", "Since a part last said it lives", labels=["part"]
        )
        at = now()
        for beat in beats or []:
            ages.add_metric([beat.part], (at - beat.beat_at).total_seconds())
        yield ages


def _family(gauge: gauges.Gauge) -> GaugeMetricFamily:
    reading = gauge.read()
    name = f"teraa_{gauge.name}"
    if isinstance(reading, int):
        return GaugeMetricFamily(name, gauge.help, value=reading)
    family = GaugeMetricFamily(name, gauge.help, labels=[gauge.label])
    for key, value in reading.items():
        family.add_metric([key], value)
    return family


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, for this machine or for who holds TERAA_METRICS_TOKEN."""
    if not (is_local(request) or _holds_token(request)):
        return JsonResponse(Forbidden().as_dict(), status=Forbidden.status)
    registry = CollectorRegistry()
    registry.register(Figures())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _holds_token(request: HttpRequest) -> bool:
    token: str = settings.TERAA_METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("metrics", metrics, name="metrics"),
]
