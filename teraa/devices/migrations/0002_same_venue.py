"""A printer, its agent, its tills and its jobs are of one venue."""

from django.db import migrations

from teraa.common.composite_keys import VenueForeignKey, VenueUnique


class Migration(migrations.Migration):
    dependencies = [("devices", "0001_initial"), ("venues", "0002_same_venue")]
    operations = [
        VenueUnique("devices_printer"),
        VenueForeignKey("devices_printer", "station_id", "venues_station"),
        VenueForeignKey("devices_printer_till", "printer_id", "devices_printer"),
        VenueForeignKey("devices_printer_till", "station_id", "venues_station"),
        VenueForeignKey("devices_print_job", "printer_id", "devices_printer"),
    ]
