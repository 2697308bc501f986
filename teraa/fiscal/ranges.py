"""From a span of business days to a range of numbers: what a partial reading begins and ends with.

Documents are in the order of their numbers, and business days never go back along a chain, so a
span of days is one range of numbers in each chain.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection

_NEIGHBOUR: Final = """
SELECT sequence, hash, previous_hash, coalesce(total_cents, 0),
       coalesce(perpetual_real_cents, 0), coalesce(perpetual_absolute_cents, 0)
  FROM fiscal_document
 WHERE register_id = %s AND kind = %s AND business_date {side} %s
 ORDER BY sequence {order}
 LIMIT 1
"""
_BEFORE: Final = _NEIGHBOUR.format(side="<", order="DESC")
_AFTER: Final = _NEIGHBOUR.format(side=">", order="ASC")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A stored document beside a range, as its row says."""

    sequence: int
    hash: str
    previous_hash: str
    total_cents: int
    perpetual_real_cents: int
    perpetual_absolute_cents: int


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers of one chain: what is before them, and what is after (None: nothing is)."""

    before: Neighbour | None = None
    after: Neighbour | None = None

    @property
    def first(self) -> int:
        return self.before.sequence + 1 if self.before else 1

    @property
    def last(self) -> int | None:
        """The last number; None when the range ends where the chain does."""
        return self.after.sequence - 1 if self.after else None


def range_of(
    *,
    register_id: UUID,
    kind: str,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
) -> Range:
    """The numbers of the documents of business days ``since`` to ``until``, both contained."""
    return Range(
        _neighbour(_BEFORE, register_id, kind, since), _neighbour(_AFTER, register_id, kind, until)
    )


def _neighbour(
    sql: str, register_id: UUID, kind: str, day: datetime.date | None
) -> Neighbour | None:
    if day is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(sql, [register_id, kind, day])
        row = cursor.fetchone()
    return Neighbour(*row) if row else None
