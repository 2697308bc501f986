"""What the database itself refuses: evidence that changes, or goes before its time."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations import RunSQL

# A day less than the house keeps them, so that no clock has to agree with another.
KEPT_DAYS = 59


class Evidence(RunSQL):
    """Migration operation: rows of ``table`` that are over never change and stay for two months.

    ``facts`` never change at all. With ``open_states`` a row in one of those may still move on,
    and may not be deleted; without, every row is over from the start. Depends on common.0001_roles.
    """

    def __init__(self, table: str, facts: list[str], open_states: list[str]) -> None:
        self.table, self.facts, self.open_states = table, facts, open_states
        states = ", ".join(f"'{state}'" for state in open_states)
        is_open = f"OLD.state IN ({states})" if open_states else "false"
        old = ", ".join(f"OLD.{column}" for column in facts)
        new = ", ".join(f"NEW.{column}" for column in facts)
        super().__init__(
            f"""
            CREATE FUNCTION {table}_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'DELETE' THEN
                    IF {is_open} OR OLD.created_at > now() - interval '{KEPT_DAYS} days' THEN
                        RAISE EXCEPTION 'a row of % is kept', TG_TABLE_NAME
                            USING ERRCODE = 'insufficient_privilege';
                    END IF;
                    RETURN OLD;
                END IF;
                IF NOT ({is_open}) OR ({old}) IS DISTINCT FROM ({new}) THEN
                    RAISE EXCEPTION 'a fact of % does not change', TG_TABLE_NAME
                        USING ERRCODE = 'integrity_constraint_violation';
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER {table}_evidence BEFORE UPDATE OR DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION {table}_evidence();
            ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_evidence;
            CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION teraa_refuse_change();
            ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_refuse_truncate;
            REVOKE TRUNCATE ON {table} FROM teraa_app;
            """,
            f"""
            DROP TRIGGER {table}_refuse_truncate ON {table};
            DROP TRIGGER {table}_evidence ON {table};
            DROP FUNCTION {table}_evidence();
            """,
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__qualname__, [self.table, self.facts, self.open_states], {})


class Stays(RunSQL):
    """Migration operation: rows of ``table`` are switched off, never deleted by the application."""

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(
            f"REVOKE DELETE, TRUNCATE ON {table} FROM teraa_app;",
            f"GRANT DELETE ON {table} TO teraa_app;",
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__qualname__, [self.table], {})
