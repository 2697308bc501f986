"""Writing down who decided what, once; who must be the second; how a case ends."""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from teraa.common import journal
from teraa.common.canonical import canonical_text, sha256_hex
from teraa.common.journal_codes import PAYMENT_DECIDED, PAYMENT_FORCED
from teraa.common.problems import NotFound, SameKeyOtherBody
from teraa.settlement.cases.models import (
    REASON_LENGTH,
    SECOND_PERSON_CENTS,
    Case,
    Decision,
    Refund,
    Safeguard,
)
from teraa.settlement.cases.people import Person
from teraa.settlement.cases.problems import (
    CaseClosed,
    NotForThisCase,
    ReasonNeeded,
    SecondPersonNeeded,
)
from teraa.settlement.cases.states import (
    FORCING,
    RESOLUTION_OF,
    Action,
    CaseKind,
    CaseState,
    Resolution,
)
from teraa.settlement.osm.models import OsmRequest


def digest_of(action: str, **asked: Any) -> str:
    """What was asked, so that a key used for something else is found out."""
    said = {name: str(value) for name, value in asked.items() if value is not None}
    return sha256_hex(canonical_text({"action": str(action), **said}))


def hold_key(*, venue_id: UUID, key: UUID) -> None:
    """Let whoever sends the same at the same moment wait until the commit, and hear the same.

    Before any other lock. (Where a refund is locked first, that does it.)
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"cases {venue_id} {key}"]
        )


def decided_before(*, venue_id: UUID, key: UUID, digest: str) -> Decision | None:
    """The decision already made under ``key``. Raises SameKeyOtherBody when it was another."""
    first = Decision.objects.filter(venue_id=venue_id, key=key).first()
    if first is not None and first.digest != digest:
        raise SameKeyOtherBody
    return first


def write_down(
    *,
    action: Action,
    venue_id: UUID,
    person: Person,
    key: UUID,
    digest: str,
    at: datetime.datetime,
    reason: str = "",
    case: Case | None = None,
    request: OsmRequest | None = None,
    refund: Refund | None = None,
    units: int | None = None,
    carried_out: bool = True,
) -> Decision:
    """Insert the row, and its event in the venue's journal.

    Raises SecondPersonNeeded for a second word of the same person, SameKeyOtherBody.
    """
    try:
        with transaction.atomic():
            decision = Decision.objects.create(
                venue_id=venue_id,
                case=case,
                request=request,
                refund=refund,
                key=key,
                digest=digest,
                action=action,
                person=person.key,
                by=person.name,
                reason=reason[:REASON_LENGTH],
                units=units,
                carried_out=carried_out,
                at=at,
            )
    except IntegrityError as error:
        if "cases_decision_one_voice" in str(error):
            raise SecondPersonNeeded from error
        if "cases_decision_key_once" in str(error):
            raise SameKeyOtherBody from error
        raise
    journal.record_where_kept(
        code=PAYMENT_FORCED if action in FORCING and carried_out else PAYMENT_DECIDED,
        venue_id=venue_id,
        at=at,
        values={
            "action": str(action),
            "reason": decision.reason,
            "carried_out": carried_out,
            "case": str(case.pk) if case else None,
            "kind": str(case.kind) if case else None,
            "request": str(request.pk) if request else None,
            "refund": refund.reference if refund else None,
            "units": units,
        },
        operator=person.name,
    )
    return decision


def second_person_cents(payee_id: UUID) -> int:
    """Above how many cents two people decide about this payee's money (one query)."""
    own = Safeguard.objects.filter(payee_id=payee_id).values_list("second_person_cents", flat=True)
    found = own.first()
    return SECOND_PERSON_CENTS if found is None else found


def find_case(*, case_id: UUID, venue_id: UUID) -> Case:
    """A case of that venue, not locked. Raises NotFound."""
    case = Case.objects.filter(pk=case_id, venue_id=venue_id).first()
    if case is None:
        raise NotFound
    return case


def open_case(*, case_id: UUID, venue_id: UUID, kinds: tuple[CaseKind, ...] | None = None) -> Case:
    """The case, locked and open. Locks of dues and requests come before.

    Raises NotFound, CaseClosed, NotForThisCase.
    """
    case = Case.objects.select_for_update(no_key=True).filter(pk=case_id, venue_id=venue_id).first()
    if case is None:
        raise NotFound
    if kinds is not None and case.kind not in kinds:
        raise NotForThisCase(kind=case.kind)
    if case.state != CaseState.OPEN:
        raise CaseClosed(resolution=case.resolution)
    return case


def with_reason(reason: str) -> str:
    """The reason, trimmed. Raises ReasonNeeded."""
    given = reason.strip()
    if not given:
        raise ReasonNeeded
    return given[:REASON_LENGTH]


def conclude(
    case: Case | None, *, resolution: Resolution, person: Person, at: datetime.datetime
) -> None:
    """Say by whom and how a case ended that was judged to hold no more in this transaction."""
    if case is None:
        return
    ended = Case.objects.filter(
        pk=case.pk, state=CaseState.CLOSED, resolution=Resolution.BY_ITSELF, closed_at=at
    )
    ended.update(resolution=resolution, closed_by=person.name)
    case.refresh_from_db()


def resolution_of(action: str) -> Resolution:
    """How a case is said to have ended after ``action``."""
    return RESOLUTION_OF[action]
