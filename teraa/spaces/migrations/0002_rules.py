"""Rows of one venue point only at rows of that venue."""

from django.db import migrations

from teraa.common.composite_keys import VenueForeignKey, VenueUnique


class Migration(migrations.Migration):
    dependencies = [
        ("common", "0001_roles"),
        ("spaces", "0001_initial"),
    ]
    operations = [
        VenueUnique("spaces_atom"),
        VenueUnique("spaces_resource"),
        VenueForeignKey("spaces_resource_atom", "resource_id", "spaces_resource"),
        VenueForeignKey("spaces_resource_atom", "atom_id", "spaces_atom"),
        VenueForeignKey("spaces_claim", "atom_id", "spaces_atom"),
    ]
