"""The shapes the till's API answers with, for the API description only."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as fields

from pos.states import SaleState
from teraa.fiscal.states import ClosingLevel
from teraa.settlement.states import DueState, PayoutState


def _shape(name: str, members: dict[str, Any]) -> type[fields.Serializer[Any]]:
    """A serializer by its fields; as class attributes, `label` or `source` would hide DRF's own."""
    return type(name, (fields.Serializer,), members)


ProductSchema = _shape(
    "Product",
    {
        "id": fields.UUIDField(),
        "label": fields.CharField(),
        "short": fields.CharField(),
        "price_cents": fields.IntegerField(),
        "vat_class": fields.CharField(),
        "colour": fields.CharField(),
        "available": fields.BooleanField(),
        "rates": fields.DictField(child=fields.IntegerField(allow_null=True)),
    },
)
CategorySchema = _shape(
    "Category",
    {
        "id": fields.UUIDField(),
        "name": fields.CharField(),
        "colour": fields.CharField(),
        "products": ProductSchema(many=True),
    },
)
CatalogueSchema = _shape(
    "Catalogue",
    {
        "version": fields.IntegerField(),
        "sha256": fields.CharField(),
        "categories": CategorySchema(many=True),
    },
)
QuoteSchema = _shape(
    "Quote",
    {
        "id": fields.UUIDField(),
        "rate_e10": fields.CharField(help_text="euros per OSM × 10¹⁰"),
        "step_units": fields.CharField(help_text="amounts are rounded up to this many 10⁻⁸ OSM"),
        "valid_until": fields.DateTimeField(),
        "source": fields.CharField(),
    },
)
SaleLineSchema = _shape(
    "SaleLine",
    {
        "label": fields.CharField(),
        "quantity": fields.IntegerField(),
        "unit_price_cents": fields.IntegerField(),
        "total_cents": fields.IntegerField(),
        "vat_rate_bp": fields.IntegerField(
            allow_null=True, help_text="basis points: 10 % is 1000; null where a trade knows it"
        ),
    },
)
TaxSchema = _shape(
    "Tax",
    {
        "rate_bp": fields.IntegerField(),
        "base_cents": fields.IntegerField(),
        "vat_cents": fields.IntegerField(),
        "total_cents": fields.IntegerField(),
    },
)
OsmSchema = _shape(
    "Osm",
    {
        "request": fields.UUIDField(),
        "state": fields.CharField(),
        "reference": fields.CharField(),
        "address": fields.CharField(),
        "units": fields.CharField(help_text="10⁻⁸ OSM"),
        "amount": fields.CharField(help_text="whole coins with a point"),
        "missing_units": fields.CharField(),
        "uri": fields.CharField(),
        "qr_svg_path": fields.CharField(),
        "qr_size": fields.IntegerField(),
        "expires_at": fields.DateTimeField(),
        "trusted_until": fields.DateTimeField(
            allow_null=True,
            help_text="While goods are given on trust: until when a block should hold the payment.",
        ),
        "confirmations": fields.IntegerField(),
        "required": fields.IntegerField(),
        "wait_s": fields.IntegerField(),
        "rate_e10": fields.CharField(),
        "fee_units": fields.CharField(),
        "flags": fields.ListField(child=fields.CharField()),
    },
)
SaleTenderSchema = _shape(
    "SaleTender",
    {
        "key": fields.CharField(),
        "kind": fields.CharField(),
        "amount_cents": fields.IntegerField(),
        "received_cents": fields.IntegerField(),
        "change_cents": fields.IntegerField(),
        "state": fields.CharField(),
        "osm": OsmSchema(allow_null=True),
    },
)
PrintStateSchema = _shape(
    "PrintState",
    {
        "state": fields.CharField(),
    },
)
SaleSchema = _shape(
    "SaleAnswer",
    {
        "key": fields.UUIDField(),
        "collection": fields.BooleanField(
            required=False, help_text="true for dues of other trades, taken in one payment"
        ),
        "payee": fields.CharField(required=False, help_text="of a collection"),
        "state": fields.ChoiceField(choices=SaleState.choices),
        "version": fields.IntegerField(),
        "number": fields.CharField(allow_null=True),
        "created_at": fields.DateTimeField(),
        "paid_at": fields.DateTimeField(allow_null=True),
        "total_cents": fields.IntegerField(),
        "paid_cents": fields.IntegerField(),
        "pending_cents": fields.IntegerField(),
        "remaining_cents": fields.IntegerField(),
        "serving": fields.CharField(),
        "receipt": fields.CharField(),
        "bills": fields.IntegerField(
            required=False, help_text="bills and notes the customer was shown"
        ),
        "training": fields.BooleanField(help_text="practised: sealed apart, counts for nothing"),
        "lines": SaleLineSchema(many=True),
        "taxes": TaxSchema(many=True),
        "tenders": SaleTenderSchema(many=True),
        "print": PrintStateSchema(allow_null=True),
        "operator": fields.CharField(),
        "change_cents": fields.IntegerField(),
    },
)
OpenLineSchema = _shape(
    "OpenLine",
    {
        "document": fields.UUIDField(),
        "number": fields.CharField(),
        "position": fields.IntegerField(),
        "label": fields.CharField(),
        "quantity_milli": fields.IntegerField(help_text="what is left of it, in thousandths"),
        "unit_price_cents": fields.IntegerField(),
        "discount_cents": fields.IntegerField(),
        "total_cents": fields.IntegerField(),
        "divisible": fields.BooleanField(
            help_text="false: the ticket can only be given back as a whole"
        ),
    },
)
HeldSchema = _shape("HeldTender", {"kind": fields.CharField(), "left_cents": fields.IntegerField()})
CoinsBackSchema = _shape(
    "CoinsBack", {"reference": fields.CharField(), "state": fields.CharField()}
)
SaleRefundSchema = _shape(
    "SaleRefund",
    {
        "key": fields.UUIDField(),
        "number": fields.CharField(),
        "total_cents": fields.IntegerField(),
        "at": fields.DateTimeField(),
        "operator": fields.CharField(),
        "reason": fields.CharField(),
        "coins": CoinsBackSchema(allow_null=True),
        "print": PrintStateSchema(allow_null=True),
    },
)
CorrectionsSchema = _shape(
    "Corrections",
    {
        "sale": fields.UUIDField(),
        "total_cents": fields.IntegerField(),
        "returned_cents": fields.IntegerField(),
        "sentences": fields.ListField(
            child=fields.CharField(), help_text="which tickets amend or cancel the sale's own"
        ),
        "lines": OpenLineSchema(many=True),
        "tenders": HeldSchema(many=True),
        "refunds": SaleRefundSchema(many=True),
    },
)
ShortSaleSchema = _shape(
    "ShortSale",
    {
        "key": fields.UUIDField(),
        "state": fields.ChoiceField(choices=SaleState.choices),
        "version": fields.IntegerField(),
        "number": fields.CharField(allow_null=True),
        "created_at": fields.DateTimeField(),
        "total_cents": fields.IntegerField(),
        "remaining_cents": fields.IntegerField(),
        "returned_cents": fields.IntegerField(),
        "operator": fields.CharField(),
        "osm_state": fields.CharField(allow_null=True),
        "print_state": fields.CharField(allow_null=True),
        "label": fields.CharField(),
    },
)
LastSalesSchema = _shape(
    "LastSales",
    {
        "sales": ShortSaleSchema(many=True),
    },
)
TenderTotalSchema = _shape(
    "TenderTotal",
    {
        "kind": fields.CharField(),
        "count": fields.IntegerField(),
        "amount_cents": fields.IntegerField(),
        "osm_units": fields.CharField(allow_null=True, help_text="10⁻⁸ OSM"),
    },
)
PeriodSchema = _shape(
    "Period",
    {
        "number": fields.IntegerField(),
        "business_date": fields.DateField(),
        "opened_at": fields.DateTimeField(),
    },
)
_FIGURES: dict[str, Any] = {
    "counts": fields.DictField(
        child=fields.IntegerField(),
        help_text="sales, refunds, discounts, offered, voids, returned_items, drawer_openings,"
        " duplicates",
    ),
    "amounts": fields.DictField(
        child=fields.IntegerField(), help_text="cents of sales, refunds, discounts, offered"
    ),
    "tenders": TenderTotalSchema(many=True),
    "taxes": TaxSchema(many=True),
    "total_cents": fields.IntegerField(),
    "first_sequence": fields.IntegerField(allow_null=True),
    "last_sequence": fields.IntegerField(allow_null=True),
    "perpetual_real_cents": fields.IntegerField(),
    "perpetual_absolute_cents": fields.IntegerField(),
}
XReadingSchema = _shape(
    "XReading",
    {
        "register": fields.CharField(),
        "period": PeriodSchema(allow_null=True),
        "training": fields.BooleanField(),
        **_FIGURES,
    },
)
ClosingSchema = _shape(
    "Closing",
    {
        "id": fields.UUIDField(),
        "level": fields.ChoiceField(choices=ClosingLevel.choices),
        "number": fields.IntegerField(),
        "span": fields.CharField(help_text="2026-11-19, 2026-11 or 2026"),
        "document": fields.CharField(),
        "register": fields.CharField(),
        "training": fields.BooleanField(),
        "closed_at": fields.DateTimeField(),
        **_FIGURES,
    },
)
ClosingsSchema = _shape("Closings", {"closings": ClosingSchema(many=True)})
QueuedSchema = _shape("Queued", {"queued": fields.BooleanField()})
DuePayeeSchema = _shape("DuePayee", {"id": fields.UUIDField(), "name": fields.CharField()})
DueSchema = _shape(
    "Due",
    {
        "id": fields.UUIDField(),
        "code": fields.CharField(),
        "label": fields.CharField(),
        "person": fields.CharField(),
        "payee": DuePayeeSchema(),
        "amount_cents": fields.IntegerField(),
        "left_cents": fields.IntegerField(help_text="what collecting it takes"),
        "pending_cents": fields.IntegerField(help_text="asked for in OSM just now"),
        "state": fields.ChoiceField(choices=DueState.choices),
        "opened_at": fields.DateTimeField(),
    },
)
_PAYOUT = {
    "id": fields.UUIDField(),
    "code": fields.CharField(),
    "label": fields.CharField(),
    "person": fields.CharField(),
    "payee": DuePayeeSchema(),
    "amount_cents": fields.IntegerField(),
    "state": fields.ChoiceField(choices=PayoutState.choices),
    "owed_at": fields.DateTimeField(),
}
OwedBackSchema = _shape("OwedBack", _PAYOUT)
DuesSchema = _shape(
    "Dues",
    {
        "dues": DueSchema(many=True),
        "payouts": OwedBackSchema(many=True, help_text="money to give back, if any is meant"),
    },
)
PayoutSchema = _shape(
    "Payout",
    {
        **_PAYOUT,
        "key": fields.UUIDField(allow_null=True),
        "kind": fields.ChoiceField(choices=["cash", "card"], allow_null=True),
        "operator": fields.CharField(),
        "paid_at": fields.DateTimeField(allow_null=True),
        "number": fields.CharField(allow_null=True, help_text="of its ticket, once it is sealed"),
        "print": PrintStateSchema(allow_null=True),
    },
)
