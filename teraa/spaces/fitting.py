"""Which atoms would serve a need at a time, given what is taken. Pure; instants are aware."""

from __future__ import annotations

import datetime
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


def free_count(
    *, shape: Shape, starts_at: datetime.datetime, ends_at: datetime.datetime, taken: Taken
) -> int:
    """How many of a choice's atoms are free; of a set, 1 or 0."""
    free = sum(not taken.excludes(place) for place in _places(shape, starts_at, ends_at))
    return free if shape.is_choice else int(bool(shape.atoms) and free == len(shape.atoms))


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
