"""Walk the chains and name the first row of each that cannot be what was sealed.

Each document is judged from its stored text alone: bytes, canonical form, hash, signature, place in
the chain, period; then the rows beside it are compared with what the text says; at the end the
chain's head and the high-water mark beside the keys. Memory stays flat: documents stream.

A walk over a span of business days begins at the document before it, whose stored previous hash
and totals it takes for granted, and ends at the one after it; the report says so.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from nacl.exceptions import CryptoError

from teraa.common.canonical import NotCanonical, read_canonical, sha256_hex
from teraa.fiscal import keys
from teraa.fiscal.chain_rows import PARTS, Part, Parts, Row, read_batches, read_parts
from teraa.fiscal.closings.verifying import Ledger
from teraa.fiscal.faults import Fault, Partial, Report
from teraa.fiscal.faults import Found as _Found
from teraa.fiscal.key_history import KeyHistory, NotIntroduced, read_history
from teraa.fiscal.payloads import document_columns
from teraa.fiscal.ranges import Range, range_of
from teraa.fiscal.states import ChainKind

# Closings are judged by all the others.
ORDER: Final = tuple(sorted(ChainKind.values, key=lambda kind: kind == ChainKind.CLOSING))


@dataclass(slots=True)
class _Tail:
    """Where the walk has come to."""

    sequence: int = 0
    hash: str = ""
    period_number: int = 0
    real: int = 0
    absolute: int = 0
    at_mark: str | None = None


def verify(
    *,
    register_id: UUID | None = None,
    venue_id: UUID | None = None,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
    on_chain: Callable[[str, str, int], None] | None = None,
    on_documents: Callable[[int], None] | None = None,
) -> Report:
    """Verify one register, those of a venue, or all. Changes nothing; one snapshot per register.

    ``since`` and ``until`` are business days, both contained; without them whole chains.
    ``on_chain(register, kind, documents)`` is told of each chain when it is done,
    ``on_documents(number)`` of every few hundred documents.
    """
    report = Report(marks_checked=settings.TERAA_KEYS is not None)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, name, key_id, public_key FROM fiscal_register"
            " WHERE (%(register)s::uuid IS NULL OR id = %(register)s::uuid)"
            " AND (%(venue)s::uuid IS NULL OR venue_id = %(venue)s::uuid) ORDER BY name, id",
            {"register": register_id, "venue": venue_id},
        )
        registers = cursor.fetchall()
    for found_id, name, key_id, public_key in registers:
        walk = _Walk(found_id, name, key_id, public_key, since, until, on_documents)
        _verify_register(walk, report, on_chain)
    return report


@dataclass(slots=True)
class _Walk:
    """One register under verification."""

    register_id: UUID
    name: str
    key_id: str
    public_key: str
    since: datetime.date | None
    until: datetime.date | None
    on_documents: Callable[[int], None] | None
    history: KeyHistory | None = None
    periods: dict[str, tuple[int, str]] = field(default_factory=dict)
    ledger: Ledger | None = None

    def fault(self, found: _Found, kind: str, row: Row | None) -> Fault:
        sequence, document = found.place if found.place else (None, None)
        if row is not None:
            sequence, document = row.columns["sequence"], row.id
        return Fault(
            found.code,
            self.name,
            kind,
            sequence,
            UUID(document) if document else None,
            found.detail,
            self.register_id,
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
        if walk.since is None and walk.until is None:
            # A part of the days cannot say whether closings hold: they add up whole periods.
            walk.ledger = Ledger(walk.register_id)
        try:
            _check_keys(walk, look_at_files=report.marks_checked)
        except _Found as found:
            report.faults.append(walk.fault(found, "EVENT" if found.place else "", None))
            return
        for kind in ORDER:
            documents, fault = _verify_chain(walk, kind, marks.get(kind), report)
            report.chains += 1
            report.documents += documents
            if fault is not None:
                if walk.ledger is not None:
                    walk.ledger.spoil(kind)
                report.faults.append(fault)
            if on_chain is not None:
                on_chain(walk.name, kind, documents)
        try:
            if walk.ledger is not None:
                walk.ledger.check_end()
        except _Found as found:
            report.faults.append(walk.fault(found, ChainKind.CLOSING, None))


def _check_keys(walk: _Walk, *, look_at_files: bool) -> None:
    if keys.key_id_of(bytes.fromhex(walk.public_key)) != walk.key_id:
        raise _Found("key_unreadable")
    try:
        walk.history = read_history(walk.register_id, walk.public_key)
    except NotIntroduced as strange:
        place = (strange.event.sequence, strange.event.id)
        raise _Found("key_not_introduced", place=place, detail=strange.why) from strange
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number, key_id, public_key FROM fiscal_register_key"
            " WHERE register_id = %s ORDER BY number",
            [walk.register_id],
        )
        listed = cursor.fetchall()
    if listed != walk.history.all:
        raise _Found("keys_differ", found=len(listed), expected=len(walk.history.all))
    if look_at_files:
        kept = keys.public_keys_kept(walk.register_id)
        # Another one beside it is left from a rotation that was rolled back.
        if kept and walk.history.current not in kept:
            raise _Found("key_differs")


def _verify_chain(
    walk: _Walk, kind: str, mark: keys.Mark | None, report: Report
) -> tuple[int, Fault | None]:
    """How many documents were good, and the first fault of the chain."""
    wanted = range_of(register_id=walk.register_id, kind=kind, since=walk.since, until=walk.until)
    tail = _tail_before(wanted)
    began = tail.sequence
    if wanted.before or wanted.after:
        report.partial.append(
            Partial(walk.name, kind, began, wanted.after.sequence if wanted.after else None)
        )
    row: Row | None = None
    try:
        with closing(read_batches(walk.register_id, kind, wanted)) as batches:
            for batch in batches:
                parts = read_parts(batch)
                for row in batch:
                    _check_document(walk, kind, row, parts, tail)
                    if mark is not None and tail.sequence == mark.sequence:
                        tail.at_mark = tail.hash
                if walk.on_documents is not None:
                    walk.on_documents(len(batch))
        row = None
        if wanted.after is None:
            _check_end(walk, kind, tail, mark)
        else:
            _check_part_end(wanted, tail, mark)
    except _Found as found:
        return tail.sequence - began, walk.fault(found, kind, row)
    return tail.sequence - began, None


def _tail_before(wanted: Range) -> _Tail:
    """Where a walk begins: nowhere, or before the document that is before the range."""
    before = wanted.before
    if before is None:
        return _Tail()
    return _Tail(
        sequence=before.sequence - 1,
        hash=before.previous_hash,
        real=before.perpetual_real_cents - before.total_cents,
        absolute=before.perpetual_absolute_cents - abs(before.total_cents),
    )


def _check_document(walk: _Walk, kind: str, row: Row, parts: Parts, tail: _Tail) -> None:
    sequence = row.columns["sequence"]
    if sequence != tail.sequence + 1:
        raise _Found("gap", expected=tail.sequence + 1, found=sequence)
    if sha256_hex(row.payload) != row.hash:
        raise _Found("hash_differs")
    key_id = _check_signature(walk, kind, row)
    values = _read_payload(row)
    try:
        if values["key_id"] != key_id:
            raise _Found("key_misnamed", found=values["key_id"], expected=key_id)
        _check_place(walk, values, tail)
        _check_columns(row, values)
        _check_parts(row, values, parts)
        if kind == ChainKind.TICKET:
            _check_perpetual(values, tail)
        if walk.ledger is not None:
            walk.ledger.add(kind, row.hash, values)
    except (KeyError, TypeError, ValueError) as error:
        raise _Found("form_unknown", detail=error) from error
    tail.sequence, tail.hash = sequence, row.hash
    tail.period_number = values["period"]["number"]


def _check_signature(walk: _Walk, kind: str, row: Row) -> str:
    """The id of the key that must have signed, and has."""
    assert walk.history is not None  # noqa: S101  _check_keys came first
    key_id, key = walk.history.key_for(kind, row.columns["sequence"])
    try:
        key.verify(row.payload.encode(), bytes.fromhex(row.signature))
    except (CryptoError, ValueError) as error:
        raise _Found("signature_wrong") from error
    return key_id


def _read_payload(row: Row) -> dict[str, Any]:
    try:
        values = read_canonical(row.payload)
    except NotCanonical as error:
        raise _Found("not_canonical", detail=error) from error
    if not isinstance(values, dict):
        raise _Found("not_canonical", detail="")
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


def _check_columns(row: Row, values: dict[str, Any]) -> None:
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


def _check_parts(row: Row, values: dict[str, Any], parts: Parts) -> None:
    for part in PARTS:
        found = parts[part.name].get(row.id, [])
        items = values.get(part.name, ())
        if len(found) != len(items):
            raise _Found("rows_missing", table=part.table, found=len(found), expected=len(items))
        for found_row, item in zip(found, items, strict=True):
            _compare(part, found_row, (values["venue_id"], *part.implied(item)))


def _compare(part: Part, found: tuple[Any, ...], expected: tuple[Any, ...]) -> None:
    now = list(found)
    for index in part.json_at:
        now[index] = [] if now[index] == "[]" else json.loads(now[index])
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


def _check_part_end(wanted: Range, tail: _Tail, mark: keys.Mark | None) -> None:
    if wanted.last is not None and tail.sequence < wanted.last + 1:
        raise _Found("gap", expected=tail.sequence + 1, found=wanted.last + 1)
    if mark is not None and tail.at_mark not in (None, mark.hash):
        raise _Found("tail_replaced", found=mark.sequence)


def _check_end(walk: _Walk, kind: str, tail: _Tail, mark: keys.Mark | None) -> None:
    if mark is not None:
        if mark.sequence > tail.sequence:
            raise _Found("tail_deleted", found=tail.sequence, expected=mark.sequence)
        if tail.at_mark != mark.hash:
            raise _Found("tail_replaced", found=mark.sequence)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sequence, last_hash, perpetual_real_cents, perpetual_absolute_cents, key_id"
            " FROM fiscal_chain_head WHERE register_id = %s AND kind = %s",
            [walk.register_id, kind],
        )
        head = cursor.fetchone()
    if head is None:
        if tail.sequence:
            raise _Found("head_missing")
        return
    assert walk.history is not None  # noqa: S101  _check_keys came first
    names = ("sequence", "last_hash", "perpetual_real_cents", "perpetual_absolute_cents", "key_id")
    ends = (tail.sequence, tail.hash, tail.real, tail.absolute, walk.history.current[0])
    for column, found, expected in zip(names, head, ends, strict=True):
        if found != expected:
            raise _Found("head_differs", column=column, found=found, expected=expected)
