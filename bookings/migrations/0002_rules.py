"""Rows of one venue point only at rows of that venue."""

from django.db import migrations

from teraa.common.composite_keys import VenueForeignKey, VenueUnique


class Migration(migrations.Migration):
    dependencies = [
        ("common", "0001_roles"),
        ("bookings", "0001_initial"),
        ("fiscal", "0002_only_forward"),
        ("settlement", "0002_rules"),
        ("spaces", "0002_rules"),
        ("venues", "0002_same_venue"),
    ]
    operations = [
        VenueUnique("bookings_offer"),
        VenueForeignKey("bookings_offer", "resource_id", "spaces_resource"),
        VenueForeignKey("bookings_offer", "payee_id", "venues_payee"),
        VenueForeignKey("bookings_offer_hours", "offer_id", "bookings_offer"),
        VenueForeignKey("bookings_booking", "offer_id", "bookings_offer"),
        VenueForeignKey("bookings_booking", "payee_id", "venues_payee"),
        VenueForeignKey("bookings_booking", "due_id", "settlement_due"),
        VenueForeignKey("bookings_booking", "document_id", "fiscal_document"),
    ]
