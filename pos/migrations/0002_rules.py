"""Rows of one venue point only at rows of that venue; published catalogues never change."""

from django.db import migrations

from teraa.common.append_only import AppendOnly
from teraa.common.composite_keys import VenueForeignKey, VenueUnique


class Migration(migrations.Migration):
    dependencies = [
        ("common", "0001_roles"),
        ("pos", "0001_initial"),
        ("settlement", "0002_rules"),
        ("fiscal", "0002_only_forward"),
        ("venues", "0002_same_venue"),
    ]
    operations = [
        VenueUnique("pos_category"),
        VenueForeignKey("pos_product", "category_id", "pos_category"),
        VenueForeignKey("pos_sale", "station_id", "venues_station"),
        VenueForeignKey("pos_sale", "staff_id", "venues_staff_member"),
        VenueForeignKey("pos_sale", "payee_id", "venues_payee"),
        VenueForeignKey("pos_sale", "due_id", "settlement_due"),
        VenueForeignKey("pos_sale", "document_id", "fiscal_document"),
        AppendOnly("pos_catalogue_version"),
    ]
