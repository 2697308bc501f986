"""When nodes disagree about what happened: the case of it, opened and closed once a change."""

from __future__ import annotations

import datetime
import logging

from django.db import transaction

from teraa.settlement.cases.judging import judge_network
from teraa.settlement.cases.models import Case
from teraa.settlement.cases.states import CaseKind, CaseState
from teraa.settlement.osm.ingest.leadership import Leadership, locked_cursor
from teraa.settlement.osm.ingest.peers import SPLIT_FOR
from teraa.settlement.osm.models import BlockCursor
from teraa.settlement.osm.states import CursorReason

log = logging.getLogger(__name__)

HEARD_AFTER = SPLIT_FOR + datetime.timedelta(seconds=10)
"""After a start, so long until a disagreement that still lasts would have shown itself again."""


class Dispute:
    """What one leadership knows of it. A former one may have left it standing."""

    def __init__(self, by: Leadership, *, at: datetime.datetime) -> None:
        self.standing = was_standing(by)
        self._by = by
        self._heard_at = at + HEARD_AFTER

    def note(self, disagreeing: bool, *, at: datetime.datetime) -> None:
        """Told at every look; something is only written when it changes. Raises LeadershipLost."""
        if disagreeing == self.standing:
            return
        if not disagreeing and at < self._heard_at:
            return
        note_dispute(self._by, disagreeing=disagreeing, at=at)
        self.standing = disagreeing
        if disagreeing:
            log.error("nodes disagree about the chain: nothing is settled until they agree")
        else:
            log.warning("nodes agree about the chain again")


@transaction.atomic
def note_dispute(by: Leadership, *, disagreeing: bool, at: datetime.datetime) -> None:
    """Open the case for every payee with a payment at stake, or close it. Raises LeadershipLost."""
    locked_cursor(by)
    judge_network(network=by.network, in_conflict=disagreeing, at=at)


def was_standing(by: Leadership) -> bool:
    """Whether the nodes disagreed when a former leader last said something about it."""
    cursors = BlockCursor.objects.filter(network=by.network, reason=CursorReason.NODE_CONFLICT)
    cases = Case.objects.filter(
        kind=CaseKind.NODE_CONFLICT, target=f"network:{by.network.pk}", state=CaseState.OPEN
    )
    return cursors.exists() or cases.exists()
