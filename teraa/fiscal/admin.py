"""The journal in the back office: searched, read, never edited."""

from __future__ import annotations

import json
import re
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from teraa.common import journal_codes
from teraa.common.money import format_osm, format_rate
from teraa.fiscal.admin_tasks import ArchiveAdmin, TaskAdmin
from teraa.fiscal.closings.admin import ClosingAdmin
from teraa.fiscal.models import ChainHead, Document, Period, Register, RegisterKey
from teraa.fiscal.office import JournalAdmin, euros, language, rate, table
from teraa.fiscal.payloads import number_label, signature_extract
from teraa.fiscal.sources import core_version
from teraa.fiscal.states import ChainKind, TenderKind

__all__ = [
    "ArchiveAdmin",
    "ClosingAdmin",
    "DocumentAdmin",
    "PeriodAdmin",
    "RegisterAdmin",
    "TaskAdmin",
]

_NUMBER = re.compile(r"^(?:(?P<register>.+)-)?0*(?P<sequence>\d{1,18})$")


def _quantity(milli: int) -> str:
    whole, thousandths = divmod(abs(milli), 1000)
    text = f"{whole}.{thousandths:03d}".rstrip("0").rstrip(".")
    return f"−{text}" if milli < 0 else text


@admin.register(Register)
class RegisterAdmin(JournalAdmin):
    list_display = ["name", "venue", "payee", "station", "lane", "training", "opened_at"]
    list_filter = ["venue", "lane", "training"]
    list_select_related = ["venue", "payee", "station"]
    search_fields = ["name", "payee__name", "station__name"]
    fieldsets = [
        (None, {"fields": ["name", "venue", "payee", "station", "lane", "training", "opened_at"]}),
        (_("Chains"), {"fields": ["chains"]}),
        (_("Signature"), {"fields": ["keys_table"]}),
        (_("Fiscal core"), {"fields": ["core"]}),
    ]
    readonly_fields = ["chains", "keys_table", "core"]

    @display(description=_("keys"))
    def keys_table(self, register: Register) -> SafeString:
        return table(
            [_("n°"), _("key"), _("public key"), _("from")],
            (
                (key.number, key.key_id, key.public_key, f"{key.begun_at:%d/%m/%Y}")
                for key in RegisterKey.objects.filter(register=register).order_by("number")
            ),
        )

    @display(description=_("what seals here"))
    def core(self, register: Register) -> str:
        core = core_version()
        state = _("attested") if core.attested else _("modified core")
        return f"{core.version} · {core.sha256} · {state}"

    @display(description=_("where each chain stands"))
    def chains(self, register: Register) -> SafeString:
        return table(
            [
                *[_("chain"), _("documents"), _("period")],
                *[_("perpetual real total"), _("perpetual absolute total"), _("last hash")],
            ],
            (
                (
                    ChainKind(head.kind).label,
                    head.sequence,
                    head.period_number or "",
                    euros(head.perpetual_real_cents),
                    euros(head.perpetual_absolute_cents),
                    head.last_hash[:16],
                )
                for head in ChainHead.objects.filter(register=register).order_by("kind")
            ),
        )


@admin.register(Period)
class PeriodAdmin(JournalAdmin):
    list_display = [
        *["number", "register", "business_date", "opened_at", "closing_link", "documents_link"]
    ]
    list_filter = ["register", "venue"]
    list_select_related = ["register", "closing"]
    date_hierarchy = "business_date"
    ordering = ["-business_date", "-number"]
    fields = [
        *["register", "venue", "number", "business_date", "opened_at"],
        *["closing_link", "documents_link"],
    ]
    readonly_fields = ["closing_link", "documents_link"]

    @display(description=_("closing"))
    def closing_link(self, period: Period) -> str | SafeString:
        closing = getattr(period, "closing", None)
        if closing is None:
            return "–"
        url = reverse("admin:fiscal_closing_change", args=[closing.pk])
        return format_html('<a href="{}">Z {}</a>', url, closing.number)

    @display(description=_("documents"))
    def documents_link(self, period: Period) -> SafeString:
        return format_html(
            '<a href="{}?period__id__exact={}">{}</a>',
            reverse("admin:fiscal_document_changelist"),
            period.pk,
            _("See its documents"),
        )


