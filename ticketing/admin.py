"""Ticketing in the back office: events are made and put on sale here, the rest is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from teraa.common.clock import now
from teraa.common.journal_codes import SETTING_CHANGED
from teraa.common.money import format_cents
from teraa.common.problems import Problem
from teraa.settlement.cases.links import refund_link
from teraa.venues.office import VenueModelAdmin, VenueTabularInline
from teraa.venues.permissions_table import EDIT_EVENTS
from ticketing.models import Event, Operation, Order, Quota, Rate, Scan, Ticket
from ticketing.operations import cancel_ticket, change_quota, end_event, put_on_sale
from ticketing.paper import statement_context, statement_pdf
from ticketing.statements import statement_of
from ticketing.states import EventState, OrderState, TicketState


def cents(amount: int) -> str:
    """``amount`` cents in the reader's language."""
    return format_cents(amount, get_language() or "fr")


class ConfirmForm(BaseDialogForm):  # type: ignore[misc]
    """Nothing to fill in: pressing the button is the answer."""


def _back_to(row: Event | Ticket) -> HttpResponse:
    """A dialogue is a part of a page fetched by itself: the whole page goes on from here."""
    name = f"admin:ticketing_{row._meta.model_name}_change"
    return HttpResponse(headers={"HX-Redirect": reverse(name, args=[row.pk])})


def _say(request: HttpRequest, problem: Problem) -> None:
    said = problem.as_dict()
    messages.error(request, f"{said['title']} {said['advice']}")


class QuotaInline(VenueTabularInline):
    model = Quota
    change_permission = EDIT_EVENTS
    fields = ["name", "capacity", "taken"]
    readonly_fields = ["taken"]


class RateInline(VenueTabularInline):
    model = Rate
    change_permission = EDIT_EVENTS
    fields = ["number", "name", "price_cents", "vat_class", "quota", "active"]

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """A rate takes its places from a quota of its own event."""
        if db_field.name == "quota" and request.resolver_match is not None:
            event_id = request.resolver_match.kwargs.get("object_id", "")
            kwargs["queryset"] = Quota.objects.filter(event__pk=event_id)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Event)
