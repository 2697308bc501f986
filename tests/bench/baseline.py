"""The ruler: pgbench inserting, in one transaction, copies of the rows of one real sale."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from teraa.supervisor.binaries import installed_binaries

# Every table that one cash sale writes; rows of the newest sale are the model.
TABLES = {
    "pos_sale": "SELECT * FROM pos_sale ORDER BY created_at DESC LIMIT 1",
    "fiscal_document": "SELECT * FROM fiscal_document WHERE id = %(document)s",
    "fiscal_document_line": "SELECT * FROM fiscal_document_line WHERE document_id = %(document)s",
    "fiscal_document_tax": "SELECT * FROM fiscal_document_tax WHERE document_id = %(document)s",
    "fiscal_document_tender": "SELECT * FROM fiscal_document_tender WHERE document_id = %(document)s",
}


def write_script(owner_url: str, path: Path) -> None:
    """Copy the tables' shapes into a schema of their own and write the pgbench script of a sale."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("CREATE SCHEMA IF NOT EXISTS ruler")
        document = owner.execute(
            "SELECT document_id FROM pos_sale WHERE document_id IS NOT NULL"
            " ORDER BY created_at DESC LIMIT 1"
        ).fetchone()
        assert document is not None
        statements = [
            _copy_of(owner, table, query, {"document": document[0]})
            for table, query in TABLES.items()
        ]
    _write(path, ["BEGIN;", *statements, "COMMIT;"])


def write_single_insert(owner_url: str, path: Path, *, table: str) -> None:
    """The same for the newest row of one table alone: INSERT and COMMIT."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("CREATE SCHEMA IF NOT EXISTS ruler")
        statement = _copy_of(owner, table, f"SELECT * FROM {table} ORDER BY id DESC LIMIT 1", {})
    _write(path, [statement])


def _copy_of(owner: psycopg.Connection, table: str, query: str, values: dict[str, object]) -> str:
    """Make the table's like, empty, and return the statement that inserts the queried rows."""
    name = sql.Identifier(table)
    owner.execute(sql.SQL("DROP TABLE IF EXISTS ruler.{}").format(name))
    owner.execute(
        sql.SQL("CREATE TABLE ruler.{0} (LIKE public.{0} INCLUDING DEFAULTS)").format(name)
    )
    cursor = owner.execute(query, values)  # type: ignore[arg-type]
    assert cursor.description is not None
    names = [column.name for column in cursor.description]
    identity = "id" in names and _is_uuid(owner, table)
    if identity:
        owner.execute(sql.SQL("ALTER TABLE ruler.{} ADD PRIMARY KEY (id)").format(name))
    columns = ", ".join(f'"{one}"' for one in names)
    rows = [
        ", ".join(
            "gen_random_uuid()" if identity and one == "id" else _literal(owner, value)
            for one, value in zip(names, row, strict=True)
        )
        for row in cursor.fetchall()
    ]
    return f'INSERT INTO ruler."{table}" ({columns}) VALUES ({"), (".join(rows)});'


def _write(path: Path, statements: list[str]) -> None:
    # One command a line; a colon before a name would be a variable of pgbench.
    text = "\n".join(statement.replace("\n", " ") for statement in statements)
    path.write_text(re.sub(r"(?<![:\w]):(?=[A-Za-z_])", ": ", text) + "\n")


def _literal(owner: psycopg.Connection, value: object) -> str:
    given = Jsonb(value) if isinstance(value, dict | list) else value
    return sql.Literal(given).as_string(owner)


def _is_uuid(owner: psycopg.Connection, table: str) -> bool:
    row = owner.execute(
        "SELECT data_type FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = %s AND column_name = 'id'",
        [table],
    ).fetchone()
    return row is not None and row[0] == "uuid"


def commits_per_second(owner_url: str, script: Path, *, clients: int, seconds: int) -> float:
    """Transactions a second that pgbench reaches with the script."""
    binaries = installed_binaries()
    done = subprocess.run(
        [
            binaries.program("pgbench"),
            "--no-vacuum",
            "--protocol=prepared",
            f"--file={script}",
            f"--client={clients}",
            f"--jobs={min(clients, 2)}",
            f"--time={seconds}",
            owner_url,
        ],
        check=True,
        capture_output=True,
        text=True,
        timeout=seconds + 60,
    )
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    assert found, done.stdout
    return float(found.group(1))
