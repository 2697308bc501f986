"""A gate looks at a code: one transaction, at most four statements, an answer for ever.

The statements are prepared, as at the till: planning them would cost more than running them.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from teraa.common.canonical import canonical_text, sha256_hex
from teraa.common.clock import iso_utc
from teraa.common.ids import is_uuid7, normalise_code
from teraa.common.prepared import prepared_cursor
from teraa.common.problems import Invalid, NotFound, SameKeyOtherBody
from teraa.common.rows import insert_once
from teraa.venues.authentication import StationSession
from teraa.venues.models import StationKind
from ticketing import codes, keys
from ticketing.deciding import OK, TicketFacts, decide
from ticketing.models import Scan
from ticketing.problems import NotAGate
from ticketing.states import OrderState

SHORT_LENGTH = 10
ORDER_LENGTH = 8
KEPT_CODE = 400


@dataclass(frozen=True)
class ScanWanted:
    """What a gate sends. ``event``: the session it controls; ``code``: what was read or typed."""

    key: UUID
    event: UUID
    code: str

    def digest(self) -> str:
        """What makes two requests the same request (law 4)."""
        return sha256_hex(canonical_text({"event": str(self.event), "code": self.code}))


@dataclass(frozen=True)
class _Read:
    """What the letters say before the books are asked."""

    event: int | None = None
    ticket: int | None = None
    issue: int | None = None
    short_code: str | None = None
    order_code: str | None = None
    forged: bool = False
    signed_elsewhere: bool = False


class _Facts(NamedTuple):
    """One row of _LOOK."""

    scan_id: UUID | None
    event_id: UUID | None
    entry_at: datetime.datetime | None
    ticket_id: UUID | None
    ticket_event_id: UUID | None
    ticket_state: str | None
    ticket_issue: int | None
    ticket_number: int | None
    category: str | None
    price_cents: int | None
    admitted_at: datetime.datetime | None
    gate: str | None
    holder: str | None
    ticket_event: str | None
    order_state: str | None


# The ticket is found by what its code says, by its short code, or not at all; an order's code
# finds whether it is paid.
_LOOK = """
SELECT p.id, e.id, e.starts_at - make_interval(mins => e.entry_minutes),
       t.id, t.event_id, t.state, t.issue, t.number, t.category, t.price_cents,
       t.admitted_at, g.name, o.name, f.title, w.state
  FROM (SELECT %(venue)s::uuid AS venue_id) here
  LEFT JOIN ticketing_scan p ON p.venue_id = here.venue_id AND p.key = %(key)s::uuid
  LEFT JOIN ticketing_event e ON e.venue_id = here.venue_id AND e.id = %(event)s::uuid
  LEFT JOIN ticketing_event n ON n.venue_id = here.venue_id AND n.number = %(number)s::bigint
  LEFT JOIN ticketing_ticket t ON t.venue_id = here.venue_id AND t.id = coalesce(
       (SELECT id FROM ticketing_ticket
         WHERE event_id = n.id AND number = %(ticket)s::bigint),
       (SELECT id FROM ticketing_ticket
         WHERE venue_id = here.venue_id AND short_code = %(short_code)s::text))
  LEFT JOIN ticketing_event f ON f.id = t.event_id
  LEFT JOIN ticketing_order o ON o.id = t.order_id
  LEFT JOIN venues_station g ON g.id = t.gate_id
  LEFT JOIN ticketing_order w ON w.venue_id = here.venue_id AND w.code = %(order_code)s::text
