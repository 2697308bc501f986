"""Venue isolation in the database: a row may only point at rows of its own venue."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations import RunSQL


class VenueUnique(RunSQL):
    """Migration operation: ``UNIQUE (venue_id, id)`` on a table others will point at."""

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_venue_id_uniq UNIQUE (venue_id, id);",
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_venue_id_uniq;",
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__qualname__, [self.table], {})


class VenueForeignKey(RunSQL):
    """Migration operation: ``(venue_id, column)`` references ``(venue_id, id)`` of ``target``.

    The target needs VenueUnique first. Deferred to the commit like Django's own keys.
    """

    def __init__(self, table: str, column: str, target: str) -> None:
        self.table, self.column, self.target = table, column, target
        name = f"{table}_{column}_same_venue"
        super().__init__(
            f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (venue_id, {column})"
            f" REFERENCES {target} (venue_id, id) DEFERRABLE INITIALLY DEFERRED;",
            f"ALTER TABLE {table} DROP CONSTRAINT {name};",
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__qualname__, [self.table, self.column, self.target], {})
