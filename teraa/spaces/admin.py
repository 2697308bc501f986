"""Spaces in the back office: what they are made of is kept here, claims are looked at."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from teraa.spaces.models import Atom, Claim, Resource, ResourceAtom
from teraa.spaces.office import RowsInline
from teraa.spaces.states import ClaimKind
from teraa.venues.office import VenueModelAdmin
from teraa.venues.permissions_table import SEE_BOOKINGS


@admin.register(Atom)
class AtomAdmin(VenueModelAdmin):
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
    view_permission = SEE_BOOKINGS
    list_display = ["name", "kind", "made_of", "capacity", "venue"]
    list_filter = ["kind", "venue"]
    search_fields = ["name", "parts__atom__name"]
    list_select_related = ["venue"]
    ordering = ["venue", "position", "name"]
    inlines = [PartsInline]
    fieldsets = [
        (None, {"fields": ["venue", "name", "kind", "capacity", "position"]}),
        (_("Kept free around"), {"fields": ["buffer_before_min", "buffer_after_min"]}),
    ]

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
