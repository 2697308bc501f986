"""Venues, payees, staff and stations in the back office."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextInputWidget,
)

from teraa.accounts.models import User
from teraa.common.clock import now
from teraa.common.journal_codes import (
    SELLER_IDENTITY_CHANGED,
    SETTING_CHANGED,
    STAFF_CHANGED,
    VAT_CHANGED,
)
from teraa.common.problems import Problem
from teraa.venues import operations
from teraa.venues.models import (
    OpeningHours,
    Payee,
    PayeeIdentity,
    StaffMember,
    Station,
    VatRate,
    Venue,
)
from teraa.venues.office import (
    VenueForm,
    VenueModelAdmin,
    VenueStackedInline,
    VenueTabularInline,
    venues_seen,
)
from teraa.venues.permissions_table import EDIT_VENUE


def show_problem(request: HttpRequest, problem: Problem) -> None:
    """A refusal as a message on the next page."""
    said = problem.as_dict()
    messages.error(request, f"{said['title']} {said['advice']}")


def back_to(row: Station | StaffMember) -> HttpResponse:
    """A dialogue is a part of a page fetched by itself: the whole page goes on from here."""
    name = f"admin:venues_{row._meta.model_name}_change"
    return HttpResponse(headers={"HX-Redirect": reverse(name, args=[row.pk])})


class OpeningHoursInline(VenueTabularInline):
    model = OpeningHours
    may_delete = True


@admin.register(Venue)
class VenueAdmin(VenueModelAdmin):
    venue_path = "pk"
    journal_code = SETTING_CHANGED
    list_display = ["name", "city", "zone", "language"]
    search_fields = ["name", "city", "slug"]
    ordering = ["name"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [OpeningHoursInline]
    fieldsets = [
        (None, {"fields": ["name", "slug", "tagline", "about", "accent", "language"]}),
        (
            _("Where"),
            {
                "fields": [
                    *["street", "postcode", "city", "country", "region", "school_zone"],
                    *["email", "phone", "directions", "zone"],
                ]
            },
        ),
        (
            _("Policies"),
            {
                "fields": [
                    *["day_cutoff", "osm_confirmations_till"],
                    *["osm_request_minutes", "osm_tolerance_units", "note_from_cents"],
                ]
            },
        ),
    ]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who looks after the installation opens a venue; its managers do the rest."""
        return bool(getattr(request.user, "is_superuser", False))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            operations.give_vat_table(venue=obj)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        # The slug is part of public addresses: it does not follow a change of name.
        return {} if obj else dict(super().get_prepopulated_fields(request, obj))


@admin.register(VatRate)
class VatRateAdmin(VenueModelAdmin):
    journal_code = VAT_CHANGED
    list_display = ["vat_class", "serving", "percent", "valid_from", "venue", "legal_reference"]
    list_filter = ["venue", "vat_class", "serving"]
    ordering = ["venue", "vat_class", "serving", "-valid_from"]
    search_fields = ["vat_class", "legal_reference"]
    list_select_related = ["venue"]

    @display(description=_("rate"), ordering="rate_bp")
    def percent(self, rate: VatRate) -> str:
        whole, hundredths = divmod(rate.rate_bp, 100)
        return f"{whole}.{hundredths:02d} %"


class PayeeIdentityInline(VenueStackedInline):
    model = PayeeIdentity
    venue_path = "payee__venue"


@admin.register(Payee)
class PayeeAdmin(VenueModelAdmin):
    journal_code = SELLER_IDENTITY_CHANGED
    list_display = ["name", "kind", "venue", "osm_address", "active"]
    list_filter = ["venue", "kind", "active"]
    search_fields = ["name", "osm_address", "identities__legal_name", "identities__siret"]
    list_select_related = ["venue"]
    inlines = [PayeeIdentityInline]


