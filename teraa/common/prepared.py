"""Statements that PostgreSQL plans once per connection, for the few that run with every sale.

Django's cursors put the values into the text, so that every execution is parsed and planned anew:
for a statement that writes five tables that costs more than running it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper


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
