"""Cases, refunds and what people decided, in the back office. Decisions are forms on their pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from teraa.common.journal_codes import SETTING_CHANGED
from teraa.settlement.cases import books, office
from teraa.settlement.cases.models import Case, Decision, Refund, RefundClaim, Safeguard
from teraa.settlement.cases.states import ALARMING, CaseKind, CaseState, RefundState
from teraa.settlement.office import MoneyAdmin, coins, euros
from teraa.venues.office import VenueModelAdmin

KIND_COLOURS = {one: "danger" if one in ALARMING else "warning" for one in CaseKind}
STATE_COLOURS = {CaseState.OPEN: "warning", CaseState.CLOSED: "success"}
REFUND_COLOURS = {
    RefundState.DRAFT: "warning",
    RefundState.APPROVED: "warning",
    RefundState.AWAITING_WALLET: "warning",
    RefundState.SEEN: "info",
    RefundState.PAID: "info",
    RefundState.CLOSED: "success",
    RefundState.CANCELLED: "",
    RefundState.MISMATCH: "danger",
}


@admin.register(Case)
class CaseAdmin(MoneyAdmin):
    """The inbox; a row leads to its one-screen story."""

    list_display = [
        "kind_label",
        "payee",
        "what",
        "at_stake",
        "state_label",
        "assignee",
        "opened_at",
    ]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        "payee",
        "venue",
    ]
    list_filter_submit = True
    list_select_related = ["payee", "venue", "request", "receipt__transaction", "refund"]
    search_fields = [
        *["request__reference", "refund__reference", "receipt__transaction__txid"],
        *["receipt__transaction__memo_text", "receipt__transaction__sender", "assignee"],
    ]
    search_help_text = _("Reference, transaction, memo, sender or who is in charge.")
    date_hierarchy = "opened_at"
    ordering = ["-opened_at"]
    # Its page is a story of its own; these are what a form would hold.
    fields = [
        *["kind", "payee", "venue", "request", "receipt", "refund", "units", "state"],
        *["assignee", "resolution", "opened_at", "closed_at", "closed_by"],
    ]
    actions_list = ["explorer", "books"]

    @display(description=_("kind"), ordering="kind", label=KIND_COLOURS)
    def kind_label(self, case: Case) -> tuple[str, Any]:
        return case.kind, case.get_kind_display()

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)
    def state_label(self, case: Case) -> tuple[str, Any]:
        return case.state, case.get_resolution_display() or case.get_state_display()

    @display(description=_("at stake"), ordering="units")
    def at_stake(self, case: Case) -> str:
        return coins(case.units) if case.units else ""

    @display(description=_("what"))
    def what(self, case: Case) -> str:
        if case.request is not None:
            return case.request.reference
        if case.refund is not None:
            return case.refund.reference
        if case.receipt is not None:
            return case.receipt.transaction.memo_text or case.receipt.transaction.txid[:12]
        return ""

    @action(description=_("Chain explorer"), url_path="explore", icon="travel_explore")
    def explorer(self, request: HttpRequest) -> HttpResponse:
        return office.show_explorer(self, request)

    @action(description=_("Reconciliation"), url_path="books", icon="balance")
    def books(self, request: HttpRequest) -> HttpResponse:
        return books.show_books(self, request)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("books.pdf", view(self._books_pdf), name="cases_case_books_pdf"),
            path("books.csv", view(self._books_csv), name="cases_case_books_csv"),
            path("books.signed", view(self._books_signed), name="cases_case_books_signed"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        return office.show_case(self, request, object_id)

    def _books_pdf(self, request: HttpRequest) -> HttpResponse:
        return books.print_books(self, request)

    def _books_csv(self, request: HttpRequest) -> HttpResponse:
        return books.write_books(self, request)

    def _books_signed(self, request: HttpRequest) -> HttpResponse:
        return books.sign_books(self, request)


@admin.register(Refund)
class RefundAdmin(MoneyAdmin):
    """What goes back, from drafts to what the chain has buried."""

    list_display = [
        *["reference", "payee", "to_send", "worth", "destination", "state_label"],
        *["drafted_by", "drafted_at"],
    ]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("variant", ChoicesDropdownFilter),
        "payee",
        "venue",
    ]
    list_filter_submit = True
    list_select_related = ["payee", "venue"]
    search_fields = [
        *["reference", "reference_norm", "destination", "request__reference", "due__code"],
        *["out_receipt__transaction__txid", "reason", "drafted_by"],
    ]
    search_help_text = _("Reference, address, transaction, code of a due or reason.")
    date_hierarchy = "drafted_at"
    ordering = ["-drafted_at"]
    fields = [
        *["reference", "payee", "venue", "variant", "amount_units", "amount_cents"],
        *["destination", "state", "drafted_by", "drafted_at"],
    ]
    actions_list = ["sheet"]

    @display(description=_("to be sent"), ordering="amount_units")
    def to_send(self, refund: Refund) -> str:
        return coins(refund.amount_units)

    @display(description=_("worth"), ordering="amount_cents")
    def worth(self, refund: Refund) -> str:
        return euros(refund.amount_cents)

    @display(description=_("state"), ordering="state", label=REFUND_COLOURS)
    def state_label(self, refund: Refund) -> tuple[str, Any]:
        return refund.state, refund.get_state_display()

    @action(description=_("Sheet of codes"), url_path="sheet", icon="qr_code_2")
    def sheet(self, request: HttpRequest) -> HttpResponse:
        return office.show_sheet(self, request)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("sheet.pdf", view(self._sheet_pdf), name="cases_refund_sheet_pdf"),
            path("due/<uuid:due_id>/", view(self._of_due), name="cases_refund_of_due"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        return office.show_refund(self, request, object_id)

    def _sheet_pdf(self, request: HttpRequest) -> HttpResponse:
        return office.print_sheet(self, request)

    def _of_due(self, request: HttpRequest, due_id: Any) -> HttpResponse:
        return office.refund_due(self, request, due_id)


@admin.register(Decision)
class DecisionAdmin(MoneyAdmin):
    """Who said what about money, for ever."""

    list_display = ["action", "by", "about", "reason", "carried_out", "at"]
    list_filter = [("action", ChoicesDropdownFilter), "carried_out", "venue"]
    list_filter_submit = True
    list_select_related = ["case", "request", "refund"]
    search_fields = ["by", "reason", "request__reference", "refund__reference"]
    date_hierarchy = "at"
    ordering = ["-at"]
    fields = ["action", "by", "about", "amount", "reason", "carried_out", "at", "venue"]
    readonly_fields = ["about", "amount"]

    @display(description=_("about"))
    def about(self, decision: Decision) -> SafeString | str:
        for row, name in ((decision.case, "cases_case"), (decision.refund, "cases_refund")):
            if row is not None:
                return format_html(
                    '<a href="{}">{}</a>', reverse(f"admin:{name}_change", args=[row.pk]), row
                )
        return decision.request.reference if decision.request else ""

    @display(description=_("amount"))
    def amount(self, decision: Decision) -> str:
        return coins(decision.units)


@admin.register(RefundClaim)
class RefundClaimAdmin(MoneyAdmin):
    """Links by which customers say where their refund goes."""

    list_display = ["refund", "made_by", "made_at", "expires_at", "used_at", "address"]
    list_filter = ["venue"]
    list_select_related = ["refund", "venue"]
    search_fields = ["refund__reference", "address", "made_by"]
    ordering = ["-made_at"]
    fields = ["refund", "made_by", "made_at", "expires_at", "used_at", "ended_at", "address"]


@admin.register(Safeguard)
class SafeguardAdmin(VenueModelAdmin):
    """From which amount on two people decide about a payee's money."""

    journal_code = SETTING_CHANGED
    list_display = ["payee", "limit", "venue"]
    list_filter = ["venue"]
    list_select_related = ["payee", "venue"]
    search_fields = ["payee__name"]
    fields = ["venue", "payee", "second_person_cents"]

    @display(description=_("two people decide above"), ordering="second_person_cents")
    def limit(self, safeguard: Safeguard) -> str:
        return euros(safeguard.second_person_cents)
