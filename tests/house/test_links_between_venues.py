"""Rows of one venue never point at rows of another: the database itself says so."""

from __future__ import annotations

from django.db import connection

from tests.house import two_venues
from tests.house.two_venues import owned_models

# (table, column) → why its key needs no venue in it.
PLAIN_KEYS: dict[tuple[str, str], str] = {
    ("fiscal_document", "register_id"): "the key to its period holds venue, register and period",
    ("fiscal_period_end", "register_id"): "the key to its period holds venue, register and period",
    ("fiscal_closing", "period_id"): "the key to its period's end holds venue, register and period",
    ("settlement_tender", "payee_id"): "the key to its due holds venue, payee and due",
}
# Tables without a venue of their own that join two rows of venues, and what keeps these together.
JOINS: dict[str, str] = {
    "venues_pin_lock": "sign_on looks the person up in the station's venue before it counts",
}

_COMPOSITE = """
SELECT owner.relname, target.relname,
       array(SELECT attname::text FROM unnest(key.conkey) WITH ORDINALITY n (number, place)
             JOIN pg_attribute ON attrelid = key.conrelid AND attnum = n.number ORDER BY place)
  FROM pg_constraint key
  JOIN pg_class owner ON owner.oid = key.conrelid
  JOIN pg_class target ON target.oid = key.confrelid
 WHERE key.contype = 'f'
"""


def test_the_database_refuses_links_between_venues(db):
    """Every table with a venue that points at another such table does so together with it."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPOSITE)
        keys = {(owner, target, tuple(sorted(columns))) for owner, target, columns in cursor}
    missing, needless = [], dict(PLAIN_KEYS)
    for model in owned_models():
        columns = {one.column for one in model._meta.concrete_fields}
        for link in model._meta.concrete_fields:
            target = link.related_model
            if not link.is_relation or target is None or link.column == "venue_id":
                continue
            theirs = {one.column for one in target._meta.concrete_fields}
            if "venue_id" not in theirs or "venue_id" not in columns:
                continue
            table, other = model._meta.db_table, target._meta.db_table
            has_key = any(
                owner == table and to == other and {"venue_id", link.column} <= set(names)
                for owner, to, names in keys
            )
            if (table, link.column) in PLAIN_KEYS:
                needless.pop((table, link.column))
                if has_key:
                    missing.append(f"{table}.{link.column} has its key: take it out of PLAIN_KEYS")
            elif not has_key:
                missing.append(
                    f"{table}.{link.column} → {other}: add VenueForeignKey to a migration "
                    "(teraa.common.composite_keys), or say in PLAIN_KEYS why not"
                )

    assert not missing, "\n".join(missing)
    assert not needless, f"no such columns, take them out of PLAIN_KEYS: {needless}"


def test_a_table_that_joins_two_venues_rows_says_what_keeps_them_together(db):
    unsaid = []
    for model in owned_models():
        columns = {one.column for one in model._meta.concrete_fields}
        if "venue_id" in columns or model is two_venues.Venue:
            continue
        links = [
            link.column
            for link in model._meta.concrete_fields
            if link.is_relation and link.related_model in owned_models()
        ]
        if len(links) > 1 and model._meta.db_table not in JOINS:
            unsaid.append(
                f"{model._meta.db_table} joins {', '.join(links)}: give it a venue and composite "
                "keys, or say in JOINS what keeps them together"
            )

    assert not unsaid, "\n".join(unsaid)
