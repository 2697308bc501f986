"""What the database refuses by itself: links between venues, evidence that changes."""

from django.db import migrations

from teraa.common.composite_keys import VenueForeignKey, VenueUnique
from teraa.webhooks.database_rules import Evidence, Stays


class Migration(migrations.Migration):
    dependencies = [
        ("common", "0001_roles"),
        ("webhooks", "0001_initial"),
    ]
    operations = [
        VenueUnique("webhooks_hook_endpoint"),
        VenueUnique("webhooks_hook_event"),
        VenueForeignKey("webhooks_hook_delivery", "endpoint_id", "webhooks_hook_endpoint"),
        VenueForeignKey("webhooks_hook_delivery", "event_id", "webhooks_hook_event"),
        Stays("webhooks_hook_endpoint"),
        Evidence("webhooks_hook_event", ["id"], []),
        Evidence(
            "webhooks_hook_delivery",
            [
                *["id", "venue_id", "endpoint_id", "event_id", "original_id", "attempt", "rung"],
                *["asked_by", "subject", "version", "created_at"],
            ],
            ["waiting", "sending"],
        ),
    ]
