"""Walk every chain from its first document and name the first row that cannot be what was sealed.

Each document is judged from its stored text alone: bytes, canonical form, hash, signature, place in
the chain, period; then the rows beside it are compared with what the text says; at the end the
chain's head and the high-water mark beside the keys. Memory stays flat: documents stream.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.db import connection, transaction

from teraa.common.canonical import NotCanonical, canonical_text, sha256_hex
from teraa.fiscal import keys
from teraa.fiscal.closings.verifying import Ledger
from teraa.fiscal.faults import Fault, Report
from teraa.fiscal.faults import Found as _Found
from teraa.fiscal.payloads import (
    LINE_COLUMNS,
    TAX_COLUMNS,
    TENDER_COLUMNS,
    document_columns,
    rows_of,
)
from teraa.fiscal.states import ChainKind

BATCH: Final = 500
# Closings are judged by all the others.
ORDER: Final = tuple(sorted(ChainKind.values, key=lambda kind: kind == ChainKind.CLOSING))


class _Row(NamedTuple):
    """A document as stored."""

    payload: str
    hash: str
    signature: str
    columns: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.columns["id"])


@dataclass(slots=True)
class _Tail:
    """Where the walk has come to."""

    sequence: int = 0
    hash: str = ""
    period_number: int = 0
    real: int = 0
    absolute: int = 0
    at_mark: str | None = None


_COLUMNS: Final = (
    "id",
    "venue_id",
    "register_id",
    "period_id",
    "kind",
    "sequence",
    "first_in_chain",
    "issued_at",
    "utc_offset_minutes",
    "business_date",
    "station_label",
    "operator_label",
    "event_code",
    "total_cents",
    "perpetual_real_cents",
    "perpetual_absolute_cents",
    "subject",
    "corrects_id",
    "previous_hash",
    "key_id",
)
_AS_TEXT: Final = {"id", "venue_id", "register_id", "period_id", "business_date", "corrects_id"}
_SELECTED: Final = ", ".join(f"{name}::text" if name in _AS_TEXT else name for name in _COLUMNS)
_SELECT_DOCUMENTS: Final = (
    f"SELECT payload, hash, signature, {_SELECTED} FROM fiscal_document"  # noqa: S608
    " WHERE register_id = %s AND kind = %s ORDER BY sequence"
)


class _Part(NamedTuple):
    """A table of rows beside the document, and how to read it as the payload writes it."""

    table: str
    name: str
    columns: Sequence[str]
    select: str
    json_at: Sequence[int]  # in a row, after venue_id


_JSON_COLUMNS: Final = {"modifiers", "components", "osm_txids"}


def _part(table: str, name: str, columns: Sequence[str], order: str, **spelt: str) -> _Part:
    selected = ", ".join(spelt.get(column, column) for column in columns)
    return _Part(
        table,
        name,
        columns,
        f"SELECT document_id::text, venue_id::text, {selected} FROM {table}"  # noqa: S608
        f" WHERE document_id = ANY(%s) ORDER BY document_id, {order}",
        [index for index, column in enumerate(columns, start=1) if column in _JSON_COLUMNS],
    )


_PARTS: Final = (
    _part(
        "fiscal_document_line",
        "lines",
        LINE_COLUMNS,
        "position",
        modifiers="modifiers::text",
        components="components::text",
        corrects_document="corrects_document_id::text",
    ),
    _part("fiscal_document_tax", "taxes", TAX_COLUMNS, "rate_bp"),
    _part(
        "fiscal_document_tender",
        "tenders",
        TENDER_COLUMNS,
        "position",
        osm_units="osm_units::text",
        osm_rate_e10="osm_rate_e10::text",
        osm_txids="osm_txids::text",
    ),
)


def verify(
    *, register_id: UUID | None = None, on_chain: Callable[[str, str, int], None] | None = None
) -> Report:
    """Verify one register, or all. Changes nothing; one snapshot per register.

    ``on_chain(register, kind, documents)`` is told of each chain when it is done.
    """
    report = Report(marks_checked=settings.TERAA_KEYS is not None)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, name, key_id, public_key FROM fiscal_register"
            " WHERE %(only)s::uuid IS NULL OR id = %(only)s::uuid ORDER BY name, id",
            {"only": register_id},
        )
        registers = cursor.fetchall()
    for register in registers:
        _verify_register(_Walk(*register), report, on_chain)
    return report


class _Walk:
    """One register under verification."""

    def __init__(self, register_id: UUID, name: str, key_id: str, public_key: str) -> None:
        self.register_id, self.name = register_id, name
        self.key_id, self.public_key = key_id, public_key
        self.key: Ed25519PublicKey | None = None
        self.periods: dict[str, tuple[int, str]] = {}
        self.ledger: Ledger

    def fault(self, found: _Found, kind: str, row: _Row | None) -> Fault:
        return Fault(
            found.code,
            self.name,
            kind,
            row.columns["sequence"] if row else None,
            UUID(row.id) if row else None,
            found.detail,
        )


def _verify_register(
    walk: _Walk, report: Report, on_chain: Callable[[str, str, int], None] | None
) -> None:
    report.registers += 1
    # Read before the snapshot: a sale committed meanwhile can only put the chain ahead of it.
    marks = keys.read_marks(walk.register_id) if report.marks_checked else {}
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        with connection.cursor() as cursor:
            if outermost:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute(
                "SELECT id::text, number, business_date::text FROM fiscal_period"
                " WHERE register_id = %s",
                [walk.register_id],
            )
            walk.periods = {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
        walk.ledger = Ledger(walk.register_id)
        try:
            _check_key(walk, look_at_file=report.marks_checked)
        except _Found as found:
            report.faults.append(walk.fault(found, "", None))
            return
        for kind in ORDER:
            documents, fault = _verify_chain(walk, kind, marks.get(kind))
            report.chains += 1
            report.documents += documents
            if fault is not None:
                walk.ledger.spoil(kind)
                report.faults.append(fault)
            if on_chain is not None:
                on_chain(walk.name, kind, documents)
        try:
            walk.ledger.check_end()
        except _Found as found:
            report.faults.append(walk.fault(found, ChainKind.CLOSING, None))


def _check_key(walk: _Walk, *, look_at_file: bool) -> None:
    raw = bytes.fromhex(walk.public_key)
    if keys.key_id_of(raw) != walk.key_id:
        raise _Found("key_unreadable")
    walk.key = Ed25519PublicKey.from_public_bytes(raw)
    if look_at_file:
        kept = keys.public_key_kept(walk.register_id)
        if kept is not None and kept.hexadecimal != walk.public_key:
            raise _Found("key_differs")


def _verify_chain(walk: _Walk, kind: str, mark: keys.Mark | None) -> tuple[int, Fault | None]:
    """How many documents were good, and the first fault of the chain."""
    tail = _Tail()
    row: _Row | None = None
    try:
        with closing(_batches(walk.register_id, kind)) as batches:
            for batch in batches:
                parts = _parts_of(batch)
                for row in batch:
                    _check_document(walk, kind, row, parts, tail)
                    if mark is not None and tail.sequence == mark.sequence:
                        tail.at_mark = tail.hash
        row = None
        _check_end(walk, kind, tail, mark)
    except _Found as found:
        return tail.sequence, walk.fault(found, kind, row)
    return tail.sequence, None


def _batches(register_id: UUID, kind: str) -> Generator[list[_Row], None, None]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_SELECT_DOCUMENTS, [register_id, kind])
        while rows := cursor.fetchmany(BATCH):
            yield [
                _Row(row[0], row[1], row[2], dict(zip(_COLUMNS, row[3:], strict=True)))
                for row in rows
            ]


_Parts = dict[str, dict[str, list[tuple[Any, ...]]]]


def _parts_of(batch: list[_Row]) -> _Parts:
    ids = [UUID(row.id) for row in batch if row.columns["kind"] == ChainKind.TICKET]
    parts: _Parts = {part.name: {} for part in _PARTS}
    if not ids:
        return parts
    with connection.cursor() as cursor:
        for part in _PARTS:
            cursor.execute(part.select, [ids])
            into = parts[part.name]
            for found in cursor.fetchall():
                into.setdefault(found[0], []).append(found[1:])
    return parts


def _check_document(walk: _Walk, kind: str, row: _Row, parts: _Parts, tail: _Tail) -> None:
    sequence = row.columns["sequence"]
    if sequence != tail.sequence + 1:
        raise _Found("gap", expected=tail.sequence + 1, found=sequence)
    if sha256_hex(row.payload) != row.hash:
        raise _Found("hash_differs")
    _check_signature(walk, row)
    values = _read_payload(row)
    try:
        _check_place(walk, values, tail)
        _check_columns(row, values)
        _check_parts(row, values, parts)
        if kind == ChainKind.TICKET:
            _check_perpetual(values, tail)
        walk.ledger.add(kind, row.hash, values)
    except (KeyError, TypeError, ValueError) as error:
        raise _Found("form_unknown", detail=error) from error
    tail.sequence, tail.hash = sequence, row.hash
    tail.period_number = values["period"]["number"]


def _check_signature(walk: _Walk, row: _Row) -> None:
    assert walk.key is not None  # noqa: S101  _check_key came first
    try:
        walk.key.verify(bytes.fromhex(row.signature), row.payload.encode())
    except (InvalidSignature, ValueError) as error:
        raise _Found("signature_wrong") from error


def _read_payload(row: _Row) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(row.payload)
        again = canonical_text(values)
    except (ValueError, NotCanonical) as error:
        raise _Found("not_canonical", detail=error) from error
    if again != row.payload:
        raise _Found("not_canonical", detail=again[:80])
    return values


def _check_place(walk: _Walk, values: dict[str, Any], tail: _Tail) -> None:
    if values["previous_hash"] != tail.hash:
        raise _Found("link_broken")
    if values["first_in_chain"] != (tail.sequence == 0):
        raise _Found("first_wrong")
    period = values["period"]
    if walk.periods.get(period["id"]) != (period["number"], period["business_date"]):
        raise _Found("period_wrong")
    if period["number"] < tail.period_number:
        raise _Found("period_back")


def _check_columns(row: _Row, values: dict[str, Any]) -> None:
    implied = document_columns(values)
    if implied != row.columns:
        for column, expected in implied.items():
            if row.columns[column] != expected:
                raise _Found(
                    "row_differs",
                    table="fiscal_document",
                    column=column,
                    found=row.columns[column],
                    expected=expected,
                )


def _check_parts(row: _Row, values: dict[str, Any], parts: _Parts) -> None:
    for part in _PARTS:
        found = parts[part.name].get(row.id, [])
        expected = rows_of(values.get(part.name, ()), part.columns)
        if len(found) != len(expected):
            raise _Found("rows_missing", table=part.table, found=len(found), expected=len(expected))
        for found_row, expected_row in zip(found, expected, strict=True):
            _compare(part, found_row, (values["venue_id"], *expected_row))


def _compare(part: _Part, found: tuple[Any, ...], expected: tuple[Any, ...]) -> None:
    now = list(found)
    for index in part.json_at:
        now[index] = json.loads(now[index])
    if tuple(now) == expected:
        return
    for column, is_now, was in zip(("venue_id", *part.columns), now, expected, strict=True):
        if is_now != was:
            raise _Found("row_differs", table=part.table, column=column, found=is_now, expected=was)


def _check_perpetual(values: dict[str, Any], tail: _Tail) -> None:
    total = values["total_cents"]
    tail.real += total
    tail.absolute += abs(total)
    if (values["perpetual_real_cents"], values["perpetual_absolute_cents"]) != (
        tail.real,
        tail.absolute,
    ):
        raise _Found("perpetual_wrong")


def _check_end(walk: _Walk, kind: str, tail: _Tail, mark: keys.Mark | None) -> None:
    if mark is not None:
        if mark.sequence > tail.sequence:
            raise _Found("tail_deleted", found=tail.sequence, expected=mark.sequence)
        if tail.at_mark != mark.hash:
            raise _Found("tail_replaced", found=mark.sequence)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sequence, last_hash, perpetual_real_cents, perpetual_absolute_cents"
            " FROM fiscal_chain_head WHERE register_id = %s AND kind = %s",
            [walk.register_id, kind],
        )
        head = cursor.fetchone()
    if head is None:
        if tail.sequence:
            raise _Found("head_missing")
        return
    names = ("sequence", "last_hash", "perpetual_real_cents", "perpetual_absolute_cents")
    ends = (tail.sequence, tail.hash, tail.real, tail.absolute)
    for column, found, expected in zip(names, head, ends, strict=True):
        if found != expected:
            raise _Found("head_differs", column=column, found=found, expected=expected)
