"""Files brought in, and files taken out."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pos.amap.models.distributions import Distribution
from pos.amap.models.offer import Catalog
from pos.amap.models.people import AmapGroup
from pos.amap.states import IMPORT_MOVES, ExportKind, ImportKind, ImportState
from teraa.common.ids import uuid7
from teraa.common.states import Moves, Stateful


class ImportFile(Stateful):
    """A file somebody brought: looked at first, taken over once, its content forgotten then."""

    MOVES: ClassVar[Moves] = IMPORT_MOVES

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="+")
    group = models.ForeignKey(
        AmapGroup, models.PROTECT, related_name="imports", verbose_name=_("AMAP group")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=ImportKind.choices)
    name = models.CharField(_("file"), max_length=150)
    sha256 = models.CharField(_("digest"), max_length=64)
    content = models.BinaryField(default=b"")
    # What was chosen with it.
    dialect = models.CharField(_("dialect"), max_length=8, blank=True)
    catalog = models.ForeignKey(
        Catalog,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("producer’s catalogue"),
    )
    distribution = models.ForeignKey(
        Distribution, models.PROTECT, null=True, related_name="+", verbose_name=_("distribution")
    )
    vat_rate_bp = models.PositiveIntegerField(_("VAT rate in basis points"), default=550)
    state = models.CharField(
        _("state"), max_length=8, choices=ImportState.choices, default=ImportState.PREVIEW
    )
    made_by = models.CharField(_("by"), max_length=150)
    made_at = models.DateTimeField(_("at"))
    applied_at = models.DateTimeField(_("taken over at"), null=True)
    new_rows = models.PositiveIntegerField(_("new rows"), default=0)
    changed_rows = models.PositiveIntegerField(_("changed rows"), default=0)

    class Meta:
        db_table = "amap_import"
        verbose_name = _("file brought in")
        verbose_name_plural = _("files brought in")
        constraints = [
            # People's names and addresses are not kept a second time.
            models.CheckConstraint(
                condition=Q(state="preview") | Q(content=b""), name="amap_import_forgets"
            ),
        ]
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return self.name


class Export(models.Model):
    """Who took which file out, when, and with how many people in it. Only ever inserted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="+")
    group = models.ForeignKey(
        AmapGroup, models.PROTECT, related_name="exports", verbose_name=_("AMAP group")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=ExportKind.choices)
    name = models.CharField(_("file"), max_length=160)
    people = models.PositiveIntegerField(_("people in it"))
    excel = models.BooleanField(_("for Excel"), default=False)
    altered = models.JSONField(_("values altered"), default=list)
    sha256 = models.CharField(_("digest"), max_length=64)
    made_by = models.CharField(_("by"), max_length=150)
    made_at = models.DateTimeField(_("at"))

    class Meta:
        db_table = "amap_export"
        verbose_name = _("file taken out")
        verbose_name_plural = _("files taken out")
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return self.name
