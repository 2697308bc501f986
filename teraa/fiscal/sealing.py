"""The only way into a chain: lock its head, sign, write everything with one statement.

Two queries a ticket, whatever its lines. The rows beside a payload are read out of the signed
text by the database itself, so that they cannot say anything else.

Every seal of a register locks its TICKET head first, then that of its own kind: two seals never
wait for each other in a circle. A transaction that seals on several registers takes them in the
order of their ids.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

import teraa
from teraa.common import journal_codes
from teraa.common.canonical import NotCanonical, canonical_text, sha256_hex
from teraa.common.clock import business_date, iso_utc, utc_offset_minutes
from teraa.common.ids import uuid7
from teraa.common.prepared import prepared_cursor
from teraa.common.problems import Problem
from teraa.fiscal import keys, payloads
from teraa.fiscal.drafts import TicketDraft, check_ticket
from teraa.fiscal.statements import LOCK_HEADS, OPEN_PERIOD, WRITE_EVENT, WRITE_TICKET
from teraa.fiscal.states import ChainKind

CLOCK_TOLERANCE: Final = datetime.timedelta(seconds=5)


class UnknownRegister(Problem):
    code = "unknown_register"
    status = 404
    title = _("There is no such register.")
    advice = _("Open a register for this till and payee in the back office.")


class PayeeUnidentified(Problem):
    """A ticket must say who sells; the payee has no legal identity on file."""

    code = "payee_unidentified"
    status = 409
    title = _("“{payee}” has no legal identity: a ticket must say who sells.")
    advice = _("Enter its legal name and address in the back office, under Payees.")


@dataclass(frozen=True, slots=True)
class SealedDocument:
    """A document as it stands in its chain. ``values`` is what was signed; ``payload`` its text."""

    id: UUID
    register_id: UUID
    kind: str
    sequence: int
    number: str
    period_id: UUID
    business_date: datetime.date
    issued_at: datetime.datetime
    total_cents: int | None
    hash: str
    signature: str
    payload: str
    values: Mapping[str, Any]


class PeriodOf(NamedTuple):
    """A period that ends or has ended: its last event and its closing are born in it."""

    id: UUID
    number: int
    business_date: datetime.date


class _Place(NamedTuple):
    """One row of LOCK_HEADS: the locked heads and every value that a payload needs."""

    sequence: int
    last_hash: str
    last_issued_at: datetime.datetime | None
    perpetual_real_cents: int
    perpetual_absolute_cents: int
    period_id: UUID | None
    period_number: int
    business_date: datetime.date | None
    register_name: str
    lane: str
    training: bool
    key_id: str
    venue_id: UUID
    venue_name: str
    zone: str
    day_cutoff: datetime.time
    payee_name: str
    legal_name: str | None
    legal_form: str
    siret: str
    vat_id: str
    address: str


def seal_ticket(
    *,
    register_id: UUID,
    ticket: TicketDraft,
    at: datetime.datetime,
    document_id: UUID | None = None,
) -> SealedDocument:
    """Seal ``ticket`` in the register's chain, in its current period (opened if needed).

    Joins the caller's transaction and holds the register until it ends; a rollback leaves no gap
    (F4). ``document_id`` when the caller already gave the document a name. Raises DraftRefused,
    UnknownRegister, PayeeUnidentified, KeysUnavailable.
    """
    totals = check_ticket(ticket)
    at = _whole_milliseconds(at)
    place = _take_place(register_id, ChainKind.TICKET, at)
    real = place.perpetual_real_cents + totals.total_cents
    absolute = place.perpetual_absolute_cents + abs(totals.total_cents)
    document_id = document_id or uuid7()
    values = payloads.ticket_values(
        _chain(register_id, ChainKind.TICKET, place),
        document_id=document_id,
        ticket=ticket,
        totals=totals,
        perpetual_real_cents=real,
        perpetual_absolute_cents=absolute,
        at=at,
        utc_offset_minutes=utc_offset_minutes(at, place.zone),
    )
    return _write(WRITE_TICKET, register_id, place, document_id, values, at)


def seal_event(
    *,
    register_id: UUID,
    code: int,
    values: Mapping[str, Any],
    at: datetime.datetime,
    operator_label: str = "",
    station_label: str = "",
    subject: str = "",
    period: PeriodOf | None = None,
) -> SealedDocument:
    """Seal one event of the journal (``teraa.common.journal_codes``) in the register's EVENT chain.

    It is born in the running period (opened if needed); the last event of a period, which says that
    it ends, in that ``period``. Joins the caller's transaction. Raises NotCanonical for values that
    cannot be signed (floats, integers beyond 2⁵³), UnknownRegister, PayeeUnidentified,
    KeysUnavailable.
    """
    return _state(
        register_id,
        ChainKind.EVENT,
        values,
        at,
        operator_label=operator_label,
        station_label=station_label,
        subject=subject,
        period=period,
        code=code,
    )


def seal_statement(
    *,
    register_id: UUID,
    kind: str,
    values: Mapping[str, Any],
    at: datetime.datetime,
    operator_label: str = "",
    station_label: str = "",
    subject: str = "",
    period: PeriodOf | None = None,
) -> SealedDocument:
    """Seal what is neither ticket nor event: a duplicate, a closing, an archive (``kind``).

    It is born in the running period (opened if needed); a closing in ``period``, which it closes
    and which has ended. Joins the caller's transaction. Raises as ``seal_event`` does.
    """
    return _state(
        register_id,
        kind,
        values,
        at,
        operator_label=operator_label,
        station_label=station_label,
        subject=subject,
        period=period,
    )


def _state(
    register_id: UUID,
    kind: str,
    values: Mapping[str, Any],
    at: datetime.datetime,
    *,
    operator_label: str,
    station_label: str,
    subject: str,
    period: PeriodOf | None,
    code: int | None = None,
) -> SealedDocument:
    at = _whole_milliseconds(at)
    watch_clock = code != journal_codes.CLOCK_JUMPED
    place = _take_place(register_id, kind, at, watch_clock=watch_clock, period=period)
    document_id = uuid7()
    signed = payloads.statement_values(
        _chain(register_id, kind, place),
        document_id=document_id,
        values=values,
        at=at,
        utc_offset_minutes=utc_offset_minutes(at, place.zone),
        station=station_label[:60],
        operator=operator_label[:120],
        subject=subject[:80],
        code=code,
    )
    return _write(WRITE_EVENT, register_id, place, document_id, signed, at)


def _whole_milliseconds(at: datetime.datetime) -> datetime.datetime:
    """What the payload can say and the column holds: the same instant."""
    if at.tzinfo is None:
        raise ValueError("at must be an aware datetime")
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _take_place(
    register_id: UUID,
    kind: str,
    at: datetime.datetime,
    *,
    watch_clock: bool = True,
    period: PeriodOf | None = None,
) -> _Place:
    """Lock the chain, open the business day if it has changed, and note a clock gone back."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a document is sealed inside a transaction")
    place = _lock(register_id, kind, at)
    if period is None:
        place = _in_running_period(register_id, place, at)
    last = place.last_issued_at
    if watch_clock and last is not None and last - at > CLOCK_TOLERANCE:
        # Never refuse the sale: numbers go on, and the journal says what the clock did (F12).
        seal_event(
            register_id=register_id,
            code=journal_codes.CLOCK_JUMPED,
            values={
                "chain": str(kind),
                "last_sequence": place.sequence,
                "last_issued_at": iso_utc(last),
                "now": iso_utc(at),
            },
            at=at,
        )
        place = _lock(register_id, kind, at)
    if period is not None:
        place = place._replace(
            period_id=period.id, period_number=period.number, business_date=period.business_date
        )
    return place


