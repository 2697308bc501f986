"""What the database refuses by itself around requests and receipts."""

from django.db import migrations

from teraa.common.append_only import AppendOnly
from teraa.common.composite_keys import VenueForeignKey, VenueUnique
from teraa.settlement.database_rules import Keeps, PayeeUnique

# A request asks for money at an address that belongs to its payee, on its network.
REQUEST_ADDRESS = """
ALTER TABLE osm_watched_address
    ADD CONSTRAINT osm_watched_address_payee_uniq UNIQUE (network_id, address, payee_id);
ALTER TABLE osm_request ADD CONSTRAINT osm_request_address_of_payee
    FOREIGN KEY (network_id, address, payee_id)
    REFERENCES osm_watched_address (network_id, address, payee_id) DEFERRABLE INITIALLY DEFERRED;
"""

NO_REQUEST_ADDRESS = """
ALTER TABLE osm_request DROP CONSTRAINT osm_request_address_of_payee;
ALTER TABLE osm_watched_address DROP CONSTRAINT osm_watched_address_payee_uniq;
"""

# No unit of a receipt is given out twice; checked at the commit, under the receipt's lock.
ALLOCATIONS_FIT = """
CREATE FUNCTION osm_allocations_fit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    received bigint;
    given bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('osm_receipt', NEW.receipt_id));
    SELECT amount_units INTO received FROM osm_receipt WHERE id = NEW.receipt_id;
    SELECT COALESCE(SUM(amount_units), 0) INTO given FROM osm_allocation
        WHERE receipt_id = NEW.receipt_id AND reversed_at IS NULL;
    IF given > received THEN
        RAISE EXCEPTION 'allocations of % units exceed the receipt of % units', given, received
            USING ERRCODE = 'check_violation', CONSTRAINT = 'osm_allocations_fit';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER osm_allocations_fit AFTER INSERT OR UPDATE ON osm_allocation
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION osm_allocations_fit();
ALTER TABLE osm_allocation ENABLE ALWAYS TRIGGER osm_allocations_fit;

CREATE FUNCTION osm_allocation_reversed_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.reversed_at IS NOT NULL THEN
        RAISE EXCEPTION 'an allocation is taken back once'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER osm_allocation_reversed_once BEFORE UPDATE ON osm_allocation
    FOR EACH ROW EXECUTE FUNCTION osm_allocation_reversed_once();
ALTER TABLE osm_allocation ENABLE ALWAYS TRIGGER osm_allocation_reversed_once;
"""

NO_ALLOCATIONS_FIT = """
DROP TRIGGER osm_allocation_reversed_once ON osm_allocation;
DROP FUNCTION osm_allocation_reversed_once();
DROP TRIGGER osm_allocations_fit ON osm_allocation;
DROP FUNCTION osm_allocations_fit();
"""


class Migration(migrations.Migration):
    dependencies = [("osm", "0002_links"), ("settlement", "0002_rules")]
    operations = [
        VenueUnique("osm_watched_address"),
        VenueUnique("osm_receipt"),
        VenueUnique("osm_request"),
        PayeeUnique("osm_request"),
        VenueForeignKey("osm_watched_address", "payee_id", "venues_payee"),
        VenueForeignKey("osm_request", "payee_id", "venues_payee"),
        VenueForeignKey("osm_request", "quote_id", "settlement_rate_quote"),
        VenueForeignKey("osm_request_act", "request_id", "osm_request"),
        VenueForeignKey("osm_receipt", "watched_id", "osm_watched_address"),
        VenueForeignKey("osm_allocation", "receipt_id", "osm_receipt"),
        VenueForeignKey("osm_allocation", "request_id", "osm_request"),
        migrations.RunSQL(REQUEST_ADDRESS, NO_REQUEST_ADDRESS),
        AppendOnly("osm_receipt"),
        AppendOnly("osm_request_act"),
        Keeps(
            "osm_watched_address",
            ["id", "network_id", "venue_id", "payee_id", "address", "since"],
        ),
        Keeps(
            "osm_request",
            [
                *["id", "venue_id", "payee_id", "network_id", "address", "reference"],
                *["reference_norm", "amount_cents", "quote_id", "units", "tolerance_units"],
                *["required_confirmations", "created_at", "expires_at"],
            ],
            "settled",
        ),
        Keeps(
            "osm_chain_transaction",
            ["id", "network_id", "txid", "sender", "amount_units", "fee_units", "memo", "raw"],
        ),
        Keeps("osm_block", ["id", "network_id", "height", "block_id", "previous_id"]),
        Keeps(
            "osm_allocation",
            ["id", "venue_id", "receipt_id", "kind", "request_id", "amount_units", "created_at"],
        ),
        migrations.RunSQL(ALLOCATIONS_FIT, NO_ALLOCATIONS_FIT),
    ]
