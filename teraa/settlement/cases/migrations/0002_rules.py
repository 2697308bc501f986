"""What the database refuses by itself around cases and refunds."""

from django.db import migrations

from teraa.common.append_only import AppendOnly
from teraa.common.composite_keys import VenueForeignKey, VenueUnique
from teraa.settlement.database_rules import Keeps, PayeeForeignKey, PayeeUnique

# No unit that came is given back twice; checked at the commit, one refund of a thing at a time.
REFUNDS_FIT = """
CREATE FUNCTION cases_refunds_fit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    came bigint;
    given bigint;
BEGIN
    IF NEW.receipt_id IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('cases_refund_receipt', NEW.receipt_id));
        SELECT amount_units INTO came FROM osm_receipt WHERE id = NEW.receipt_id;
        SELECT COALESCE(SUM(covers_units), 0) INTO given FROM cases_refund
            WHERE receipt_id = NEW.receipt_id AND state <> 'cancelled';
    ELSE
        PERFORM pg_advisory_xact_lock(hashtextextended(NEW.request_id::text, 0));
        SELECT COALESCE(SUM(amount_units), 0) INTO came FROM osm_allocation
            WHERE request_id = NEW.request_id AND kind = 'request' AND reversed_at IS NULL;
        SELECT COALESCE(SUM(covers_units), 0) INTO given FROM cases_refund
            WHERE request_id = NEW.request_id AND state <> 'cancelled';
    END IF;
    IF NEW.state <> 'cancelled' AND given > came THEN
        RAISE EXCEPTION 'refunds of % units exceed the % units that came', given, came
            USING ERRCODE = 'check_violation', CONSTRAINT = 'cases_refunds_fit';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER cases_refunds_fit AFTER INSERT ON cases_refund
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cases_refunds_fit();
ALTER TABLE cases_refund ENABLE ALWAYS TRIGGER cases_refunds_fit;

CREATE FUNCTION cases_refund_is_approved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    people bigint;
BEGIN
    IF OLD.approved_at IS NULL AND NEW.approved_at IS NOT NULL THEN
        SELECT COUNT(DISTINCT person) INTO people FROM cases_decision
            WHERE refund_id = NEW.id AND action = 'approve';
        IF people < NEW.approvals_needed THEN
            RAISE EXCEPTION 'a refund needs % people, % approved', NEW.approvals_needed, people
                USING ERRCODE = 'check_violation', CONSTRAINT = 'cases_refund_is_approved';
        END IF;
    END IF;
    IF OLD.approved_at IS NOT NULL AND NEW.approved_at IS DISTINCT FROM OLD.approved_at THEN
        RAISE EXCEPTION 'a refund is approved once'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- Whoever approved an address approved that one.
    IF OLD.approved_at IS NOT NULL AND OLD.destination <> ''
            AND NEW.destination <> OLD.destination THEN
        RAISE EXCEPTION 'an approved refund keeps its address'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cases_refund_is_approved BEFORE UPDATE ON cases_refund
    FOR EACH ROW EXECUTE FUNCTION cases_refund_is_approved();
ALTER TABLE cases_refund ENABLE ALWAYS TRIGGER cases_refund_is_approved;
"""

NO_REFUNDS_FIT = """
DROP TRIGGER cases_refund_is_approved ON cases_refund;
DROP FUNCTION cases_refund_is_approved();
DROP TRIGGER cases_refunds_fit ON cases_refund;
DROP FUNCTION cases_refunds_fit();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0001_initial"),
        ("common", "0001_roles"),
        ("osm", "0003_rules"),
        ("settlement", "0002_rules"),
        ("venues", "0002_same_venue"),
    ]
    operations = [
        VenueUnique("cases_refund"),
        PayeeUnique("cases_refund"),
        VenueUnique("cases_case"),
        VenueForeignKey("cases_safeguard", "payee_id", "venues_payee"),
        VenueForeignKey("cases_refund", "payee_id", "venues_payee"),
        VenueForeignKey("cases_refund", "receipt_id", "osm_receipt"),
        VenueForeignKey("cases_refund", "out_receipt_id", "osm_receipt"),
        VenueForeignKey("cases_refund", "quote_id", "settlement_rate_quote"),
        PayeeForeignKey("cases_refund", "request_id", "osm_request"),
        PayeeForeignKey("cases_refund", "due_id", "settlement_due"),
        VenueForeignKey("cases_refund_claim", "refund_id", "cases_refund"),
        VenueForeignKey("cases_case", "payee_id", "venues_payee"),
        VenueForeignKey("cases_case", "receipt_id", "osm_receipt"),
        PayeeForeignKey("cases_case", "request_id", "osm_request"),
        PayeeForeignKey("cases_case", "refund_id", "cases_refund"),
        VenueForeignKey("cases_decision", "case_id", "cases_case"),
        VenueForeignKey("cases_decision", "request_id", "osm_request"),
        VenueForeignKey("cases_decision", "refund_id", "cases_refund"),
        AppendOnly("cases_decision"),
        Keeps(
            "cases_refund",
            [
                *["id", "venue_id", "payee_id", "network_id", "key", "digest", "request_id"],
                *["receipt_id", "due_id", "part", "variant", "reference", "reference_norm"],
                *["covers_units", "amount_units", "amount_cents", "quote_id"],
                *["approvals_needed", "drafted_by", "drafted_at"],
            ],
            "closed",
        ),
        Keeps("cases_refund_claim", ["id", "venue_id", "refund_id", "made_at", "expires_at"]),
        Keeps(
            "cases_case",
            [
                *["id", "venue_id", "payee_id", "kind", "target", "request_id", "receipt_id"],
                *["refund_id", "opened_at"],
            ],
            "closed",
        ),
        migrations.RunSQL(REFUNDS_FIT, NO_REFUNDS_FIT),
    ]
