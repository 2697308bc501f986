"""Dues, tenders, effects and rates in the back office."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from teraa.settlement import admin_rates, effects
from teraa.settlement.cases.links import refund_link
from teraa.settlement.models import Collection, Due, Effect, Payout, PayoutState, Tender
from teraa.settlement.office import MoneyAdmin, MoneyInline, euros, link, links
from teraa.settlement.states import DueState, TenderState
from teraa.venues.permissions_table import RESOLVE_MONEY

__all__ = ["admin_rates"]  # registers its own tables

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
        *["version", "opened_at", "changed_at", "settled_at", "refund"],
    ]
    readonly_fields = ["id", "owed", "paid", "pending", "state", "refund"]
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

    @display(description=_("refund"))
    def refund(self, due: Due) -> SafeString | str:
        return refund_link(due, is_owed=due.paid_cents > 0, before="") or "–"


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


@admin.register(Payout)
class PayoutAdmin(MoneyAdmin):
    list_display = ["label", "person", "amount", "state_shown", "kind", "operator", "owed_at"]
    list_filter = ["venue", "state", "kind", "payee"]
    list_select_related = ["venue", "payee"]
    search_fields = ["code", "label", "person", "authorisation"]
    date_hierarchy = "owed_at"
    ordering = ["-owed_at"]
    fields = [
        *["label", "person", "venue", "payee", "amount", "state", "due", "owed_at"],
        *["kind", "authorisation", "station", "operator", "paid_at"],
    ]
    readonly_fields = ["amount"]

    @display(description=_("amount"), ordering="amount_cents")
    def amount(self, payout: Payout) -> str:
        return euros(payout.amount_cents)

    @display(
        description=_("state"),
        ordering="state",
        label={PayoutState.OWED: "warning", PayoutState.PAID: "success"},
    )
    def state_shown(self, payout: Payout) -> tuple[str, Any]:
        return payout.state, payout.get_state_display()


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
    actions_detail = ["replay"]

    def has_resolve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may deal with money that did not settle by itself."""
        return self.may(request, RESOLVE_MONEY, object_id)

    @action(
        description=_("Hand over again"),
        url_path="replay",
        permissions=["resolve"],
        dialog={
            "title": _("Hand over again"),
            "description": _(
                "The trade hears of it once more, at once. What it has done already it does not do"
                " twice."
            ),
            "form_class": BaseDialogForm,
            "form_submit_text": _("Hand over again"),
        },
    )
    def replay(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        found = get_object_or_404(self.get_queryset(request), pk=object_id)
        effects.replay(effect_id=found.pk)
        messages.success(request, _("Handed over; look again in a moment."))
        page = reverse("admin:settlement_effect_change", args=[found.pk])
        return HttpResponse(headers={"HX-Redirect": page})

    @display(description=_("due"))
    def due_link(self, effect: Effect) -> SafeString | str:
        return link(effect.due)

    @display(description=_("handled"), boolean=True, ordering="handled_at")
    def delivered(self, effect: Effect) -> bool:
        return effect.handled_at is not None
