"""What the application's role may do: read and write rows, own nothing."""

from django.db import migrations

from teraa.common.append_only import APPLICATION_ROLE, REFUSING_FUNCTION

GRANTS = f"""
GRANT USAGE ON SCHEMA public TO {APPLICATION_ROLE};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APPLICATION_ROLE};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APPLICATION_ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APPLICATION_ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO {APPLICATION_ROLE};
"""

UNGRANTS = f"""
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {APPLICATION_ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM {APPLICATION_ROLE};
"""


class Migration(migrations.Migration):
    initial = True
    # Default privileges touch only later tables: run before anything else makes one.
    run_before = [("contenttypes", "0001_initial")]
    operations = [
        migrations.RunSQL(GRANTS, UNGRANTS),
        migrations.RunSQL(REFUSING_FUNCTION, "DROP FUNCTION teraa_refuse_change();"),
    ]
