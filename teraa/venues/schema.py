"""How the API description (OpenAPI) names our ways in."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from teraa.venues.authentication import SCHEME, SHIFT_COOKIE, STATION_COOKIE


class StationScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """An enrolled browser's cookies, or an agent's header."""

    target_class = "teraa.venues.authentication.StationAuthentication"
    name = ["stationCookie", "stationToken"]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        return [
            {
                "type": "apiKey",
                "in": "cookie",
                "name": STATION_COOKIE,
                "description": (
                    f"Set by enrolment. Who is signed on travels in the cookie {SHIFT_COOKIE}; "
                    "unsafe methods also need the header X-CSRFToken."
                ),
            },
            {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": f"`{SCHEME} <token>`, for device agents.",
            },
        ]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        """Either of them will do; left to itself, drf-spectacular would ask for both."""
        return [{name: []} for name in self.name]
