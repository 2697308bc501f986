"""What waits to be told, and which parts are alive."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from teraa.common.clock import now
from teraa.live.heartbeat import is_fresh
from teraa.live.models import Heartbeat, Outbox
from teraa.live.office import MachineRoomAdmin


@admin.register(Outbox)
class OutboxAdmin(MachineRoomAdmin):
    list_display = ["created_at", "topic", "key", "published_at", "attempts", "last_error"]
    list_filter = [("published_at", admin.EmptyFieldListFilter)]
    search_fields = ["topic", "key", "last_error"]
    ordering = ["-id"]


@admin.register(Heartbeat)
class HeartbeatAdmin(MachineRoomAdmin):
    list_display = ["part", "alive", "state", "beat_at", "detail"]
    search_fields = ["part"]
    ordering = ["part"]

    @display(description=_("alive"), boolean=True)
    def alive(self, beat: Heartbeat) -> bool:
        return is_fresh(beat, at=now())
