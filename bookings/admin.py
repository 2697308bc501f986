"""Bookings in the back office: offers are kept here, bookings and the day are looked at."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from bookings.board import board_of
from bookings.models import (
    Booking,
    BookingLimit,
    CancellationStep,
    DiscountCode,
    Offer,
    OfferHours,
    PricePeak,
    SpecialDays,
    WaitingEntry,
)
from bookings.operations import cancel_for_guest
from bookings.states import BookingState, WaitingState
from teraa.common.clock import now
from teraa.common.ids import normalise_code
from teraa.common.journal_codes import SETTING_CHANGED
from teraa.common.money import format_cents
from teraa.common.problems import Problem
from teraa.fiscal.payloads import number_label
from teraa.settlement.cases.links import refund_link
from teraa.settlement.cases.people import Person
from teraa.spaces.office import RowsInline
from teraa.venues.models import Venue
from teraa.venues.office import VenueModelAdmin, venues_seen
from teraa.venues.permissions_table import EDIT_CATALOGUE, RUN_BOOKINGS, SEE_BOOKINGS

DAY = datetime.timedelta(days=1)
FARTHEST = 3660 * DAY


def cents(amount: int | None) -> str:
    """``amount`` cents in the reader's language."""
    return "–" if amount is None else format_cents(amount, get_language() or "fr")


class HoursInline(RowsInline):
    model = OfferHours
    fields = ["during", "weekday", "opens", "closes"]
    change_permission = EDIT_CATALOGUE
    view_permission = SEE_BOOKINGS


class LadderInline(RowsInline):
    model = CancellationStep
    fields = ["minutes_before", "percent"]
    change_permission = EDIT_CATALOGUE
    view_permission = SEE_BOOKINGS


class PeakInline(RowsInline):
    model = PricePeak
    fields = ["name", "hour_cents", "weekday", "opens", "closes", "first_day", "last_day"]
    change_permission = EDIT_CATALOGUE
    view_permission = SEE_BOOKINGS


class CancelForm(BaseDialogForm):  # type: ignore[misc]
    """What comes back, in euros, and the word that the guest reads."""

    gives_back = forms.DecimalField(
        label=_("given back, in euros"),
        min_value=0,
        max_digits=8,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text=_("Of what was paid. 0: nothing comes back."),
    )
    reason = forms.CharField(label=_("why"), max_length=120, widget=UnfoldAdminTextInputWidget)


@admin.register(Offer)
class OfferAdmin(VenueModelAdmin):
    journal_code = SETTING_CHANGED
    view_permission = SEE_BOOKINGS
    change_permission = EDIT_CATALOGUE
    list_display = ["name", "kind", "resource", "hour", "half_day", "day", "payee", "active"]
    list_filter = ["kind", "active", "payee", "venue"]
    search_fields = ["name", "summary", "resource__name", "payee__name"]
    list_select_related = ["resource", "payee", "venue"]
    ordering = ["venue", "position", "name"]
    inlines = [HoursInline, PeakInline, LadderInline]
    fieldsets = [
        (None, {"fields": ["venue", "name", "kind", "summary", "resource", "payee"]}),
        (
            _("Price"),
            {
                "fields": [
                    *["hour_cents", "half_day_cents", "day_cents", "week_cents", "month_cents"],
                    *["half_day_min", "vat_class"],
                ]
            },
        ),
        (
            _("Length and time"),
            {
                "fields": [
                    *["min_minutes", "max_minutes", "step_minutes"],
                    *["notice_minutes", "horizon_days", "move_notice_minutes"],
                    *["opens_on_holidays", "remind_minutes"],
                ]
            },
        ),
        (_("To pay"), {"fields": ["hold_minutes", "till_hold_minutes", "waiting_hold_minutes"]}),
        (_("On the page"), {"fields": ["position", "active"]}),
    ]

    @display(description=_("an hour"), ordering="hour_cents")
    def hour(self, offer: Offer) -> str:
        return cents(offer.hour_cents)

    @display(description=_("half a day"), ordering="half_day_cents")
    def half_day(self, offer: Offer) -> str:
        return cents(offer.half_day_cents)

    @display(description=_("a day"), ordering="day_cents")
    def day(self, offer: Offer) -> str:
        return cents(offer.day_cents)


@admin.register(SpecialDays)
class SpecialDaysAdmin(VenueModelAdmin):
    journal_code = SETTING_CHANGED
    view_permission = SEE_BOOKINGS
    change_permission = EDIT_CATALOGUE
    may_delete = True
    list_display = ["name", "first_day", "last_day", "opens", "closes", "offer"]
    list_filter = ["offer", "venue"]
    search_fields = ["name", "offer__name"]
    list_select_related = ["offer", "venue"]
    ordering = ["-last_day", "first_day"]
    fields = ["venue", "offer", "name", "first_day", "last_day", "opens", "closes"]


