"""What the journal's lists share: nobody edits there, and figures are written as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from teraa.common.money import format_cents, format_rate
from teraa.venues.office import VenueModelAdmin


class JournalAdmin(VenueModelAdmin):
    """Nobody adds, changes or deletes here: not even a superuser (the database refuses too)."""

    change_permission = None
    may_add = False
    show_full_result_count = False


def language() -> str:
    return get_language() or "fr"


def euros(cents: int | None) -> str:
    return "" if cents is None else format_cents(cents, language())


def rate(rate_bp: int | None) -> str:
    return "" if rate_bp is None else format_rate(rate_bp, language())


def table(headings: Sequence[Any], rows: Iterable[Sequence[Any]]) -> SafeString:
    """A plain table of texts, escaped."""
    head = format_html_join("", "<th>{}</th>", ((heading,) for heading in headings))
    body = format_html_join(
        "",
        "<tr>{}</tr>",
        ((format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),) for row in rows),
    )
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)
