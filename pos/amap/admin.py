"""The AMAP in the back office: lists of the coordinator, and the pages files go through."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from pos.amap import office
from pos.amap.forms import LineForm
from pos.amap.models import (
    AmapGroup,
    Basket,
    Catalog,
    Distribution,
    Export,
    Household,
    ImportFile,
    OrderLine,
    Producer,
    Product,
)
from pos.amap.operations import freeze_line, hold_space
from pos.amap.states import BasketState, DistributionState, ImportState
from teraa.common.clock import now
from teraa.common.money import format_cents, format_rate
from teraa.venues.office import VenueModelAdmin, VenueTabularInline
from teraa.venues.permissions_table import READ_BOOKS, RUN_BASKETS


def cents(amount: int) -> str:
    """``amount`` cents in the reader's language."""
    return format_cents(amount, get_language() or "fr")


class FarmAdmin(VenueModelAdmin):
    """Rows of the coordinator; nobody else sees households."""

    view_permission = RUN_BASKETS
    change_permission: ClassVar[str | None] = RUN_BASKETS


class NumberedAdmin(FarmAdmin):
    """Rows with a number for files: given here in turn, taken over from Cagette by imports."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fixed = [*super().get_readonly_fields(request, obj), "number"]
        return [*fixed, "group"] if obj is not None else fixed

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            used = self.model._base_manager.filter(group=obj.group)
            obj.number = (used.aggregate(most=Max("number"))["most"] or 0) + 1
        super().save_model(request, obj, form, change)


@admin.register(AmapGroup)
class AmapGroupAdmin(FarmAdmin):
    list_display = ["name", "payee", "members", "active", "venue"]
    list_filter = ["active", "venue"]
    search_fields = ["name"]
    list_select_related = ["payee", "venue"]
    fields = ["venue", "name", "payee", "about", "sheet_note", "active"]
    actions_detail = ["bring"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AmapGroup]:
        rows: QuerySet[AmapGroup] = super().get_queryset(request)
        return rows.annotate(counted=Count("households"))

    @display(description=_("households"))
    def members(self, group: Any) -> SafeString:
        address = reverse("admin:amap_household_changelist")
        return format_html(
            '<a href="{}?group__id__exact={}">{}</a>', address, group.pk, group.counted
        )

    @action(description=_("Bring a file in, or take the members out"), url_path="files")
    def bring(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return office.bring(self, request, object_id)


@admin.register(Household)
class HouseholdAdmin(NumberedAdmin):
    list_display = ["household", "email", "phone", "city", "active", "group"]
    list_filter = ["active", "group", "venue"]
    search_fields = [
        *("last_name", "first_name", "last_name2", "first_name2", "email", "email2", "phone"),
        *("phone2", "city"),
    ]
    list_select_related = ["group", "venue"]
    fieldsets = [
        (None, {"fields": ["venue", "group", "number", "active"]}),
        (_("First person"), {"fields": ["first_name", "last_name", "email", "phone"]}),
        (_("Second person"), {"fields": ["first_name2", "last_name2", "email2", "phone2"]}),
        (_("Address"), {"fields": ["address1", "address2", "zip_code", "city"]}),
    ]

    @display(description=_("household"), ordering="last_name")
    def household(self, household: Household) -> str:
        return household.name


@admin.register(Producer)
class ProducerAdmin(NumberedAdmin):
    list_display = ["name", "email", "phone", "group"]
    list_filter = ["group", "venue"]
    search_fields = ["name", "email"]
    list_select_related = ["group"]
    fields = ["venue", "group", "number", "name", "email", "phone"]


@admin.register(Catalog)
class CatalogAdmin(NumberedAdmin):
    list_display = ["name", "producer", "starts_on", "ends_on", "products_counted", "active"]
    list_filter = ["active", "group", "venue"]
    search_fields = ["name", "producer__name"]
    list_select_related = ["producer"]
    fields = ["venue", "group", "number", "producer", "name", "starts_on", "ends_on", "active"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Catalog]:
        rows: QuerySet[Catalog] = super().get_queryset(request)
        return rows.annotate(counted=Count("products"))

    @display(description=_("products"))
    def products_counted(self, catalog: Any) -> SafeString:
        address = reverse("admin:amap_product_changelist")
        return format_html(
            '<a href="{}?catalog__id__exact={}">{}</a>', address, catalog.pk, catalog.counted
        )


@admin.register(Product)
class ProductAdmin(FarmAdmin):
    list_display = ["full", "ref", "price", "vat", "catalog", "organic", "active"]
    list_filter = ["catalog", "organic", "active", "venue"]
    search_fields = ["name", "ref"]
    list_select_related = ["catalog"]
    fields = [
        *["venue", "catalog", "name", "ref", "description", "price_cents", "vat_rate_bp", "unit"],
        *["size_milli", "organic", "bulk", "variable_price", "stock_milli", "active"],
    ]

    @display(description=_("farm product"), ordering="name")
    def full(self, product: Product) -> str:
        return product.full_name

    @display(description=_("price"), ordering="price_cents")
    def price(self, product: Product) -> str:
        return cents(product.price_cents)

    @display(description=_("VAT rate"), ordering="vat_rate_bp")
    def vat(self, product: Product) -> str:
        return format_rate(product.vat_rate_bp, get_language() or "fr")


@admin.register(Distribution)
class DistributionAdmin(FarmAdmin):
    view_permission = READ_BOOKS
    list_display = ["starts_at", "group", "place", "state_shown", "baskets_counted"]
    list_filter = [("state", ChoicesDropdownFilter), "group", "venue"]
    list_filter_submit = True
    search_fields = ["place", "group__name"]
    list_select_related = ["group", "venue"]
    date_hierarchy = "starts_at"
    fields = [
        *["venue", "group", "starts_at", "ends_at", "place", "resource", "note", "float_cents"],
        "state",
    ]
    readonly_fields = ["state"]
    actions_detail = ["desk", "sheet"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fixed = list(super().get_readonly_fields(request, obj))
        return [*fixed, "group"] if obj is not None else fixed

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if {"resource", "starts_at", "ends_at"} & set(form.changed_data):
            hold_space(distribution=obj, at=now())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Distribution]:
        rows: QuerySet[Distribution] = super().get_queryset(request)
        return rows.annotate(counted=Count("baskets"))

    @display(
        description=_("state"),
        ordering="state",
        label={DistributionState.ORDERING: "warning", DistributionState.READY: "success"},
    )
    def state_shown(self, distribution: Distribution) -> tuple[str, str]:
        return distribution.state, str(distribution.get_state_display())

    @display(description=_("baskets"))
    def baskets_counted(self, distribution: Any) -> SafeString:
        address = reverse("admin:amap_basket_changelist")
        return format_html(
            '<a href="{}?distribution__id__exact={}">{}</a>',
            address,
            distribution.pk,
            distribution.counted,
        )

    @action(description=_("Close orders, take files out"), url_path="desk")
    def desk(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return office.desk(self, request, object_id)

    @action(description=_("Sheet to sign"), url_path="sheet")
    def sheet(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return office.sheet(self, request, object_id)


class LineInline(VenueTabularInline):
    model = OrderLine
    form = LineForm
    view_permission = READ_BOOKS
    change_permission = RUN_BASKETS
    may_delete = True
    fields = ["product", "quantity", "label", "price", "total"]
    readonly_fields = ["label", "price", "total"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderLine]:
        rows: QuerySet[OrderLine] = super().get_queryset(request)
        return rows.select_related("product", "basket")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or self.may(request, RUN_BASKETS, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Amounts stay as they are once orders are closed."""
        return _still_open(obj) and super().has_change_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _still_open(obj) and super().has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _still_open(obj) and super().has_delete_permission(request, obj)

    @display(description=_("unit price"))
    def price(self, line: OrderLine) -> str:
        return cents(line.unit_price_cents) if line.unit_price_cents is not None else "–"

    @display(description=_("total"))
    def total(self, line: OrderLine) -> str:
        return cents(line.total_cents) if line.total_cents is not None else "–"


