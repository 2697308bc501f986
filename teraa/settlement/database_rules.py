"""What the database itself refuses: payees that meet, facts that change, rows that vanish."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations import RunSQL


class PayeeUnique(RunSQL):
    """Migration operation: ``UNIQUE (venue_id, payee_id, id)`` on a table others will point at."""

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_payee_id_uniq"
            " UNIQUE (venue_id, payee_id, id);",
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_payee_id_uniq;",
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__qualname__, [self.table], {})


class PayeeForeignKey(RunSQL):
    """Migration operation: ``(venue_id, payee_id, column)`` references the same of ``target``.

    The target needs PayeeUnique first. Deferred to the commit like Django's own keys.
    """

    def __init__(self, table: str, column: str, target: str) -> None:
        self.table, self.column, self.target = table, column, target
        name = f"{table}_{column}_same_payee"
        super().__init__(
            f"ALTER TABLE {table} ADD CONSTRAINT {name}"
            f" FOREIGN KEY (venue_id, payee_id, {column})"
            f" REFERENCES {target} (venue_id, payee_id, id) DEFERRABLE INITIALLY DEFERRED;",
            f"ALTER TABLE {table} DROP CONSTRAINT {name};",
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__qualname__, [self.table, self.column, self.target], {})


class Keeps(RunSQL):
    """Migration operation: of the rows of ``table`` the named columns never change, and rows stay.

    With ``final`` a row that reached that state never leaves it. The application's role may not
    delete rows either.
    """

    def __init__(self, table: str, columns: list[str], final: str = "") -> None:
        self.table, self.columns, self.final = table, columns, final
        old = ", ".join(f"OLD.{column}" for column in columns)
        new = ", ".join(f"NEW.{column}" for column in columns)
        absorbing = (
            f"""
            IF OLD.state = '{final}' AND NEW.state <> '{final}' THEN
                RAISE EXCEPTION '% is final in %', OLD.state, TG_TABLE_NAME
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;"""
            if final
            else ""
        )
        super().__init__(
            f"""
            CREATE FUNCTION {table}_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF ({old}) IS DISTINCT FROM ({new}) THEN
                    RAISE EXCEPTION 'a fact of % does not change', TG_TABLE_NAME
                        USING ERRCODE = 'integrity_constraint_violation';
                END IF;{absorbing}
                RETURN NEW;
            END $$;
            CREATE TRIGGER {table}_keeps BEFORE UPDATE ON {table}
                FOR EACH ROW EXECUTE FUNCTION {table}_keeps();
            ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_keeps;
            REVOKE DELETE, TRUNCATE ON {table} FROM teraa_app;
            """,
            f"""
            GRANT DELETE ON {table} TO teraa_app;
            DROP TRIGGER {table}_keeps ON {table};
            DROP FUNCTION {table}_keeps();
            """,
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__qualname__, [self.table, self.columns, self.final], {})
