"""Rows of one venue point only at rows of that venue; what was taken out stays written down."""

from django.db import migrations

from teraa.common.append_only import AppendOnly
from teraa.common.composite_keys import VenueForeignKey, VenueUnique


class Migration(migrations.Migration):
    dependencies = [
        ("common", "0001_roles"),
        ("amap", "0001_initial"),
        ("settlement", "0002_rules"),
        ("fiscal", "0002_only_forward"),
        ("venues", "0002_same_venue"),
    ]
    operations = [
        VenueUnique("amap_group"),
        VenueUnique("amap_household"),
        VenueUnique("amap_producer"),
        VenueUnique("amap_catalog"),
        VenueUnique("amap_product"),
        VenueUnique("amap_distribution"),
        VenueUnique("amap_basket"),
        VenueForeignKey("amap_group", "payee_id", "venues_payee"),
        VenueForeignKey("amap_household", "group_id", "amap_group"),
        VenueForeignKey("amap_producer", "group_id", "amap_group"),
        VenueForeignKey("amap_catalog", "group_id", "amap_group"),
        VenueForeignKey("amap_catalog", "producer_id", "amap_producer"),
        VenueForeignKey("amap_product", "catalog_id", "amap_catalog"),
        VenueForeignKey("amap_distribution", "group_id", "amap_group"),
        VenueForeignKey("amap_basket", "distribution_id", "amap_distribution"),
        VenueForeignKey("amap_basket", "household_id", "amap_household"),
        VenueForeignKey("amap_basket", "due_id", "settlement_due"),
        VenueForeignKey("amap_basket", "document_id", "fiscal_document"),
        VenueForeignKey("amap_basket", "handed_station_id", "venues_station"),
        VenueForeignKey("amap_order_line", "basket_id", "amap_basket"),
        VenueForeignKey("amap_order_line", "product_id", "amap_product"),
        VenueForeignKey("amap_import", "group_id", "amap_group"),
        VenueForeignKey("amap_import", "catalog_id", "amap_catalog"),
        VenueForeignKey("amap_import", "distribution_id", "amap_distribution"),
        VenueForeignKey("amap_export", "group_id", "amap_group"),
        AppendOnly("amap_export"),
    ]
