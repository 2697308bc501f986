"""Paying a due from afar: an address for one buyer and one due, and what its page shows.

The address is a signed token: it names the due, where to go back to, how deep the payment must lie
and until when it may begin. It opens nothing but the payment of that due.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from uuid import UUID, uuid5

from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from teraa.common.problems import NotFound, Problem
from teraa.settlement.models import Due
from teraa.settlement.operations.rates import current_quote, units_today
from teraa.settlement.operations.recompute import lock_dues
from teraa.settlement.operations.requests import request_osm
from teraa.settlement.osm import uri as payment_link
from teraa.settlement.osm.states import RequestState
from teraa.settlement.problems import DueClosed
from teraa.settlement.queries import OsmView, osm_status, tender_views
from teraa.settlement.states import DueState, TenderKind, TenderState

SALT = "teraa.settlement.pay"
LONGEST_REQUEST = datetime.timedelta(minutes=30)
"""The rate is frozen meanwhile. Who needs longer is given a new request, at the rate of then."""


class TooLateToPay(Problem):
    code = "too_late_to_pay"
    status = 410
    title = _("The time to pay this has run out.")
    advice = _("Go back and choose again: what you wanted may still be free.")


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the address says. ``until``: the last moment at which a payment may begin."""

    due_id: UUID
    back: str
    confirmations: int
    until: datetime.datetime


@dataclass(frozen=True, slots=True)
class Coins:
    """The OSM request on the page. ``units`` (10⁻⁸) are still to be sent; ``link`` asks for them."""

    view: OsmView
    units: int
    link: str
    seconds_left: int

    @property
    def is_under(self) -> bool:
        """Whether coins came, and not enough of them."""
        return "under" in self.view.flags

    @property
    def is_checked(self) -> bool:
        """Whether a fork took the payment out of its block and its return is awaited."""
        return "limbo" in self.view.flags


@dataclass(frozen=True, slots=True)
class Payment:
    """What the page shows. ``stage``: choose, send, seen, paid, partly, or over."""

    due: Due
    stage: str
    coins: Coins | None
    quoted_units: int | None
    osm_reason: str
    seconds_left: int

    @property
    def depth(self) -> list[bool]:
        """One entry a confirmation that is needed: whether it is there."""
        view = self.coins.view if self.coins else None
        return [step < view.confirmations for step in range(view.required)] if view else []

    @property
    def stamp(self) -> str:
        """Changes when the page has something new to show."""
        coins = self.coins.view if self.coins else None
        parts = (self.stage, self.due.version, coins and (coins.version, coins.confirmations))
        return "-".join(str(part) for part in parts)


def pay_path(*, due: Due, back: str, confirmations: int, until: datetime.datetime) -> str:
    """The address at which ``due`` is paid; afterwards its page leads to ``back`` (a path of ours).

    ``until`` is when the hold behind it ends: no payment begins after it.
    """
    token = signing.dumps(
        {"d": due.pk.hex, "b": back, "c": confirmations, "u": int(until.timestamp())}, salt=SALT
    )
    return reverse("pay", args=[token])


def read_invitation(token: str) -> Invitation:
    """What an address says. Raises NotFound for one that is not ours."""
    try:
        said = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise NotFound from error
    return Invitation(
        due_id=UUID(hex=said["d"]),
        back=said["b"],
        confirmations=said["c"],
        until=datetime.datetime.fromtimestamp(said["u"], tz=datetime.UTC),
    )


@transaction.atomic
def ask_for_osm(*, invitation: Invitation, at: datetime.datetime) -> None:
    """Have one open OSM request for what remains of the due: the present one, or a new one.

    Asked twice, or by two at once, there is one. Raises NotFound, DueClosed, TooLateToPay, and
    what current_quote and request_osm raise (OsmUnavailable, NoOsmAddress).
    """
    found = lock_dues([invitation.due_id])
    if not found:
        raise NotFound
    due = found[0]
    if due.state in (DueState.SETTLED, DueState.CANCELLED):
        raise DueClosed
    if due.remaining_cents == 0:
        return
    if at >= invitation.until:
        raise TooLateToPay
    attempts = due.tenders.filter(kind=TenderKind.OSM).count()
    request_osm(
        # Named by its number: the double of a click is the same request.
        key=uuid5(due.pk, f"web {attempts}"),
        due_id=due.pk,
        amount_cents=due.remaining_cents,
        quote_id=current_quote(venue_id=due.venue_id, at=at).pk,
        required_confirmations=invitation.confirmations,
        expires_at=min(invitation.until, at + LONGEST_REQUEST),
        at=at,
    )


def payment_of(*, invitation: Invitation, at: datetime.datetime) -> Payment:
    """What the page of ``invitation`` shows (at most six queries). Raises NotFound."""
    due = Due.objects.select_related("venue", "payee").filter(pk=invitation.due_id).first()
    if due is None:
        raise NotFound
    coins = _coins(due, at)
    seconds_left = max(0, int((invitation.until - at).total_seconds()))
    stage = _stage(due, coins, seconds_left)
    quoted, reason = None, ""
    if stage in ("choose", "partly"):
        status = osm_status(due.venue_id, at=at)
        reason = "" if status.available else str(status.reason)
        quoted = units_today(venue_id=due.venue_id, amount_cents=due.remaining_cents, at=at)
    return Payment(
        due=due,
        stage=stage,
        coins=coins if stage in ("send", "seen") else None,
        quoted_units=quoted,
        osm_reason=reason,
        seconds_left=seconds_left,
    )


def _stage(due: Due, coins: Coins | None, seconds_left: int) -> str:
    if due.state == DueState.SETTLED:
        return "paid"
    if due.state == DueState.CANCELLED:
        return "over"
    if coins is not None:
        is_waiting = coins.view.state == RequestState.OPEN and not coins.is_under
        return "send" if is_waiting else "seen"
    if seconds_left == 0:
        return "over"
    return "partly" if due.paid_cents else "choose"


def _coins(due: Due, at: datetime.datetime) -> Coins | None:
    """The request that money may still come to, newest first."""
    for tender in reversed(tender_views(due.pk)):
        if tender.osm is None or tender.state not in (TenderState.PENDING, TenderState.ACCEPTED):
            continue
        view = tender.osm
        asked = view.missing_units or view.units
        return Coins(
            view=view,
            units=asked,
            link=payment_link.build(address=view.address, units=asked, vendor_field=view.reference),
            seconds_left=max(0, int((view.expires_at - at).total_seconds())),
        )
    return None
