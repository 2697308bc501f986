"""Rates, their feeds, and a payee's rules for OSM payments, in the back office."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from teraa.common.journal_codes import SETTING_CHANGED
from teraa.common.money import RATE_SCALE
from teraa.common.targets import BadTarget, check_target, private_allowed
from teraa.settlement.models import OsmRate, PaymentPolicy, RateFeed, RateQuote, RateReading
from teraa.settlement.office import MoneyAdmin, coins, link
from teraa.settlement.states import RateSource
from teraa.venues.office import VenueForm, VenueModelAdmin
from teraa.venues.permissions_table import EDIT_VENUE


class RateForm(VenueForm):
    """The rate as people say it; stored as an integer, no float ever."""

    euros_per_osm = forms.DecimalField(
        label=_("euros per OSM"),
        max_digits=14,
        decimal_places=10,
        min_value=Decimal("0.0000000001"),
        widget=UnfoldAdminDecimalFieldWidget,
        help_text=_("For instance 0.02: a coffee of 1.20 € is then 60 OSM."),
    )

    class Meta:
        model = OsmRate
        fields = ["venue", "source", "valid_from", "valid_until", "decided_by", "evidence"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "source" in self.fields:
            self.fields["source"].choices = [  # type: ignore[attr-defined]
                choice for choice in RateSource.choices if choice[0] != RateSource.FEED
            ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        begins, ends = cleaned.get("valid_from"), cleaned.get("valid_until")
        if (cleaned.get("source") == RateSource.MANUAL) != (ends is not None):
            self.add_error("valid_until", _("A rate set by hand has an end, and no other has."))
        elif begins and ends and ends <= begins:
            self.add_error("valid_until", _("It must end later than it begins."))
        return cleaned

    def save(self, commit: bool = True) -> Any:
        self.instance.rate_e10 = int(self.cleaned_data["euros_per_osm"] * RATE_SCALE)
        return super().save(commit)


@admin.register(OsmRate)
class OsmRateAdmin(VenueModelAdmin):
    """A decision is added, never edited: the next one replaces it from its date on."""

    form = RateForm
    journal_code = SETTING_CHANGED
    list_display = ["venue", "euros_per_osm", "source", "valid_from", "valid_until", "decided_by"]
    list_filter = ["venue", "source"]
    list_select_related = ["venue"]
    search_fields = ["decided_by", "evidence"]
    ordering = ["venue", "-valid_from"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [
            *["venue", "euros_per_osm", "source", "valid_from", "valid_until"],
            *["decided_by", "evidence"],
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fixed = list(super().get_readonly_fields(request, obj))
        return [*fixed, "euros_per_osm"] if obj is not None else fixed

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, self.view_permission, obj) or self.may(request, EDIT_VENUE, obj)

    @display(description=_("euros per OSM"), ordering="rate_e10")
    def euros_per_osm(self, rate: OsmRate) -> str:
        return f"{Decimal(rate.rate_e10) / RATE_SCALE:f} €"


@admin.register(RateQuote)
class RateQuoteAdmin(MoneyAdmin):
    list_display = ["venue", "euros_per_osm", "source", "quoted_at", "valid_until"]
    list_filter = ["venue", "source"]
    list_select_related = ["venue"]
    search_fields = ["id", "evidence_sha256"]
    ordering = ["-quoted_at"]
    fields = [
        *["id", "venue", "euros_per_osm", "source", "decision", "reading_link", "step"],
        "quoted_at",
        *["valid_until", "evidence", "evidence_sha256"],
    ]
    readonly_fields = ["id", "euros_per_osm", "decision", "reading_link", "step"]

    @display(description=_("euros per OSM"), ordering="rate_e10")
    def euros_per_osm(self, quote: RateQuote) -> str:
        return f"{Decimal(quote.rate_e10) / RATE_SCALE:f} €"

    @display(description=_("decision"))
    def decision(self, quote: RateQuote) -> SafeString | str:
        return link(quote.rate)

    @display(description=_("reading"))
    def reading_link(self, quote: RateQuote) -> SafeString | str:
        return link(quote.reading)

    @display(description=_("rounded up to"))
    def step(self, quote: RateQuote) -> str:
        return coins(quote.step_units)


class FeedForm(VenueForm):
    """An address that anybody could have typed: it is looked at before it is kept."""

    def clean_url(self) -> str:
        try:
            return str(check_target(self.cleaned_data["url"].strip(), private=private_allowed()))
        except BadTarget as problem:
            said = problem.as_dict()
            raise forms.ValidationError(f"{said['title']} {said['advice']}") from problem


@admin.register(RateFeed)
class RateFeedAdmin(VenueModelAdmin):
    """Of several feeds of a venue one is in use; its readings come by themselves."""

    form = FeedForm
    journal_code = SETTING_CHANGED
    list_display = ["url", "enabled", "tried_at", "last_error", "venue"]
    list_filter = ["venue", "enabled"]
    list_select_related = ["venue"]
    search_fields = ["url", "last_error"]
    ordering = ["venue", "url"]
    fields = [
        *["venue", "url", "path", "inverted", "every_seconds", "valid_seconds"],
        *["most_jump_percent", "enabled", "tried_at", "last_error"],
    ]
    readonly_fields = ["tried_at", "last_error"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, self.view_permission, obj) or self.may(request, EDIT_VENUE, obj)


@admin.register(RateReading)
class RateReadingAdmin(MoneyAdmin):
    list_display = ["feed", "euros_per_osm", "read_at", "venue"]
    list_filter = ["venue", "feed"]
    list_select_related = ["venue", "feed"]
    search_fields = ["body_sha256", "feed__url"]
    ordering = ["-read_at"]
    fields = ["feed", "venue", "euros_per_osm", "read_at", "body", "body_sha256"]
    readonly_fields = ["euros_per_osm"]

    @display(description=_("euros per OSM"), ordering="rate_e10")
    def euros_per_osm(self, reading: RateReading) -> str:
        return f"{Decimal(reading.rate_e10) / RATE_SCALE:f} €"


@admin.register(PaymentPolicy)
class PaymentPolicyAdmin(VenueModelAdmin):
    """A payee without a row here lives by the defaults that an empty form shows."""

    journal_code = SETTING_CHANGED
    list_display = ["payee", "large_confirmations", "late", "by_amount", "venue"]
    list_filter = ["venue", "late"]
    list_select_related = ["venue", "payee"]
    search_fields = ["payee__name"]
    ordering = ["venue", "payee__name"]
    fieldsets = [
        (None, {"fields": ["venue", "payee"]}),
        (
            _("Large payments wait longer"),
            {
                "fields": [
                    *["large_from_cents", "large_confirmations"],
                    *["huge_from_cents", "huge_confirmations"],
                ]
            },
        ),
        (
            _("Goods before the block"),
            {"fields": ["trust_up_to_cents", "trust_total_cents"]},
        ),
        (_("Payments without a reference"), {"fields": ["by_amount"]}),
        (_("Coins that come late"), {"fields": ["late", "late_drift_bp"]}),
    ]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, self.view_permission, obj) or self.may(request, EDIT_VENUE, obj)
