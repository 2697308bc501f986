"""``{% load cases %}``: signs and names in the reconciliation report."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def minus(units: int) -> int:
    """The same amount, going the other way."""
    return -units


@register.filter
def named(names: dict[str, str], name: str) -> str:
    """What a line of the books is called."""
    return names.get(name, name)
