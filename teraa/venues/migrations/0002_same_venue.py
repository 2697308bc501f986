"""Rows of one venue point only at rows of that venue."""

from django.db import migrations

from teraa.common.composite_keys import VenueForeignKey, VenueUnique


class Migration(migrations.Migration):
    dependencies = [("venues", "0001_initial")]
    operations = [
        VenueUnique("venues_payee"),
        VenueUnique("venues_staff_member"),
        VenueUnique("venues_station"),
        VenueForeignKey("venues_station", "payee_id", "venues_payee"),
        VenueForeignKey("venues_sign_on", "station_id", "venues_station"),
        VenueForeignKey("venues_sign_on", "staff_id", "venues_staff_member"),
    ]