class StaffForm(VenueForm):
    """The office account is asked for by its address: managers do not browse other accounts."""

    office_email = forms.EmailField(
        label=_("e-mail for the back office"),
        required=False,
        widget=UnfoldAdminEmailInputWidget,
        help_text=_("With an address this person may enter the back office: a code is sent there."),
    )

    class Meta:
        model = StaffMember
        fields = ["venue", "name", "role", "active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user = self.instance.user
        self.fields["office_email"].initial = user.email if user else ""


class PinForm(BaseDialogForm):  # type: ignore[misc]
    """A new PIN, typed once: a slip is mended by setting it again."""

    pin = forms.CharField(
        label=_("PIN"),
        min_length=4,
        max_length=8,
        widget=UnfoldAdminPasswordWidget(
            attrs={"autocomplete": "new-password", "inputmode": "numeric"}
        ),
    )


@admin.register(StaffMember)
class StaffMemberAdmin(VenueModelAdmin):
    form = StaffForm
    journal_code = STAFF_CHANGED
    list_display = ["name", "role", "venue", "has_pin", "user", "active"]
    list_filter = ["venue", "role", "active"]
    search_fields = ["name", "user__email"]
    list_select_related = ["venue", "user"]
    fields = ["venue", "name", "role", "office_email", "active"]
    actions_detail = ["set_pin"]

    @display(description=_("PIN set"), boolean=True)
    def has_pin(self, staff: StaffMember) -> bool:
        return bool(staff.pin_hash)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "office_email" in form.changed_data:
            operations.set_office_account(
                staff=obj,
                email=form.cleaned_data["office_email"],
                door=request.build_absolute_uri(reverse("admin:index")),
            )

    @action(
        description=_("Set PIN"),
        url_path="pin",
        permissions=["change"],
        dialog={
            "title": _("Set PIN"),
            "description": _(
                "4 to 8 digits. The former PIN stops working and a pause after wrong tries ends."
            ),
            "form_class": PinForm,
            "form_submit_text": _("Set PIN"),
        },
    )
    def set_pin(self, request: HttpRequest, form: PinForm, object_id: str) -> HttpResponse:
        staff = get_object_or_404(self.get_queryset(request), pk=object_id)
        try:
            pin = form.cleaned_data["pin"]
            operations.set_pin(staff=staff, pin=pin, at=now(), by=str(request.user))
        except Problem as problem:
            show_problem(request, problem)
        else:
            messages.success(request, _("%(name)s may sign on with the new PIN.") % {"name": staff})
        return back_to(staff)


class ConfirmForm(BaseDialogForm):  # type: ignore[misc]
    """Nothing to fill in: pressing the button is the answer."""


@admin.register(Station)
class StationAdmin(VenueModelAdmin):
    journal_code = SETTING_CHANGED
    list_display = ["name", "kind", "venue", "payee", "state", "training"]
    list_filter = ["venue", "kind", "training"]
    search_fields = ["name"]
    list_select_related = ["venue", "payee"]
    fields = ["venue", "kind", "name", "payee", "training", "enrolled_at", "revoked_at"]
    readonly_fields = ["training", "enrolled_at", "revoked_at"]
    actions_detail = ["make_code", "revoke"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A station keeps its kind: an enrolled till does not turn into an agent."""
        fixed = list(super().get_readonly_fields(request, obj))
        return [*fixed, "kind"] if obj is not None else fixed

    @display(
        description=_("state"),
        label={"enrolled": "success", "waiting": "info", "revoked": "danger"},
    )
    def state(self, station: Station) -> tuple[str, Any]:
        if station.revoked_at:
            return "revoked", _("revoked")
        if station.enrolled_at:
            return "enrolled", _("enrolled")
        return "waiting", _("not enrolled yet")

    @action(
        description=_("Enrolment code"),
        url_path="code",
        permissions=["change"],
        dialog={
            "title": _("Enrol a device"),
            "description": _(
                "Makes a code that works once, for 15 minutes. The device enrolled under this "
                "station before, if any, is shut out when the code is used."
            ),
            "form_class": ConfirmForm,
            "form_submit_text": _("Make a code"),
        },
    )
    def make_code(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        station = get_object_or_404(self.get_queryset(request), pk=object_id)
        code = operations.make_enrolment_code(station=station, at=now())
        link = request.build_absolute_uri(reverse("venues:enter_till", args=[code]))
        messages.success(
            request,
            _("Enrolment code of %(name)s: %(code)s — or open %(link)s on the device.")
            % {"name": station, "code": code, "link": link},
        )
        return back_to(station)

    @action(
        description=_("Revoke"),
        url_path="revoke",
        permissions=["change"],
        dialog={
            "title": _("Revoke this station"),
            "description": _(
                "The device is shut out at once and whoever is signed on there is signed off. "
                "A new enrolment code opens the station again."
            ),
            "form_class": ConfirmForm,
            "form_submit_text": _("Revoke"),
        },
    )
    def revoke(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        station = get_object_or_404(self.get_queryset(request), pk=object_id)
        try:
            operations.revoke_station(station=station, at=now(), by=str(request.user))
        except Problem as problem:
            show_problem(request, problem)
        else:
            messages.success(request, _("%(name)s is shut out.") % {"name": station})
        return back_to(station)


class UserForm(VenueForm):
    class Meta:
        model = User
        fields = ["email", "name", "language", "is_active", "is_staff", "is_superuser"]
        widgets = {"name": UnfoldAdminTextInputWidget}


@admin.register(User)
class UserAdmin(VenueModelAdmin):
    """Managers see who may enter for their venues; an address is a key, so only superusers edit.

    (An address changed by the manager of one venue would open all the others of that person.)
    """

    form = UserForm
    venue_path = "staff_memberships__venue"
    view_permission = EDIT_VENUE
    change_permission = None
    list_display = ["email", "name", "last_login", "is_active", "is_superuser"]
    list_filter = ["is_active"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    readonly_fields = ["last_login"]
    fields = ["email", "name", "language", "is_active", "is_staff", "is_superuser", "last_login"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        users: QuerySet[User] = User.objects.order_by("email")
        venues = venues_seen(request, self.view_permission)
        if venues is None:
            return users
        working = Q(staff_memberships__venue__in=venues, staff_memberships__active=True)
        return users.filter(working).distinct()

    def may(self, request: HttpRequest, permission: str | None, obj: Any = None) -> bool:
        if getattr(request.user, "is_superuser", False):
            return bool(request.user.is_active)
        allowed = super().may(request, permission)
        if not isinstance(obj, User):
            return allowed
        return allowed and self.get_queryset(request).filter(pk=obj.pk).exists()
