"""Documents as the database has them, and the rows beside them, read in batches.

Dates and identifiers are read as texts, as the signed text writes them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from teraa.fiscal.payloads import LINE_COLUMNS, TAX_COLUMNS, TENDER_COLUMNS
from teraa.fiscal.ranges import Range
from teraa.fiscal.states import ChainKind

BATCH: Final = 500
_NO_END: Final = 2**62


class Row(NamedTuple):
    """A document as stored."""

    payload: str
    hash: str
    signature: str
    columns: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.columns["id"])


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
    " WHERE register_id = %s AND kind = %s AND sequence BETWEEN %s AND %s ORDER BY sequence"
)


class Part(NamedTuple):
    """A table of rows beside the document, and how to read it as the payload writes it."""

    table: str
    name: str
    columns: Sequence[str]
    select: str
    json_at: Sequence[int]  # in a row, after venue_id
    implied: Callable[
        [Mapping[str, Any]], tuple[Any, ...]
    ]  # the row that an item of a payload says


_JSON_COLUMNS: Final = {"modifiers", "components", "osm_txids"}


def _part(table: str, name: str, columns: Sequence[str], order: str, **spelt: str) -> Part:
    selected = ", ".join(spelt.get(column, column) for column in columns)
    return Part(
        table,
        name,
        columns,
        f"SELECT document_id::text, venue_id::text, {selected} FROM {table}"  # noqa: S608
        f" WHERE document_id = ANY(%s) ORDER BY document_id, {order}",
        [index for index, column in enumerate(columns, start=1) if column in _JSON_COLUMNS],
        itemgetter(*columns),
    )


PARTS: Final = (
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


def read_batches(register_id: UUID, kind: str, wanted: Range) -> Generator[list[Row], None, None]:
    first = wanted.before.sequence if wanted.before else 0
    last = wanted.after.sequence if wanted.after else _NO_END
    with connection.chunked_cursor() as cursor:
        cursor.execute(_SELECT_DOCUMENTS, [register_id, kind, first, last])
        while rows := cursor.fetchmany(BATCH):
            yield [
                Row(row[0], row[1], row[2], dict(zip(_COLUMNS, row[3:], strict=True)))
                for row in rows
            ]


Parts = dict[str, dict[str, list[tuple[Any, ...]]]]


def read_parts(batch: list[Row]) -> Parts:
    ids = [UUID(row.id) for row in batch if row.columns["kind"] == ChainKind.TICKET]
    parts: Parts = {part.name: {} for part in PARTS}
    if not ids:
        return parts
    with connection.cursor() as cursor:
        for part in PARTS:
            cursor.execute(part.select, [ids])
            into = parts[part.name]
            for found in cursor.fetchall():
                into.setdefault(found[0], []).append(found[1:])
    return parts
