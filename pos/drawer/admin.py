"""Drawers in the back office: every shift with its difference, every cent that moved. Read only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from pos.drawer.models import Movement, Shift
from teraa.common.money import format_cents
from teraa.venues.office import VenueModelAdmin


def _euros(cents: int | None) -> str:
    return "–" if cents is None else format_cents(cents, get_language() or "fr")


class _BooksAdmin(VenueModelAdmin):
    """Looked at, never changed: tills write, and the database refuses the rest."""

    change_permission = None
    may_add = False
    show_full_result_count = False


@admin.register(Shift)
class ShiftAdmin(_BooksAdmin):
    list_display = ["named", "opened_at", "closed_at", "closed_by", "counted", "difference", "left"]
    list_filter = ["venue", "station", "state"]
    list_select_related = ["station"]
    search_fields = ["station__name", "opened_by", "closed_by", "note"]
    date_hierarchy = "opened_at"
    ordering = ["-opened_at"]
    fieldsets = [
        (None, {"fields": ["named", "state", "opened_at", "opened_by", "closed_at", "closed_by"]}),
        (_("Opening"), {"fields": ["began_with", "should_begin", "opening_pieces"]}),
        (_("Closing"), {"fields": ["counted", "expected", "variance", "left", "pieces", "note"]}),
        (_("Movements"), {"fields": ["movements_link"]}),
    ]
    readonly_fields = [
        *("named", "began_with", "should_begin", "opening_pieces", "counted", "expected"),
        *("variance", "left", "pieces", "movements_link"),
    ]

    @display(description=_("shift"), ordering="number")
    def named(self, shift: Shift) -> str:
        return str(shift)

    @display(description=_("counted at the opening"))
    def began_with(self, shift: Shift) -> str:
        return _euros(shift.float_cents)

    @display(description=_("expected at the opening"))
    def should_begin(self, shift: Shift) -> str:
        return _euros(shift.opening_expected_cents)

    @display(description=_("notes and coins"))
    def opening_pieces(self, shift: Shift) -> str:
        return _pieces(shift.opening_count)

    @display(description=_("counted"), ordering="counted_cents")
    def counted(self, shift: Shift) -> str:
        return _euros(shift.counted_cents)

    @display(description=_("expected"), ordering="expected_cents")
    def expected(self, shift: Shift) -> str:
        return _euros(shift.expected_cents)

    @display(
        description=_("difference"), label={"even": "success", "short": "danger", "over": "warning"}
    )
    def difference(self, shift: Shift) -> tuple[str, str]:
        variance = shift.variance_cents
        if variance is None:
            return "", "–"
        tone = "even" if not variance else "short" if variance < 0 else "over"
        return tone, _euros(variance)

    @display(description=_("difference"))
    def variance(self, shift: Shift) -> str:
        return _euros(shift.variance_cents)

    @display(description=_("left in the drawer"))
    def left(self, shift: Shift) -> str:
        return _euros(shift.left_cents)

    @display(description=_("notes and coins"))
    def pieces(self, shift: Shift) -> str:
        return _pieces(shift.count)

    @display(description=_("movements"))
    def movements_link(self, shift: Shift) -> SafeString:
        return format_html(
            '<a href="{}?shift__id__exact={}">{}</a>',
            reverse("admin:drawer_movement_changelist"),
            shift.pk,
            _("See what moved"),
        )


@admin.register(Movement)
class MovementAdmin(_BooksAdmin):
    list_display = ["moved_at", "station", "kind", "amount", "reason", "operator", "shift"]
    list_filter = ["venue", "station", "kind"]
    list_select_related = ["station", "shift__station"]
    search_fields = ["reason", "operator", "subject"]
    date_hierarchy = "moved_at"
    ordering = ["-pk"]
    fields = ["moved_at", "station", "shift", "kind", "amount", "reason", "operator", "subject"]
    readonly_fields = ["amount"]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "shift__id__exact" or super().lookup_allowed(lookup, value, request)

    @display(description=_("amount"), ordering="amount_cents")
    def amount(self, movement: Movement) -> str:
        return _euros(movement.amount_cents)


def _pieces(count: dict[str, int]) -> str:
    """``{"200": 3}`` as "3 × 2,00 €"."""
    return ", ".join(f"{pieces} × {_euros(int(cents))}" for cents, pieces in count.items()) or "–"