def _in_running_period(register_id: UUID, place: _Place, at: datetime.datetime) -> _Place:
    today = business_date(at, place.zone, place.day_cutoff)
    # A clock that went back to yesterday does not reopen yesterday.
    if place.period_id is None or place.business_date is None or today > place.business_date:
        return _open_period(register_id, place, today, at)
    return place


def _lock(register_id: UUID, kind: str, at: datetime.datetime) -> _Place:
    with prepared_cursor() as cursor:
        cursor.execute(LOCK_HEADS, {"register": register_id, "kind": str(kind), "at": at})
        row = cursor.fetchone()
    if row is None:
        raise UnknownRegister(register=register_id)
    place = _Place(*row)
    if place.legal_name is None:
        raise PayeeUnidentified(payee=place.payee_name)
    return place


def _open_period(
    register_id: UUID, place: _Place, today: datetime.date, at: datetime.datetime
) -> _Place:
    period_id, number = uuid7(), place.period_number + 1
    with connection.cursor() as cursor:
        cursor.execute(
            OPEN_PERIOD,
            {
                "period": period_id,
                "venue": place.venue_id,
                "register": register_id,
                "number": number,
                "today": today,
                "at": at,
            },
        )
        (day,) = cursor.fetchone() or (today,)
    return place._replace(period_id=period_id, period_number=number, business_date=day)


def _chain(register_id: UUID, kind: str, place: _Place) -> payloads.Chain:
    assert place.period_id is not None  # noqa: S101  _take_place has opened one
    assert place.business_date is not None  # noqa: S101
    return payloads.Chain(
        register_id=register_id,
        register_name=place.register_name,
        lane=place.lane,
        training=place.training,
        key_id=place.key_id,
        venue_id=place.venue_id,
        venue_name=place.venue_name,
        zone=place.zone,
        identity=payloads.Identity(
            name=place.payee_name,
            legal_name=place.legal_name or "",
            legal_form=place.legal_form,
            siret=place.siret,
            vat_id=place.vat_id,
            address=place.address,
        ),
        period_id=place.period_id,
        period_number=place.period_number,
        business_date=place.business_date,
        kind=str(kind),
        sequence=place.sequence + 1,
        previous_hash=place.last_hash,
        software_version=teraa.__version__,
    )


def _write(
    statement: str,
    register_id: UUID,
    place: _Place,
    document_id: UUID,
    values: dict[str, Any],
    at: datetime.datetime,
) -> SealedDocument:
    text = canonical_text(values)
    if "\\u0000" in text.replace("\\\\", ""):
        raise NotCanonical("a text holds NUL, which the database cannot keep")
    hash = sha256_hex(text)
    key = keys.signing_key(register_id, place.key_id)
    signature = key.sign(text.encode()).hex()
    with prepared_cursor() as cursor:
        cursor.execute(statement, {"payload": text, "hash": hash, "signature": signature})
        if cursor.rowcount != 1:
            raise RuntimeError("the chain's head moved although it was locked")
    kind, sequence = values["kind"], values["sequence"]

    def raise_mark() -> None:
        keys.raise_mark(register_id=register_id, kind=kind, sequence=sequence, hash=hash)

    # robust: the sale is committed by then; a full disk must not turn it into an error.
    transaction.on_commit(raise_mark, robust=True)
    return SealedDocument(
        id=document_id,
        register_id=register_id,
        kind=kind,
        sequence=sequence,
        number=payloads.number_label(place.register_name, sequence),
        period_id=UUID(values["period"]["id"]),
        business_date=datetime.date.fromisoformat(values["period"]["business_date"]),
        issued_at=at,
        total_cents=values.get("total_cents"),
        hash=hash,
        signature=signature,
        payload=text,
        values=values,
    )
