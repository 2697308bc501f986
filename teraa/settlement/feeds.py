"""Where a rate comes from when nobody decides it: an address that answers JSON, read by a job."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from teraa.common.ids import uuid7
from teraa.common.money import RATE_SCALE
from teraa.venues.models import Venue

LARGEST_BODY = 64 * 1024
MOST_JUMP_PERCENT = 1000


class NotARate(ValueError):
    """What a feed answered is no rate; the text says why."""


class RateFeed(models.Model):
    """An address that says what an OSM is worth in euros. Read every ``every_seconds``.

    A reading is believed for ``valid_seconds``, and only if it differs from the one before by at
    most ``most_jump_percent``: a feed that goes mad must not sell coffee for nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="rate_feeds")
    url = models.CharField(
        _("address"), max_length=300, validators=[URLValidator(schemes=["https", "http"])]
    )
    path = models.CharField(
        _("where in the answer"),
        max_length=120,
        help_text=_("Names and numbers with points between them: data.osm.eur"),
    )
    inverted = models.BooleanField(
        _("it says OSM per euro"), default=False, help_text=_("Otherwise euros per OSM.")
    )
    every_seconds = models.PositiveIntegerField(
        _("read every (s)"),
        default=30,
        validators=[MinValueValidator(30), MaxValueValidator(86_400)],
    )
    valid_seconds = models.PositiveIntegerField(
        _("believed for (s)"),
        default=600,
        validators=[MinValueValidator(60), MaxValueValidator(86_400)],
    )
    most_jump_percent = models.PositiveIntegerField(
        _("refused when it jumps by more than (%)"),
        default=20,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_JUMP_PERCENT)],
    )
    enabled = models.BooleanField(_("in use"), default=True)
    tried_at = models.DateTimeField(_("last tried"), null=True, editable=False)
    last_error = models.TextField(_("last error"), blank=True, default="", editable=False)

    class Meta:
        db_table = "settlement_rate_feed"
        verbose_name = _("OSM rate feed")
        verbose_name_plural = _("OSM rate feeds")
        constraints = [
            models.UniqueConstraint(
                "venue", name="settlement_rate_feed_one", condition=Q(enabled=True)
            ),
        ]

    def __str__(self) -> str:
        return self.url


class RateReading(models.Model):
    """What a feed answered, as it answered it. Only ever inserted."""

    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    feed = models.ForeignKey(
        RateFeed, models.PROTECT, related_name="readings", verbose_name=_("OSM rate feed")
    )
    rate_e10 = models.BigIntegerField(_("euros per OSM × 10¹⁰"))
    read_at = models.DateTimeField(_("read"))
    body = models.TextField(_("answer"))
    body_sha256 = models.CharField(_("SHA-256 of the answer"), max_length=64)

    class Meta:
        db_table = "settlement_rate_reading"
        verbose_name = _("reading of a rate feed")
        verbose_name_plural = _("readings of rate feeds")
        constraints = [
            models.CheckConstraint(
                condition=Q(rate_e10__gt=0), name="settlement_rate_reading_positive"
            ),
        ]
        indexes = [models.Index(fields=["feed", "-read_at"], name="settlement_rate_reading_new")]

    def __str__(self) -> str:
        return f"{self.rate_e10}e-10 € ({self.read_at:%Y-%m-%d %H:%M})"


def rate_in(body: bytes, *, path: str, inverted: bool) -> int:
    """Euros × 10¹⁰ an OSM, read out of a JSON answer. Raises NotARate.

    A number or a string of digits at ``path``; no binary float on the way.
    """
    if len(body) > LARGEST_BODY:
        raise NotARate("the answer is too long")
    try:
        found: Any = json.loads(body, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotARate(f"no JSON: {error}") from error
    for step in path.split("."):
        try:
            found = found[int(step)] if isinstance(found, list) else found[step]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise NotARate(f"nothing at {path}") from error
    if isinstance(found, bool) or not isinstance(found, int | str | Decimal):
        raise NotARate(f"{path} is no number")
    try:
        number = Decimal(found)
        per_osm = 1 / number if inverted else number
        rate_e10 = int((per_osm * RATE_SCALE).to_integral_value())
    except (ArithmeticError, ValueError) as error:
        raise NotARate(f"{path} is no number: {found!r:.60}") from error
    if not 0 < rate_e10 < 2**62:
        raise NotARate(f"{path} cannot be a rate: {found!r:.60}")
    return rate_e10


def jumps(*, before_e10: int, now_e10: int, most_percent: int) -> bool:
    """Whether a rate moved by more than ``most_percent`` of what it was."""
    return abs(now_e10 - before_e10) * 100 > before_e10 * most_percent


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is no number")
