"""``{% load money %}``: amounts, rates, waits and codes as people read them, in the page's language."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from teraa.common.money import format_cents, format_osm, format_rate
from teraa.common.qr import QrPath, qr_path

register = template.Library()


@register.filter
def euros(cents: int) -> str:
    """``1234`` → ``12,34 €``."""
    return format_cents(cents, get_language() or "fr")


@register.filter
def osm(units: int) -> str:
    """``12550000000`` → ``125,50 OSM``."""
    return format_osm(units, get_language() or "fr")


@register.filter
def vat(rate_bp: int) -> str:
    """``550`` → ``5,5 %``."""
    return format_rate(rate_bp, get_language() or "fr")


@register.filter
def minutes(seconds: int) -> str:
    """``754`` → ``12:34``; hours are counted, too."""
    whole, rest = divmod(max(0, seconds), 60)
    hours, whole = divmod(whole, 60)
    return f"{hours}:{whole:02d}:{rest:02d}" if hours else f"{whole}:{rest:02d}"


@register.simple_tag
def qr_code(text: str, label: str, css: str = "qr") -> SafeString:
    """A QR code of ``text`` as an SVG picture named ``label``, white border included."""
    code: QrPath = qr_path(text)
    return format_html(
        '<svg class="{css}" viewBox="0 0 {size} {size}" role="img" aria-label="{label}"'
        ' shape-rendering="crispEdges"><rect width="{size}" height="{size}" fill="#fff"/>'
        '<path d="{path}" fill="#000"/></svg>',
        css=css,
        size=code.size,
        label=label,
        path=code.path,
    )
