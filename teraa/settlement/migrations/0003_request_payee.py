"""A tender's OSM request is its own payee's."""

from django.db import migrations

from teraa.settlement.database_rules import PayeeForeignKey


class Migration(migrations.Migration):
    dependencies = [("settlement", "0002_rules"), ("osm", "0003_rules")]
    operations = [PayeeForeignKey("settlement_tender", "request_id", "osm_request")]
