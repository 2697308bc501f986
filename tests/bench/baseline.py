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
    """Copy the tables' shapes into a schema of their own and write the pgbench script."""
    statements = ["BEGIN;"]
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("DROP SCHEMA IF EXISTS ruler CASCADE")
        owner.execute("CREATE SCHEMA ruler")
        document = owner.execute(
            "SELECT document_id FROM pos_sale WHERE document_id IS NOT NULL"
            " ORDER BY created_at DESC LIMIT 1"
        ).fetchone()
        assert document is not None
        for table, query in TABLES.items():
            owner.execute(
                sql.SQL("CREATE TABLE ruler.{0} (LIKE public.{0} INCLUDING DEFAULTS)").format(
                    sql.Identifier(table)
                )
            )
            cursor = owner.execute(query, {"document": document[0]})  # type: ignore[arg-type]
            assert cursor.description is not None
            names = [column.name for column in cursor.description]
            identity = "id" in names and _is_uuid(owner, table)
            if identity:
                owner.execute(
                    sql.SQL("ALTER TABLE ruler.{} ADD PRIMARY KEY (id)").format(
                        sql.Identifier(table)
                    )
                )
            columns = ", ".join(f'"{name}"' for name in names)
            rows = [
                ", ".join(
                    "gen_random_uuid()" if identity and name == "id" else _literal(owner, value)
                    for name, value in zip(names, row, strict=True)
                )
                for row in cursor.fetchall()
            ]
            statements.append(
                f'INSERT INTO ruler."{table}" ({columns}) VALUES ({"), (".join(rows)});'
            )
    statements.append("COMMIT;")
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
