"""``{% load cases %}``: rates, signs and names on the pages of this room."""

from __future__ import annotations

from django import template
from django.utils.translation import get_language

from teraa.common.money import RATE_SCALE

register = template.Library()


@register.filter
def minus(units: int) -> int:
    """The same amount, going the other way."""
    return -units


@register.filter
def per_osm(rate_e10: int) -> str:
    """``200000000`` → ``0,02 €``: what one OSM is worth, as people say it."""
    whole, rest = divmod(rate_e10, RATE_SCALE)
    decimals = f"{rest:010d}".rstrip("0").ljust(2, "0")
    if (get_language() or "fr").startswith("fr"):
        return f"{whole},{decimals}\u00a0€"
    return f"€{whole}.{decimals}"


@register.filter
def named(names: dict[str, str], name: str) -> str:
    """What a line of the books is called."""
    return names.get(name, name)
