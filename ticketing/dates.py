"""Moments as people of a venue write them, in the active language."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, time_format
from django.utils.text import capfirst
from django.utils.translation import gettext


def local(at: datetime.datetime, zone: str) -> datetime.datetime:
    """``at`` on the clocks of ``zone``."""
    return at.astimezone(ZoneInfo(zone))


def long_day(at: datetime.datetime, zone: str) -> str:
    """“Saturday 12 December 2026”."""
    return capfirst(date_format(local(at, zone), gettext("l j F Y")))


def hour(at: datetime.datetime, zone: str) -> str:
    """“20:30”."""
    return time_format(local(at, zone).time(), "H:i")


def long_moment(at: datetime.datetime, zone: str) -> str:
    """“Saturday 12 December 2026, 20:30”."""
    return f"{long_day(at, zone)}, {hour(at, zone)}"


def stamp(at: datetime.datetime, zone: str) -> str:
    """“12/12/2026 20:30:05”: to the second, for what is printed."""
    return local(at, zone).strftime("%d/%m/%Y %H:%M:%S")
