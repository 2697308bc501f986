"""What the database refuses by itself around dues and tenders."""

from django.db import migrations

from teraa.common.append_only import AppendOnly
from teraa.common.composite_keys import VenueForeignKey, VenueUnique
from teraa.settlement.database_rules import Keeps, PayeeForeignKey, PayeeUnique

# Checked at the commit, under the due's own lock, so that two tenders at once see each other.
TENDERS_FIT = """
CREATE FUNCTION settlement_tenders_fit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owed bigint;
    held bigint;
BEGIN
    SELECT amount_cents INTO owed FROM settlement_due WHERE id = NEW.due_id FOR NO KEY UPDATE;
    SELECT COALESCE(SUM(amount_cents), 0) INTO held FROM settlement_tender
        WHERE due_id = NEW.due_id AND state IN ('pending', 'accepted', 'settled', 'unknown');
    IF held > owed THEN
        RAISE EXCEPTION 'tenders of % cents exceed the due of % cents', held, owed
            USING ERRCODE = 'check_violation', CONSTRAINT = 'settlement_tenders_fit';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER settlement_tenders_fit AFTER INSERT OR UPDATE ON settlement_tender
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION settlement_tenders_fit();
ALTER TABLE settlement_tender ENABLE ALWAYS TRIGGER settlement_tenders_fit;
"""

NO_TENDERS_FIT = """
DROP TRIGGER settlement_tenders_fit ON settlement_tender;
DROP FUNCTION settlement_tenders_fit();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("settlement", "0001_initial"),
        ("common", "0001_roles"),
        ("venues", "0002_same_venue"),
        ("live", "0001_initial"),
    ]
    operations = [
        VenueUnique("settlement_osm_rate"),
        VenueUnique("settlement_rate_quote"),
        VenueUnique("settlement_due"),
        PayeeUnique("settlement_due"),
        PayeeUnique("settlement_collection"),
        VenueForeignKey("settlement_rate_quote", "rate_id", "settlement_osm_rate"),
        VenueForeignKey("settlement_due", "payee_id", "venues_payee"),
        VenueForeignKey("settlement_collection", "payee_id", "venues_payee"),
        VenueForeignKey("settlement_collection", "station_id", "venues_station"),
        VenueForeignKey("settlement_tender", "station_id", "venues_station"),
        VenueForeignKey("settlement_effect", "due_id", "settlement_due"),
        PayeeForeignKey("settlement_tender", "due_id", "settlement_due"),
        PayeeForeignKey("settlement_tender", "collection_id", "settlement_collection"),
        AppendOnly("settlement_osm_rate"),
        AppendOnly("settlement_rate_quote"),
        AppendOnly("settlement_collection"),
        Keeps(
            "settlement_due",
            ["id", "venue_id", "payee_id", "subject", "amount_cents", "opened_at"],
            "settled",
        ),
        Keeps(
            "settlement_tender",
            [
                *["id", "venue_id", "payee_id", "due_id", "collection_id", "request_id", "key"],
                *["kind", "amount_cents", "received_cents", "change_cents", "created_at"],
            ],
            "settled",
        ),
        Keeps("settlement_effect", ["id", "venue_id", "due_id", "kind", "version", "created_at"]),
        migrations.RunSQL(TENDERS_FIT, NO_TENDERS_FIT),
    ]
