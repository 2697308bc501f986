"""Who would like a time that is taken, in the order in which they asked."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bookings.models.offers import Offer
from bookings.models.stays import Booking
from bookings.states import (
    WAITING_MOVES,
    WaitingState,
)
from teraa.common.ids import uuid7
from teraa.common.states import Moves, Stateful


class WaitingEntry(Stateful):
    """Somebody who waits for a time of an offer, or for any time of a day.

    When it becomes free, the first gets it as a hold of ``key``; who lets that pass has had their
    turn. ``secret`` opens the page on which one sees it and gives it up.
    """

    MOVES: ClassVar[Moves] = WAITING_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="waiting_entries")
    # Of the request, and of the hold it may become.
    key = models.UUIDField()
    request_sha256 = models.CharField(max_length=64)
    secret = models.CharField(max_length=43, unique=True, editable=False)
    page_url = models.CharField(max_length=300, blank=True, editable=False)
    # Where the guest's page of a booking is, but for its secret: a job makes the hold.
    booking_url = models.CharField(max_length=300, blank=True, editable=False)
    offer = models.ForeignKey(
        Offer, models.PROTECT, related_name="waiting_entries", verbose_name=_("offer")
    )
    day = models.DateField(_("day"))
    starts_at = models.DateTimeField(_("begins"), null=True, blank=True)
    minutes = models.PositiveIntegerField(_("minutes"))
    people = models.PositiveIntegerField(_("people"), default=1)
    guest_name = models.CharField(_("name"), max_length=80)
    guest_email = models.EmailField(_("e-mail"), max_length=254)
    language = models.CharField(_("language"), max_length=5, default="fr")
    state = models.CharField(
        _("state"), max_length=10, choices=WaitingState.choices, default=WaitingState.WAITING
    )
    booking = models.OneToOneField(
        Booking, models.PROTECT, null=True, related_name="waited", verbose_name=_("booking")
    )
    created_at = models.DateTimeField(_("asked"))
    offered_at = models.DateTimeField(_("offered"), null=True)

    class Meta:
        db_table = "bookings_waiting_entry"
        verbose_name = _("waiting guest")
        verbose_name_plural = _("waiting list")
        constraints = [
            models.UniqueConstraint("venue", "key", name="bookings_waiting_key_once"),
            models.CheckConstraint(
                condition=Q(state="offered", booking__isnull=False, offered_at__isnull=False)
                | (~Q(state="offered") & Q(booking__isnull=True)),
                name="bookings_waiting_offered_is_held",
            ),
            models.CheckConstraint(
                condition=Q(people__gte=1, minutes__gte=15), name="bookings_waiting_sane"
            ),
        ]
        indexes = [
            models.Index(
                fields=["venue", "created_at"],
                name="bookings_waiting_turn",
                condition=Q(state="waiting"),
            ),
        ]
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.guest_name}: {self.offer}, {self.day}"
