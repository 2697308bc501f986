"""The shapes the till's API answers with, for the API description only."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from pos.states import SaleState


class _Shape(serializers.Serializer[Any]):
    pass


class ProductSchema(_Shape):
    id = serializers.UUIDField()
    label = serializers.CharField()
    short = serializers.CharField()
    price_cents = serializers.IntegerField()
    vat_class = serializers.CharField()
    colour = serializers.CharField()
    available = serializers.BooleanField()
    rates = serializers.DictField(child=serializers.IntegerField(allow_null=True))


class CategorySchema(_Shape):
    id = serializers.UUIDField()
    name = serializers.CharField()
    colour = serializers.CharField()
    products = ProductSchema(many=True)


class CatalogueSchema(_Shape):
    version = serializers.IntegerField()
    sha256 = serializers.CharField()
    categories = CategorySchema(many=True)


class QuoteSchema(_Shape):
    id = serializers.UUIDField()
    rate_e10 = serializers.CharField(help_text="euros per OSM × 10¹⁰")
    step_units = serializers.CharField(help_text="amounts are rounded up to this many 10⁻⁸ OSM")
    valid_until = serializers.DateTimeField()
    source = serializers.CharField()


class SaleLineSchema(_Shape):
    label = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price_cents = serializers.IntegerField()
    total_cents = serializers.IntegerField()
    vat_rate_bp = serializers.IntegerField(help_text="basis points: 10 % is 1000")


class TaxSchema(_Shape):
    rate_bp = serializers.IntegerField()
    base_cents = serializers.IntegerField()
    vat_cents = serializers.IntegerField()
    total_cents = serializers.IntegerField()


class OsmSchema(_Shape):
    request = serializers.UUIDField()
    state = serializers.CharField()
    reference = serializers.CharField()
    address = serializers.CharField()
    units = serializers.CharField(help_text="10⁻⁸ OSM")
    amount = serializers.CharField(help_text="whole coins with a point")
    missing_units = serializers.CharField()
    uri = serializers.CharField()
    qr_svg_path = serializers.CharField()
    qr_size = serializers.IntegerField()
    expires_at = serializers.DateTimeField()
    confirmations = serializers.IntegerField()
    required = serializers.IntegerField()
    wait_s = serializers.IntegerField()
    rate_e10 = serializers.CharField()
    fee_units = serializers.CharField()
    flags = serializers.ListField(child=serializers.CharField())


class SaleTenderSchema(_Shape):
    key = serializers.CharField()
    kind = serializers.CharField()
    amount_cents = serializers.IntegerField()
    received_cents = serializers.IntegerField()
    change_cents = serializers.IntegerField()
    state = serializers.CharField()
    osm = OsmSchema(allow_null=True)


class PrintStateSchema(_Shape):
    state = serializers.CharField()


class SaleSchema(_Shape):
    key = serializers.UUIDField()
    state = serializers.ChoiceField(choices=SaleState.choices)
    version = serializers.IntegerField()
    number = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)
    total_cents = serializers.IntegerField()
    paid_cents = serializers.IntegerField()
    pending_cents = serializers.IntegerField()
    remaining_cents = serializers.IntegerField()
    serving = serializers.CharField()
    receipt = serializers.CharField()
    lines = SaleLineSchema(many=True)
    taxes = TaxSchema(many=True)
    tenders = SaleTenderSchema(many=True)
    print = PrintStateSchema(allow_null=True)
    operator = serializers.CharField()
    change_cents = serializers.IntegerField()


class ShortSaleSchema(_Shape):
    key = serializers.UUIDField()
    state = serializers.ChoiceField(choices=SaleState.choices)
    version = serializers.IntegerField()
    number = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    total_cents = serializers.IntegerField()
    remaining_cents = serializers.IntegerField()
    operator = serializers.CharField()
    osm_state = serializers.CharField(allow_null=True)
    print_state = serializers.CharField(allow_null=True)
    label = serializers.CharField()


class LastSalesSchema(_Shape):
    sales = ShortSaleSchema(many=True)


class TenderTotalSchema(_Shape):
    kind = serializers.CharField()
    amount_cents = serializers.IntegerField()
    osm_units = serializers.CharField()


class PeriodSchema(_Shape):
    number = serializers.IntegerField()
    business_date = serializers.DateField()
    opened_at = serializers.DateTimeField()


class XReadingSchema(_Shape):
    register = serializers.CharField()
    period = PeriodSchema(allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField())
    tenders = TenderTotalSchema(many=True)
    taxes = TaxSchema(many=True)
    total_cents = serializers.IntegerField()
    first_sequence = serializers.IntegerField(allow_null=True)
    last_sequence = serializers.IntegerField(allow_null=True)
