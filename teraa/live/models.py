"""What is to be told to the outside, and who is alive to tell it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Outbox(models.Model):
    """One thing to announce after commit. Ids only: the reader asks again for the truth (law 7)."""

    id = models.BigAutoField(primary_key=True)
    topic = models.CharField(max_length=80)
    key = models.CharField(max_length=64)
    version = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")

    class Meta:
        db_table = "live_outbox"
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")
        constraints = [
            models.UniqueConstraint("topic", "key", "version", name="live_outbox_once"),
        ]
        indexes = [
            # The relay reads what is unpublished, in order.
            models.Index("id", name="live_outbox_waiting", condition=Q(published_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.key} v{self.version}"


class Heartbeat(models.Model):
    """The last sign of life of one part (ingest, effects, relay, jobs, live, agent…)."""

    part = models.CharField(max_length=80, primary_key=True)
    beat_at = models.DateTimeField()
    state = models.CharField(max_length=20, default="up")
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "live_heartbeat"
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return f"{self.part} {self.state} {self.beat_at:%H:%M:%S}"
