"""The OSM channel in the back office: requests, receipts, blocks. Nodes are in `node_admin`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from teraa.common.clock import now
from teraa.common.problems import Problem
from teraa.settlement import operations
from teraa.settlement.office import ChainAdmin, MoneyAdmin, MoneyInline, coins, euros, link, links
from teraa.settlement.osm import node_admin, trust_admin  # noqa: F401 - found through this module
from teraa.settlement.osm.models import (
    Allocation,
    Block,
    ChainTransaction,
    OsmRequest,
    Receipt,
    RequestAct,
    WatchedAddress,
)
from teraa.settlement.osm.states import RequestState
from teraa.venues.office import venues_seen
from teraa.venues.permissions_table import RESOLVE_MONEY

REQUEST_COLOURS = {
    RequestState.OPEN: "warning",
    RequestState.SEEN: "warning",
    RequestState.ACCEPTED: "info",
    RequestState.CONFIRMING: "info",
    RequestState.SETTLED: "success",
    RequestState.EXPIRED: "",
    RequestState.CANCELLED: "",
}


class AllocationInline(MoneyInline):
    model = Allocation
    fields = ["kind", "amount", "reason", "transaction_link", "created_at", "reversed_at"]
    readonly_fields = ["amount", "transaction_link"]

    @display(description=_("amount"))
    def amount(self, allocation: Allocation) -> str:
        return coins(allocation.amount_units)

    @display(description=_("transaction"))
    def transaction_link(self, allocation: Allocation) -> SafeString | str:
        return link(allocation.receipt.transaction)


class ActInline(MoneyInline):
    model = RequestAct
    fields = ["kind", "by", "reason", "at"]
    show_change_link = False


class ReasonForm(BaseDialogForm):  # type: ignore[misc]
    reason = forms.CharField(
        label=_("reason"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget
    )


@admin.register(OsmRequest)
class OsmRequestAdmin(MoneyAdmin):
    list_display = [
        *["reference", "payee", "amount", "asked", "seen", "state_label", "marks"],
        *["created_at", "venue"],
    ]
    list_filter = ["venue", "state", "late", "over", "under", "payee"]
    list_select_related = ["venue", "payee"]
    search_fields = ["reference", "reference_norm", "address", "id"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    fields = [
        *["reference", "venue", "payee", "address", "network", "amount", "asked", "tolerated"],
        *["quote", "required_confirmations", "created_at", "expires_at"],
        *["state", "marks", "seen", "included", "confirmed", "surplus", "confirmations"],
        *["accepted_at", "expired_at", "settled_at", "tenders_list"],
    ]
    readonly_fields = [
        *["amount", "asked", "tolerated", "seen", "included", "confirmed", "surplus"],
        *["state", "marks", "tenders_list"],
    ]
    inlines = [AllocationInline, ActInline]
    actions_detail = ["accept_late"]

    @display(description=_("amount"), ordering="amount_cents")
    def amount(self, request: OsmRequest) -> str:
        return euros(request.amount_cents)

    @display(description=_("asked for"), ordering="units")
    def asked(self, request: OsmRequest) -> str:
        return coins(request.units)

    @display(description=_("shortfall accepted"))
    def tolerated(self, request: OsmRequest) -> str:
        return coins(request.tolerance_units)

    @display(description=_("seen"), ordering="seen_units")
    def seen(self, request: OsmRequest) -> str:
        return coins(request.seen_units)

    @display(description=_("in a block"))
    def included(self, request: OsmRequest) -> str:
        return coins(request.included_units)

    @display(description=_("confirmed"))
    def confirmed(self, request: OsmRequest) -> str:
        return coins(request.confirmed_units)

    @display(description=_("not credited"), ordering="surplus_units")
    def surplus(self, request: OsmRequest) -> str:
        return coins(request.surplus_units)

    @display(description=_("state"), ordering="state", label=REQUEST_COLOURS)
    def state_label(self, request: OsmRequest) -> tuple[str, Any]:
        return request.state, request.get_state_display()

    @display(description=_("marks"))
    def marks(self, request: OsmRequest) -> str:
        names = {name: OsmRequest._meta.get_field(name).verbose_name for name in request.flags}  # type: ignore[union-attr]
        return ", ".join(str(name) for name in names.values())

    @display(description=_("tenders"))
    def tenders_list(self, request: OsmRequest) -> SafeString:
        return links(request.tenders.order_by("pk"))

    def has_resolve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may deal with money that did not match by itself."""
        return self.may(request, RESOLVE_MONEY, object_id)

    @action(
        description=_("Accept the late payment"),
        url_path="accept-late",
        permissions=["resolve"],
        dialog={
            "title": _("Accept the late payment"),
            "description": _(
                "The coins that came after the end are taken for what they were meant for, if that "
                "still waits for its money. Otherwise they stay here, to be given back."
            ),
            "form_class": ReasonForm,
            "form_submit_text": _("Accept"),
        },
    )
    def accept_late(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        found = get_object_or_404(self.get_queryset(request), pk=object_id)
        try:
            accepted = operations.accept_late(
                request_id=found.pk,
                by=str(request.user)[:60],
                reason=form.cleaned_data["reason"],
                at=now(),
            )
        except Problem as problem:
            said = problem.as_dict()
            messages.error(request, f"{said['title']} {said['advice']}")
        else:
            messages.success(request, f"{accepted.reference}: {accepted.get_state_display()}")
        page = reverse("admin:osm_osmrequest_change", args=[found.pk])
        return HttpResponse(headers={"HX-Redirect": page})


@admin.register(Allocation)
class AllocationAdmin(MoneyAdmin):
    list_display = ["kind", "amount", "reason", "payee", "request_link", "memo", "created_at"]
    list_filter = ["venue", "kind", "reason"]
    list_select_related = ["receipt__transaction", "receipt__watched__payee", "request"]
    search_fields = [
        *["receipt__transaction__txid", "receipt__transaction__memo_text"],
        *["receipt__transaction__sender", "request__reference"],
    ]
    search_help_text = _("Transaction, memo, sender or reference.")
    ordering = ["-pk"]
    fields = [
        *["venue", "payee", "kind", "amount", "reason", "memo", "receipt_link", "request_link"],
        *["by", "created_at", "reversed_at", "reversed_by"],
    ]
    readonly_fields = ["payee", "amount", "memo", "receipt_link", "request_link"]

    @display(description=_("amount"), ordering="amount_units")
    def amount(self, allocation: Allocation) -> str:
        return coins(allocation.amount_units)

    @display(description=_("payee"))
    def payee(self, allocation: Allocation) -> str:
        return str(allocation.receipt.watched.payee)

    @display(description=_("memo"))
    def memo(self, allocation: Allocation) -> str:
        return allocation.receipt.transaction.memo_text

    @display(description=_("OSM request"))
    def request_link(self, allocation: Allocation) -> SafeString | str:
        return link(allocation.request)

    @display(description=_("receipt of coins"))
    def receipt_link(self, allocation: Allocation) -> SafeString | str:
        return link(allocation.receipt)


@admin.register(Receipt)
class ReceiptAdmin(MoneyAdmin):
    list_display = ["direction", "amount", "payee", "transaction_link", "stored_at", "venue"]
    list_filter = ["venue", "direction"]
    list_select_related = ["venue", "transaction", "watched__payee"]
    search_fields = ["transaction__txid", "transaction__sender", "watched__address"]
    ordering = ["-pk"]
    fields = [
        *["venue", "payee", "watched", "direction", "amount", "out_index"],
        *["transaction_link", "stored_at"],
    ]
    readonly_fields = ["payee", "amount", "transaction_link"]
    inlines = [AllocationInline]

    @display(description=_("amount"), ordering="amount_units")
    def amount(self, receipt: Receipt) -> str:
        return coins(receipt.amount_units)

    @display(description=_("payee"))
    def payee(self, receipt: Receipt) -> str:
        return str(receipt.watched.payee)

    @display(description=_("transaction"))
    def transaction_link(self, receipt: Receipt) -> SafeString | str:
        return link(receipt.transaction)


@admin.register(WatchedAddress)
class WatchedAddressAdmin(MoneyAdmin):
    list_display = ["address", "payee", "venue", "since", "network"]
    list_filter = ["venue", "network"]
    list_select_related = ["venue", "payee", "network"]
    search_fields = ["address", "payee__name"]
    ordering = ["-since"]
    fields = ["address", "venue", "payee", "network", "since"]


@admin.register(ChainTransaction)
class ChainTransactionAdmin(ChainAdmin):
    list_display = ["txid", "amount", "sender", "memo_text", "block_link", "first_seen_at"]
    list_select_related = ["block"]
    search_fields = ["txid", "sender", "memo_text"]
    date_hierarchy = "first_seen_at"
    ordering = ["-pk"]
    fields = [
        *["txid", "network", "version", "type", "sender", "sender_public_key", "amount", "fee"],
        *[
            "memo_text",
            "sender_time",
            "first_seen_at",
            "block_link",
            "position",
            "gone_at",
            "raw_hex",
        ],
    ]
    readonly_fields = ["amount", "fee", "block_link", "raw_hex"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChainTransaction]:
        """Anybody may read the chain, but what was paid to whom is each venue's own business."""
        rows: QuerySet[ChainTransaction] = super().get_queryset(request)
        seen = venues_seen(request)
        if seen is None:
            return rows
        own = Receipt.objects.filter(transaction=OuterRef("pk"), venue__in=seen)
        return rows.filter(Exists(own))

    @display(description=_("amount"), ordering="amount_units")
    def amount(self, transaction: ChainTransaction) -> str:
        return coins(transaction.amount_units)

    @display(description=_("fee"))
    def fee(self, transaction: ChainTransaction) -> str:
        return coins(transaction.fee_units)

    @display(description=_("block"))
    def block_link(self, transaction: ChainTransaction) -> SafeString | str:
        return link(transaction.block)

    @display(description=_("signed bytes"))
    def raw_hex(self, transaction: ChainTransaction) -> str:
        return bytes(transaction.raw).hex()


@admin.register(Block)
class BlockAdmin(ChainAdmin):
    list_display = ["height", "block_id", "transactions", "forged_at", "canonical"]
    list_filter = ["canonical"]
    search_fields = ["=height", "block_id"]
    ordering = ["-height", "-pk"]
    fields = [
        *["height", "block_id", "previous_id", "network", "forged_at", "generator_public_key"],
        *["transactions", "payload_hash", "canonical", "stored_at", "ours"],
    ]
    readonly_fields = ["ours"]

    @display(description=_("transactions that concern us"))
    def ours(self, block: Block) -> SafeString:
        return links(block.chain_transactions.order_by("position"))