@admin.register(Document)
class DocumentAdmin(JournalAdmin):
    list_display = [
        *["number", "kind_label", "issued", "register", "what", "total"],
        *["operator_label", "station_label", "business_date"],
    ]
    list_filter = ["kind", "register", "business_date", "venue"]
    list_select_related = ["register", "venue"]
    search_fields = ["operator_label", "station_label", "subject", "lines__label"]
    search_help_text = _("Number, label of a line, operator, station or subject.")
    date_hierarchy = "business_date"
    ordering = ["-issued_at", "-id"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    *["number", "kind_label", "what", "total", "issued", "business_date"],
                    *["operator_label", "station_label", "subject", "corrects_link"],
                ]
            },
        ),
        (_("Lines"), {"fields": ["lines_table", "taxes_table", "tenders_table"]}),
        (
            _("Place in the chain"),
            {
                "fields": [
                    *["register", "period", "sequence", "first_in_chain"],
                    *["perpetual_real", "perpetual_absolute"],
                    *["previous_hash", "hash", "signature", "extract", "key_id"],
                ]
            },
        ),
        (_("Signed values"), {"fields": ["payload_pretty"], "classes": ["collapse"]}),
    ]
    readonly_fields = [
        *["number", "kind_label", "what", "total", "issued", "corrects_link"],
        *["lines_table", "taxes_table", "tenders_table"],
        *["perpetual_real", "perpetual_absolute", "extract", "payload_pretty"],
    ]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Periods link here with their own documents, the first page with a kind of payment's."""
        linked = ("period__id__exact", "tenders__kind")
        return lookup in linked or super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Document], search_term: str
    ) -> tuple[QuerySet[Document], bool]:
        """``42`` and ``Bar-000042`` are numbers; anything else is looked for in the texts."""
        number = _NUMBER.match(search_term.strip())
        if number is None:
            found: tuple[QuerySet[Document], bool] = super().get_search_results(
                request, queryset, search_term
            )
            return found
        queryset = queryset.filter(sequence=int(number["sequence"]))
        if number["register"]:
            queryset = queryset.filter(register__name__iexact=number["register"])
        return queryset, False

    @display(description=_("number"), ordering="sequence")
    def number(self, document: Document) -> str:
        return number_label(document.register.name, document.sequence)

    @display(description=_("kind"), ordering="kind")
    def kind_label(self, document: Document) -> str:
        return str(ChainKind(document.kind).label)

    @display(description=_("what"))
    def what(self, document: Document) -> str:
        if document.event_code is None:
            return document.subject
        meaning = journal_codes.MEANINGS.get(document.event_code, "")
        return f"{document.event_code} {meaning}".strip()

    @display(description=_("total"), ordering="total_cents")
    def total(self, document: Document) -> str:
        return euros(document.total_cents)

    @display(description=_("issued"), ordering="issued_at")
    def issued(self, document: Document) -> str:
        local = document.issued_at.astimezone(ZoneInfo(document.venue.zone))
        return f"{local:%d/%m/%Y %H:%M:%S}"

    @display(description=_("perpetual real total"))
    def perpetual_real(self, document: Document) -> str:
        return euros(document.perpetual_real_cents)

    @display(description=_("perpetual absolute total"))
    def perpetual_absolute(self, document: Document) -> str:
        return euros(document.perpetual_absolute_cents)

    @display(description=_("printed extract"))
    def extract(self, document: Document) -> str:
        return signature_extract(document.signature)

    @display(description=_("corrects"))
    def corrects_link(self, document: Document) -> str | SafeString:
        if document.corrects_id is None:
            return "–"
        url = reverse("admin:fiscal_document_change", args=[document.corrects_id])
        return format_html('<a href="{}">{}</a>', url, document.corrects)

    @display(description=_("lines"))
    def lines_table(self, document: Document) -> SafeString:
        return table(
            [_("n°"), _("label"), _("quantity"), _("unit price"), _("VAT"), _("total")],
            (
                (
                    line.position,
                    line.label,
                    _quantity(line.quantity_milli),
                    euros(line.unit_price_cents),
                    rate(line.vat_rate_bp),
                    euros(line.total_cents),
                )
                for line in document.lines.order_by("position")
            ),
        )

    @display(description=_("VAT"))
    def taxes_table(self, document: Document) -> SafeString:
        return table(
            [_("rate"), _("excl. VAT"), _("VAT"), _("incl. VAT")],
            (
                (
                    format_rate(tax.rate_bp, language()),
                    euros(tax.base_cents),
                    euros(tax.vat_cents),
                    euros(tax.total_cents),
                )
                for tax in document.taxes.order_by("rate_bp")
            ),
        )

    @display(description=_("payments"))
    def tenders_table(self, document: Document) -> SafeString:
        return table(
            [_("payment"), _("amount"), _("OSM"), _("reference")],
            (
                (
                    TenderKind(tender.kind).label,
                    euros(tender.amount_cents),
                    "" if tender.osm_units is None else format_osm(tender.osm_units, language()),
                    tender.osm_reference or tender.authorisation,
                )
                for tender in document.tenders.order_by("position")
            ),
        )

    @display(description=_("what was signed"))
    def payload_pretty(self, document: Document) -> SafeString:
        values = json.loads(document.payload)
        return format_html("<pre>{}</pre>", json.dumps(values, ensure_ascii=False, indent=2))
