"""Printers, the tills they serve, and what waits to be printed."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from teraa.common.ids import uuid7
from teraa.common.states import Moves, Stateful
from teraa.devices.profiles import Profile, ProfileError, profile_from_json
from teraa.devices.states import AWAY, JOB_MOVES, WAITING, JobState
from teraa.devices.targets import WrongTarget, parse_network_target
from teraa.venues.models import StationKind


class DriverName(models.TextChoices):
    """How the agent reaches a printer; the drivers themselves are known to the agent only."""

    NETWORK = "network", _("Network, port 9100")
    MEMORY = "memory", _("None: rehearsal in memory")


class Printer(models.Model):
    """A receipt printer, the agent that writes to it, and the tills it serves."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="printers")
    station = models.ForeignKey(
        "venues.Station",
        models.PROTECT,
        related_name="printers",
        verbose_name=_("agent"),
        help_text=_("The device agent that stands beside this printer and writes to it."),
    )
    name = models.CharField(_("name"), max_length=60)
    driver = models.CharField(
        _("connection"), max_length=20, choices=DriverName.choices, default=DriverName.NETWORK
    )
    target = models.CharField(
        _("address"), max_length=120, help_text=_("For instance 192.168.1.40:9100.")
    )
    profile = models.JSONField(_("model"), default=dict, blank=True)
    has_drawer = models.BooleanField(
        _("a cash drawer hangs on it"), default=False, help_text=_("It opens on cash sales.")
    )
    is_default = models.BooleanField(
        _("prints for every till"),
        default=False,
        help_text=_("For the tills that have no printer of their own."),
    )
    active = models.BooleanField(_("in use"), default=True)
    tills = models.ManyToManyField(
        "venues.Station", through="PrinterTill", related_name="+", verbose_name=_("tills")
    )

    class Meta:
        db_table = "devices_printer"
        verbose_name = _("printer")
        verbose_name_plural = _("printers")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("venue", "name", name="devices_printer_name_once"),
            models.UniqueConstraint(
                "venue",
                name="devices_printer_one_default",
                condition=Q(is_default=True),
                violation_error_message=_("Another printer already prints for every till."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def model(self) -> Profile:
        """The profile as a value. Raises ProfileError."""
        return profile_from_json(self.profile)

    @property
    def width_columns(self) -> int:
        """Columns of its paper: 32, 42 or 48."""
        return self.model.width_columns

    def waiting(self) -> int:
        """Jobs not printed yet: queued, held or with the agent (one query)."""
        return self.jobs.filter(state__in=[*WAITING, *AWAY]).count()

    def clean(self) -> None:
        errors: dict[str, Any] = {}
        try:
            profile_from_json(self.profile)
        except ProfileError as error:
            errors["profile"] = str(error)
        if self.driver == DriverName.NETWORK:
            try:
                parse_network_target(self.target)
            except WrongTarget:
                errors["target"] = _("Write an address such as 192.168.1.40 or printer.local:9100.")
        if self.station_id and self.station.kind != StationKind.AGENT:
            errors["station"] = _("Choose a station of the kind “device agent”.")
        if errors:
            raise ValidationError(errors)


class PrinterTill(models.Model):
    """The printer a till's receipts come out of. A till has one."""

    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="+")
    printer = models.ForeignKey(Printer, models.CASCADE, related_name="printer_tills")
    station = models.OneToOneField(
        "venues.Station", models.CASCADE, related_name="+", verbose_name=_("till")
    )

    class Meta:
        db_table = "devices_printer_till"
        verbose_name = _("till served")
        verbose_name_plural = _("tills served")

    def __str__(self) -> str:
        return f"{self.station} → {self.printer}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        # The venue stands in the row only so that the database can compare both ends with it.
        self.venue_id = self.printer.venue_id
        super().save(*args, **kwargs)


class PrintJob(Stateful):
    """One page for one printer. Who queues it gives the key; the same key again is the same job."""

    MOVES: ClassVar[Moves] = JOB_MOVES

    id = models.BigAutoField(primary_key=True)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="+")
    printer = models.ForeignKey(Printer, models.PROTECT, related_name="jobs")
    key = models.UUIDField(_("key"), editable=False)
    subject = models.CharField(_("subject"), max_length=80)
    page = models.JSONField(_("page"))
    state = models.CharField(
        _("state"), max_length=10, choices=JobState.choices, default=JobState.QUEUED
    )
    detail = models.CharField(_("reason"), max_length=500, blank=True, default="")
    # Counts the leases: a report about an earlier one is refused.
    attempt = models.PositiveIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("queued at"))
    next_at = models.DateTimeField(_("not before"))
    lease_until = models.DateTimeField(_("lease ends"), null=True)
    # Which run of the agent holds it: a new run knows that the old one is dead.
    lease_run = models.UUIDField(null=True, editable=False)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    done_at = models.DateTimeField(_("done at"), null=True)
    reprints = models.PositiveIntegerField(_("reprints"), default=0)
    reprint_reason = models.CharField(_("why again"), max_length=200, blank=True, default="")
    reprint_by = models.CharField(_("again by"), max_length=120, blank=True, default="")

    class Meta:
        db_table = "devices_print_job"
        verbose_name = _("print job")
        verbose_name_plural = _("print jobs")
        constraints = [
            models.UniqueConstraint("venue", "key", name="devices_print_job_key_once"),
            models.CheckConstraint(
                condition=~Q(state__in=AWAY) | Q(lease_until__isnull=False),
                name="devices_print_job_away_has_lease",
            ),
        ]
        indexes = [
            # What an agent asks for every two seconds: the first job of each printer not yet done.
            models.Index(
                "printer",
                "id",
                name="devices_print_job_to_do",
                condition=Q(state__in=[*WAITING, *AWAY]),
            ),
            models.Index("venue", "subject", "id", name="devices_print_job_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.state}"
