"""The till in the back office: the catalogue is kept here, sales are looked at."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from pos.catalogue import publish_catalogue
from pos.forms import ProductForm
from pos.models import CatalogueVersion, Category, Product, Sale
from pos.states import SaleState
from teraa.common.clock import now
from teraa.common.money import format_cents, format_rate
from teraa.fiscal.payloads import number_label
from teraa.venues.models import VatClass
from teraa.venues.office import VenueModelAdmin
from teraa.venues.permissions_table import EDIT_CATALOGUE

LISTED_LINES = 3
_NUMBER = re.compile(r"^(?:(?P<register>.+)-)?0*(?P<sequence>\d{1,18})$")


def cents(amount: int) -> str:
    """``amount`` cents in the reader's language."""
    return format_cents(amount, get_language() or "fr")


class CatalogueAdmin(VenueModelAdmin):
    """Whatever is changed here is what tills sell from the next moment on."""

    change_permission = EDIT_CATALOGUE

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self.publish(request, obj.venue_id)

    def publish(self, request: HttpRequest, venue_id: Any) -> None:
        version = publish_catalogue(venue_id=venue_id, at=now())
        messages.info(
            request, _("Tills now sell from version %(number)s.") % {"number": version.number}
        )


@admin.register(Category)
class CategoryAdmin(CatalogueAdmin):
    list_display = ["name", "colour_shown", "position", "products_counted", "venue"]
    list_filter = ["venue"]
    search_fields = ["name"]
    list_select_related = ["venue"]
    ordering = ["venue", "position", "name"]
    fields = ["venue", "name", "colour", "position"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        counted = Count("products", filter=Q(products__active=True))
        rows: QuerySet[Category] = super().get_queryset(request).annotate(counted=counted)
        return rows

    @display(description=_("colour"))
    def colour_shown(self, category: Category) -> str:
        return str(category.get_colour_display())

    @display(description=_("products"))
    def products_counted(self, category: Any) -> SafeString:
        address = reverse("admin:pos_product_changelist")
        return format_html(
            '<a href="{}?category__id__exact={}">{}</a>', address, category.pk, category.counted
        )


@admin.register(Product)
class ProductAdmin(CatalogueAdmin):
    form = ProductForm
    list_display = ["label", "category", "price", "vat_class", "sells", "venue"]
    list_filter = ["category", ("vat_class", ChoicesDropdownFilter), "available", "active", "venue"]
    list_filter_submit = True
    search_fields = ["label", "short_label"]
    list_select_related = ["category", "venue"]
    ordering = ["venue", "category__position", "position", "label"]
    actions = ["sold_out", "back_again"]
    fieldsets = [
        (None, {"fields": ["venue", "category", "label", "short_label"]}),
        (_("Price"), {"fields": ["price_cents", "vat_class"]}),
        (_("On the till"), {"fields": ["colour", "position", "available", "active"]}),
    ]

    @display(description=_("price"), ordering="price_cents")
    def price(self, product: Product) -> str:
        return cents(product.price_cents)

    @display(
        description=_("at the till"),
        ordering="available",
        label={"on": "success", "out": "warning", "off": "danger"},
    )
    def sells(self, product: Product) -> tuple[str, Any]:
        if not product.active:
            return "off", _("Taken out")
        return ("on", _("On sale")) if product.available else ("out", _("Sold out"))

    def get_actions(self, request: HttpRequest) -> Any:
        allowed = self.has_change_permission(request)
        return super().get_actions(request) if allowed else {}

    @admin.action(description=_("Sold out: grey on the tills"))
    def sold_out(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        self._set_available(request, products, available=False)

    @admin.action(description=_("Back again: sold on the tills"))
    def back_again(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        self._set_available(request, products, available=True)

    def _set_available(
        self, request: HttpRequest, products: QuerySet[Product], *, available: bool
    ) -> None:
        chosen = [one for one in products if self.has_change_permission(request, one)]
        with transaction.atomic():
            changed = Product.objects.filter(pk__in=[one.pk for one in chosen]).update(
                available=available
            )
            for venue_id in {one.venue_id for one in chosen}:
                self.publish(request, venue_id)
        messages.success(
            request,
            ngettext("%(count)s product changed.", "%(count)s products changed.", changed)
            % {"count": changed},
        )


class LookedAtAdmin(VenueModelAdmin):
    """Rows that the tills write and nobody edits."""

    change_permission = None
    may_add = False


@admin.register(CatalogueVersion)
class CatalogueVersionAdmin(LookedAtAdmin):
    list_display = ["number", "published_at", "products_counted", "short_digest", "venue"]
    list_filter = ["venue"]
    search_fields = ["sha256"]
    list_select_related = ["venue"]
    ordering = ["-published_at"]
    fields = ["venue", "number", "published_at", "sha256", "contents"]
    readonly_fields = fields

    @display(description=_("products"))
    def products_counted(self, version: CatalogueVersion) -> int:
        return sum(len(category["products"]) for category in version.snapshot["categories"])

    @display(description=_("digest"))
    def short_digest(self, version: CatalogueVersion) -> str:
        return version.sha256[:12]

    @display(description=_("contents"))
    def contents(self, version: CatalogueVersion) -> SafeString:
        classes = dict(VatClass.choices)
        return _table(
            (_("Category"), _("Product"), _("Price"), _("VAT class")),
            (
                (
                    category["name"],
                    product["label"],
                    cents(product["price_cents"]),
                    classes.get(product["vat_class"], product["vat_class"]),
                )
                for category in version.snapshot["categories"]
                for product in category["products"]
            ),
        )


@admin.register(Sale)
class SaleAdmin(LookedAtAdmin):
    list_display = ["created_at", "what", "total", "state_shown", "ticket", "station", "staff"]
    list_filter = [("state", ChoicesDropdownFilter), "training", "station", "staff", "venue"]
    list_filter_submit = True
    date_hierarchy = "created_at"
    search_fields = ["staff__name", "station__name"]
    search_help_text = _("Ticket number, till, person or the sale’s own number")
    list_select_related = ["station", "staff", "document__register", "venue"]
    ordering = ["-created_at"]
    fieldsets = [
        (None, {"fields": ["created_at", "closed_at", "state", "training", "total", "lines"]}),
        (_("Where it stands"), {"fields": ["ticket", "chain", "due_shown"]}),
        (
            _("Who and where"),
            {"fields": ["venue", "payee", "station", "staff", "serving", "receipt", "key"]},
        ),
    ]
    readonly_fields = [
        *["created_at", "closed_at", "state", "training", "total", "lines", "ticket", "chain"],
        "due_shown",
        *["venue", "payee", "station", "staff", "serving", "receipt", "key"],
    ]
    LABELS: ClassVar[dict[str, str]] = {
        SaleState.PAID: "success",
        SaleState.WAITING: "warning",
        SaleState.CANCELLED: "info",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sale]:
        rows: QuerySet[Sale] = super().get_queryset(request).defer("document__payload")
        return rows

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Sale], search_term: str
    ) -> tuple[QuerySet[Sale], bool]:
        """``42`` and ``BAR-000042`` are ticket numbers, a UUID is the till's own number."""
        term = search_term.strip()
        with suppress(ValueError):
            return queryset.filter(key=UUID(term)), False
        number = _NUMBER.match(term)
        if number is None:
            found: tuple[QuerySet[Sale], bool] = super().get_search_results(
                request, queryset, search_term
            )
            return found
        queryset = queryset.filter(document__sequence=int(number["sequence"]))
        if number["register"]:
            queryset = queryset.filter(document__register__name__iexact=number["register"])
        return queryset, False

    @display(description=_("what"))
    def what(self, sale: Sale) -> str:
        named = [_named(line) for line in sale.cart[:LISTED_LINES]]
        return ", ".join(named) + ("…" if len(sale.cart) > LISTED_LINES else "")

    @display(description=_("total"), ordering="total_cents")
    def total(self, sale: Sale) -> str:
        return cents(sale.total_cents)

    @display(description=_("state"), ordering="state", label=LABELS)
    def state_shown(self, sale: Sale) -> tuple[str, str]:
        return sale.state, str(sale.get_state_display())

    @display(description=_("ticket"), ordering="document__sequence")
    def ticket(self, sale: Sale) -> SafeString | str:
        if sale.document is None:
            return "–"
        return format_html(
            '<a class="whitespace-nowrap" href="{}">{}</a>',
            reverse("admin:fiscal_document_change", args=[sale.document.pk]),
            number_label(sale.document.register.name, sale.document.sequence),
        )

    @display(description=_("place in the chain"))
    def chain(self, sale: Sale) -> SafeString | str:
        if sale.document is None:
            return gettext("Not sealed: only a paid sale has a ticket.")
        return format_html(
            gettext("number {number} of register {register}, hash {hash}, after {previous}"),
            number=sale.document.sequence,
            register=sale.document.register.name,
            hash=format_html("<code>{}</code>", sale.document.hash[:16]),
            previous=format_html("<code>{}</code>", sale.document.previous_hash[:16] or "–"),
        )

    @display(description=_("due"))
    def due_shown(self, sale: Sale) -> SafeString | str:
        if sale.due is None:
            return gettext("None: it was paid in full as it was rung up.")
        return format_html(
            '<a href="{}">{}, {}</a>',
            reverse("admin:settlement_due_change", args=[sale.due.pk]),
            cents(sale.due.amount_cents),
            sale.due.get_state_display(),
        )

    @display(description=_("lines"))
    def lines(self, sale: Sale) -> SafeString:
        language = get_language() or "fr"
        return _table(
            (_("Quantity"), _("Label"), _("Unit price"), _("VAT"), _("Total")),
            (
                (
                    line["quantity_milli"] // 1000,
                    line["label"],
                    cents(line["unit_price_cents"]),
                    format_rate(line["vat_rate_bp"], language),
                    cents(line["total_cents"]),
                )
                for line in sale.cart
            ),
        )


def _named(line: dict[str, Any]) -> str:
    quantity = line["quantity_milli"] // 1000
    return str(line["label"]) if quantity == 1 else f"{quantity} × {line['label']}"


def _table(heads: tuple[Any, ...], rows: Any) -> SafeString:
    return format_html(
        '<table class="w-full"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>',
        format_html_join(
            "", '<th class="px-2 py-1 text-left">{}</th>', ((head,) for head in heads)
        ),
        format_html_join(
            "",
            "<tr>{}</tr>",
            (
                (format_html_join("", '<td class="px-2 py-1">{}</td>', ((cell,) for cell in row)),)
                for row in rows
            ),
        ),
    )
