"""What a receipt is taken for. Pure: the database only says which references exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from teraa.settlement.osm.states import AllocationKind, AllocationReason


@dataclass(frozen=True, slots=True)
class Known:
    """A request that carries a reference: who it is and at which address it asked for coins."""

    request_id: UUID
    address: str


@dataclass(frozen=True, slots=True)
class Match:
    """The decision on one receipt."""

    kind: AllocationKind
    reason: AllocationReason
    request_id: UUID | None = None


def match(
    *,
    address: str,
    references: Sequence[str],
    known: Mapping[str, Known],
) -> Match:
    """Decide what coins that came to ``address`` with these references in the memo are for.

    A reference counts whatever its request's age or state (late is for ``derive`` to say), but
    only at its own address: coins never cross from one payee to another. Everything else is kept,
    visible, for a person to identify.
    """
    ours = {known[one].request_id for one in references if one in known}
    here = {
        known[one].request_id
        for one in references
        if one in known and known[one].address == address
    }
    if len(here) == 1:
        return Match(AllocationKind.REQUEST, AllocationReason.REFERENCE, here.pop())
    if here:
        return Match(AllocationKind.UNKNOWN, AllocationReason.SEVERAL_REFERENCES)
    if ours:
        return Match(AllocationKind.UNKNOWN, AllocationReason.FOREIGN_REFERENCE)
    if references:
        return Match(AllocationKind.UNKNOWN, AllocationReason.UNKNOWN_REFERENCE)
    return Match(AllocationKind.UNKNOWN, AllocationReason.NO_REFERENCE)


def paid_by_amount(request_id: UUID) -> Match:
    """The decision on coins without any reference whose amount one open request had asked for."""
    return Match(AllocationKind.REQUEST, AllocationReason.BY_AMOUNT, request_id)
