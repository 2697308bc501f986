"""Fiscal rows are inserted and never changed (F1): by the ORM, by SQL, by the owner, by tricks."""

import psycopg
import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from teraa.accounts.models import User
from teraa.fiscal.closings.days import close_day
from teraa.fiscal.models import Archive, ChainHead, Task
from tests.fiscal import cast

# A head moves forward, under a guard of its own; a task is work, not a record.
MOVING = {ChainHead, Task}
MODELS = [model for model in apps.get_app_config("fiscal").get_models() if model not in MOVING]
TABLES = [model._meta.db_table for model in MODELS]


def tempting(model):
    """A column that is no key: even writing what it says already is refused."""
    key = {field.name for field in model._meta.pk_fields}
    return next(
        field.column
        for field in reversed(model._meta.concrete_fields)
        if field.name not in key and not field.is_relation
    )


TEMPTING = {model._meta.db_table: tempting(model) for model in MODELS}


@pytest.fixture
def sealed(keys_dir):
    register = cast.register()
    cast.seal(register)
    close_day(register_id=register.pk, at=cast.AT)
    cast.seal(register)
    Archive.objects.create(
        venue=register.venue,
        reason="asked",
        until=cast.AT.date(),
        documents=1,
        size_bytes=1,
        sha256="0" * 64,
        manifest_sha256="0" * 64,
        fiscal_version="1.0.0",
        made_at=cast.AT,
    )
    empty = [model.__name__ for model in MODELS if not model.objects.exists()]
    assert not empty, "put a row into each: triggers guard rows"
    return register


def refused(sql):
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner|is refused"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS)
def test_f01_it_refuses_the_orm(sealed, model):
    column = TEMPTING[model._meta.db_table]
    row = model.objects.first()

    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        model.objects.filter(pk=row.pk).update(**{column: getattr(row, column)})
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        model.objects.filter(pk=row.pk)._raw_delete("default")
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        row.save(force_update=True)


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
def test_f01_it_refuses_raw_sql(sealed, table):
    column = TEMPTING[table]

    refused(f"UPDATE {table} SET {column} = {column}")
    refused(f"DELETE FROM {table}")
    refused(f"TRUNCATE {table} CASCADE")
    refused(
        f"INSERT INTO {table} SELECT * FROM {table} LIMIT 1"
        f" ON CONFLICT DO NOTHING; UPDATE {table} SET {column} = {column}"
    )


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
def test_f01_the_application_cannot_take_the_guards_away(sealed, table):
    refused(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    refused(f"DROP TRIGGER {table}_refuse_change ON {table}")
    refused(f"ALTER TABLE {table} OWNER TO teraa_app")
    refused(f"DROP TABLE {table} CASCADE")
    refused("SET session_replication_role = replica")
    refused("SET ROLE teraa_owner")
    refused(
        "CREATE OR REPLACE FUNCTION teraa_refuse_change() RETURNS trigger LANGUAGE plpgsql"
        " AS $$BEGIN RETURN NEW; END$$"
    )


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS)
def test_f01_the_back_office_neither_adds_changes_nor_deletes(sealed, model, rf):
    """Not even a superuser; a table that is not shown there cannot be touched there."""
    shown = admin.site._registry.get(model)
    if shown is None:
        return
    request = rf.get("/office/")
    request.user = User(email="root@example.org", is_staff=True, is_superuser=True)
    row = model.objects.first()

    assert not shown.has_change_permission(request, row)
    assert not shown.has_delete_permission(request, row)
    # Registers are opened and archives made by operations, never typed in.
    assert not shown.has_add_permission(request)


@pytest.mark.django_db
def test_f01_the_application_cannot_grant_itself_anything(sealed):
    with connection.cursor() as cursor:
        cursor.execute("GRANT ALL ON fiscal_document TO teraa_app")  # a warning, and nothing more

    refused("UPDATE fiscal_document SET total_cents = 1")


@pytest.mark.parametrize("table", [*TABLES, "fiscal_chain_head"])
def test_f01_the_owner_meets_the_triggers(live_database, owner_connection, sealed, table):
    column, value = TEMPTING.get(table, "sequence"), "sequence + 9"
    value = column if table in TEMPTING else value

    for sql in (
        f"UPDATE {table} SET {column} = {value}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is refused"):
            owner_connection.execute(sql)


@pytest.mark.parametrize("table", TABLES)
def test_f01_replication_mode_does_not_switch_the_triggers_off(live_database, sealed, table):
    column = TEMPTING[table]
    superuser = live_database.cluster.master_url.rsplit("/", 1)[0] + f"/{live_database.name}"

    with psycopg.connect(superuser, autocommit=True) as master:
        master.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is refused"):
            master.execute(f"UPDATE {table} SET {column} = {column}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is refused"):
            master.execute(f"DELETE FROM {table}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        "sequence = sequence + 2",
        "sequence = sequence - 1",
        "sequence = 0, last_hash = '', last_issued_at = NULL",
        "last_hash = repeat('0', 64)",
        "perpetual_absolute_cents = perpetual_absolute_cents - 1",
        "sequence = sequence + 1, perpetual_absolute_cents = 0",
        "perpetual_real_cents = 0",
        "last_issued_at = now()",
        "period_number = 0",
        "kind = 'DUPLICATE'",
    ],
)
def test_f01_a_chain_head_only_goes_forward(sealed, change):
    refused(f"UPDATE fiscal_chain_head SET {change} WHERE kind = 'TICKET'")


@pytest.mark.django_db
def test_f01_a_chain_head_is_never_forgotten(sealed):
    refused("DELETE FROM fiscal_chain_head")
    refused("TRUNCATE fiscal_chain_head")
    refused("ALTER TABLE fiscal_chain_head DISABLE TRIGGER ALL")


@pytest.mark.django_db
def test_f01_a_period_may_be_closed_between_documents(sealed):
    """What a closing does: the head lets go of its period and keeps its number."""
    ChainHead.objects.filter(register=sealed, kind="TICKET").update(period=None)

    assert cast.seal(sealed).values["period"]["number"] == 3
