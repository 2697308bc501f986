"""Refusals of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Problem


class UnknownKind(Problem):
    code = "unknown_event_kind"
    status = 422
    title = _("No event is called {kind}.")
    advice = _("Choose among the kinds listed; * means all of them, due.* all about dues.")


class TooManyEndpoints(Problem):
    code = "too_many_endpoints"
    status = 409
    title = _("This venue has {limit} endpoints already.")
    advice = _("Turn one off first, or let one receiver pass the events on.")


class EndpointOff(Problem):
    code = "endpoint_off"
    status = 409
    title = _("This endpoint is turned off.")
    advice = _("Turn it on, then try again.")
