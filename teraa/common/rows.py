"""Insert a row unless its key was used: the unique constraint decides between two at once."""

from __future__ import annotations

from functools import cache

from django.db import connection
from django.db.models import Model

from teraa.common.prepared import prepared_cursor


def insert_once(row: Model) -> bool:
    """Insert ``row``, unique by (venue, key). False when that key was there before."""
    meta = row._meta
    values = {
        field.attname: field.get_db_prep_save(getattr(row, field.attname), connection)
        for field in meta.concrete_fields
    }
    with prepared_cursor() as cursor:
        cursor.execute(_statement(type(row)), values)
        inserted: bool = cursor.rowcount == 1
    row._state.adding = False
    return inserted


@cache
def _statement(model: type[Model]) -> str:
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(
        f"%({field.attname})s::{field.rel_db_type(connection)}"
        if field.is_relation
        else f"%({field.attname})s::{field.db_type(connection)}"
        for field in fields
    )
    return (
        f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({marks})'  # noqa: S608
        " ON CONFLICT (venue_id, key) DO NOTHING"
    )
