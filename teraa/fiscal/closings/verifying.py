"""Do the closings say what the documents say? Fed by the walk over the chains, document by document.

What is kept grows with the days of a register, never with its documents: one tally a period, and
the closings that no month, and the months that no year, has added up yet.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import connection

from teraa.common import journal_codes
from teraa.fiscal.closings.days import columns_of
from teraa.fiscal.closings.ending import CHAINS
from teraa.fiscal.closings.spans import PARTS, join_chains, month_of, year_of
from teraa.fiscal.faults import Found
from teraa.fiscal.figures import Figures, Tally, sum_of
from teraa.fiscal.states import ChainKind, ClosingLevel

_CLOSINGS: Final = """
SELECT document_id, venue_id, register_id, level, number, period_id, first_day, last_day, sequence,
       closed_at, by_itself, total_cents, chains::text, figures::text,
       perpetual_real_cents, perpetual_absolute_cents
  FROM fiscal_closing WHERE register_id = %s
"""
_ENDS: Final = """
SELECT said.period_id::text, said.number, said.event_id::text, said.chains::text, period.number
  FROM fiscal_period_end said JOIN fiscal_period period ON period.id = said.period_id
 WHERE said.register_id = %s ORDER BY said.number
"""
_RUNNING: Final = """
SELECT period_id::text FROM fiscal_chain_head WHERE register_id = %s AND kind = 'TICKET'
"""


@dataclass(slots=True)
class _Books:
    """One period as its documents tell it."""

    tally: Tally = field(default_factory=Tally)
    ranges: dict[str, list[Any]] = field(default_factory=dict)  # kind → first, last, count, hash
    perpetual: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """A closing that waits for the one that adds it up."""

    named: dict[str, Any]
    first_day: datetime.date
    last_day: datetime.date
    chains: dict[str, Any]
    figures: Figures
    perpetual: tuple[int, int]


class Ledger:
    """The periods and closings of one register under verification."""

    def __init__(self, register_id: UUID) -> None:
        self._periods: dict[str, _Books] = {}
        self._spoilt: set[str] = set()
        self._ended_by: dict[int, str] = {}  # number of a period → the event that says so
        self._last = dict.fromkeys(CHAINS, 0)  # up to where days are closed
        self._perpetual = (0, 0)
        self._numbers = dict.fromkeys(ClosingLevel, 0)
        self._waiting: dict[ClosingLevel, list[_Part]] = {level: [] for level in ClosingLevel}
        self._closed: set[str] = set()
        with connection.cursor() as cursor:
            cursor.execute(_CLOSINGS, [register_id])
            names = [column.name for column in cursor.description or ()]
            self._rows = {
                str(row[0]): dict(zip(names, row, strict=True)) for row in cursor.fetchall()
            }
            cursor.execute(_ENDS, [register_id])
            self._ends = {row[0]: row[1:] for row in cursor.fetchall()}
            cursor.execute(_RUNNING, [register_id])
            self._running = (cursor.fetchone() or (None,))[0]

    def spoil(self, kind: str) -> None:
        """A chain that does not hold is reported once: nothing is judged by it."""
        self._spoilt.add(kind)

    def add(self, kind: str, hash: str, values: Mapping[str, Any]) -> None:
        """A document that holds; a closing is judged by all that came before."""
        if kind == ChainKind.CLOSING:
            self._judge(hash, values)
            return
        books = self._periods.setdefault(values["period"]["id"], _Books())
        books.tally.add_document(kind, values)
        sequence = values["sequence"]
        known = books.ranges.setdefault(kind, [sequence, sequence, 0, hash])
        known[1:] = [sequence, known[2] + 1, hash]
        if kind == ChainKind.TICKET:
            books.perpetual = (values["perpetual_real_cents"], values["perpetual_absolute_cents"])
        elif kind == ChainKind.EVENT and values["code"] == journal_codes.CLOSING:
            said = values["values"]
            if isinstance(said, dict) and said.get("level") == ClosingLevel.DAY:
                self._ended_by[said["number"]] = values["document"]

    # -- a closing -----------------------------------------------------------------------------

    def _judge(self, hash: str, payload: Mapping[str, Any]) -> None:
        values = payload["values"]
        level = ClosingLevel(values["level"])
        expected = self._numbers[level] + 1
        if values["number"] != expected:
            raise Found("closing_number", found=values["number"], expected=expected)
        self._numbers[level] = expected
        if level == ClosingLevel.DAY:
            self._judge_day(payload, values)
        else:
            self._judge_span(level, values)
        self._compare_row(payload)
        self._waiting[level].append(
            _Part(
                {
                    "number": values["number"],
                    "span": values["span"],
                    "sequence": payload["sequence"],
                    "hash": hash,
                },
                datetime.date.fromisoformat(values["first_day"]),
                datetime.date.fromisoformat(values["last_day"]),
                values["chains"],
                Figures.from_values(values["figures"]),
                (values["perpetual_real_cents"], values["perpetual_absolute_cents"]),
            )
        )

    def _judge_day(self, payload: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        period = payload["period"]
        if period["id"] not in self._ends:
            raise Found("closing_of_unended", number=period["number"])
        if values["number"] != period["number"] or values["first_day"] != period["business_date"]:
            raise Found("closing_period", found=values["number"], expected=period["number"])
        self._closed.add(period["id"])
        self._compare_end(period, values["chains"])
        books = self._periods.pop(period["id"], None) or _Books()
        for kind in CHAINS:
            if kind not in self._spoilt:
                self._judge_range(kind, values["chains"][kind], books.ranges.get(kind))
            self._last[kind] = values["chains"][kind]["last"]
        if not self._spoilt:
            self._judge_figures(values["figures"], books.tally.figures())
        self._perpetual = (
            books.perpetual or self._perpetual
            if ChainKind.TICKET not in self._spoilt
            else (values["perpetual_real_cents"], values["perpetual_absolute_cents"])
        )
        self._judge_perpetual(values)

    def _compare_end(self, period: Mapping[str, Any], chains: Mapping[str, Any]) -> None:
        """The row that let the period end, and its Z: they say the same of every chain."""
        ended_at = json.loads(self._ends[period["id"]][2])
        for kind in CHAINS:
            said = {"sequence": chains[kind]["last"], "hash": chains[kind]["last_hash"]}
            if ended_at[kind] != said:
                raise Found(
                    "end_differs",
                    number=period["number"],
                    chain=kind,
                    found=said["sequence"],
                    expected=ended_at[kind]["sequence"],
                )

    def _judge_range(self, kind: str, said: Mapping[str, Any], found: list[Any] | None) -> None:
        first = self._last[kind] + 1
        if said["first"] is None:
            said_first, said_last = first, first - 1
        else:
            said_first, said_last = said["first"], said["last"]
        if said_first != first or said["last"] != said_last:
            raise Found("closing_range", chain=kind, found=said_first, expected=first)
        last = found[1] if found else first - 1
        if last < said_last:
            raise Found("closing_tail", chain=kind, found=last, expected=said_last)
        if last > said_last:
            raise Found("closing_left_out", chain=kind, found=last, expected=said_last)
        if found is None:
            return
        if found[0] != said_first or found[2] != said["count"]:
            raise Found("closing_range", chain=kind, found=found[0], expected=said_first)
        if found[3] != said["last_hash"]:
            raise Found("closing_hash", chain=kind, found=found[1])

    def _judge_span(self, level: ClosingLevel, values: Mapping[str, Any]) -> None:
        first = datetime.date.fromisoformat(values["first_day"])
        last = datetime.date.fromisoformat(values["last_day"])
        span = month_of(first) if level == ClosingLevel.MONTH else year_of(first)
        if (span.first_day, span.last_day) != (first, last):
            raise Found("closing_span", found=f"{first} – {last}", expected=span.label)
        waiting = self._waiting[PARTS[level]]
        early = [part for part in waiting if part.first_day < first]
        if early:
            raise Found("closing_early", found=span.label, expected=early[0].named["span"])
        parts = [part for part in waiting if part.last_day <= last]
        if not parts or values["closings"] != [part.named for part in parts]:
            raise Found("closing_parts", found=len(values["closings"]), expected=len(parts))
        self._waiting[PARTS[level]] = [part for part in waiting if part not in parts]
        if values["chains"] != join_chains([part.chains for part in parts]):
            raise Found("closing_parts_range", found=span.label)
        self._judge_figures(values["figures"], sum_of(part.figures for part in parts))
        self._perpetual_of_span(values, parts[-1])

    def _perpetual_of_span(self, values: Mapping[str, Any], last: _Part) -> None:
        if (values["perpetual_real_cents"], values["perpetual_absolute_cents"]) != last.perpetual:
            raise Found("closing_perpetual")

    def _judge_figures(self, said: Mapping[str, Any], counted: Figures) -> None:
        expected = counted.as_values()
        if said == expected:
            return
        for name in {**expected, **said}:
            if said.get(name) != expected.get(name):
                raise Found(
                    "closing_totals",
                    figure=name,
                    found=json.dumps(said.get(name)),
                    expected=json.dumps(expected.get(name)),
                )

    def _judge_perpetual(self, values: Mapping[str, Any]) -> None:
        said = (values["perpetual_real_cents"], values["perpetual_absolute_cents"])
        if said != self._perpetual:
            raise Found("closing_perpetual")

    def _compare_row(self, payload: Mapping[str, Any]) -> None:
        row = self._rows.pop(payload["document"], None)
        if row is None:
            raise Found("rows_missing", table="fiscal_closing", found=0, expected=1)
        for column, expected in columns_of(payload).items():
            found = row[column]
            if column in ("chains", "figures"):
                found = json.loads(found)
            if found != expected:
                raise Found(
                    "row_differs",
                    table="fiscal_closing",
                    column=column,
                    found=found,
                    expected=expected,
                )

    # -- what must hold besides ------------------------------------------------------------------

    def check_end(self) -> None:
        """After the last chain: rows without a document, ends that tell otherwise. Raises Found."""
        if self._spoilt:
            return
        for document in self._rows:
            raise Found("closing_unsigned", document=document)
        if self._running in self._ends:
            raise Found("period_runs_on", number=self._ends[self._running][0])
        for period_id, (number, event_id, text, real_number) in self._ends.items():
            if number != real_number or self._ended_by.get(number) != event_id:
                raise Found("end_unsaid", number=number)
            if period_id in self._closed:
                continue  # judged with its Z, which says the same
            chains = json.loads(text)
            books = self._periods.get(period_id, _Books())
            for kind in CHAINS:
                known = books.ranges.get(kind)
                last = known[1] if known else self._last[kind]
                self._last[kind] = last
                if chains[kind]["sequence"] != last:
                    raise Found(
                        "end_differs",
                        number=number,
                        chain=kind,
                        found=last,
                        expected=chains[kind]["sequence"],
                    )
