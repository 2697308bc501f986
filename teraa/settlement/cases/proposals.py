"""For whom coins without a right reference may have been meant: shown to a person, never credited.

First a request whose reference is one slip of the finger away and whose amount is the same; then
requests of just that amount. Only at the address where the coins came.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import Q

from teraa.settlement.osm.models import OsmRequest, Receipt
from teraa.settlement.osm.references import LENGTH, normalise
from teraa.settlement.osm.states import RequestState

LOOK_BACK = datetime.timedelta(days=3)
MOST = 5
UNPAID = (RequestState.OPEN, RequestState.EXPIRED, RequestState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A request, and why it is proposed."""

    request: OsmRequest
    has_nearly_its_reference: bool


def is_one_edit_away(a: str, b: str) -> bool:
    """Whether one character wrong, missing, too many, or two swapped neighbours tell them apart."""
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    if len(a) == len(b):
        wrong = [place for place in range(len(a)) if a[place] != b[place]]
        if len(wrong) == 1:
            return True
        return (
            len(wrong) == 2
            and wrong[1] == wrong[0] + 1
            and a[wrong[0]] == b[wrong[1]]
            and a[wrong[1]] == b[wrong[0]]
        )
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    return any(longer[:place] + longer[place + 1 :] == shorter for place in range(len(longer)))


def names_nearly(memo: str, reference_norm: str) -> bool:
    """Whether somewhere in ``memo`` stands a text one edit away from a (normalised) reference."""
    text = normalise(memo)
    return any(
        is_one_edit_away(text[start : start + size], reference_norm)
        for size in (LENGTH - 1, LENGTH, LENGTH + 1)
        for start in range(max(0, len(text) - size) + 1)
    )


def proposals_for(receipt: Receipt) -> list[Proposal]:
    """Requests that a receipt may have been meant for, the likeliest first (one query)."""
    came = receipt.transaction.first_seen_at
    same_amount = Q(units=receipt.amount_units)
    candidates = (
        OsmRequest.objects.filter(
            same_amount,
            network_id=receipt.transaction.network_id,
            address=receipt.watched.address,
            seen_units=0,
            state__in=UNPAID,
            created_at__lte=came,
            created_at__gte=came - LOOK_BACK,
        )
        .select_related("payee", "quote")
        .order_by("-created_at")[:200]
    )
    memo = receipt.transaction.memo_text
    found = [Proposal(one, names_nearly(memo, one.reference_norm)) for one in candidates]
    found.sort(key=lambda one: not one.has_nearly_its_reference)
    nearly = [one for one in found if one.has_nearly_its_reference]
    return nearly[:MOST] or found[:MOST]
