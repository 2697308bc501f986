"""Keys and archives only grow; a head signs with a key of its own register; same venue everywhere."""

from django.db import migrations, models

from teraa.common.append_only import AppendOnly
from teraa.common.composite_keys import VenueForeignKey, VenueUnique

# Registers that were opened before keys could follow one another have one key, which signs.
FIRST_KEYS = """
INSERT INTO fiscal_register_key (venue_id, register_id, number, key_id, public_key, begun_at)
SELECT venue_id, id, 1, key_id, public_key, opened_at FROM fiscal_register;
UPDATE fiscal_chain_head AS head
   SET key_id = register.key_id
  FROM fiscal_register AS register
 WHERE register.id = head.register_id;
SET CONSTRAINTS ALL IMMEDIATE;
"""

KEY_OF_THE_REGISTER = """
ALTER TABLE fiscal_register_key
    ADD CONSTRAINT fiscal_register_key_of_register_uniq UNIQUE (register_id, key_id);
ALTER TABLE fiscal_chain_head
    ADD CONSTRAINT fiscal_chain_head_key_of_register
    FOREIGN KEY (register_id, key_id)
    REFERENCES fiscal_register_key (register_id, key_id) DEFERRABLE INITIALLY DEFERRED;
"""
NO_KEY_OF_THE_REGISTER = """
ALTER TABLE fiscal_chain_head DROP CONSTRAINT fiscal_chain_head_key_of_register;
ALTER TABLE fiscal_register_key DROP CONSTRAINT fiscal_register_key_of_register_uniq;
"""


class Migration(migrations.Migration):
    dependencies = [("fiscal", "0005_archives_and_keys"), ("common", "0001_roles")]
    operations = [
        migrations.RunSQL(FIRST_KEYS, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="chainhead",
            constraint=models.CheckConstraint(
                condition=models.Q(key_id__regex=r"^[0-9a-f]{16}$"), name="fiscal_head_key_shape"
            ),
        ),
        migrations.RunSQL(KEY_OF_THE_REGISTER, NO_KEY_OF_THE_REGISTER),
        VenueForeignKey("fiscal_register_key", "register_id", "fiscal_register"),
        AppendOnly("fiscal_register_key"),
        VenueUnique("fiscal_archive"),
        VenueForeignKey("fiscal_archive", "register_id", "fiscal_register"),
        AppendOnly("fiscal_archive"),
        VenueForeignKey("fiscal_task", "register_id", "fiscal_register"),
        VenueForeignKey("fiscal_task", "archive_id", "fiscal_archive"),
    ]
