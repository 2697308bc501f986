"""Who is calling: an enrolled station by its token, and the person signed on there."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.request import Request

from teraa.common.prepared import Joined
from teraa.common.problems import Problem
from teraa.venues.models import SignOn, StaffMember, Station, Venue
from teraa.venues.secrets_kept import token_digest

STATION_COOKIE = "teraa_station"
SHIFT_COOKIE = "teraa_shift"
SCHEME = "Station"


class StationUnknown(Problem):
    code = "station_unknown"
    status = 401
    title = _("This device is not enrolled here.")
    advice = _("Ask a manager for an enrolment code and type it in.")


class StationRevoked(Problem):
    code = "station_revoked"
    status = 401
    title = _("This device may no longer be used here.")
    advice = _("Ask a manager to enrol it again.")


class CrossSite(Problem):
    """A cookie came without the token only our own pages know."""

    code = "csrf_failed"
    status = 403
    title = _("This page has been open for too long.")
    advice = _("Reload it and try again.")


@dataclass(frozen=True)
class StationSession:
    """What the API knows of its caller: ``request.auth``."""

    station: Station
    venue: Venue
    staff: StaffMember | None
    sign_on: SignOn | None


_SESSION = Joined(
    """
    SELECT {columns}
    FROM venues_station s
    JOIN venues_venue v ON v.id = s.venue_id
    LEFT JOIN venues_sign_on o
        ON o.station_id = s.id AND o.ended_at IS NULL AND o.token_sha256 = %(shift)s
    LEFT JOIN venues_staff_member m ON m.id = o.staff_id
    WHERE s.token_sha256 = %(station)s
    """,
    s=Station,
    v=Venue,
    o=SignOn,
    m=StaffMember,
)


def session_for(*, station_token: str, shift_token: str = "") -> StationSession:
    """Load station, venue and who is signed on in one query.

    A person who is no longer active counts as nobody. Raises StationUnknown, StationRevoked.
    """
    found = _SESSION.first(station=token_digest(station_token), shift=token_digest(shift_token))
    if found is None:
        raise StationUnknown()
    station: Station = found["s"]
    station.venue = found["v"]
    if station.revoked_at is not None:
        raise StationRevoked()
    sign_on: SignOn | None = found["o"]
    staff: StaffMember | None = found["m"] if sign_on and found["m"].active else None
    return StationSession(station, station.venue, staff, sign_on if staff else None)


def header_token(authorization: str) -> str | None:
    """The token of ``Authorization: Station <token>``; None when there is none."""
    scheme, _space, token = authorization.partition(" ")
    return token.strip() if scheme == SCHEME and token.strip() else None


class StationAuthentication(BaseAuthentication):
    """Django REST framework's door: header for agents, cookies for browsers.

    A browser sends cookies by itself, so whoever comes with one must also show the CSRF token.
    """

    def authenticate(self, request: Request) -> tuple[None, StationSession] | None:
        token = header_token(request.headers.get("Authorization", ""))
        if token is not None:
            return None, session_for(station_token=token)
        cookie = request.COOKIES.get(STATION_COOKIE)
        if not cookie:
            return None
        session = session_for(
            station_token=cookie, shift_token=request.COOKIES.get(SHIFT_COOKIE, "")
        )
        refuse_cross_site(request)
        return None, session

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


def refuse_cross_site(request: Request) -> None:
    """Django's CSRF check for an API view. Raises CrossSite."""
    check = CSRFCheck(lambda _request: None)  # type: ignore[arg-type]
    check.process_request(request._request)
    if check.process_view(request._request, None, (), {}):  # type: ignore[arg-type]
        raise CrossSite()
