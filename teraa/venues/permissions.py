"""Who may call an endpoint: an enrolled station, and a person whose role allows it."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


class StationRequired(BasePermission):
    """Any enrolled station that is not revoked."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.auth is not None


class StaffRequired(BasePermission):
    """A person signed on at the station, whose role carries the view's ``permission_needed``."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        session: Any = request.auth
        needed: str = getattr(view, "permission_needed", "")
        return bool(session and session.staff and session.staff.may(needed))
