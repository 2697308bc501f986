"""Printers and their queue in the back office."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.dataclasses import ActionDialog
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from teraa.common.clock import now
from teraa.common.journal_codes import SETTING_CHANGED
from teraa.common.problems import Problem
from teraa.devices.models import Printer, PrinterTill, PrintJob
from teraa.devices.operations import resend_job
from teraa.devices.profiles import Profile, ProfileError, profile_from_json, profile_to_json
from teraa.devices.states import JobState
from teraa.venues.models import StationKind
from teraa.venues.office import VenueForm, VenueModelAdmin, VenueTabularInline
from teraa.venues.permissions_table import EDIT_VENUE

PAPERS = [(48, _("80 mm, 48 characters")), (42, _("80 mm, 42 characters")), (32, _("58 mm"))]
QRS = [("native", _("by the printer")), ("raster", _("as an image, for older printers"))]
CUTS = [
    ("partial", _("leaves the paper hanging")),
    ("full", _("all the way")),
    ("feed", _("feeds, then cuts")),
    ("none", _("no knife: tear off")),
]
PINS = [(2, _("pin 2 (usual)")), (5, _("pin 5"))]


class PrinterForm(VenueForm):
    """The printer's model as questions a person can answer; stored as one profile."""

    width_columns = forms.TypedChoiceField(
        label=_("paper"), choices=PAPERS, coerce=int, widget=UnfoldAdminSelectWidget
    )
    cut = forms.ChoiceField(label=_("knife"), choices=CUTS, widget=UnfoldAdminSelectWidget)
    qr = forms.ChoiceField(label=_("QR codes"), choices=QRS, widget=UnfoldAdminSelectWidget)
    drawer_pin = forms.TypedChoiceField(
        label=_("drawer connector"), choices=PINS, coerce=int, widget=UnfoldAdminSelectWidget
    )
    code_page = forms.CharField(
        label=_("character table"),
        widget=UnfoldAdminTextInputWidget,
        help_text=_("CP1252 holds all of French. CP858 has no œ, which then prints as oe."),
    )
    code_page_slot = forms.IntegerField(
        label=_("number of the table in this printer"),
        min_value=0,
        max_value=255,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("16 for CP1252 on most printers; see the printer’s self-test print."),
    )
    cancel_kanji = forms.BooleanField(
        label=_("switch Chinese characters off"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("For printers that show one Chinese sign in place of two accented letters."),
    )

    class Meta:
        model = Printer
        exclude = ["profile"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        try:
            profile = profile_from_json(self.instance.profile)
        except ProfileError:
            profile = Profile()
        for name, value in profile_to_json(profile).items():
            self.fields[name].initial = value

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        names = profile_to_json(Profile())
        if not self.errors:
            try:
                profile = Profile(**{name: values[name] for name in names})
            except ProfileError as error:
                raise forms.ValidationError(str(error)) from error
            self.instance.profile = profile_to_json(profile)
        return values


class PrinterTillInline(VenueTabularInline):
    model = PrinterTill
    fields = ["station"]
    may_delete = True
    verbose_name_plural = _("tills that have this printer for their own")

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField[Any] | None:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "station" and field is not None and field.queryset is not None:
            field.queryset = field.queryset.filter(kind=StationKind.TILL)
        return field


@admin.register(Printer)
class PrinterAdmin(VenueModelAdmin):
    form = PrinterForm
    journal_code = SETTING_CHANGED
    list_display = ["name", "venue", "station", "target", "waiting_jobs", "is_default", "active"]
    list_filter = ["venue", "active"]
    search_fields = ["name", "target"]
    list_select_related = ["venue", "station"]
    inlines = [PrinterTillInline]
    fieldsets = [
        (None, {"fields": ["venue", "name", "station", "driver", "target", "active"]}),
        (_("What it does"), {"fields": ["is_default", "has_drawer"]}),
        (
            _("Model"),
            {
                "fields": [
                    *["width_columns", "cut", "qr", "drawer_pin"],
                    *["code_page", "code_page_slot", "cancel_kanji"],
                ]
            },
        ),
    ]

    @display(description=_("waiting"))
    def waiting_jobs(self, printer: Printer) -> int:
        return printer.waiting()

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField[Any] | None:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "station" and field is not None and field.queryset is not None:
            field.queryset = field.queryset.filter(kind=StationKind.AGENT)
        return field


class ResendForm(BaseDialogForm):  # type: ignore[misc]
    """Why a page is printed again."""

    reason = forms.CharField(
        label=_("What became of the first print?"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
    )


RESEND_DIALOG: ActionDialog = {
    "title": _("Print again"),
    "description": _(
        "Look at the printer first: the ticket may have come out after all. The new one is marked "
        "as printed again, and the drawer stays shut."
    ),
    "form_class": ResendForm,
    "form_submit_text": _("Print again"),
}


@admin.register(PrintJob)
class PrintJobAdmin(VenueModelAdmin):
    """The queue: looked at, never edited; what is unknown can be printed again with a reason."""

    change_permission = None
    may_add = False
    list_display = ["created_at", "subject", "printer", "state_label", "detail", "reprints"]
    list_filter = ["state", "printer", "venue"]
    search_fields = ["subject", "key"]
    list_select_related = ["printer", "venue"]
    ordering = ["-id"]
    actions_detail = ["resend"]
    fieldsets = [
        (None, {"fields": ["subject", "printer", "venue", "key", "state", "detail"]}),
        (_("When"), {"fields": ["created_at", "next_at", "lease_until", "sent_at", "done_at"]}),
        (_("Again"), {"fields": ["attempt", "reprints", "reprint_reason", "reprint_by"]}),
    ]
    readonly_fields = [
        *["subject", "printer", "venue", "key", "state", "detail"],
        *["created_at", "next_at", "lease_until", "sent_at", "done_at"],
        *["attempt", "reprints", "reprint_reason", "reprint_by"],
    ]
    LABELS: ClassVar[dict[str, str]] = {
        JobState.CONFIRMED: "success",
        JobState.HELD: "warning",
        JobState.UNKNOWN: "danger",
        JobState.FAILED: "danger",
        JobState.QUEUED: "info",
        JobState.LEASED: "info",
        JobState.SENT: "info",
    }

    @display(description=_("state"), ordering="state", label=LABELS)
    def state_label(self, job: PrintJob) -> tuple[str, str]:
        return job.state, str(job.get_state_display())

    def has_resend_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Who looks after the devices may print again."""
        return self.may(request, EDIT_VENUE, object_id)

    @action(
        description=_("Print again"),
        url_path="resend",
        permissions=["resend"],
        dialog=RESEND_DIALOG,
    )
    def resend(self, request: HttpRequest, form: ResendForm, object_id: str) -> HttpResponse:
        job = get_object_or_404(self.get_queryset(request), pk=object_id)
        try:
            resend_job(job=job, reason=form.cleaned_data["reason"], by=str(request.user), at=now())
        except Problem as problem:
            said = problem.as_dict()
            messages.error(request, f"{said['title']} {said['advice']}")
        else:
            messages.success(request, _("It is in the queue again."))
        # The dialogue is a part of the page fetched by itself: the whole page goes on from here.
        return HttpResponse(
            headers={"HX-Redirect": reverse("admin:devices_printjob_change", args=[job.pk])}
        )