def _still_open(basket: Any) -> bool:
    if not isinstance(basket, Basket):
        return True
    return basket.distribution.state == DistributionState.ORDERING


@admin.register(Basket)
class BasketAdmin(FarmAdmin):
    view_permission = READ_BOOKS
    list_display = ["number", "household", "distribution", "state_shown", "money", "ticket"]
    list_filter = [("state", ChoicesDropdownFilter), "distribution", "venue"]
    list_filter_submit = True
    search_fields = [
        *("household__last_name", "household__first_name"),
        *("household__last_name2", "household__first_name2"),
    ]
    list_select_related = ["household", "distribution__group", "due", "document__register"]
    ordering = ["-distribution__starts_at", "number"]
    fieldsets = [
        (None, {"fields": ["venue", "distribution", "household"]}),
        (_("Where it stands"), {"fields": ["number", "state", "money", "ticket"]}),
        (_("Handed out"), {"fields": ["handed_at", "handed_by", "handed_station"]}),
    ]
    readonly_fields = [
        *["number", "state", "money", "ticket", "handed_at", "handed_by", "handed_station"]
    ]
    inlines = [LineInline]
    LABELS: ClassVar[dict[str, str]] = {
        BasketState.ORDERED: "warning",
        BasketState.HANDED_OUT: "success",
        BasketState.ABSENT: "info",
    }

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fixed = list(super().get_readonly_fields(request, obj))
        return [*fixed, "distribution", "household"] if obj is not None else fixed

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A basket is begun only while orders may change."""
        if db_field.name == "distribution":
            kwargs["queryset"] = Distribution.objects.filter(
                state=DistributionState.ORDERING
            ).select_related("group")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        lines = formset.save(commit=False)
        place = formset.instance.lines.count()
        for line in lines:
            line.basket = formset.instance
            if line._state.adding:
                place += 1
                line.position = place
            freeze_line(line).save()
        for line in formset.deleted_objects:
            line.delete()

    @display(description=_("state"), ordering="state", label=LABELS)
    def state_shown(self, basket: Basket) -> tuple[str, str]:
        return basket.state, str(basket.get_state_display())

    @display(description=_("money"))
    def money(self, basket: Basket) -> SafeString | str:
        if basket.due is None:
            return "–"
        return format_html(
            "{} · {}", cents(basket.due.amount_cents), basket.due.get_state_display()
        )

    @display(description=_("ticket"))
    def ticket(self, basket: Basket) -> str:
        if basket.document is None:
            return "–"
        return f"{basket.document.register.name}-{basket.document.sequence:06d}"


@admin.register(ImportFile)
class ImportFileAdmin(FarmAdmin):
    may_add = False
    list_display = ["made_at", "name", "kind", "state_shown", "new_rows", "changed_rows", "made_by"]
    list_filter = [("kind", ChoicesDropdownFilter), ("state", ChoicesDropdownFilter), "venue"]
    list_filter_submit = True
    search_fields = ["name", "made_by", "sha256"]
    list_select_related = ["group", "venue"]
    fields = [
        *["venue", "group", "kind", "name", "sha256", "dialect", "catalog", "distribution"],
        *["state", "made_by", "made_at", "applied_at", "new_rows", "changed_rows"],
    ]
    readonly_fields = fields
    actions_detail = ["preview"]
    LABELS: ClassVar[dict[str, str]] = {
        ImportState.PREVIEW: "warning",
        ImportState.APPLIED: "success",
        ImportState.DROPPED: "info",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportFile]:
        rows: QuerySet[ImportFile] = super().get_queryset(request)
        return rows.defer("content")

    @display(description=_("state"), ordering="state", label=LABELS)
    def state_shown(self, brought: ImportFile) -> tuple[str, str]:
        return brought.state, str(brought.get_state_display())

    @action(description=_("Look at it and decide"), url_path="preview")
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return office.preview(self, request, object_id)


@admin.register(Export)
class ExportAdmin(FarmAdmin):
    change_permission = None
    may_add = False
    list_display = ["made_at", "name", "kind", "people", "excel", "made_by"]
    list_filter = [("kind", ChoicesDropdownFilter), "excel", "venue"]
    list_filter_submit = True
    search_fields = ["name", "made_by", "sha256"]
    list_select_related = ["group", "venue"]
    fields = [
        *["venue", "group", "kind", "name", "people", "excel", "altered", "sha256"],
        *["made_by", "made_at"],
    ]
    readonly_fields = fields