@admin.register(DiscountCode)
class DiscountCodeAdmin(VenueModelAdmin):
    journal_code = SETTING_CHANGED
    view_permission = SEE_BOOKINGS
    change_permission = EDIT_CATALOGUE
    list_display = ["code", "name", "percent", "offer", "last_day", "most_uses", "active"]
    list_filter = ["active", "offer", "venue"]
    search_fields = ["code", "name"]
    list_select_related = ["offer", "venue"]
    ordering = ["code"]
    fields = [
        *["venue", "code", "name", "percent", "offer"],
        *["first_day", "last_day", "most_uses", "active"],
    ]


@admin.register(BookingLimit)
class BookingLimitAdmin(VenueModelAdmin):
    journal_code = SETTING_CHANGED
    view_permission = SEE_BOOKINGS
    change_permission = EDIT_CATALOGUE
    may_delete = True
    list_display = ["over", "most_bookings", "most_minutes", "offer"]
    list_filter = ["offer", "venue"]
    search_fields = ["message", "offer__name"]
    list_select_related = ["offer", "venue"]
    ordering = ["venue", "pk"]
    fields = ["venue", "offer", "over", "most_bookings", "most_minutes", "message"]


@admin.register(Booking)
class BookingAdmin(VenueModelAdmin):
    """Guests make them; nobody edits them. ``day_board`` shows the day."""

    view_permission = SEE_BOOKINGS
    change_permission = None
    may_add = False
    actions_list = ["day_board"]
    actions_detail = ["cancel_stay"]
    list_display = ["starts_at", "label", "guest_name", "total", "state_shown", "code_shown"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("attendance", ChoicesDropdownFilter),
        *["offer", "payee", "venue"],
    ]
    list_filter_submit = True
    date_hierarchy = "starts_at"
    search_fields = ["guest_name", "guest_email", "label", "code", "due__code"]
    search_help_text = _("Name, e-mail, space or code")
    list_select_related = ["venue"]
    ordering = ["-starts_at"]
    fieldsets = [
        (None, {"fields": ["label", "starts_at", "ends_at", "state", "attendance", "code_shown"]}),
        (_("Who"), {"fields": ["guest_name", "guest_email", "people", "count"]}),
        (
            _("Money"),
            {"fields": ["total", "discount", "payee", "pays", "due_shown", "ticket", "expires_at"]},
        ),
        (_("When"), {"fields": ["venue", "created_at", "confirmed_at", "closed_at", "key"]}),
        (
            _("If cancelled"),
            {"fields": ["ladder_shown", "came_back", "cancelled_by", "cancel_reason"]},
        ),
    ]
    readonly_fields = [
        *["label", "starts_at", "ends_at", "state", "attendance", "code_shown"],
        *["guest_name", "guest_email", "people", "count"],
        *["total", "discount", "payee", "pays", "due_shown", "ticket", "expires_at"],
        *["venue", "created_at", "confirmed_at", "closed_at", "key"],
        *["ladder_shown", "came_back", "cancelled_by", "cancel_reason"],
    ]
    LABELS: ClassVar[dict[str, str]] = {
        BookingState.CONFIRMED: "success",
        BookingState.HOLD: "warning",
        BookingState.PAID_WITHOUT_PLACE: "danger",
        BookingState.REFUNDED: "info",
        BookingState.EXPIRED: "info",
        BookingState.CANCELLED: "info",
    }

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Booking], search_term: str
    ) -> tuple[QuerySet[Booking], bool]:
        """A code is found however it was written down: ``k7qx 2m4p``, ``K7QX-2M4P``."""
        code = normalise_code(search_term)
        if len(code) == 8:
            coded = queryset.filter(code=code) | queryset.filter(due__code=code)
            if coded.exists():
                return coded, False
        found: tuple[QuerySet[Booking], bool] = super().get_search_results(
            request, queryset, search_term
        )
        return found

    @display(description=_("total"), ordering="total_cents")
    def total(self, booking: Booking) -> str:
        return cents(booking.total_cents)

    @display(description=_("state"), ordering="state", label=LABELS)
    def state_shown(self, booking: Booking) -> tuple[str, str]:
        return booking.state, str(booking.get_state_display())

    @display(description=_("code"), ordering="code")
    def code_shown(self, booking: Booking) -> str:
        return booking.spoken_code

    @display(description=_("due"))
    def due_shown(self, booking: Booking) -> SafeString | str:
        if booking.due is None:
            return "–"
        return format_html(
            '<a href="{}">{}, {}</a>',
            reverse("admin:settlement_due_change", args=[booking.due.pk]),
            cents(booking.due.amount_cents),
            booking.due.get_state_display(),
        ) + refund_link(booking.due, is_owed=booking.state == BookingState.PAID_WITHOUT_PLACE)

    @display(description=_("comes back if cancelled"))
    def ladder_shown(self, booking: Booking) -> str:
        told = booking.promises_from(booking.created_at)
        zone = ZoneInfo(booking.venue.zone)
        return (
            " · ".join(
                f"{date_format(one.until.astimezone(zone), 'SHORT_DATETIME_FORMAT')}:"
                f" {cents(one.cents)}"
                for one in told
            )
            or "–"
        )

    @display(description=_("came back"))
    def came_back(self, booking: Booking) -> str:
        return cents(booking.refund_cents)

    def has_run_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may cancel, and only what is still to be had."""
        if object_id is None:
            return self.may(request, RUN_BOOKINGS)
        found = self.get_queryset(request).filter(
            pk=object_id, state__in=(BookingState.HOLD, BookingState.CONFIRMED)
        )
        return found.exists() and self.may_key(request, RUN_BOOKINGS, object_id)

    @action(
        description=_("Cancel for the guest"),
        url_path="cancel-stay",
        permissions=["run"],
        dialog={
            "title": _("Cancel for the guest"),
            "description": _(
                "Its place is free at once, and the guest gets a mail. What was paid in OSM becomes "
                "a refund to approve; the rest waits at the till under a code."
            ),
            "form_class": CancelForm,
            "form_submit_text": _("Cancel the stay"),
        },
    )
    def cancel_stay(self, request: HttpRequest, form: CancelForm, object_id: str) -> HttpResponse:
        found = get_object_or_404(self.get_queryset(request), pk=object_id)
        try:
            cancel_for_guest(
                venue_id=found.venue_id,
                booking_id=found.pk,
                cents=int(form.cleaned_data["gives_back"] * 100),
                person=Person.of_user(request.user),
                reason=form.cleaned_data["reason"],
                at=now(),
            )
        except Problem as problem:
            said = problem.as_dict()
            messages.error(request, f"{said['title']} {said['advice']}")
        else:
            messages.success(request, _("It is cancelled."))
        page = reverse("admin:bookings_booking_change", args=[found.pk])
        return HttpResponse(headers={"HX-Redirect": page})

    @display(description=_("ticket"))
    def ticket(self, booking: Booking) -> SafeString | str:
        if booking.document is None:
            return "–"
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:fiscal_document_change", args=[booking.document.pk]),
            number_label(booking.document.register.name, booking.document.sequence),
        )

    @action(description=_("The day’s board"), url_path="board", icon="calendar_view_day")
    def day_board(self, request: HttpRequest) -> HttpResponse:
        """Which space is taken when. ``?day=2026-12-03&venue=slug``."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        seen = venues_seen(request, SEE_BOOKINGS)
        venues = Venue.objects.order_by("created_at", "pk")
        mine = list(venues if seen is None else venues.filter(pk__in=seen))
        chosen = next((one for one in mine if one.slug == request.GET.get("venue")), None)
        venue = chosen or (mine[0] if mine else None)
        at = now()
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _("The day’s board"),
            "opts": None,
            "venue": venue,
            "venues": mine,
        }
        if venue is not None:
            today = at.astimezone(ZoneInfo(venue.zone)).date()
            day = _day_in(request, today)
            context |= {
                "board": board_of(venue=venue, day=day, at=at),
                "today": today,
                "before": day - DAY,
                "after": day + DAY,
            }
        return TemplateResponse(request, "bookings/board.html", context)


