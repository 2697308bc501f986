"""What the database itself refuses: change, loss, another venue's rows, a chain going back."""

from django.db import migrations

from teraa.common.append_only import APPLICATION_ROLE, AppendOnly
from teraa.common.composite_keys import VenueForeignKey, VenueUnique

# A document's register, period and venue agree: one key says it, checked once per document.
PERIOD_OF_THE_REGISTER = """
ALTER TABLE fiscal_period
    ADD CONSTRAINT fiscal_period_of_register_uniq UNIQUE (venue_id, register_id, id);
ALTER TABLE fiscal_document
    ADD CONSTRAINT fiscal_document_period_of_register
    FOREIGN KEY (venue_id, register_id, period_id)
    REFERENCES fiscal_period (venue_id, register_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE fiscal_chain_head
    ADD CONSTRAINT fiscal_chain_head_period_of_register
    FOREIGN KEY (venue_id, register_id, period_id)
    REFERENCES fiscal_period (venue_id, register_id, id) DEFERRABLE INITIALLY DEFERRED;
"""
NO_PERIOD_OF_THE_REGISTER = """
ALTER TABLE fiscal_chain_head DROP CONSTRAINT fiscal_chain_head_period_of_register;
ALTER TABLE fiscal_document DROP CONSTRAINT fiscal_document_period_of_register;
ALTER TABLE fiscal_period DROP CONSTRAINT fiscal_period_of_register_uniq;
"""

# The corrected line exists (its venue is checked by the key on the corrected document).
CORRECTED_LINE = """
ALTER TABLE fiscal_document_line
    ADD CONSTRAINT fiscal_document_line_corrected_line
    FOREIGN KEY (corrects_document_id, corrects_position)
    REFERENCES fiscal_document_line (document_id, position) DEFERRABLE INITIALLY DEFERRED;
"""
NO_CORRECTED_LINE = (
    "ALTER TABLE fiscal_document_line DROP CONSTRAINT fiscal_document_line_corrected_line;"
)

# Half-empty pages keep the one row that moves with every sale in its page (HOT updates).
HEAD_ONLY_FORWARD = f"""
CREATE FUNCTION fiscal_guard_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION '% on % is refused: a chain is never forgotten', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (NEW.register_id, NEW.kind, NEW.venue_id) <> (OLD.register_id, OLD.kind, OLD.venue_id)
        OR NEW.perpetual_absolute_cents < OLD.perpetual_absolute_cents
        OR NEW.period_number < OLD.period_number
        OR NOT (
            NEW.sequence = OLD.sequence + 1
            -- or only the running period changes, which opens and closes between documents
            OR (NEW.sequence, NEW.last_hash, NEW.perpetual_real_cents, NEW.perpetual_absolute_cents)
                = (OLD.sequence, OLD.last_hash, OLD.perpetual_real_cents, OLD.perpetual_absolute_cents)
            AND NEW.last_issued_at IS NOT DISTINCT FROM OLD.last_issued_at
        )
    THEN
        RAISE EXCEPTION 'UPDATE on % is refused: a chain goes forward one document at a time',
            TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fiscal_chain_head_guard BEFORE UPDATE OR DELETE ON fiscal_chain_head
    FOR EACH ROW EXECUTE FUNCTION fiscal_guard_head();
ALTER TABLE fiscal_chain_head ENABLE ALWAYS TRIGGER fiscal_chain_head_guard;
CREATE TRIGGER fiscal_chain_head_guard_truncate BEFORE TRUNCATE ON fiscal_chain_head
    FOR EACH STATEMENT EXECUTE FUNCTION fiscal_guard_head();
ALTER TABLE fiscal_chain_head ENABLE ALWAYS TRIGGER fiscal_chain_head_guard_truncate;
REVOKE DELETE, TRUNCATE ON fiscal_chain_head FROM {APPLICATION_ROLE};
ALTER TABLE fiscal_chain_head SET (fillfactor = 50);
"""
HEAD_AT_WILL = f"""
DROP TRIGGER fiscal_chain_head_guard ON fiscal_chain_head;
DROP TRIGGER fiscal_chain_head_guard_truncate ON fiscal_chain_head;
DROP FUNCTION fiscal_guard_head();
GRANT DELETE ON fiscal_chain_head TO {APPLICATION_ROLE};
ALTER TABLE fiscal_chain_head RESET (fillfactor);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("fiscal", "0001_initial"),
        ("common", "0001_roles"),
        ("venues", "0002_same_venue"),
    ]
    operations = [
        VenueUnique("fiscal_register"),
        VenueForeignKey("fiscal_register", "payee_id", "venues_payee"),
        VenueForeignKey("fiscal_register", "station_id", "venues_station"),
        VenueForeignKey("fiscal_period", "register_id", "fiscal_register"),
        VenueForeignKey("fiscal_chain_head", "register_id", "fiscal_register"),
        migrations.RunSQL(PERIOD_OF_THE_REGISTER, NO_PERIOD_OF_THE_REGISTER),
        VenueUnique("fiscal_document"),
        VenueForeignKey("fiscal_document", "corrects_id", "fiscal_document"),
        VenueForeignKey("fiscal_document_line", "document_id", "fiscal_document"),
        VenueForeignKey("fiscal_document_line", "corrects_document_id", "fiscal_document"),
        VenueForeignKey("fiscal_document_tax", "document_id", "fiscal_document"),
        VenueForeignKey("fiscal_document_tender", "document_id", "fiscal_document"),
        migrations.RunSQL(CORRECTED_LINE, NO_CORRECTED_LINE),
        AppendOnly("fiscal_register"),
        AppendOnly("fiscal_period"),
        AppendOnly("fiscal_document"),
        AppendOnly("fiscal_document_line"),
        AppendOnly("fiscal_document_tax"),
        AppendOnly("fiscal_document_tender"),
        migrations.RunSQL(HEAD_ONLY_FORWARD, HEAD_AT_WILL),
    ]
