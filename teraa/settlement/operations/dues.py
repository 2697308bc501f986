"""Open a due; give one up."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from teraa.common.ids import check_character, crockford
from teraa.common.money import MAX_CENTS
from teraa.common.problems import Invalid, NotFound
from teraa.live import outbox
from teraa.settlement import hooks
from teraa.settlement.models import LABEL_LENGTH, Due, Effect
from teraa.settlement.operations.progress import bring_up_to_date
from teraa.settlement.operations.recompute import announcement, lock_dues
from teraa.settlement.operations.requests import refuse_if_seen, withdraw
from teraa.settlement.osm.models import OsmRequest
from teraa.settlement.problems import MoneyReceived
from teraa.settlement.states import DueState, EffectKind, TenderState
from teraa.webhooks.announcing import listened_to

CODE_BITS = 35


@transaction.atomic
def open_due(
    *,
    venue_id: UUID,
    payee_id: UUID,
    subject: str,
    amount_cents: int,
    at: datetime.datetime,
    label: str = "",
    person: str = "",
) -> Due:
    """Open a due of ``amount_cents`` (≥ 0) to a payee of that venue for ``subject``.

    ``label`` says what for and ``person`` who owes, so that a till finds it; both are cut to 120
    characters. It gets a code of its own (two alike in one venue are one in 10¹⁰: an error, not a
    mix-up). One query; nothing is announced before there is news. A due of nothing is settled at once,
    and its trade is told so by the usual effect. Raises Invalid.
    """
    if not 0 <= amount_cents <= MAX_CENTS:
        raise Invalid(fields={"amount_cents": f"0 to {MAX_CENTS}"})
    nothing = amount_cents == 0
    due = Due.objects.create(
        venue_id=venue_id,
        payee_id=payee_id,
        subject=subject,
        code=new_code(),
        label=label[:LABEL_LENGTH],
        person=person[:LABEL_LENGTH],
        amount_cents=amount_cents,
        state=DueState.SETTLED if nothing else DueState.OPEN,
        opened_at=at,
        changed_at=at,
        settled_at=at if nothing else None,
    )
    if nothing:
        Effect.objects.create(
            venue_id=venue_id,
            due=due,
            kind=EffectKind.SETTLED,
            version=due.version,
            created_at=at,
        )
        outbox.put_many([announcement(due, at)])
        hooks.tell_outside([(due, EffectKind.SETTLED, [])], at=at)
    return due


def new_code() -> str:
    """Seven random characters of Crockford's base 32 and one that finds a slip of the finger."""
    body = crockford(CODE_BITS)
    return f"{body}{check_character(body)}"


def relabel_due(*, due_id: UUID, label: str) -> None:
    """Say otherwise what an open due is for; cut to 120 characters. What is settled keeps its words."""
    Due.objects.filter(pk=due_id, state=DueState.OPEN).update(label=label[:LABEL_LENGTH])


@transaction.atomic
def cancel_due(*, due_id: UUID, by: str, at: datetime.datetime) -> Due:
    """Give a due up before any money came; its open OSM requests are withdrawn with it.

    What is sent to one of them later still shows (as a late payment). Giving up twice changes
    nothing. Raises NotFound, MoneyReceived, PaymentSeen.
    """
    found = lock_dues([due_id])
    if not found:
        raise NotFound
    due = found[0]
    if due.state == DueState.CANCELLED:
        return due
    undecided = due.tenders.filter(state__in=(TenderState.ACCEPTED, TenderState.UNKNOWN))
    if due.state == DueState.SETTLED or due.paid_cents or undecided.exists():
        raise MoneyReceived(paid_cents=due.paid_cents)
    requests = OsmRequest.objects.filter(tenders__due=due)
    refuse_if_seen(requests)
    withdrawn = withdraw(requests, by=by, at=at)
    bring_up_to_date(request_ids=withdrawn, at=at, tell_trade=False)
    due.refresh_from_db()
    due.move(DueState.CANCELLED, version=due.version + 1, changed_at=at)
    outbox.put_many([announcement(due, at)])
    hooks.tell_of([due], kind=hooks.CANCELLED, at=at)
    return due


def tell_refunded(due_ids: Sequence[UUID], *, at: datetime.datetime) -> None:
    """Tell the trades that money of their dues went back. The caller holds the dues' locks."""
    rows = Due.objects.annotate(heard_outside=listened_to())
    dues = list(rows.filter(pk__in=set(due_ids)).order_by("pk"))
    for due in dues:
        due.version += 1
        due.changed_at = at
        due.save(update_fields=["version", "changed_at"])
    Effect.objects.bulk_create(
        Effect(
            venue_id=due.venue_id,
            due=due,
            kind=EffectKind.REFUNDED,
            version=due.version,
            created_at=at,
        )
        for due in dues
    )
    outbox.put_many([announcement(due, at) for due in dues])
    hooks.tell_of(dues, kind=EffectKind.REFUNDED, at=at)
