"""News of dues for the outside: what webhooks say of a due, public facts only.

Nobody's name is in it (``Due.person`` stays here), no key, no address of a chain: what is owed for
what, how much of it is there, by which kinds of payment.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from teraa.common.clock import iso_utc
from teraa.settlement.models import Due, Tender
from teraa.settlement.states import DueState, EffectKind
from teraa.webhooks import kinds
from teraa.webhooks.announcing import News, announce_all

CANCELLED = DueState.CANCELLED.value
"""The trade that gives a due up needs no effect; outsiders are told all the same."""

KINDS: dict[str, Any] = {
    EffectKind.SETTLED.value: _("All of it is paid; final"),
    EffectKind.ACCEPTED.value: _("All of it is on its way and believed"),
    EffectKind.EXPIRED.value: _("Nobody paid in time; it may still be paid late"),
    CANCELLED: _("It was given up before any money came; final"),
    EffectKind.ATTENTION.value: _("Something does not add up: a person has to look"),
    EffectKind.REFUNDED.value: _("Money of it went back to whoever paid"),
    EffectKind.CHANGED.value: _("A payment began, ended or moved on"),
}


def register_kinds() -> None:
    """Name this room's kinds of events (in AppConfig.ready)."""
    for kind, description in KINDS.items():
        kinds.register(kind=f"due.{kind}", description=description)


@dataclass(frozen=True, slots=True)
class TenderSaid:
    """What is said of one payment."""

    kind: str
    amount_cents: int
    state: str


def is_heard(due: Due) -> bool:
    """Whether somebody outside listens; a row loaded without the question counts as heard."""
    return bool(getattr(due, "heard_outside", True))


def tell_outside(
    news: Iterable[tuple[Due, str, Sequence[TenderSaid]]], *, at: datetime.datetime
) -> None:
    """Announce (due, kind, its tenders) to the webhooks of their venues, in the same transaction.

    One statement for all of them, none when nobody listens (``recompute.lock_dues`` asks).
    """
    heard = [
        News(due.venue_id, f"due.{kind}", f"due:{due.pk}", due.version, due_facts(due, tenders))
        for due, kind, tenders in news
        if is_heard(due)
    ]
    announce_all(heard, at=at)


def tell_of(dues: Iterable[Due], *, kind: str, at: datetime.datetime) -> None:
    """The same for dues whose tenders are not at hand: they are read when somebody listens."""
    heard = [due for due in dues if is_heard(due)]
    if not heard:
        return
    said: dict[UUID, list[TenderSaid]] = defaultdict(list)
    for one in Tender.objects.filter(due__in=heard).order_by("created_at", "pk"):
        said[one.due_id].append(TenderSaid(one.kind, one.amount_cents, one.state))
    tell_outside([(due, kind, said[due.pk]) for due in heard], at=at)


def due_facts(due: Due, tenders: Sequence[TenderSaid]) -> dict[str, Any]:
    """The data of every ``due.…`` event, as ``teraa/webhooks/contracts`` promises it."""
    return {
        "due": {
            "id": str(due.pk),
            "code": due.code,
            "subject": due.subject,
            "label": due.label,
            "payee": str(due.payee_id),
            "state": str(due.state),
            "amount_cents": due.amount_cents,
            "paid_cents": due.paid_cents,
            "pending_cents": due.pending_cents,
            "remaining_cents": due.remaining_cents,
            "opened_at": iso_utc(due.opened_at),
            "settled_at": iso_utc(due.settled_at) if due.settled_at else None,
            "tenders": [
                {"kind": str(one.kind), "amount_cents": one.amount_cents, "state": str(one.state)}
                for one in tenders
            ],
            "version": due.version,
        }
    }
