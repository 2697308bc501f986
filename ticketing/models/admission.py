"""What gates saw: every scan is kept with the answer it got, whatever it was."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from teraa.common.ids import uuid7
from teraa.venues.models import StaffMember, Station, Venue
from ticketing.models.events import Event
from ticketing.models.orders import Ticket
from ticketing.states import Reason


class Scan(models.Model):
    """One look at one code. ``key`` is the gate's (UUIDv7): sent twice, looked at once.

    Only ever inserted. At most one scan admits a ticket: the database says no to a second.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    key = models.UUIDField(editable=False)
    request_sha256 = models.CharField(max_length=64, editable=False)
    event = models.ForeignKey(Event, models.PROTECT, related_name="scans", verbose_name=_("event"))
    station = models.ForeignKey(
        Station, models.PROTECT, related_name="scans", verbose_name=_("gate")
    )
    staff = models.ForeignKey(StaffMember, models.PROTECT, related_name="+", verbose_name=_("by"))
    code = models.CharField(_("what was read"), max_length=400)
    ticket = models.ForeignKey(
        Ticket, models.PROTECT, null=True, related_name="scans", verbose_name=_("entry ticket")
    )
    reason = models.CharField(_("answer"), max_length=20, choices=Reason.choices)
    # What the answer showed: category, number, when and where admitted before.
    shown = models.JSONField(default=dict)
    at = models.DateTimeField(_("when"))

    class Meta:
        db_table = "ticketing_scan"
        verbose_name = _("scan")
        verbose_name_plural = _("scans")
        constraints = [
            models.UniqueConstraint("venue", "key", name="ticketing_scan_key_once"),
            models.UniqueConstraint(
                "ticket", name="ticketing_scan_admits_once", condition=Q(reason="ok")
            ),
            models.CheckConstraint(
                condition=~Q(reason="ok") | Q(ticket__isnull=False),
                name="ticketing_scan_admits_a_ticket",
            ),
        ]
        indexes = [models.Index(fields=["event", "-at"], name="ticketing_scan_recent")]

    def __str__(self) -> str:
        return f"{self.reason} {self.at:%H:%M:%S}"
