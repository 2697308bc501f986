"""Which days are public or school holidays where a venue is (the ``holidays`` library knows)."""

from __future__ import annotations

import datetime
from functools import cache
from typing import Final

import holidays
from django.utils.translation import gettext_lazy as _

# Public holidays beyond those of mainland France (code du travail L3133-1, L3134-13, L3422-2).
REGIONS: Final = [
    ("", _("Mainland France, or the country as a whole")),
    ("6AE", "Alsace"),
    ("57", "Moselle"),
    ("971", "Guadeloupe"),
    ("972", "Martinique"),
    ("973", "Guyane"),
    ("974", "La Réunion"),
    ("976", "Mayotte"),
    ("BL", "Saint-Barthélemy"),
    ("MF", "Saint-Martin"),
    ("PM", "Saint-Pierre-et-Miquelon"),
    ("NC", "Nouvelle-Calédonie"),
    ("PF", "Polynésie française"),
    ("WF", "Wallis-et-Futuna"),
]
# School holidays of the academies of mainland France (code de l'éducation L521-1).
SCHOOL_ZONES: Final = [("", _("None")), ("Zone A", "A"), ("Zone B", "B"), ("Zone C", "C")]

_LANGUAGES: Final = {"fr": "fr", "en": "en_US"}
_PUBLIC: Final = (holidays.PUBLIC,)
_SCHOOL: Final = (holidays.SCHOOL,)


def public_holiday(
    day: datetime.date, *, country: str, region: str = "", language: str = "fr"
) -> str:
    """Its name in ``language``, or "" when people work that day (or the country is not known)."""
    return _year(day.year, country, region, language, _PUBLIC).get(day, "")


def school_holiday(
    day: datetime.date, *, country: str, zone: str = "", language: str = "fr"
) -> str:
    """The name of the holidays in ``language``, or "" when there is school (or no zone is set)."""
    if not zone:
        return ""
    return _year(day.year, country, zone, language, _SCHOOL).get(day, "")


@cache
def _year(
    year: int, country: str, subdivision: str, language: str, categories: tuple[str, ...]
) -> dict[datetime.date, str]:
    try:
        known = holidays.country_holidays(
            country,
            subdiv=subdivision or None,
            years=year,
            language=_LANGUAGES.get(language[:2], "en_US"),
            categories=categories,
        )
    except NotImplementedError:
        return {}
    return dict(known.items())
