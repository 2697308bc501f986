"""The nodes in the back office: which we ask, how they are, how far the chain was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from teraa.common.clock import now
from teraa.common.problems import Problem
from teraa.settlement.office import ChainAdmin, MoneyAdmin, coins
from teraa.settlement.osm.availability import current_cursor
from teraa.settlement.osm.models import AddressBalance, BlockCursor, Network, NodeHint, NodePeer
from teraa.settlement.osm.resuming import allow_rewrite, waiting_rewrite
from teraa.settlement.osm.states import CursorState, PeerHealth, PeerSource

CURSOR_COLOURS = {
    CursorState.LIVE: "success",
    CursorState.CATCHUP: "warning",
    CursorState.STALLED: "danger",
    CursorState.HALTED: "danger",
}
HEALTH_COLOURS = {
    PeerHealth.UNKNOWN: "",
    PeerHealth.HEALTHY: "success",
    PeerHealth.STALE: "warning",
    PeerHealth.SILENT: "danger",
    PeerHealth.QUARANTINED: "danger",
    PeerHealth.DISABLED: "danger",
}


def looks_after_machine(request: HttpRequest) -> bool:
    """Nodes serve every venue: who runs the machine enters them."""
    return bool(request.user.is_active and getattr(request.user, "is_superuser", False))


class HeightForm(BaseDialogForm):  # type: ignore[misc]
    height = forms.IntegerField(
        label=_("height of the last block in common"), widget=UnfoldAdminIntegerFieldWidget
    )


@admin.register(BlockCursor)
class BlockCursorAdmin(ChainAdmin):
    list_display = ["network", "height", "tip_height", "state_label", "reason", "checked_at"]
    list_select_related = ["network"]
    fields = [
        *["network", "height", "block_id", "tip_height", "state", "reason"],
        *["live_since", "tip_moved_at", "checked_at", "rescanned_at", "epoch"],
        *["vouched_height", "agreed_height", "unanimous_height"],
        *["fork_height", "undone", "resume_height", "resumed_by", "resumed_at"],
    ]
    readonly_fields = ["state", "undone"]
    actions_detail = ["go_back"]

    @display(description=_("state"), label=CURSOR_COLOURS)  # type: ignore[untyped-decorator, unused-ignore]
    def state_label(self, cursor: BlockCursor) -> tuple[str, Any]:
        return cursor.state, cursor.get_state_display()

    @display(description=_("what going back would undo"))  # type: ignore[untyped-decorator, unused-ignore]
    def undone(self, cursor: BlockCursor) -> str:
        try:
            found = waiting_rewrite(cursor)
        except Problem:
            return ""
        return _("{blocks} blocks, {transactions} of our transactions").format(
            blocks=found.blocks, transactions=found.transactions
        )

    def has_go_back_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Only who runs the machine knows what happened to the node."""
        return looks_after_machine(request)

    @action(  # type: ignore[untyped-decorator, unused-ignore]
        description=_("Go back to the last block in common"),
        url_path="go-back",
        permissions=["go_back"],
        dialog={
            "title": _("Go back to the last block in common"),
            "description": _(
                "The chain was rewritten deeper than we follow by ourselves. A node that was "
                "restored from an old copy looks the same: make sure first. Type the height of the "
                "last block in common, as this page shows it."
            ),
            "form_class": HeightForm,
            "form_submit_text": _("Go back"),
        },
    )
    def go_back(self, request: HttpRequest, form: HeightForm, object_id: str) -> HttpResponse:
        cursor = get_object_or_404(self.get_queryset(request), pk=object_id)
        try:
            allow_rewrite(
                network=cursor.network,
                height=form.cleaned_data["height"],
                by=str(request.user),
                at=now(),
            )
        except Problem as problem:
            said = problem.as_dict()
            messages.error(request, f"{said['title']} {said['advice']}")
        else:
            messages.success(request, _("The chain is read again from there."))
        page = reverse("admin:osm_blockcursor_change", args=[cursor.pk])
        return HttpResponse(headers={"HX-Redirect": page})


