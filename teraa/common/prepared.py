"""Statements that PostgreSQL plans once per connection, for the few that run with every sale.

Django's cursors put the values into the text, so that every execution is parsed and planned anew:
for a statement that writes five tables that costs more than running it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Model
from django.db.models.expressions import Col


class _PreparingCursor(psycopg.Cursor[Any]):
    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        return super().execute(query, params, prepare=True, **options)


@contextmanager
def prepared_cursor() -> Iterator[CursorWrapper]:
    """A cursor like ``connection.cursor()`` (same transaction, errors and query log).

    Values are bound by the server: write ``%(name)s::type`` where it could not guess the type.
    Use it for constant texts only; each stays prepared on its connection.
    """
    connection.ensure_connection()
    raw: Any = connection.connection
    if raw.prepare_threshold is None:
        # Django turns preparing off altogether; its own cursors bind on the client and ignore it.
        raw.prepare_threshold = 0
    with connection.wrap_database_errors, _PreparingCursor(raw) as cursor:
        wrapped: Any = cursor  # Django's stubs only know its own
        if connection.queries_logged:
            yield connection.make_debug_cursor(wrapped)
        else:
            yield connection.make_cursor(wrapped)


class Joined:
    """Rows of several models read by one prepared statement, without composing it anew each time.

    ``models`` are given by the alias their table has in ``sql``, which says ``{columns}`` where
    their columns go. For the two or three questions that every request or sale asks; anything else is a QuerySet.
    """

    def __init__(self, sql: str, **models: type[Model]) -> None:
        self._sql = sql
        self._models = models
        self._ready: tuple[str, list[_Reading]] | None = None

    def first(self, **values: Any) -> dict[str, Any] | None:
        """The first row as instances by alias (None for one an outer join did not find)."""
        found = self.all(**values)
        return found[0] if found else None

    def all(self, **values: Any) -> list[dict[str, Any]]:
        """Every row, in the statement's order."""
        text, readings = self._ready or self._prepare()
        with prepared_cursor() as cursor:
            cursor.execute(text, values)
            rows = cursor.fetchall()
        return [{one.alias: one.read(row) for one in readings} for row in rows]

    def _prepare(self) -> tuple[str, list[_Reading]]:
        readings, start, columns = [], 0, {}
        for alias, model in self._models.items():
            fields = model._meta.concrete_fields
            columns[alias] = ", ".join(f'{alias}."{field.column}"' for field in fields)
            readings.append(_Reading(alias, model, start))
            start += len(fields)
        self._ready = self._sql.format(columns=", ".join(columns.values())), readings
        return self._ready


class _Reading:
    """How one model's part of a row becomes an instance."""

    def __init__(self, alias: str, model: type[Model], start: int) -> None:
        fields = model._meta.concrete_fields
        self.alias = alias
        self._model = model
        self._names = [field.attname for field in fields]
        self._slice = slice(start, start + len(fields))
        self._key = start + [field.primary_key for field in fields].index(True)
        self._converters = [
            (number, field, converter)
            for number, field in enumerate(fields)
            for converter in field.get_db_converters(connection)
        ]

    def read(self, row: Sequence[Any]) -> Any:
        if row[self._key] is None:
            return None
        values = list(row[self._slice])
        for number, field, converter in self._converters:
            values[number] = converter(values[number], Col("", field), connection)
        return self._model.from_db(connection.alias, self._names, values)
