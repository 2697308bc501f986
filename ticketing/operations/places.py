"""The only writer of a quota's counter: one conditional UPDATE each, always in the same order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from teraa.common.prepared import prepared_cursor
from ticketing.models import Quota
from ticketing.problems import QuotaTooSmall

_TAKE = (
    "UPDATE ticketing_quota SET taken = taken + %(count)s::int"
    " WHERE id = %(quota)s::uuid AND taken + %(count)s::int <= capacity"
)
_GIVE_BACK = "UPDATE ticketing_quota SET taken = taken - %(count)s::int WHERE id = %(quota)s::uuid"


def places_of(lines: Iterable[Mapping[str, Any]]) -> dict[UUID, int]:
    """How many places an order's frozen lines take, by quota."""
    counted: Counter[UUID] = Counter()
    for line in lines:
        counted[UUID(line["quota"])] += line["quantity"]
    return dict(counted)


def take_places(places: Mapping[UUID, int]) -> UUID | None:
    """Take them all; the first quota that has not enough, or None.

    Quotas are asked in the order of their ids, so that two orders wait and never block each other
    for good. Whoever gets a quota back rolls its transaction back.
    """
    for quota, count in sorted(places.items()):
        with prepared_cursor() as cursor:
            cursor.execute(_TAKE, {"quota": quota, "count": count})
            if cursor.rowcount != 1:
                return quota
    return None


def give_back_places(places: Mapping[UUID, int]) -> None:
    """Return places that were taken before."""
    for quota, count in sorted(places.items()):
        with prepared_cursor() as cursor:
            cursor.execute(_GIVE_BACK, {"quota": quota, "count": count})
            if cursor.rowcount != 1:
                raise RuntimeError(f"no quota {quota} to give places back to")


def change_quota(*, quota_id: UUID, name: str, capacity: int) -> None:
    """Rename a quota and set how many places it has. Raises QuotaTooSmall.

    The counter itself is left alone: buyers move it meanwhile.
    """
    rows = Quota.objects.filter(pk=quota_id, taken__lte=capacity)
    if rows.update(name=name, capacity=capacity) != 1:
        raise QuotaTooSmall
