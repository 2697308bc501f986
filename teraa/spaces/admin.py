"""Spaces in the back office: what they are made of is kept here, claims are looked at."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from teraa.common.clock import now
from teraa.common.journal_codes import SETTING_CHANGED
from teraa.spaces.feeds import new_secret
from teraa.spaces.models import Atom, Claim, Feed, Resource, ResourceAtom
from teraa.spaces.office import RowsInline
from teraa.spaces.operations import revoke_feed
from teraa.spaces.states import ClaimKind, Feature
from teraa.venues.office import VenueModelAdmin
from teraa.venues.permissions_table import SEE_BOOKINGS


@admin.register(Atom)
class AtomAdmin(VenueModelAdmin):
    journal_code = SETTING_CHANGED
    view_permission = SEE_BOOKINGS
    list_display = ["name", "position", "venue"]
    list_filter = ["venue"]
    search_fields = ["name"]
    list_select_related = ["venue"]
    ordering = ["venue", "position", "name"]
    fields = ["venue", "name", "position"]


class PartsInline(RowsInline):
    model = ResourceAtom
    fields = ["atom"]
    view_permission = SEE_BOOKINGS


@admin.register(Resource)
class ResourceAdmin(VenueModelAdmin):
    journal_code = SETTING_CHANGED
    view_permission = SEE_BOOKINGS
    list_display = ["name", "kind", "made_of", "capacity", "venue"]
    list_filter = ["kind", "venue"]
    search_fields = ["name", "parts__atom__name"]
    list_select_related = ["venue"]
    ordering = ["venue", "position", "name"]
    inlines = [PartsInline]
    fieldsets = [
        (None, {"fields": ["venue", "name", "kind", "capacity", "features", "position"]}),
        (_("Kept free around"), {"fields": ["buffer_before_min", "buffer_after_min"]}),
    ]

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "features":
            return forms.MultipleChoiceField(
                label=db_field.verbose_name,
                choices=Feature.choices,
                required=False,
                widget=UnfoldAdminCheckboxSelectMultipleWidget,
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Resource]:
        rows: QuerySet[Resource] = super().get_queryset(request)
        return rows.prefetch_related("atoms")

    @display(description=_("made of"))
    def made_of(self, resource: Resource) -> str:
        names = [atom.name for atom in resource.atoms.all()]
        return ", ".join(names[:4]) + ("…" if len(names) > 4 else "")


@admin.register(Claim)
class ClaimAdmin(VenueModelAdmin):
    """One line for each atom: the row of its buffers says the same of it."""

    view_permission = SEE_BOOKINGS
    change_permission = None
    may_add = False
    list_display = ["begins", "ends", "atom", "label", "state", "venue"]
    list_filter = ["live", "atom", "venue"]
    search_fields = ["label", "holder", "atom__name"]
    list_select_related = ["atom", "venue"]
    ordering = ["-span"]
    fields = [
        *["venue", "atom", "begins", "ends", "label", "holder", "live"],
        *["expires_at", "created_at", "released_at"],
    ]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Claim]:
        rows: QuerySet[Claim] = super().get_queryset(request)
        return rows.filter(kind=ClaimKind.CORE)

    @display(description=_("begins"), ordering="span")
    def begins(self, claim: Claim) -> str:
        return date_format(timezone.localtime(claim.span.lower), "SHORT_DATETIME_FORMAT")

    @display(description=_("ends"))
    def ends(self, claim: Claim) -> str:
        return date_format(timezone.localtime(claim.span.upper), "SHORT_DATETIME_FORMAT")

    @display(
        description=_("state"),
        label={"held": "warning", "taken": "success", "released": "info"},
    )
    def state(self, claim: Claim) -> tuple[str, object]:
        if not claim.live:
            return "released", _("given back")
        return ("held", _("held")) if claim.expires_at else ("taken", _("taken"))


class ConfirmForm(BaseDialogForm):  # type: ignore[misc]
    """Nothing to fill in: pressing the button is the answer."""


@admin.register(Feed)
class FeedAdmin(VenueModelAdmin):
    journal_code = SETTING_CHANGED
    view_permission = SEE_BOOKINGS
    list_display = ["name", "resource", "shows", "created_at", "revoked_at", "venue"]
    list_filter = ["venue", "resource"]
    search_fields = ["name", "resource__name"]
    list_select_related = ["venue", "resource"]
    ordering = ["-created_at"]
    fields = ["venue", "name", "resource", "shows", "created_at", "revoked_at"]
    readonly_fields = ["created_at", "revoked_at"]
    actions_detail = ["revoke"]

    def save_model(self, request: HttpRequest, obj: Feed, form: Any, change: bool) -> None:
        """A new one shows its address, once."""
        if change:
            super().save_model(request, obj, form, change)
            return
        secret, obj.secret_sha256 = new_secret()
        obj.created_at = now()
        super().save_model(request, obj, form, change)
        address = request.build_absolute_uri(reverse("feed", args=[secret]))
        said = _("Its address, shown this once: %(address)s") % {"address": address}
        # One word of a hundred letters: on a phone it has to break.
        messages.warning(request, format_html('<span class="break-words">{}</span>', said))

    def has_revoke_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if object_id is None:
            return self.has_change_permission(request)
        feed = self.get_queryset(request).filter(pk=object_id, revoked_at=None).first()
        return feed is not None and self.has_change_permission(request, feed)

    @action(
        description=_("Revoke"),
        url_path="revoke",
        permissions=["revoke"],
        dialog={
            "title": _("Revoke this feed"),
            "description": _(
                "Whoever subscribed to it reads nothing any more. It never comes back."
            ),
            "form_class": ConfirmForm,
            "form_submit_text": _("Revoke"),
        },
    )
    def revoke(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        feed = get_object_or_404(self.get_queryset(request), pk=object_id)
        revoke_feed(feed=feed, at=now(), by=str(request.user))
        messages.success(request, _("It is revoked."))
        address = reverse("admin:spaces_feed_change", args=[feed.pk])
        return HttpResponse(headers={"HX-Redirect": address})
