"""What is free, what is taken and by whom."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Lower

from teraa.common.prepared import prepared_cursor
from teraa.spaces.fitting import Need, Shape, Span, Taken, fit
from teraa.spaces.models import Atom, Claim, Resource, ResourceAtom
from teraa.spaces.states import ClaimKind, ResourceKind

LONGEST_BUFFER = datetime.timedelta(days=1)


_SHAPES = """
SELECT r.id, r.name, r.kind, r.capacity, r.buffer_before_min, r.buffer_after_min, p.atom_id
  FROM spaces_resource_atom p
  JOIN spaces_resource r ON r.id = p.resource_id
  JOIN spaces_atom a ON a.id = p.atom_id
 WHERE p.venue_id = %(venue)s::uuid AND p.resource_id = ANY(%(resources)s::uuid[])
 ORDER BY r.id, a.position, a.name
"""
# Seconds since 1970: reading them as instants costs a sixth of reading what ISO 8601 writes.
_CLAIMS = """
SELECT atom_id, kind = 'core', extract(epoch FROM lower(span))::float8,
       extract(epoch FROM upper(span))::float8,
       coalesce(expires_at <= %(at)s::timestamptz, false) AS expired
  FROM spaces_claim
 WHERE atom_id = ANY(%(atoms)s::uuid[]) AND live
   AND span && tstzrange(%(begins)s::timestamptz, %(ends)s::timestamptz)
   AND venue_id = %(venue)s::uuid AND holder <> %(holder)s::text
"""


def shapes_of(*, venue_id: UUID, resource_ids: Collection[UUID]) -> dict[UUID, Shape]:
    """Resources of that venue with their atoms (one query); unknown ids are left out."""
    with prepared_cursor() as cursor:
        cursor.execute(_SHAPES, {"venue": venue_id, "resources": list(resource_ids)})
        rows = cursor.fetchall()
    atoms: dict[UUID, list[UUID]] = defaultdict(list)
    for row in rows:
        atoms[row[0]].append(row[6])
    return {
        pk: Shape(
            resource_id=pk,
            name=name,
            is_choice=kind == ResourceKind.CHOICE,
            capacity=capacity,
            atoms=tuple(atoms[pk]),
            before=datetime.timedelta(minutes=before),
            after=datetime.timedelta(minutes=after),
        )
        for pk, name, kind, capacity, before, after, _atom in rows
    }


def taken_between(
    *,
    venue_id: UUID,
    atom_ids: Collection[UUID],
    span: Span,
    at: datetime.datetime,
    holder: str = "",
) -> Taken:
    """What others than ``holder`` have of these atoms around ``span`` (one query).

    An expired hold is free: whoever claims next frees it.
    """
    taken, _expired = taken_and_expired(
        venue_id=venue_id, atom_ids=atom_ids, span=span, at=at, holder=holder
    )
    return taken


def taken_and_expired(
    *,
    venue_id: UUID,
    atom_ids: Collection[UUID],
    span: Span,
    at: datetime.datetime,
    holder: str,
) -> tuple[Taken, bool]:
    """The same, and whether there are holds around ``span`` that nobody has freed (one query)."""
    begins, ends = widened(span)
    with prepared_cursor() as cursor:
        cursor.execute(
            _CLAIMS,
            {
                "venue": venue_id,
                "atoms": list(atom_ids),
                "begins": begins,
                "ends": ends,
                "at": at,
                "holder": holder,
            },
        )
        claims = cursor.fetchall()
    taken, any_expired = Taken(), False
    at_second, utc = datetime.datetime.fromtimestamp, datetime.UTC
    for atom_id, is_core, starts, ends, expired in claims:
        if expired:
            any_expired = True
        else:
            rows = taken.cores if is_core else taken.buffered
            rows[atom_id].append((at_second(starts, utc), at_second(ends, utc)))
    return taken, any_expired


def is_free(
    *,
    venue_id: UUID,
    shapes: Mapping[UUID, Shape],
    needs: Sequence[Need],
    span: Span,
    at: datetime.datetime,
) -> bool:
    """Whether ``needs`` could be had for ``span`` right now (one query, no lock).

    Saves those who come too late from queueing; claim_spaces decides. ``shapes`` has each need's.
    """
    taken = taken_between(venue_id=venue_id, atom_ids=atoms_in(shapes), span=span, at=at)
    places = fit(shapes=shapes, needs=needs, starts_at=span[0], ends_at=span[1], taken=taken)
    return places is not None


def atoms_in(shapes: Mapping[UUID, Shape]) -> set[UUID]:
    return {atom for shape in shapes.values() for atom in shape.atoms}


def widened(span: Span) -> Span:
    """``span`` with room for the longest buffers on both sides."""
    return span[0] - LONGEST_BUFFER, span[1] + LONGEST_BUFFER


def free_starts(
    *,
    venue_id: UUID,
    needs: Sequence[Need],
    lasts: datetime.timedelta,
    candidates: Sequence[datetime.datetime],
    at: datetime.datetime,
) -> list[datetime.datetime]:
    """Those of ``candidates`` from which all ``needs`` are free for so long (two queries)."""
    if not candidates:
        return []
    shapes = shapes_of(venue_id=venue_id, resource_ids={need.resource_id for need in needs})
    if any(need.resource_id not in shapes for need in needs):
        return []
    taken = taken_between(
        venue_id=venue_id,
        atom_ids=atoms_in(shapes),
        span=(min(candidates), max(candidates) + lasts),
        at=at,
    )
    return [
        start
        for start in candidates
        if fit(shapes=shapes, needs=needs, starts_at=start, ends_at=start + lasts, taken=taken)
    ]


@dataclass(frozen=True, slots=True)
class BoardClaim:
    """One use of a resource on a board. ``held``: it still waits for its payment."""

    starts_at: datetime.datetime
    ends_at: datetime.datetime
    label: str
    holder: str
    atoms: tuple[str, ...]
    held: bool


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A resource and who has it that day, in order; ``atoms`` is how many it is made of."""

    name: str
    is_choice: bool
    atoms: int
    claims: tuple[BoardClaim, ...]


