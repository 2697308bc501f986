"""Payments believed before their block, and senders who are not, in the back office."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from teraa.common.clock import now
from teraa.common.journal_codes import SETTING_CHANGED
from teraa.settlement.office import MoneyAdmin, euros, link
from teraa.settlement.osm.models import DistrustedSender, Lease
from teraa.venues.office import VenueModelAdmin


@admin.register(Lease)
class LeaseAdmin(MoneyAdmin):
    list_display = ["request_link", "amount", "sender", "granted_at", "became", "venue"]
    list_filter = ["venue", "request__state", "request__broken"]
    list_select_related = ["venue", "request"]
    search_fields = ["sender", "request__reference", "transaction__txid"]
    date_hierarchy = "granted_at"
    ordering = ["-granted_at"]
    fields = [
        *["request_link", "venue", "amount", "sender", "transaction_link", "granted_at", "became"],
        "said",
    ]
    readonly_fields = ["request_link", "amount", "transaction_link", "became", "said"]

    @display(description=_("OSM request"))
    def request_link(self, lease: Lease) -> SafeString | str:
        return link(lease.request)

    @display(description=_("amount"), ordering="amount_cents")
    def amount(self, lease: Lease) -> str:
        return euros(lease.amount_cents)

    @display(description=_("transaction"))
    def transaction_link(self, lease: Lease) -> SafeString | str:
        return link(lease.transaction)

    @display(description=_("what became of it"))
    def became(self, lease: Lease) -> str:
        if lease.request.broken:
            return str(lease.request._meta.get_field("broken").verbose_name)
        return str(lease.request.get_state_display())

    @display(description=_("what nodes said"))
    def said(self, lease: Lease) -> str:
        return json.dumps(lease.evidence, indent=1, ensure_ascii=False)


@admin.register(DistrustedSender)
class DistrustedSenderAdmin(VenueModelAdmin):
    """Who was believed and did not pay is entered by itself; a person may add or forgive."""

    journal_code = SETTING_CHANGED
    may_delete = True
    list_display = ["address", "reason", "request_link", "added_at", "venue"]
    list_filter = ["venue"]
    list_select_related = ["venue", "request"]
    search_fields = ["address", "reason"]
    ordering = ["-added_at"]
    fields = ["venue", "address", "reason", "request_link", "added_at"]
    readonly_fields = ["request_link", "added_at"]

    @display(description=_("OSM request"))
    def request_link(self, sender: DistrustedSender) -> SafeString | str:
        return link(sender.request)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.added_at = now()
        super().save_model(request, obj, form, change)
