"""What a socket may follow: its station's news, its venue's, or those of its user's venues."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, parse_cookie

from teraa.common.problems import Problem
from teraa.venues.authentication import (
    SHIFT_COOKIE,
    STATION_COOKIE,
    StationSession,
    header_token,
    session_for,
)
from teraa.venues.models import StaffMember, StationKind, Venue


async def topics_for(scope: dict[str, Any]) -> list[str]:
    """Topics for the headers of one socket; none when it proves nothing."""
    return cast("list[str]", await database_sync_to_async(topics_of)(scope))


def topics_of(scope: dict[str, Any]) -> list[str]:
    """The same, to be called from a thread that may use the database."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    cookies = parse_cookie(headers.get(b"cookie", ""))
    token = header_token(headers.get(b"authorization", "")) or cookies.get(STATION_COOKIE, "")
    topics = _of_station(token, cookies.get(SHIFT_COOKIE, "")) if token else []
    topics += _of_user(cookies.get(settings.SESSION_COOKIE_NAME, ""))
    if settings.TERAA_DEMO:
        topics.append("demo")
    return list(dict.fromkeys(topics))


def _of_station(token: str, shift: str) -> list[str]:
    try:
        session: StationSession = session_for(station_token=token, shift_token=shift)
    except Problem:
        return []
    topics = [f"station.{session.station.pk}", f"venue.{session.venue.pk}", "chain"]
    if session.station.kind == StationKind.AGENT:
        topics.append(f"agent.{session.station.pk}")
    return topics


def _of_user(session_key: str) -> list[str]:
    if not session_key:
        return []
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    # Django's own check of the session, which only ever looks at request.session.
    user = get_user(cast(HttpRequest, SimpleNamespace(session=store)))
    if not (user.is_authenticated and user.is_active):
        return []
    venues = list(
        Venue.objects.values_list("pk", flat=True)
        if user.is_superuser
        else StaffMember.objects.filter(user=user.pk, active=True).values_list("venue", flat=True)
    )
    return [f"venue.{venue}" for venue in venues]
