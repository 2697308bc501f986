"""Rows of one venue and one event belong together; what gates saw and what was sold stays."""

from django.db import migrations
from django.db.migrations.operations import RunSQL

from teraa.common.append_only import AppendOnly
from teraa.common.composite_keys import VenueForeignKey, VenueUnique

# A rate takes its places from a quota of its own event, an order's ticket has a rate of its event.
SAME_EVENT = RunSQL(
    """
    ALTER TABLE ticketing_quota ADD CONSTRAINT ticketing_quota_event_id_uniq UNIQUE (event_id, id);
    ALTER TABLE ticketing_rate ADD CONSTRAINT ticketing_rate_event_id_uniq UNIQUE (event_id, id);
    ALTER TABLE ticketing_order ADD CONSTRAINT ticketing_order_event_id_uniq UNIQUE (event_id, id);
    ALTER TABLE ticketing_rate ADD CONSTRAINT ticketing_rate_quota_same_event
        FOREIGN KEY (event_id, quota_id) REFERENCES ticketing_quota (event_id, id)
        DEFERRABLE INITIALLY DEFERRED;
    ALTER TABLE ticketing_ticket ADD CONSTRAINT ticketing_ticket_rate_same_event
        FOREIGN KEY (event_id, rate_id) REFERENCES ticketing_rate (event_id, id)
        DEFERRABLE INITIALLY DEFERRED;
    ALTER TABLE ticketing_ticket ADD CONSTRAINT ticketing_ticket_order_same_event
        FOREIGN KEY (event_id, order_id) REFERENCES ticketing_order (event_id, id)
        DEFERRABLE INITIALLY DEFERRED;
    """,
    """
    ALTER TABLE ticketing_ticket DROP CONSTRAINT ticketing_ticket_order_same_event;
    ALTER TABLE ticketing_ticket DROP CONSTRAINT ticketing_ticket_rate_same_event;
    ALTER TABLE ticketing_rate DROP CONSTRAINT ticketing_rate_quota_same_event;
    ALTER TABLE ticketing_order DROP CONSTRAINT ticketing_order_event_id_uniq;
    ALTER TABLE ticketing_rate DROP CONSTRAINT ticketing_rate_event_id_uniq;
    ALTER TABLE ticketing_quota DROP CONSTRAINT ticketing_quota_event_id_uniq;
    """,
)


class Migration(migrations.Migration):
    dependencies = [
        ("common", "0001_roles"),
        ("ticketing", "0001_initial"),
        ("settlement", "0002_rules"),
        ("fiscal", "0002_only_forward"),
        ("venues", "0002_same_venue"),
        ("spaces", "0002_rules"),
    ]
    operations = [
        VenueUnique("ticketing_event"),
        VenueUnique("ticketing_quota"),
        VenueUnique("ticketing_rate"),
        VenueUnique("ticketing_order"),
        VenueUnique("ticketing_ticket"),
        VenueUnique("ticketing_operation"),
        VenueForeignKey("ticketing_event", "payee_id", "venues_payee"),
        VenueForeignKey("ticketing_event", "resource_id", "spaces_resource"),
        VenueForeignKey("ticketing_quota", "event_id", "ticketing_event"),
        VenueForeignKey("ticketing_rate", "event_id", "ticketing_event"),
        VenueForeignKey("ticketing_rate", "quota_id", "ticketing_quota"),
        VenueForeignKey("ticketing_series", "event_id", "ticketing_event"),
        VenueForeignKey("ticketing_order", "event_id", "ticketing_event"),
        VenueForeignKey("ticketing_order", "due_id", "settlement_due"),
        VenueForeignKey("ticketing_order", "document_id", "fiscal_document"),
        VenueForeignKey("ticketing_ticket", "event_id", "ticketing_event"),
        VenueForeignKey("ticketing_ticket", "order_id", "ticketing_order"),
        VenueForeignKey("ticketing_ticket", "rate_id", "ticketing_rate"),
        VenueForeignKey("ticketing_ticket", "gate_id", "venues_station"),
        VenueForeignKey("ticketing_operation", "event_id", "ticketing_event"),
        VenueForeignKey("ticketing_operation", "ticket_id", "ticketing_ticket"),
        VenueForeignKey("ticketing_operation", "cancels_id", "ticketing_operation"),
        VenueForeignKey("ticketing_file", "order_id", "ticketing_order"),
        VenueForeignKey("ticketing_scan", "event_id", "ticketing_event"),
        VenueForeignKey("ticketing_scan", "station_id", "venues_station"),
        VenueForeignKey("ticketing_scan", "staff_id", "venues_staff_member"),
        VenueForeignKey("ticketing_scan", "ticket_id", "ticketing_ticket"),
        SAME_EVENT,
        AppendOnly("ticketing_operation"),
        AppendOnly("ticketing_scan"),
        AppendOnly("ticketing_key"),
    ]