def day_board(*, venue_id: UUID, day: Span, at: datetime.datetime) -> list[BoardRow]:
    """Every resource of a venue with what is taken of it during ``day`` (two queries).

    A row also shows what blocks it through a shared atom: a booking of Studio A stands in the row
    of the Grand Studio too.
    """
    parts: dict[Resource, list[Atom]] = defaultdict(list)
    for part in (
        ResourceAtom.objects.filter(venue_id=venue_id)
        .select_related("resource", "atom")
        .order_by("resource__position", "resource__name", "atom__position", "atom__name")
    ):
        parts[part.resource].append(part.atom)
    uses: dict[UUID, list[Claim]] = defaultdict(list)
    for claim in (
        Claim.objects.filter(venue_id=venue_id, live=True, kind=ClaimKind.CORE, span__overlap=day)
        .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=at))
        .annotate(begins=Lower("span"))
        .order_by("begins", "holder")
    ):
        uses[claim.atom_id].append(claim)
    return [
        BoardRow(
            name=resource.name,
            is_choice=resource.kind == ResourceKind.CHOICE,
            atoms=len(atoms),
            claims=_board_claims(atoms, uses),
        )
        for resource, atoms in parts.items()
    ]


def _board_claims(atoms: Sequence[Atom], uses: dict[UUID, list[Claim]]) -> tuple[BoardClaim, ...]:
    together: dict[tuple[str, datetime.datetime, datetime.datetime], list[tuple[Atom, Claim]]]
    together = defaultdict(list)
    for atom in atoms:
        for claim in uses.get(atom.pk, ()):
            together[claim.holder, claim.span.lower, claim.span.upper].append((atom, claim))
    return tuple(
        BoardClaim(
            starts_at=starts_at,
            ends_at=ends_at,
            label=found[0][1].label,
            holder=holder,
            atoms=tuple(atom.name for atom, _claim in found),
            held=found[0][1].expires_at is not None,
        )
        for (holder, starts_at, ends_at), found in sorted(
            together.items(), key=lambda entry: (entry[0][1], entry[0][0])
        )
    )
