"""Take a space for a time, keep it, give it back.

    claim_spaces(venue_id=…, holder="bookings.booking:…", needs=[Need(studio)], starts_at=…, …)

The exclusion constraint decides (law 1). Before asking it, rivals queue for the atoms' rows, in id
order: two that insert at the same moment would else wait for each other until the database kills
one of them a second later. Whoever is killed all the same is tried again.

From that queue to the commit nobody else can claim the same atoms, whatever the time. So claim last
in a transaction, ask ``queries.is_free`` before it begins, and look for other free times after it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from teraa.common import journal, journal_codes
from teraa.common.clock import iso_utc
from teraa.common.prepared import prepared_cursor
from teraa.common.problems import Invalid, NotFound
from teraa.spaces.fitting import Need, Place, Shape, Span, Taken, fit
from teraa.spaces.models import HOLDER_LENGTH, LABEL_LENGTH, Claim, Feed
from teraa.spaces.problems import JustTaken
from teraa.spaces.queries import atoms_in, shapes_of, taken_and_expired, taken_between, widened
from teraa.spaces.states import ClaimKind

__all__ = [
    "JustTaken",
    "Need",
    "claim_spaces",
    "claiming",
    "confirm_claims",
    "extend_claims",
    "free_expired",
    "move_claims",
    "prune_claims",
    "release_claims",
    "revoke_feed",
]

EXCLUDED = "23P01"  # exclusion_violation
TRY_AGAIN = ("40P01", "40001")  # deadlock_detected, serialization_failure
ATTEMPTS = 4  # once, and three times more
MAX_NEEDS = 20
MAX_COUNT = 500
LONGEST = datetime.timedelta(days=366)
NEAREST = 3
NEAREST_STEP = datetime.timedelta(minutes=15)
NEAREST_WITHIN = datetime.timedelta(hours=48)
KEEP_RELEASED = datetime.timedelta(days=90)
SWEPT_AT_ONCE = 1000

Answer = TypeVar("Answer")


def claiming(attempt: Callable[[], Answer]) -> Answer:
    """Run ``attempt``, a whole transaction, again when the database gave it up as a victim.

    For an operation that claims among other things: wrap the whole of it. Inside somebody else's
    transaction it runs once, since only the whole can be tried again. Raises what ``attempt``
    raises, and JustTaken when it was a victim four times in a row.
    """
    if connection.in_atomic_block:
        return attempt()
    for _turn in range(ATTEMPTS):
        try:
            return attempt()
        except OperationalError as error:
            if _sqlstate(error) not in TRY_AGAIN:
                raise
    raise JustTaken(nearest=[])


def claim_spaces(
    *,
    venue_id: UUID,
    holder: str,
    needs: Sequence[Need],
    starts_at: datetime.datetime,
    ends_at: datetime.datetime,
    at: datetime.datetime,
    expires_at: datetime.datetime | None = None,
    buffer_before_min: int | None = None,
    buffer_after_min: int | None = None,
    label: str = "",
    shapes: dict[UUID, Shape] | None = None,
    nearest: bool = True,
) -> list[Claim]:
    """Take all ``needs`` from ``starts_at`` to ``ends_at`` for ``holder``, or nothing.

    With ``expires_at`` it is a hold, freed by the next claimer from then on. Buffers (minutes) are
    the resources' own unless given. ``label`` is what a day board says of it. ``shapes`` saves a
    caller who has just read those of its needs from reading them again; without ``nearest`` nobody
    looks for other free times. Returns the claims in the order of their atoms, two each. Raises
    JustTaken, NotFound (a resource of another venue or without atoms), Invalid.
    """
    _check(holder, needs, starts_at, ends_at, label)
    if shapes is None:
        shapes = shapes_of(venue_id=venue_id, resource_ids={need.resource_id for need in needs})
    if any(need.resource_id not in shapes for need in needs):
        raise NotFound
    before, after = _minutes(buffer_before_min), _minutes(buffer_after_min)
    atom_ids = atoms_in(shapes)
    span = (starts_at, ends_at)

    @transaction.atomic
    def attempt() -> list[Claim]:
        _queue_for(atom_ids)
        places = fit(
            shapes=shapes,
            needs=needs,
            starts_at=starts_at,
            ends_at=ends_at,
            taken=_taken_by_others(venue_id, atom_ids, span, holder, at),
            before=before,
            after=after,
        )
        if places is None:
            raise JustTaken(nearest=[])
        claims = [
            Claim(
                venue_id=venue_id,
                atom_id=place.atom_id,
                span=DateTimeTZRange(*lasting, bounds="[)"),
                kind=kind,
                holder=holder,
                label=label,
                expires_at=expires_at,
                created_at=at,
            )
            for place in places
            for kind, lasting in _rows(place)
        ]
        _insert(claims)
        return claims

    try:
        return claiming(attempt)
    except (JustTaken, IntegrityError) as error:
        if isinstance(error, IntegrityError) and _sqlstate(error) != EXCLUDED:
            raise
        # Nothing is locked any more by the time the others' free hours are looked through.
        found = _nearest(venue_id, shapes, needs, span, at) if nearest else []
        raise JustTaken(nearest=found) from error


def move_claims(
    *,
    venue_id: UUID,
    holder: str,
    needs: Sequence[Need],
    starts_at: datetime.datetime,
    ends_at: datetime.datetime,
    at: datetime.datetime,
    expires_at: datetime.datetime | None = None,
    label: str = "",
    shapes: dict[UUID, Shape] | None = None,
) -> list[Claim]:
    """Take ``needs`` at another time and give back what ``holder`` had; nothing is free in between.

    Its own time stands in nobody's way but others': a stay can be moved by an hour. Raises what
    claim_spaces raises, with nothing changed; JustTaken without looking for other free times.
    """

    @transaction.atomic
    def attempt() -> list[Claim]:
        former = list(Claim.objects.filter(holder=holder, live=True).values_list("pk", flat=True))
        made = claim_spaces(
            venue_id=venue_id,
            holder=holder,
            needs=needs,
            starts_at=starts_at,
            ends_at=ends_at,
            at=at,
            expires_at=expires_at,
            label=label,
            shapes=shapes,
            nearest=False,
        )
        Claim.objects.filter(pk__in=former, live=True).update(live=False, released_at=at)
        return made

    return claiming(attempt)


def confirm_claims(*, holder: str, at: datetime.datetime) -> bool:
    """Make a hold last. False when it was freed meanwhile: then claim again.

    A hold past its time counts as long as nobody freed it. Repeating it changes nothing.
    """
    return Claim.objects.filter(holder=holder, live=True).update(expires_at=None) > 0


def extend_claims(*, holder: str, expires_at: datetime.datetime, at: datetime.datetime) -> bool:
    """Hold until ``expires_at`` instead. False when there is no hold (any more)."""
    held = Claim.objects.filter(holder=holder, live=True, expires_at__isnull=False)
    return held.update(expires_at=expires_at) > 0


def release_claims(*, holder: str, at: datetime.datetime) -> int:
    """Give back whatever ``holder`` has; returns how many rows. Repeating it changes nothing."""
    return Claim.objects.filter(holder=holder, live=True).update(live=False, released_at=at)


@transaction.atomic
def free_expired(*, at: datetime.datetime) -> int:
    """Free holds past their time, at most a thousand rows; returns how many.

    Claimers free what is in their way by themselves; this keeps boards and indexes tidy.
    """
    expired = (
        Claim.objects.select_for_update(skip_locked=True)
        .filter(live=True, expires_at__lte=at)
        .order_by("pk")
    )
    found = [claim.pk for claim in expired.only("pk")[:SWEPT_AT_ONCE]]
    return Claim.objects.filter(pk__in=found).update(live=False, released_at=at)


def prune_claims(at: datetime.datetime) -> int:
    """Forget what was given back 90 days ago."""
    gone, _details = Claim.objects.filter(live=False, released_at__lt=at - KEEP_RELEASED).delete()
    return gone


@transaction.atomic
def revoke_feed(*, feed: Feed, at: datetime.datetime, by: str) -> bool:
    """End a calendar feed for good; leaves an event. False when it had ended before."""
    if Feed.objects.filter(pk=feed.pk, revoked_at=None).update(revoked_at=at) != 1:
        return False
    journal.record_where_kept(
        code=journal_codes.SETTING_CHANGED,
        venue_id=feed.venue_id,
        at=at,
        values={"what": "calendar feed revoked", "feed": str(feed.pk), "name": feed.name},
        operator=by,
    )
    return True


def _check(
    holder: str,
    needs: Sequence[Need],
    starts_at: datetime.datetime,
    ends_at: datetime.datetime,
    label: str,
) -> None:
    wrong: dict[str, str] = {}
    if not starts_at < ends_at <= starts_at + LONGEST:
        wrong["ends_at"] = f"after starts_at, at most {LONGEST.days} days"
    if not 0 < len(needs) <= MAX_NEEDS or len({need.resource_id for need in needs}) != len(needs):
        wrong["needs"] = f"1 to {MAX_NEEDS}, each resource once"
    if any(not 1 <= need.count <= MAX_COUNT for need in needs):
        wrong["count"] = f"1 to {MAX_COUNT}"
    if not 0 < len(holder) <= HOLDER_LENGTH:
        wrong["holder"] = f"1 to {HOLDER_LENGTH} characters"
    if len(label) > LABEL_LENGTH:
        wrong["label"] = f"at most {LABEL_LENGTH} characters"
    if wrong:
        raise Invalid(fields=wrong)


def _minutes(given: int | None) -> datetime.timedelta | None:
    return None if given is None else datetime.timedelta(minutes=given)


def _rows(place: Place) -> tuple[tuple[ClaimKind, Span], ...]:
    return (ClaimKind.CORE, place.core), (ClaimKind.BUFFERED, place.buffered)


# NO KEY: claims point at these rows, and inserting them must not wait.
_QUEUE = (
    "SELECT id FROM spaces_atom WHERE id = ANY(%(atoms)s::uuid[]) ORDER BY id FOR NO KEY UPDATE"
)
_INSERT = """
INSERT INTO spaces_claim
       (id, venue_id, atom_id, span, kind, live, holder, label, expires_at, created_at)
