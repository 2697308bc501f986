"""Rows of one venue point only at rows of that venue; cash is never forgotten, nor a count changed."""

from django.db import migrations

from teraa.common.append_only import APPLICATION_ROLE, AppendOnly
from teraa.common.composite_keys import VenueForeignKey, VenueUnique

CLOSED_FOR_EVER = f"""
CREATE FUNCTION drawer_guard_shift() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR OLD.state = 'closed' THEN
        RAISE EXCEPTION '% on % is refused: a shift is counted once, for ever', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER drawer_shift_guard BEFORE UPDATE OR DELETE ON drawer_shift
    FOR EACH ROW EXECUTE FUNCTION drawer_guard_shift();
ALTER TABLE drawer_shift ENABLE ALWAYS TRIGGER drawer_shift_guard;
REVOKE DELETE, TRUNCATE ON drawer_shift FROM {APPLICATION_ROLE};
"""
NOT_CLOSED_FOR_EVER = f"""
GRANT DELETE ON drawer_shift TO {APPLICATION_ROLE};
DROP TRIGGER drawer_shift_guard ON drawer_shift;
DROP FUNCTION drawer_guard_shift();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("common", "0001_roles"),
        ("drawer", "0001_initial"),
        ("venues", "0002_same_venue"),
    ]
    operations = [
        VenueUnique("drawer_shift"),
        VenueForeignKey("drawer_shift", "station_id", "venues_station"),
        VenueForeignKey("drawer_drawer", "station_id", "venues_station"),
        VenueForeignKey("drawer_drawer", "shift_id", "drawer_shift"),
        VenueForeignKey("drawer_movement", "station_id", "venues_station"),
        VenueForeignKey("drawer_movement", "shift_id", "drawer_shift"),
        AppendOnly("drawer_movement"),
        migrations.RunSQL(CLOSED_FOR_EVER, NOT_CLOSED_FOR_EVER),
    ]