class EventAdmin(VenueModelAdmin):
    change_permission = EDIT_EVENTS
    journal_code = SETTING_CHANGED
    list_display = ["title", "session", "starts_at", "state_shown", "places", "payee", "statement"]
    list_filter = [("state", ChoicesDropdownFilter), "payee", "venue"]
    list_filter_submit = True
    date_hierarchy = "starts_at"
    search_fields = ["title", "place", "slug"]
    list_select_related = ["payee", "venue"]
    ordering = ["-starts_at"]
    prepopulated_fields = {"slug": ["title"]}
    actions_detail = ["sell", "end"]
    fieldsets = [
        (None, {"fields": ["venue", "title", "session", "payee", "licence", "about", "slug"]}),
        (_("When and where"), {"fields": ["starts_at", "ends_at", "place", "resource"]}),
        (_("Rules"), {"fields": ["entry_minutes", "hold_minutes", "most_per_order"]}),
        (_("Where it stands"), {"fields": ["state", "statement"]}),
    ]
    readonly_fields = ["state", "statement"]
    # What tickets already say, and what the space was taken for.
    SOLD_AS: ClassVar[tuple[str, ...]] = (
        *("title", "session", "payee", "licence", "slug", "starts_at", "ends_at", "place"),
        *("resource", "entry_minutes"),
    )
    LABELS: ClassVar[dict[str, str]] = {
        EventState.DRAFT: "info",
        EventState.ON_SALE: "success",
        EventState.ENDED: "warning",
    }

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        fixed = list(super().get_readonly_fields(request, obj))
        return [*fixed, *self.SOLD_AS] if _is_sold(obj) else fixed

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Any = None
    ) -> dict[str, Sequence[str]]:
        if _is_sold(obj) or not self.has_change_permission(request, obj):
            return {}
        fields: dict[str, Sequence[str]] = super().get_prepopulated_fields(request, obj)
        return fields

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """First what there is, then what it costs: a rate needs its quota."""
        return [QuotaInline] if obj is None else [QuotaInline, RateInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        rows: QuerySet[Event] = super().get_queryset(request).prefetch_related("quotas")
        return rows

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            return
        # Only what was typed: somebody may have put the event on sale meanwhile.
        if form.changed_data:
            obj.save(update_fields=form.changed_data)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Rows get their event's venue; a counter that buyers move is never written back."""
        for row in formset.save(commit=False):
            row.venue_id = form.instance.venue_id
            if isinstance(row, Quota) and not row._state.adding:
                change_quota(quota_id=row.pk, name=row.name, capacity=row.capacity)
            else:
                row.save()
        formset.save_m2m()

    @display(description=_("state"), ordering="state", label=LABELS)
    def state_shown(self, event: Event) -> tuple[str, str]:
        return event.state, str(event.get_state_display())

    @display(description=_("places taken"))
    def places(self, event: Event) -> str:
        return ", ".join(f"{one.taken} / {one.capacity}" for one in event.quotas.all()) or "–"

    @display(description=_("receipts statement"))
    def statement(self, event: Event) -> SafeString | str:
        if event.pk is None or event.state == EventState.DRAFT:
            return "–"
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:ticketing_event_statement", args=[event.pk]),
            gettext("Statement"),
        )

    @action(
        description=_("Put on sale"),
        url_path="sell",
        permissions=["change"],
        dialog={
            "title": _("Put this event on sale"),
            "description": _(
                "What the law wants on the tickets is checked, and the space is taken. Afterwards "
                "title, date, place and organiser can no longer change."
            ),
            "form_class": ConfirmForm,
            "form_submit_text": _("Put on sale"),
        },
    )
    def sell(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        event = get_object_or_404(self.get_queryset(request), pk=object_id)
        try:
            put_on_sale(event_id=event.pk, venue_id=event.venue_id, at=now(), by=str(request.user))
        except Problem as problem:
            _say(request, problem)
        else:
            messages.success(request, _("“%(title)s” is on sale.") % {"title": event})
        return _back_to(event)

    @action(
        description=_("End the sale"),
        url_path="end",
        permissions=["change"],
        dialog={
            "title": _("End the sale for good"),
            "description": _("Nobody can buy any more. Tickets already sold stay valid."),
            "form_class": ConfirmForm,
            "form_submit_text": _("End the sale"),
        },
    )
    def end(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        event = get_object_or_404(self.get_queryset(request), pk=object_id)
        try:
            end_event(event_id=event.pk, venue_id=event.venue_id, at=now(), by=str(request.user))
        except Problem as problem:
            _say(request, problem)
        else:
            messages.success(request, _("The sale has ended."))
        return _back_to(event)

    def get_urls(self) -> list[URLPattern]:
        shown = self.admin_site.admin_view(self.show_statement)
        printed = self.admin_site.admin_view(self.print_statement)
        return [
            path("<path:object_id>/statement/", shown, name="ticketing_event_statement"),
            path("<path:object_id>/statement.pdf", printed, name="ticketing_event_statement_pdf"),
            *super().get_urls(),
        ]

    def _event(self, request: HttpRequest, object_id: str) -> Event:
        rows = self.get_queryset(request).select_related("venue", "payee")
        try:
            return rows.exclude(state=EventState.DRAFT).get(pk=object_id)
        except (Event.DoesNotExist, ValidationError) as error:  # not there, or no key at all
            raise Http404 from error

    def show_statement(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The receipts statement of a session, as it stands now."""
        event = self._event(request, object_id)
        context = statement_context(statement_of(event, at=now()), by=str(request.user))
        context["pdf_url"] = reverse("admin:ticketing_event_statement_pdf", args=[event.pk])
        context["back_url"] = reverse("admin:ticketing_event_change", args=[event.pk])
        return render(request, "ticketing/statement.html", context)

    def print_statement(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same as PDF; without Pango a message says what to do."""
        event = self._event(request, object_id)
        try:
            pdf = statement_pdf(statement_of(event, at=now()), by=str(request.user))
        except Problem as problem:
            context = {"problem": problem.as_dict()}
            return render(request, "error.html", context, status=problem.status)
        answer = HttpResponse(pdf, content_type="application/pdf")
        answer["Content-Disposition"] = f'inline; filename="{event.slug}-{event.session}.pdf"'
        return answer


def _is_sold(event: Event | None) -> bool:
    return event is not None and event.state != EventState.DRAFT


class LookedAtAdmin(VenueModelAdmin):
    """Rows that sales and gates write and nobody edits."""

    change_permission = None
    may_add = False


@admin.register(Order)
class OrderAdmin(LookedAtAdmin):
    list_display = ["placed_at", "code", "name", "event", "places", "total", "state_shown"]
    list_filter = [("state", ChoicesDropdownFilter), "event", "venue"]
    list_filter_submit = True
    date_hierarchy = "placed_at"
    search_fields = ["code", "name", "email"]
    list_select_related = ["event", "venue"]
    ordering = ["-placed_at"]
    fieldsets = [
        (None, {"fields": ["code", "state", "name", "email", "event", "total", "what"]}),
        (_("Where it stands"), {"fields": ["placed_at", "hold_until", "closed_at", "money"]}),
        (_("Entry tickets"), {"fields": ["issued"]}),
    ]
    readonly_fields = ["total", "what", "money", "issued"]
    LABELS: ClassVar[dict[str, str]] = {
        OrderState.HOLD: "warning",
        OrderState.CONFIRMED: "success",
        OrderState.EXPIRED: "info",
        OrderState.CANCELLED: "info",
        OrderState.PAID_WITHOUT_PLACE: "danger",
        OrderState.REFUNDED: "info",
    }

    @display(description=_("total"), ordering="total_cents")
    def total(self, order: Order) -> str:
        return cents(order.total_cents)

    @display(description=_("state"), ordering="state", label=LABELS)
    def state_shown(self, order: Order) -> tuple[str, str]:
        return order.state, str(order.get_state_display())

    @display(description=_("what"))
    def what(self, order: Order) -> str:
        return ", ".join(f"{line['quantity']} × {line['category']}" for line in order.lines)

    @display(description=_("due"))
    def money(self, order: Order) -> SafeString | str:
        if order.due is None:
            return gettext("Free: nothing is owed.")
        return format_html(
            '<a href="{}">{}, {}</a>',
            reverse("admin:settlement_due_change", args=[order.due.pk]),
            cents(order.due.amount_cents),
            order.due.get_state_display(),
        ) + refund_link(order.due, is_owed=order.state == OrderState.PAID_WITHOUT_PLACE)

    @display(description=_("entry tickets"))
    def issued(self, order: Order) -> SafeString | str:
        rows = [
            (
                reverse("admin:ticketing_ticket_change", args=[one.pk]),
                one.number,
                one.category,
                one.get_state_display(),
            )
            for one in order.tickets.order_by("number")
        ]
        return format_html_join("", '<a href="{}">{} · {} · {}</a><br>', rows) if rows else "–"


@admin.register(Ticket)
class TicketAdmin(LookedAtAdmin):
    list_display = ["number", "event", "category", "price", "state_shown", "admitted_at", "gate"]
    list_filter = [("state", ChoicesDropdownFilter), "event", "gate", "venue"]
    list_filter_submit = True
    search_fields = ["short_code", "order__code", "order__name", "order__email", "category"]
    search_help_text = _("Code under the QR, order, name or category")
    list_select_related = ["event", "gate", "venue"]
    ordering = ["-issued_at", "-number"]
    actions_detail = ["cancel"]
    fields = [
        *["event", "number", "category", "price", "state", "order", "short_code"],
        *["issued_at", "admitted_at", "gate", "history"],
    ]
    readonly_fields = ["price", "history"]
    LABELS: ClassVar[dict[str, str]] = {
        TicketState.VALID: "info",
        TicketState.ADMITTED: "success",
        TicketState.CANCELLED: "danger",
    }

    def has_cancel_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, EDIT_EVENTS, obj)

    @display(description=_("price"), ordering="price_cents")
    def price(self, ticket: Ticket) -> str:
        return cents(ticket.price_cents)

    @display(description=_("state"), ordering="state", label=LABELS)
    def state_shown(self, ticket: Ticket) -> tuple[str, str]:
        return ticket.state, str(ticket.get_state_display())

    @display(description=_("operations"))
    def history(self, ticket: Ticket) -> SafeString:
        return format_html_join(
            "",
            "{} · {} · {}<br>",
            (
                (one.number, one.get_kind_display(), cents(one.price_cents))
                for one in ticket.operations.order_by("number")
            ),
        )

    @action(
        description=_("Cancel the ticket"),
        url_path="cancel",
        permissions=["cancel"],
        dialog={
            "title": _("Cancel this ticket"),
            "description": _(
                "Nobody is admitted with it any more and its place is free again. Money is not "
                "given back by this."
            ),
            "form_class": ConfirmForm,
            "form_submit_text": _("Cancel the ticket"),
        },
    )
    def cancel(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        ticket = get_object_or_404(self.get_queryset(request), pk=object_id)
        try:
            cancel_ticket(
                ticket_id=ticket.pk,
                venue_id=ticket.venue_id,
                by=str(request.user),
                reason="",
                at=now(),
            )
        except Problem as problem:
            _say(request, problem)
        else:
            messages.success(request, _("The ticket is cancelled."))
        return _back_to(ticket)


@admin.register(Operation)
class OperationAdmin(LookedAtAdmin):
    """Every numbered operation, for whoever inspects (arrêté of 8 March 1993)."""

    list_display = ["number", "event", "kind", "at", "ticket_number", "category", "price"]
    list_filter = [("kind", ChoicesDropdownFilter), "event", "category", "venue"]
    list_filter_submit = True
    date_hierarchy = "at"
    search_fields = ["category", "sold_at", "operator", "ticket__order__code"]
    list_select_related = ["event", "venue"]
    ordering = ["-at", "-number"]
    fields = [
        *["event", "number", "kind", "at", "ticket", "ticket_number", "category", "price"],
        *["sold_at", "operator", "cancels", "reason"],
    ]
    readonly_fields = ["price"]

    @display(description=_("price"), ordering="price_cents")
    def price(self, operation: Operation) -> str:
        return cents(operation.price_cents)


@admin.register(Scan)
class ScanAdmin(LookedAtAdmin):
    list_display = ["at", "reason_shown", "event", "ticket", "station", "staff"]
    list_filter = [("reason", ChoicesDropdownFilter), "event", "station", "venue"]
    list_filter_submit = True
    date_hierarchy = "at"
    search_fields = ["ticket__short_code", "ticket__order__name", "station__name", "staff__name"]
    list_select_related = ["event", "ticket__event", "station", "staff", "venue"]
    ordering = ["-at"]
    fields = ["at", "reason", "event", "ticket", "station", "staff", "code"]

    @display(description=_("answer"), ordering="reason", label={"ok": "success"})
    def reason_shown(self, scan: Scan) -> tuple[str, str]:
        return scan.reason, str(scan.get_reason_display())
