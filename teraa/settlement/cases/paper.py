"""The sheet of refunds and the reconciliation report as PDF. Slow: for people who ask."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import get_language

import teraa
from teraa.common.pdf import render_pdf

STYLES = settings.BASE_DIR / "static" / "css"


def sheet_pdf(context: dict[str, Any]) -> bytes:
    """All refunds that wait for a wallet, with a code each. Raises PdfUnavailable."""
    return _drawn("cases/sheet_paper.html", context)


def books_pdf(context: dict[str, Any]) -> bytes:
    """The reconciliation report. Raises PdfUnavailable."""
    return _drawn("cases/books_paper.html", context)


def _drawn(template: str, context: dict[str, Any]) -> bytes:
    said = {"language": get_language() or "fr", "software": f"TERAA {teraa.__version__}"}
    return render_pdf(render_to_string(template, {**said, **context}), base=STYLES)
