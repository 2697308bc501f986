"""Refusals of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Problem


class JustTaken(Problem):
    """``nearest``: up to three ``{"starts_at", "ends_at"}`` at which the same would be free."""

    code = "just_taken"
    status = 409
    title = _("Somebody has just taken this.")
    advice = _("Choose another time or another place: the nearest free ones are shown.")
