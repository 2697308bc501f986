"""A copy of a document has its number once: no two prints are both the second one (F14)."""

from django.db import migrations

COPY_ONCE = """
CREATE UNIQUE INDEX fiscal_duplicate_copy_once
    ON fiscal_document (venue_id, subject, ((payload::jsonb #>> '{values,copy}')))
 WHERE kind = 'DUPLICATE' AND subject LIKE 'fiscal.document:%';
"""


class Migration(migrations.Migration):
    dependencies = [("fiscal", "0004_closings")]
    operations = [
        migrations.RunSQL(COPY_ONCE, "DROP INDEX fiscal_duplicate_copy_once;"),
    ]
