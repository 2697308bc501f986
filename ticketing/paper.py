"""Tickets and statements as PDF. Slow: drawn by jobs and for people who ask, never in a sale."""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import get_language, override

import teraa
from teraa.common.pdf import render_pdf
from ticketing import dates
from ticketing.models import Order
from ticketing.queries import tickets_of
from ticketing.statements import Statement

STYLES = settings.BASE_DIR / "static" / "css"


def tickets_pdf(order: Order) -> bytes:
    """One page a ticket, in the language of the order. Raises PdfUnavailable, NoIdentity."""
    with override(order.language):
        html = render_to_string(
            "ticketing/tickets_paper.html", {"shown": tickets_of(order), "language": order.language}
        )
    return render_pdf(html, base=STYLES)


def statement_context(statement: Statement, *, by: str) -> dict[str, Any]:
    """What the statement's page and its PDF say, in the active language."""
    venue = statement.event.venue
    return {
        "statement": statement,
        "event": statement.event,
        "venue": venue,
        "when": dates.long_moment(statement.event.starts_at, venue.zone),
        "printed": dates.stamp(statement.printed_at, venue.zone),
        "by": by,
        "software": f"TERAA {teraa.__version__}",
        "language": get_language() or "fr",
    }


def statement_pdf(statement: Statement, *, by: str) -> bytes:
    """The same on paper. Raises PdfUnavailable."""
    html = render_to_string("ticketing/statement_paper.html", statement_context(statement, by=by))
    return render_pdf(html, base=STYLES)


def file_name(order: Order, at: datetime.datetime) -> str:
    """What a browser calls the file."""
    return f"{order.event.slug}-{order.code}-{at:%Y%m%d}.pdf"
