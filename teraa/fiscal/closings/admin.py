"""Closings in the back office: read, led back to their documents, never edited; closed by a form."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from teraa.common.paper_text import page_as_text
from teraa.fiscal.closings import office
from teraa.fiscal.closings.models import Closing
from teraa.fiscal.figures import Counted, Figures
from teraa.fiscal.office import JournalAdmin, euros, rate, table
from teraa.fiscal.papers import z_page
from teraa.fiscal.payloads import number_label
from teraa.fiscal.states import ChainKind, ClosingLevel, TenderKind


@admin.register(Closing)
class ClosingAdmin(JournalAdmin):
    """Days, months and years of every register; each figure leads to what it counts."""

    list_display = [
        *["title", "register", "span_shown", "total", "sales", "perpetual", "closed_at", "who"],
    ]
    list_filter = ["level", "register", "register__training", "venue"]
    list_select_related = ["register", "document", "venue"]
    search_fields = ["register__name", "document__operator_label"]
    search_help_text = _("Number, register, day (2026-11-19), month (2026-11) or who closed it.")
    date_hierarchy = "first_day"
    ordering = ["-closed_at", "-sequence"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    *["title", "register", "venue", "span_shown", "closed_at", "who"],
                    *["documents_link", "parts_link", "document_link"],
                ]
            },
        ),
        (_("Figures"), {"fields": ["total", "counts_table", "tenders_table", "taxes_table"]}),
        (_("Place in the chain"), {"fields": ["chains_table", "perpetual", "perpetual_absolute"]}),
        (_("Its paper"), {"fields": ["paper"], "classes": ["collapse"]}),
    ]
    readonly_fields = [
        *["title", "span_shown", "who", "documents_link", "parts_link", "document_link", "total"],
        *["counts_table", "tenders_table", "taxes_table", "chains_table"],
        *["perpetual", "perpetual_absolute", "paper"],
    ]
    actions_list = ["to_close"]

    @action(description=_("What is to close"), url_path="to-close", icon="event_available")
    def to_close(self, request: HttpRequest) -> HttpResponse:
        return office.show_to_close(self, request)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """A number, a day, a month or a year; anything else is looked for in the texts."""
        found = office.closings_called(queryset, search_term.strip())
        if found is not None:
            return found, False
        return super().get_search_results(request, queryset, search_term)

    @display(description=_("closing"), ordering="number")
    def title(self, closing: Closing) -> str:
        return f"{closing.get_level_display()} {closing.number}"

    @display(description=_("of"), ordering="first_day")
    def span_shown(self, closing: Closing) -> str:
        return closing.span

    @display(description=_("total"), ordering="total_cents")
    def total(self, closing: Closing) -> str:
        return euros(closing.total_cents)

    @display(description=_("sales"))
    def sales(self, closing: Closing) -> int:
        return Figures.from_values(closing.figures).sales.count

    @display(description=_("perpetual real total"), ordering="perpetual_real_cents")
    def perpetual(self, closing: Closing) -> str:
        return euros(closing.perpetual_real_cents)

    @display(description=_("perpetual absolute total"))
    def perpetual_absolute(self, closing: Closing) -> str:
        return euros(closing.perpetual_absolute_cents)

    @display(description=_("by"))
    def who(self, closing: Closing) -> str:
        return _now("by itself") if closing.by_itself else closing.document.operator_label

    @display(description=_("documents"))
    def documents_link(self, closing: Closing) -> str | SafeString:
        if closing.period_id is None:
            return "–"
        url = reverse("admin:fiscal_document_changelist")
        return format_html(
            '<a href="{}?period__id__exact={}">{}</a>',
            *[url, closing.period_id, _now("See its documents")],
        )

    @display(description=_("adds up"))
    def parts_link(self, closing: Closing) -> str | SafeString:
        if closing.level == ClosingLevel.DAY:
            return "–"
        part = ClosingLevel.DAY if closing.level == ClosingLevel.MONTH else ClosingLevel.MONTH
        return format_html(
            '<a href="{}?level__exact={}&register__id__exact={}&first_day__gte={}&first_day__lte={}">{}</a>',
            reverse("admin:fiscal_closing_changelist"),
            *[part.value, closing.register_id, closing.first_day, closing.last_day],
            _now("See the closings it adds up"),
        )

    @display(description=_("signed document"))
    def document_link(self, closing: Closing) -> SafeString:
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:fiscal_document_change", args=[closing.pk]),
            number_label(closing.register.name, closing.sequence),
        )

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """A month links here with its days."""
        linked = ("first_day__gte", "first_day__lte", "register__id__exact")
        return lookup in linked or super().lookup_allowed(lookup, value, request)

    @display(description=_("counts"))
    def counts_table(self, closing: Closing) -> SafeString:
        figures = Figures.from_values(closing.figures)
        rows: list[tuple[Any, Counted | int]] = [
            (_("sales"), figures.sales),
            (_("refunds"), figures.refunds),
            (_("discounts"), figures.discounts),
            (_("given for nothing"), figures.offered),
            (_("items returned"), figures.returned_items),
            (_("sales given up before payment"), figures.voids),
            (_("duplicates printed"), figures.duplicates),
            (_("drawer opened without a sale"), figures.drawer_openings),
        ]
        return table(
            [_("what"), _("how many"), _("amount")],
            (
                (name, one.count, euros(one.cents)) if isinstance(one, Counted) else (name, one, "")
                for name, one in rows
            ),
        )

    @display(description=_("payments"))
    def tenders_table(self, closing: Closing) -> SafeString:
        return table(
            [_("payment"), _("how many"), _("amount"), _("OSM")],
            (
                (
                    TenderKind(tender.kind).label,
                    tender.count,
                    euros(tender.amount_cents),
                    office.coins(tender.osm_units),
                )
                for tender in Figures.from_values(closing.figures).tenders
            ),
        )

    @display(description=_("VAT"))
    def taxes_table(self, closing: Closing) -> SafeString:
        return table(
            [_("rate"), _("excl. VAT"), _("VAT"), _("incl. VAT")],
            (
                (
                    rate(tax.rate_bp),
                    *(euros(one) for one in (tax.base_cents, tax.vat_cents, tax.total_cents)),
                )
                for tax in Figures.from_values(closing.figures).taxes
            ),
        )

    @display(description=_("from where to where"))
    def chains_table(self, closing: Closing) -> SafeString:
        return table(
            [_("chain"), _("first"), _("last"), _("documents"), _("last hash")],
            (
                (
                    ChainKind(kind).label,
                    "–" if one["first"] is None else one["first"],
                    one["last"],
                    one["count"],
                    one["last_hash"][:16],
                )
                for kind, one in closing.chains.items()
            ),
        )

    @display(description=_("paper"))
    def paper(self, closing: Closing) -> SafeString:
        page = z_page(
            json.loads(closing.document.payload),
            signature=closing.document.signature,
            language=closing.venue.language,
            width=42,
        )
        return format_html("<pre>{}</pre>", page_as_text(page))