@admin.register(NodePeer)
class NodePeerAdmin(ChainAdmin):
    list_display = [
        *["url", "role", "health_label", "leading", "last_height", "behind", "agreed_height"],
        *["hooks_state", "answered_at", "last_error"],
    ]
    entered = ("url", "role", "enabled", "per_minute")
    found = (
        *["health", "leading", "dialect", "last_height", "last_block_id", "tip_moved_at"],
        *["behind", "agreed_height", "clock_off_s", "answered_at", "last_error"],
        *["hooks_url", "hooks_state", "hooked_at"],
        *["lies", "last_lie", "lied_at", "quarantined_until", "disabled_at"],
        *["rewalked_at", "differs_at", "source", "network"],
    )
    fields = [*entered, *found]
    readonly_fields = [*found]
    actions_detail = ["believe_again"]

    @display(description=_("health"), label=HEALTH_COLOURS)  # type: ignore[untyped-decorator, unused-ignore]
    def health_label(self, peer: NodePeer) -> tuple[str, Any]:
        return peer.health, peer.get_health_display()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return looks_after_machine(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return looks_after_machine(request)

    def has_believe_again_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Who runs the machine decides whom it believes."""
        return looks_after_machine(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        """What the settings say is changed there."""
        fixed = list(super().get_readonly_fields(request, obj))
        if obj is not None and obj.source == PeerSource.SETTINGS:
            fixed += ["url", "role"]
        return fixed

    def save_model(self, request: HttpRequest, obj: NodePeer, form: Any, change: bool) -> None:
        if not change:
            cursor = current_cursor()
            if cursor is None:
                raise NoNetworkYet
            obj.network, obj.source = cursor.network, PeerSource.OFFICE
        super().save_model(request, obj, form, change)

    @action(  # type: ignore[untyped-decorator, unused-ignore]
        description=_("Believe it again"), url_path="believe-again", permissions=["believe_again"]
    )
    def believe_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Forget its lies. (The ingest reads this within half a minute.)"""
        peer = get_object_or_404(self.get_queryset(request), pk=object_id)
        NodePeer.objects.filter(pk=peer.pk).update(
            lies=0,
            quarantined_until=None,
            disabled_at=None,
            differs_at=None,
            health=PeerHealth.UNKNOWN,
        )
        messages.success(request, _("It is asked again within half a minute."))
        return HttpResponseRedirect(reverse("admin:osm_nodepeer_change", args=[peer.pk]))


class NoNetworkYet(Problem):
    """A node belongs to a network, and none has been seen."""

    code = "no_network_yet"
    status = 409
    title = _("The network is not known yet.")
    advice = _("The first node is entered in the settings; others can follow once it answers.")


@admin.register(AddressBalance)
class AddressBalanceAdmin(MoneyAdmin):
    list_display = ["watched", "payee", "balance", "height", "peer", "read_at"]
    list_filter = ["peer"]
    list_select_related = ["watched__payee", "peer"]
    search_fields = ["watched__address", "watched__payee__name"]
    ordering = ["-pk"]
    venue_path = "watched__venue"
    fields = ["watched", "payee", "balance", "height", "block_id", "peer", "read_at"]
    readonly_fields = ["payee", "balance"]

    @display(description=_("payee"))  # type: ignore[untyped-decorator, unused-ignore]
    def payee(self, read: AddressBalance) -> str:
        return str(read.watched.payee)

    @display(description=_("balance"), ordering="balance_units")  # type: ignore[untyped-decorator, unused-ignore]
    def balance(self, read: AddressBalance) -> str:
        return coins(read.balance_units)


@admin.register(Network)
class NetworkAdmin(ChainAdmin):
    list_display = ["token", "symbol", "nethash", "block_seconds", "fee", "read_at"]
    fields = [
        *["token", "symbol", "nethash", "address_version", "dialect", "block_seconds", "fee"],
        *["memo_bytes", "delegates", "epoch", "read_at"],
    ]
    readonly_fields = ["fee"]

    @display(description=_("fee of a transfer"))  # type: ignore[untyped-decorator, unused-ignore]
    def fee(self, network: Network) -> str:
        return coins(network.fee_units)


@admin.register(NodeHint)
class NodeHintAdmin(ChainAdmin):
    list_display = ["event", "peer", "received_at", "handled_at"]
    list_filter = ["event"]
    list_select_related = ["peer"]
    ordering = ["-pk"]
    fields = ["event", "peer", "body", "received_at", "handled_at"]
