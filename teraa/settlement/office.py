"""What the lists of this room share: nobody edits money here, every figure leads to its rows."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from teraa.common.money import format_cents, format_osm
from teraa.venues.office import VenueModelAdmin, VenueTabularInline


def euros(cents: int | None) -> str:
    """Cents in the reader's language."""
    return "" if cents is None else format_cents(cents, get_language() or "fr")


def coins(units: int | None) -> str:
    """Units of 10⁻⁸ in the reader's language."""
    return "" if units is None else format_osm(units, get_language() or "fr")


def link(row: models.Model | None) -> SafeString | str:
    """The row's name, leading to its page."""
    if row is None:
        return ""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    try:
        return format_html('<a href="{}">{}</a>', reverse(name, args=[row.pk]), str(row))
    except NoReverseMatch:
        return str(row)


def links(rows: Any) -> SafeString:
    """Several rows, one below the other."""
    return format_html_join("", "<div>{}</div>", ((link(row),) for row in rows))


class MoneyAdmin(VenueModelAdmin):
    """Nobody adds, changes or deletes here: not even a superuser (the database refuses too)."""

    change_permission = None
    may_add = False
    show_full_result_count = False


class ChainAdmin(MoneyAdmin):
    """What a chain says to everybody: whoever may read the books of some venue sees all of it."""

    venue_path = ""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, self.view_permission)

    def _seen_by(self, request: HttpRequest) -> models.Q:
        return models.Q() if self.has_view_permission(request) else models.Q(pk__in=[])


class MoneyInline(VenueTabularInline):
    """Rows of a page, to read."""

    change_permission = None
    may_add = False
    show_change_link = True
