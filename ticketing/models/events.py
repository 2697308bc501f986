"""An event (one session of a show), what it sells at which rate, and how much there is of it."""

from __future__ import annotations

import datetime
import secrets
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from teraa.common.ids import uuid7
from teraa.common.states import Moves, Stateful
from teraa.venues.models import Payee, VatClass, Venue
from ticketing.states import EVENT_MOVES, EventState


def event_number() -> int:
    """What a ticket's code calls its event: 31 random bits, unique in the house."""
    return secrets.randbits(31)


class Event(Stateful):
    """One session: a concert on one evening, one day of a festival. Its payee organises it."""

    MOVES: ClassVar[Moves] = EVENT_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="events")
    payee = models.ForeignKey(
        Payee, models.PROTECT, related_name="events", verbose_name=_("organiser")
    )
    number = models.PositiveIntegerField(unique=True, default=event_number, editable=False)
    slug = models.SlugField(_("word in the address"), max_length=60)
    title = models.CharField(_("title"), max_length=120)
    about = models.TextField(_("about"), blank=True)
    session = models.PositiveIntegerField(
        _("session number"),
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("The law wants it on the ticket: 1 for a single performance."),
    )
    place = models.CharField(_("place"), max_length=120, blank=True)
    resource = models.ForeignKey(
        "spaces.Resource",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("space taken"),
        help_text=_("Nobody else can have it meanwhile, once the event is on sale."),
    )
    licence = models.CharField(
        _("licence of the organiser"),
        max_length=60,
        blank=True,
        help_text=_("Receipt number of the declaration as organiser of live shows."),
    )
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    entry_minutes = models.PositiveIntegerField(
        _("gates open so many minutes before"), default=90, validators=[MaxValueValidator(1440)]
    )
    hold_minutes = models.PositiveIntegerField(
        _("minutes a place is held for its payment"),
        default=15,
        validators=[MinValueValidator(2), MaxValueValidator(1440)],
    )
    most_per_order = models.PositiveIntegerField(
        _("tickets an order may hold"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
    )
    state = models.CharField(
        _("state"), max_length=8, choices=EventState.choices, default=EventState.DRAFT
    )

    class Meta:
        db_table = "ticketing_event"
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["starts_at", "title"]
        constraints = [
            models.UniqueConstraint("venue", "slug", name="ticketing_event_slug_once"),
            models.UniqueConstraint(
                "venue",
                "title",
                "session",
                name="ticketing_event_session_once",
                violation_error_message=_("This title already has a session of that number."),
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="ticketing_event_lasts",
                violation_error_message=_("An event ends after it starts."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def entry_at(self) -> datetime.datetime:
        """From when on the gates admit."""
        return self.starts_at - datetime.timedelta(minutes=self.entry_minutes)


class Quota(models.Model):
    """So many places, however they are priced. ``taken`` holds those sold and those held.

    One row is the counter: it moves by one conditional UPDATE, and the check says no to the rest.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    event = models.ForeignKey(Event, models.PROTECT, related_name="quotas")
    name = models.CharField(_("name"), max_length=60)
    capacity = models.PositiveIntegerField(_("places"))
    taken = models.PositiveIntegerField(_("taken"), default=0, editable=False)

    class Meta:
        db_table = "ticketing_quota"
        verbose_name = _("quota")
        verbose_name_plural = _("quotas")
        ordering = ["event", "name"]
        constraints = [
            models.UniqueConstraint("event", "name", name="ticketing_quota_name_once"),
            models.CheckConstraint(
                condition=Q(taken__gte=0, taken__lte=F("capacity")),
                name="ticketing_quota_not_oversold",
                violation_error_message=_("More places than that are taken already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Rate(models.Model):
    """A category of seat at a price, VAT included; it takes its places from one quota.

    The law's word is category: one ticket is valid for its own only.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    event = models.ForeignKey(Event, models.PROTECT, related_name="rates")
    quota = models.ForeignKey(
        Quota, models.PROTECT, related_name="rates", verbose_name=_("takes places from")
    )
    number = models.PositiveSmallIntegerField(
        _("order on the page"),
        validators=[MinValueValidator(1), MaxValueValidator(30_000)],
        help_text=_("Also what a ticket’s code calls it."),
    )
    name = models.CharField(_("category"), max_length=60)
    price_cents = models.PositiveIntegerField(
        _("price in cents, VAT included"), help_text=_("0 for a free entry.")
    )
    vat_class = models.CharField(
        _("VAT class"), max_length=20, choices=VatClass.choices, default=VatClass.SHOW
    )
    active = models.BooleanField(_("on sale"), default=True)

    class Meta:
        db_table = "ticketing_rate"
        verbose_name = _("ticket rate")
        verbose_name_plural = _("ticket rates")
        ordering = ["event", "number"]
        constraints = [
            models.UniqueConstraint("event", "number", name="ticketing_rate_number_once"),
            models.UniqueConstraint("event", "name", name="ticketing_rate_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Series(models.Model):
    """How far an event's two series have come: its tickets, and its operations.

    Taken in the transaction that confirms, so that a rollback leaves no hole.
    """

    event = models.OneToOneField(Event, models.PROTECT, primary_key=True, related_name="series")
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    tickets = models.PositiveIntegerField(default=0)
    operations = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "ticketing_series"
        verbose_name = _("series")
        verbose_name_plural = _("series")

    def __str__(self) -> str:
        return f"{self.event} {self.tickets}/{self.operations}"


class TicketKey(models.Model):
    """The public half of a venue's key for ticket codes; the private half is a file (keys.py)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    key_id = models.CharField(max_length=8, unique=True)
    full_id = models.CharField(max_length=16)
    public_key = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "ticketing_key"
        verbose_name = _("ticket key")
        verbose_name_plural = _("ticket keys")

    def __str__(self) -> str:
        return self.key_id
