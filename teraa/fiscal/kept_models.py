"""Keys that followed one another, archives that were made, and the long work of keeping both sound.

A register's keys and archives only ever grow (law 5); a task moves, for it is work, not a record.
"""

from __future__ import annotations

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from teraa.common.ids import uuid7
from teraa.common.states import Moves, Stateful
from teraa.fiscal.states import TASK_MOVES, ArchiveReason, TaskKind, TaskState
from teraa.venues.models import Venue


class RegisterKey(models.Model):
    """One key of a register, in the order they followed one another (``teraa.fiscal.rotation``).

    Each key but the first was named by an event that the one before it signed; this row repeats
    what those two events say. ``ChainHead.key_id`` says which one signs now.
    """

    pk = models.CompositePrimaryKey("register_id", "number")
    venue = models.ForeignKey(
        Venue, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    register = models.ForeignKey(
        "fiscal.Register", models.PROTECT, related_name="keys", db_constraint=False, db_index=False
    )
    number = models.PositiveIntegerField()
    key_id = models.CharField(max_length=16)
    public_key = models.CharField(max_length=64)
    begun_at = models.DateTimeField()

    class Meta:
        db_table = "fiscal_register_key"
        constraints = [
            models.UniqueConstraint("key_id", name="fiscal_register_key_once"),
            models.CheckConstraint(
                condition=Q(number__gte=1), name="fiscal_register_key_number_starts"
            ),
            models.CheckConstraint(
                condition=Q(public_key__regex=r"^[0-9a-f]{64}$", key_id__regex=r"^[0-9a-f]{16}$"),
                name="fiscal_register_key_row_shape",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.key_id}"


class Archive(models.Model):
    """An archive that was written: one file below ``TERAA_DATA/archives``, named by its id.

    ``register`` is null when it holds every register of the venue. ``since`` and ``until`` are
    business days, both contained; ``since`` is null when it begins with the first document.
    ``sha256`` is that of the file, ``manifest_sha256`` what each register signed (its ARCHIVE chain).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="archives")
    register = models.ForeignKey(
        "fiscal.Register",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="archives",
        db_constraint=False,
    )
    reason = models.CharField(_("reason"), max_length=8, choices=ArchiveReason.choices)
    since = models.DateField(_("from business day"), null=True)
    until = models.DateField(_("to business day"))
    documents = models.BigIntegerField(_("documents"))
    size_bytes = models.BigIntegerField(_("size (bytes)"))
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    manifest_sha256 = models.CharField(_("SHA-256 of the manifest"), max_length=64)
    fiscal_version = models.CharField(_("fiscal version"), max_length=20)
    made_at = models.DateTimeField(_("made"))
    made_by = models.CharField(_("made by"), max_length=120, blank=True)

    class Meta:
        db_table = "fiscal_archive"
        verbose_name = _("archive")
        verbose_name_plural = _("archives")
        constraints = [
            models.UniqueConstraint(
                "venue",
                "until",
                name="fiscal_archive_one_a_year",
                condition=Q(reason=ArchiveReason.YEARLY),
            ),
            models.CheckConstraint(
                condition=Q(reason__in=ArchiveReason.values), name="fiscal_archive_reason"
            ),
            models.CheckConstraint(
                condition=Q(
                    sha256__regex=r"^[0-9a-f]{64}$", manifest_sha256__regex=r"^[0-9a-f]{64}$"
                ),
                name="fiscal_archive_hash_shape",
            ),
            models.CheckConstraint(
                condition=Q(since=None) | Q(since__lte=F("until")), name="fiscal_archive_days"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.since or '…'} – {self.until}"


class Task(Stateful):
    """Something long that somebody asked for in the back office, and may leave: the jobs do it.

    ``done`` of ``total`` documents is its progress. ``outcome`` is what it ended with: the faults
    of a verification, in words, or the problem that stopped it.
    """

    MOVES: ClassVar[Moves] = TASK_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="fiscal_tasks")
    register = models.ForeignKey(
        "fiscal.Register",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("register"),
        related_name="+",
        db_constraint=False,
        help_text=_("Leave it empty for every register of the venue."),
    )
    kind = models.CharField(_("what"), max_length=12, choices=TaskKind.choices)
    reason = models.CharField(
        _("reason"),
        max_length=8,
        choices=ArchiveReason.choices,
        default=ArchiveReason.ASKED,
        editable=False,
    )
    state = models.CharField(
        _("state"), max_length=8, choices=TaskState.choices, default=TaskState.WAITING
    )
    since = models.DateField(_("from business day"), null=True, blank=True)
    until = models.DateField(_("to business day"), null=True, blank=True)
    asked_at = models.DateTimeField(_("asked for on"))
    asked_by = models.CharField(_("asked by"), max_length=120, blank=True)
    started_at = models.DateTimeField(_("begun"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    done = models.BigIntegerField(_("documents done"), default=0)
    total = models.BigIntegerField(_("documents to do"), default=0)
    outcome = models.JSONField(_("outcome"), default=dict, encoder=DjangoJSONEncoder)
    archive = models.ForeignKey(
        Archive, models.PROTECT, null=True, related_name="+", db_constraint=False
    )

    class Meta:
        db_table = "fiscal_task"
        verbose_name = _("check or archive")
        verbose_name_plural = _("checks and archives")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=TaskKind.values), name="fiscal_task_kind"),
            models.CheckConstraint(
                condition=Q(state__in=TaskState.values), name="fiscal_task_state"
            ),
            models.CheckConstraint(
                condition=Q(since=None) | Q(until=None) | Q(since__lte=F("until")),
                name="fiscal_task_days",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["done", "failed"], ended_at__isnull=False)
                | (~Q(state__in=["done", "failed"]) & Q(ended_at=None)),
                name="fiscal_task_ended",
            ),
        ]

    def __str__(self) -> str:
        return str(TaskKind(self.kind).label)
