"""Rows written in one statement: inserted unless their key was used, or changed together.

The database decides between two at once: a unique constraint, or the count of changed rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, Model

from teraa.common.prepared import prepared_cursor

Row = TypeVar("Row", bound=Model)


def insert_once(row: Model) -> bool:
    """Insert ``row``, unique by (venue, key). False when that key was there before."""
    meta = row._meta
    values = {
        field.attname: field.get_db_prep_save(getattr(row, field.attname), connection)
        for field in meta.concrete_fields
    }
    with prepared_cursor() as cursor:
        cursor.execute(_insertion(type(row)), values)
        inserted: bool = cursor.rowcount == 1
    row._state.adding = False
    return inserted


def change_all(
    changes: Sequence[tuple[Row, Mapping[str, Any]]], *, unchanged: Sequence[str]
) -> bool:
    """Change rows of one model in one UPDATE, each only if it still is as it was read (law 2).

    Every row comes with the same plain columns; ``unchanged`` names those that are compared with
    what the instance says. True when all of them changed: the instances then say what is stored.
    False when any did not: the caller must roll back, for the others did.
    """
    if not changes:
        return True
    first, columns = changes[0]
    names = tuple(columns)
    values: dict[str, Any] = {"pk": [row.pk for row, _ in changes]}
    for name in names:
        values[f"to_{name}"] = [_plain(after[name]) for _, after in changes]
    for name in unchanged:
        values[f"was_{name}"] = [_plain(getattr(row, name)) for row, _ in changes]
    with prepared_cursor() as cursor:
        cursor.execute(_change(type(first), names, tuple(unchanged)), values)
        changed: bool = cursor.rowcount == len(changes)
    if changed:
        for row, after in changes:
            for name, value in after.items():
                setattr(row, name, value)
    return changed


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


@cache
def _change(model: type[Model], names: tuple[str, ...], unchanged: tuple[str, ...]) -> str:
    field_of: Any = model._meta.get_field
    key = model._meta.pk
    taken = [("pk", key)]
    taken += [(f"to_{name}", field_of(name)) for name in names]
    taken += [(f"was_{name}", field_of(name)) for name in unchanged]
    lists = ", ".join(f"%({name})s::{_type(field)}[]" for name, field in taken)
    settings = ", ".join(f'"{field_of(name).column}" = given.to_{name}' for name in names)
    conditions = [f'found."{field_of(name).column}" = given.was_{name}' for name in unchanged]
    conditions.append(f'found."{key.column}" = given.pk')
    return (
        f'UPDATE "{model._meta.db_table}" AS found SET {settings}'  # noqa: S608
        f" FROM unnest({lists}) AS given ({', '.join(name for name, _ in taken)})"
        f" WHERE {' AND '.join(conditions)}"
    )


def _type(field: Field[Any, Any]) -> str:
    found = field.rel_db_type(connection) if field.is_relation else field.db_type(connection)
    return str(found)


@cache
def _insertion(model: type[Model]) -> str:
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(f"%({field.attname})s::{_type(field)}" for field in fields)
    return (
        f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({marks})'  # noqa: S608
        " ON CONFLICT (venue_id, key) DO NOTHING"
    )
