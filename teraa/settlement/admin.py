"""Dues, tenders, effects and rates in the back office."""

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
from teraa.settlement.models import (
    Collection,
    Due,
    Effect,
    OsmRate,
    PaymentPolicy,
    RateFeed,
    RateQuote,
    RateReading,
    Tender,
)
from teraa.settlement.office import MoneyAdmin, MoneyInline, coins, euros, link, links
from teraa.settlement.states import DueState, RateSource, TenderState
from teraa.venues.office import VenueForm, VenueModelAdmin
from teraa.venues.permissions_table import EDIT_VENUE

DUE_COLOURS = {
    DueState.OPEN: "warning",
    DueState.ACCEPTED: "info",
    DueState.SETTLED: "success",
    DueState.CANCELLED: "",
    DueState.EXPIRED: "",
}
TENDER_COLOURS = {
    TenderState.PENDING: "warning",
    TenderState.ACCEPTED: "info",
    TenderState.SETTLED: "success",
    TenderState.UNKNOWN: "danger",
    TenderState.REFUSED: "danger",
    TenderState.CANCELLED: "",
}


class TenderInline(MoneyInline):
    model = Tender
    fields = ["kind", "amount", "state", "request", "collection", "operator", "created_at"]
    readonly_fields = ["amount"]

    @display(description=_("amount"))
    def amount(self, tender: Tender) -> str:
        return euros(tender.amount_cents)


class EffectInline(MoneyInline):
    model = Effect
    fields = ["kind", "version", "created_at", "handled_at", "attempts", "last_error"]
    ordering = ["pk"]


@admin.register(Due)
class DueAdmin(MoneyAdmin):
    list_display = ["subject", "payee", "owed", "paid", "state_label", "opened_at", "venue"]
    list_filter = ["venue", "state", "payee", "subject"]
    list_select_related = ["venue", "payee"]
    search_fields = ["id", "subject", "tenders__request__reference", "payee__name"]
    search_help_text = _("Reference of an OSM request, subject, payee or number.")
    date_hierarchy = "opened_at"
    ordering = ["-opened_at"]
    fields = [
        *["id", "subject", "venue", "payee", "owed", "paid", "pending", "state"],
        *["version", "opened_at", "changed_at", "settled_at"],
    ]
    readonly_fields = ["id", "owed", "paid", "pending", "state"]
    inlines = [TenderInline, EffectInline]

    @display(description=_("owed"), ordering="amount_cents")
    def owed(self, due: Due) -> str:
        return euros(due.amount_cents)

    @display(description=_("paid"), ordering="paid_cents")
    def paid(self, due: Due) -> str:
        return euros(due.paid_cents)

    @display(description=_("on its way"), ordering="pending_cents")
    def pending(self, due: Due) -> str:
        return euros(due.pending_cents)

    @display(description=_("state"), ordering="state", label=DUE_COLOURS)
    def state_label(self, due: Due) -> tuple[str, Any]:
        return due.state, due.get_state_display()


@admin.register(Tender)
class TenderAdmin(MoneyAdmin):
    list_display = ["kind", "amount", "state_label", "due_link", "request_link", "created_at"]
    list_filter = ["venue", "kind", "state", "payee", "station"]
    list_select_related = ["venue", "due", "request"]
    search_fields = ["id", "key", "request__reference", "authorisation", "operator"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    fields = [
        *["id", "key", "venue", "payee", "due_link", "kind", "amount", "received", "change"],
        *["state", "request_link", "collection_link", "authorisation"],
        *["station", "operator", "created_at", "settled_at"],
    ]
    readonly_fields = [
        *["id", "key", "due_link", "amount", "received", "change"],
        *["state", "request_link", "collection_link"],
    ]

    @display(description=_("amount"), ordering="amount_cents")
    def amount(self, tender: Tender) -> str:
        return euros(tender.amount_cents)

    @display(description=_("received"))
    def received(self, tender: Tender) -> str:
        return euros(tender.received_cents)

    @display(description=_("change given"))
    def change(self, tender: Tender) -> str:
        return euros(tender.change_cents)

    @display(description=_("state"), ordering="state", label=TENDER_COLOURS)
    def state_label(self, tender: Tender) -> tuple[str, Any]:
        return tender.state, tender.get_state_display()

    @display(description=_("due"))
    def due_link(self, tender: Tender) -> SafeString | str:
        return link(tender.due)

    @display(description=_("OSM request"))
    def request_link(self, tender: Tender) -> SafeString | str:
        return link(tender.request)

    @display(description=_("collection"))
    def collection_link(self, tender: Tender) -> SafeString | str:
        return link(tender.collection)


@admin.register(Collection)
class CollectionAdmin(MoneyAdmin):
    list_display = ["kind", "amount", "payee", "operator", "created_at", "venue"]
    list_filter = ["venue", "kind", "payee"]
    list_select_related = ["venue", "payee"]
    search_fields = ["id", "key", "operator", "authorisation"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    fields = [
        *["id", "venue", "payee", "kind", "amount", "authorisation"],
        *["station", "operator", "created_at", "tenders_list"],
    ]
    readonly_fields = ["id", "amount", "tenders_list"]

    @display(description=_("amount"), ordering="amount_cents")
    def amount(self, collection: Collection) -> str:
        return euros(collection.amount_cents)

    @display(description=_("tenders"))
    def tenders_list(self, collection: Collection) -> SafeString:
        return links(collection.tenders.order_by("pk"))


class NewsFilter(admin.SimpleListFilter):
    """What waits, what failed, what is done."""

    title = _("delivery")
    parameter_name = "delivery"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("Waiting")), ("failing", _("Failing")), ("handled", _("Handled"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "waiting":
                return queryset.filter(handled_at__isnull=True)
            case "failing":
                return queryset.filter(handled_at__isnull=True, attempts__gt=0)
            case "handled":
                return queryset.filter(handled_at__isnull=False)
        return queryset


@admin.register(Effect)
class EffectAdmin(MoneyAdmin):
    list_display = ["kind", "due_link", "created_at", "delivered", "attempts", "last_error"]
    list_filter = ["venue", "kind", NewsFilter]
    list_select_related = ["due"]
    search_fields = ["due__id", "due__subject", "last_error"]
    ordering = ["-pk"]
    fields = [
        *["due_link", "kind", "version", "created_at", "handled_at"],
        *["attempts", "next_at", "last_error", "venue"],
    ]
    readonly_fields = ["due_link"]

    @display(description=_("due"))
    def due_link(self, effect: Effect) -> SafeString | str:
        return link(effect.due)

    @display(description=_("handled"), boolean=True, ordering="handled_at")
    def delivered(self, effect: Effect) -> bool:
        return effect.handled_at is not None


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


@admin.register(RateFeed)
class RateFeedAdmin(VenueModelAdmin):
    """Of several feeds of a venue one is in use; its readings come by themselves."""

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
    list_display = ["payee", "large_confirmations", "late", "trusted", "venue"]
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
        (_("Payments without a reference"), {"fields": ["by_amount"]}),
        (_("Coins that come late"), {"fields": ["late", "late_drift_bp"]}),
        (_("Accepted before their block"), {"fields": ["trusted_cents", "trusted_total_cents"]}),
    ]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, self.view_permission, obj) or self.may(request, EDIT_VENUE, obj)

    @display(description=_("trusted up to"), ordering="trusted_cents")
    def trusted(self, policy: PaymentPolicy) -> str:
        return euros(policy.trusted_cents) if policy.trusted_cents else "–"