def _day_in(request: HttpRequest, today: datetime.date) -> datetime.date:
    try:
        day = datetime.date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return today
    return day if abs(day - today) <= FARTHEST else today


@admin.register(WaitingEntry)
class WaitingEntryAdmin(VenueModelAdmin):
    """Guests put themselves on the list; what becomes free is offered by itself."""

    view_permission = SEE_BOOKINGS
    change_permission = None
    may_add = False
    list_display = [
        "offer",
        "day",
        "starts_at",
        "guest_name",
        "people",
        "state_shown",
        "created_at",
    ]
    list_filter = [("state", ChoicesDropdownFilter), "offer", "venue"]
    list_filter_submit = True
    date_hierarchy = "day"
    search_fields = ["guest_name", "guest_email", "offer__name"]
    list_select_related = ["offer", "venue"]
    ordering = ["-created_at"]
    fields = [
        *["offer", "day", "starts_at", "minutes", "people", "guest_name", "guest_email"],
        *["state", "created_at", "offered_at", "booking", "venue"],
    ]

    @display(
        description=_("state"),
        ordering="state",
        label={
            WaitingState.WAITING: "warning",
            WaitingState.OFFERED: "success",
            WaitingState.GIVEN_UP: "info",
            WaitingState.PAST: "info",
        },
    )
    def state_shown(self, entry: WaitingEntry) -> tuple[str, str]:
        return entry.state, str(entry.get_state_display())
