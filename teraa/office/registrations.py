"""Lists of the parts we took: out of the back office, but for the jobs, which can fail."""

from __future__ import annotations

from django.contrib import admin
from procrastinate.contrib.django.models import ProcrastinateJob

from teraa.live.office import MachineRoomAdmin

OURS = ("teraa.", "pos.", "bookings.", "ticketing.")


class JobAdmin(MachineRoomAdmin):
    """Mail and clearing up: what ran, what waits, what gave up."""

    list_display = ["pk", "task_name", "status", "attempts", "scheduled_at", "args"]
    list_filter = ["status", "queue_name"]
    search_fields = ["task_name"]
    ordering = ["-pk"]


def keep_our_lists() -> None:
    """Other people's lists know nothing of venues: only rooms of ours show rows."""
    for model, listed in list(admin.site._registry.items()):
        if not type(listed).__module__.startswith(OURS):
            admin.site.unregister(model)
    admin.site.register(ProcrastinateJob, JobAdmin)