SELECT one.id, %(venue)s::uuid, one.atom_id, tstzrange(one.begins, one.ends), one.kind, true,
       %(holder)s::text, %(label)s::text, %(expires_at)s::timestamptz, %(at)s::timestamptz
  FROM unnest(%(ids)s::uuid[], %(atoms)s::uuid[], %(begins)s::timestamptz[],
              %(ends)s::timestamptz[], %(kinds)s::text[]) AS one (id, atom_id, begins, ends, kind)
"""


def _queue_for(atom_ids: set[UUID]) -> None:
    with prepared_cursor() as cursor:
        cursor.execute(_QUEUE, {"atoms": list(atom_ids)})


def _insert(claims: Sequence[Claim]) -> None:
    """All claims of one holder (one query)."""
    first = claims[0]
    with prepared_cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "venue": first.venue_id,
                "holder": first.holder,
                "label": first.label,
                "expires_at": first.expires_at,
                "at": first.created_at,
                "ids": [claim.pk for claim in claims],
                "atoms": [claim.atom_id for claim in claims],
                "begins": [claim.span.lower for claim in claims],
                "ends": [claim.span.upper for claim in claims],
                "kinds": [str(claim.kind) for claim in claims],
            },
        )
    for claim in claims:
        claim._state.adding = False


def _taken_by_others(
    venue_id: UUID, atom_ids: set[UUID], span: Span, holder: str, at: datetime.datetime
) -> Taken:
    """What stands in the way, once holds past their time are out of it (one query, mostly)."""

    def look() -> tuple[Taken, bool]:
        return taken_and_expired(
            venue_id=venue_id, atom_ids=atom_ids, span=span, at=at, holder=holder
        )

    taken, any_expired = look()
    if any_expired:
        _free_rivals(venue_id, atom_ids, span, holder, at)
        # Again: one of them may have been confirmed while we waited for its row.
        taken, _rest = look()
    return taken


def _free_rivals(
    venue_id: UUID, atom_ids: set[UUID], span: Span, holder: str, at: datetime.datetime
) -> None:
    """Free the holds past their time that are in the way: whole ones, or their owner would later
    confirm half of what they had.
    """
    in_the_way = (
        Claim.objects.filter(venue_id=venue_id, atom_id__in=atom_ids, live=True)
        .filter(span__overlap=widened(span), expires_at__lte=at)
        .exclude(holder=holder)
        .values("holder")
    )
    expired = (
        Claim.objects.select_for_update()
        .filter(holder__in=in_the_way, live=True, expires_at__lte=at)
        .order_by("pk")
    )
    # Locked and looked at again: one that was confirmed while we waited is left out.
    if found := list(expired.values_list("pk", flat=True)):
        Claim.objects.filter(pk__in=found).update(live=False, released_at=at)


def _nearest(
    venue_id: UUID,
    shapes: dict[UUID, Shape],
    needs: Sequence[Need],
    span: Span,
    at: datetime.datetime,
) -> list[dict[str, str]]:
    """Free times of the same length around ``span``, the closest first, none in the past."""
    starts_at, ends_at = span
    lasts = ends_at - starts_at
    taken: Taken = taken_between(
        venue_id=venue_id,
        atom_ids=atoms_in(shapes),
        span=(starts_at - NEAREST_WITHIN, ends_at + NEAREST_WITHIN),
        at=at,
    )
    found: list[Span] = []
    for steps in range(1, NEAREST_WITHIN // NEAREST_STEP + 1):
        for start in (starts_at + steps * NEAREST_STEP, starts_at - steps * NEAREST_STEP):
            end = start + lasts
            if start < at or any(start < other[1] and other[0] < end for other in found):
                continue
            if fit(shapes=shapes, needs=needs, starts_at=start, ends_at=end, taken=taken):
                found.append((start, end))
        if len(found) >= NEAREST:
            break
    return [{"starts_at": iso_utc(a), "ends_at": iso_utc(b)} for a, b in found[:NEAREST]]


def _sqlstate(error: DatabaseError) -> str:
    return getattr(error.__cause__, "sqlstate", None) or ""
