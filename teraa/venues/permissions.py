"""Who may call an endpoint: an enrolled station, and a person whose role allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from teraa.common.problems import Forbidden, Problem
from teraa.venues.authentication import StationSession, StationUnknown

if TYPE_CHECKING:
    # rest_framework.views loads this module, the default permission, while it is itself loading.
    from rest_framework.views import APIView


class NotSignedOn(Problem):
    code = "not_signed_on"
    status = 401
    title = _("Nobody is signed on at this station.")
    advice = _("Choose your name and type your PIN.")


class StationRequired(BasePermission):
    """Any enrolled station that is not revoked. Raises StationUnknown."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, StationSession):
            raise StationUnknown()
        return True


class StationKindRequired(StationRequired):
    """A station of one of the view's ``station_kinds``. Raises StationUnknown, Forbidden."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        super().has_permission(request, view)
        kinds: tuple[str, ...] = view.station_kinds  # type: ignore[attr-defined]
        if request.auth.station.kind not in kinds:  # type: ignore[union-attr]
            raise Forbidden()
        return True


class StaffRequired(StationRequired):
    """A person signed on at the station, whose role carries the view's ``permission_needed``.

    A view may name one permission for all methods or a dict per method.
    Raises StationUnknown, NotSignedOn, Forbidden.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        super().has_permission(request, view)
        session: StationSession = request.auth  # type: ignore[assignment]
        if session.staff is None:
            raise NotSignedOn()
        needed: str | dict[str, str] = view.permission_needed  # type: ignore[attr-defined]
        if isinstance(needed, dict):
            needed = needed[request.method or ""]
        if not session.staff.may(needed):
            raise Forbidden()
        return True
