"""Which atoms would serve a need at a time, given what is taken. Pure; instants are aware."""

from __future__ import annotations

import datetime
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

Span = tuple[datetime.datetime, datetime.datetime]
"""From – to, the end left out."""


@dataclass(frozen=True, slots=True)
class Need:
    """One resource; of a choice, ``count`` of its atoms ("3 desks")."""

    resource_id: UUID
    count: int = 1


@dataclass(frozen=True, slots=True)
class Shape:
    """A resource as fitting sees it; ``atoms`` in the order in which they are offered."""

    resource_id: UUID
    name: str
    is_choice: bool
    capacity: int
    atoms: tuple[UUID, ...]
    before: datetime.timedelta
    after: datetime.timedelta


@dataclass(frozen=True, slots=True)
class Place:
    """An atom that would be taken: while in use, and with the time kept free around it."""

    atom_id: UUID
    core: Span
    buffered: Span


@dataclass(slots=True)
class Taken:
    """What others have, per atom."""

    cores: dict[UUID, list[Span]] = field(default_factory=lambda: defaultdict(list))
    buffered: dict[UUID, list[Span]] = field(default_factory=lambda: defaultdict(list))

    def excludes(self, place: Place) -> bool:
        """Whether the database would refuse this place (its constraint, said in Python)."""
        return _meets(place.core, self.buffered.get(place.atom_id, ())) or _meets(
            place.buffered, self.cores.get(place.atom_id, ())
        )


def _meets(span: Span, others: Iterable[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def fit(
    *,
    shapes: Mapping[UUID, Shape],
    needs: Sequence[Need],
    starts_at: datetime.datetime,
    ends_at: datetime.datetime,
    taken: Taken,
    before: datetime.timedelta | None = None,
    after: datetime.timedelta | None = None,
) -> list[Place] | None:
    """The atoms that serve all ``needs``, ordered by id; None when they cannot all be served.

    Sets come first, as they leave no choice. ``before`` and ``after`` stand in for the buffers of
    the resources. No atom serves two needs.
    """
    chosen: dict[UUID, Place] = {}
    for need in sorted(needs, key=lambda one: shapes[one.resource_id].is_choice):
        shape = shapes[need.resource_id]
        free = [
            place
            for place in _places(shape, starts_at, ends_at, before, after)
            if place.atom_id not in chosen and not taken.excludes(place)
        ]
        wanted = need.count if shape.is_choice else len(shape.atoms)
        if not wanted or len(free) < wanted:
            return None
        chosen |= {place.atom_id: place for place in free[:wanted]}
    return [chosen[atom_id] for atom_id in sorted(chosen)]


class Gaps:
    """What ``taken`` leaves of the atoms of one shape, prepared for many questions about it.

    An atom can be used from – to when that meets nobody's use with its buffers, nor, with the
    shape's own buffers, anybody's use: both become one sorted list of what is closed.
    """

    def __init__(self, shape: Shape, taken: Taken) -> None:
        self._shape = shape
        self._closed = [
            _joined(
                [
                    *taken.buffered.get(atom_id, ()),
                    *(
                        (start - shape.after, end + shape.before)
                        for start, end in taken.cores.get(atom_id, ())
                    ),
                ]
            )
            for atom_id in shape.atoms
        ]

    def free_count(self, starts_at: datetime.datetime, ends_at: datetime.datetime) -> int:
        """How many of a choice's atoms are free from – to; of a set, 1 or 0."""
        free = sum(_is_open(closed, starts_at, ends_at) for closed in self._closed)
        if self._shape.is_choice:
            return free
        return int(bool(self._closed) and free == len(self._closed))


_Closed = tuple[list[datetime.datetime], list[datetime.datetime]]
"""When closed spans begin, in order, and when each of them ends; none touch."""


def _joined(spans: Iterable[Span]) -> _Closed:
    begins: list[datetime.datetime] = []
    ends: list[datetime.datetime] = []
    for start, end in sorted(spans):
        if ends and start <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            begins.append(start)
            ends.append(end)
    return begins, ends


def _is_open(closed: _Closed, starts_at: datetime.datetime, ends_at: datetime.datetime) -> bool:
    begins, ends = closed
    last = bisect_left(begins, ends_at) - 1  # the last that begins before the wish is over
    return last < 0 or ends[last] <= starts_at


def _places(
    shape: Shape,
    starts_at: datetime.datetime,
    ends_at: datetime.datetime,
    before: datetime.timedelta | None = None,
    after: datetime.timedelta | None = None,
) -> list[Place]:
    core = (starts_at, ends_at)
    buffered = (
        starts_at - (shape.before if before is None else before),
        ends_at + (shape.after if after is None else after),
    )
    return [Place(atom_id, core, buffered) for atom_id in shape.atoms]
