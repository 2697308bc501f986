"""Tables whose rows are inserted and never changed (law 5): plain SQL triggers and grants."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations import RunSQL

APPLICATION_ROLE = "teraa_app"

REFUSING_FUNCTION = """
CREATE OR REPLACE FUNCTION teraa_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: its rows are only ever inserted', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""


def append_only_sql(table: str) -> tuple[str, str]:
    """(forward, reverse) SQL that lets ``table`` only grow.

    Triggers are ENABLE ALWAYS, so that ``session_replication_role`` does not switch them off;
    the application's role loses the privileges as well, and owns neither table nor trigger.
    """
    forward = f"""
    CREATE TRIGGER {table}_refuse_change BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION teraa_refuse_change();
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_refuse_change;
    CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION teraa_refuse_change();
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_refuse_truncate;
    REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {APPLICATION_ROLE};
    """
    reverse = f"""
    DROP TRIGGER {table}_refuse_change ON {table};
    DROP TRIGGER {table}_refuse_truncate ON {table};
    GRANT UPDATE, DELETE ON {table} TO {APPLICATION_ROLE};
    """
    return forward, reverse


class AppendOnly(RunSQL):
    """Migration operation: ``AppendOnly("fiscal_document")``. Depends on common.0001_roles."""

    def __init__(self, table: str) -> None:
        self.table = table
        forward, reverse = append_only_sql(table)
        super().__init__(forward, reverse)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__qualname__, [self.table], {})

    def describe(self) -> str:
        return f"Let {self.table} only grow"