"""
_ADMIT = (
    "UPDATE ticketing_ticket SET state = 'admitted', admitted_at = %(at)s::timestamptz,"
    " gate_id = %(gate)s::uuid WHERE id = %(ticket)s::uuid AND state = 'valid'"
)


def admit(*, session: StationSession, wanted: ScanWanted, at: datetime.datetime) -> Scan:
    """Answer a gate, and admit when the answer is ok. The same key again gets the first answer.

    Raises NotAGate, NotFound (no such event here), SameKeyOtherBody, Invalid.
    """
    if session.station.kind != StationKind.GATE or session.staff is None:
        raise NotAGate
    if not is_uuid7(wanted.key):
        raise Invalid(fields={"key": "UUIDv7"})
    read = _read(wanted.code, session.venue.pk)
    with transaction.atomic():
        facts = _look(session, wanted, read)
        reason = _decide(facts, read, at)
        if reason == OK and not _take(facts, session, at):
            # Another gate was quicker; it has committed, or we would still be waiting.
            facts = _look(session, wanted, read)
            reason = _decide(facts, read, at)
        if facts.scan_id is None:
            scan = _scan(session, wanted, facts, reason, at)
            if insert_once(scan):
                return scan
            # Refused twice at once with one key: the first answer is there now.
            transaction.set_rollback(True)
    return _the_first(session, wanted)


def _read(text: str, venue_id: UUID) -> _Read:
    """What a scanner read or a person typed: a signed code, a short code, an order's code, or none."""
    try:
        code = codes.decode(text)
    except codes.Misread:
        return _Read()
    except codes.NotACode:
        typed = normalise_code(text)
        if len(typed) == SHORT_LENGTH:
            return _Read(short_code=typed)
        return _Read(order_code=typed) if len(typed) == ORDER_LENGTH else _Read()
    known = keys.public_key(code.payload.key_id)
    if known is None or not code.is_signed_by(known[1]):
        return _Read(forged=True)
    if known[0] != venue_id:
        return _Read(signed_elsewhere=True)
    payload = code.payload
    return _Read(event=payload.event, ticket=payload.ticket, issue=payload.issue)


def _look(session: StationSession, wanted: ScanWanted, read: _Read) -> _Facts:
    with prepared_cursor() as cursor:
        cursor.execute(
            _LOOK,
            {
                "venue": session.venue.pk,
                "key": wanted.key,
                "event": wanted.event,
                "number": read.event,
                "ticket": read.ticket,
                "short_code": read.short_code,
                "order_code": read.order_code,
            },
        )
        facts = _Facts(*cursor.fetchone())
    if facts.event_id is None:
        raise NotFound
    return facts


def _decide(facts: _Facts, read: _Read, at: datetime.datetime) -> str:
    assert facts.event_id is not None  # noqa: S101  _look raised otherwise
    assert facts.entry_at is not None  # noqa: S101
    ticket = None
    if facts.ticket_id is not None and facts.ticket_event_id is not None:
        ticket = TicketFacts(
            event_id=facts.ticket_event_id,
            state=facts.ticket_state or "",
            issue=facts.ticket_issue or 0,
        )
    if facts.scan_id is not None:
        return ""  # looked at before: that answer stands
    return decide(
        event_id=facts.event_id,
        entry_at=facts.entry_at,
        at=at,
        ticket=ticket,
        issue=read.issue,
        signed_elsewhere=read.signed_elsewhere,
        forged=read.forged,
        order_unpaid=facts.order_state not in (None, OrderState.CONFIRMED),
    )


def _take(facts: _Facts, session: StationSession, at: datetime.datetime) -> bool:
    with prepared_cursor() as cursor:
        cursor.execute(_ADMIT, {"at": at, "gate": session.station.pk, "ticket": facts.ticket_id})
        taken: bool = cursor.rowcount == 1
    return taken


def _scan(
    session: StationSession,
    wanted: ScanWanted,
    facts: _Facts,
    reason: str,
    at: datetime.datetime,
) -> Scan:
    return Scan(
        venue_id=session.venue.pk,
        key=wanted.key,
        request_sha256=wanted.digest(),
        event_id=wanted.event,
        station=session.station,
        staff=session.staff,
        code=wanted.code[:KEPT_CODE],
        ticket_id=facts.ticket_id,
        reason=reason,
        shown=_shown(facts),
        at=at,
    )


def _shown(facts: _Facts) -> dict[str, Any]:
    """What the gate's screen says beside the word; kept, so that the answer can be given again."""
    if facts.ticket_id is None:
        return {}
    shown = {
        "number": facts.ticket_number,
        "category": facts.category,
        "price_cents": facts.price_cents,
        "holder": facts.holder,
        "event": facts.ticket_event,
    }
    if facts.admitted_at is not None:
        shown |= {"admitted_at": iso_utc(facts.admitted_at), "gate": facts.gate}
    return shown


def _the_first(session: StationSession, wanted: ScanWanted) -> Scan:
    first = Scan.objects.get(venue_id=session.venue.pk, key=wanted.key)
    if first.request_sha256 != wanted.digest() or first.station_id != session.station.pk:
        raise SameKeyOtherBody
    return first
