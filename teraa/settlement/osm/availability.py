"""Whether OSM can be taken now, and if not, why: the sentence a till shows."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Sentence
from teraa.settlement.osm.models import BlockCursor
from teraa.settlement.osm.states import CursorReason, CursorState

FRESH_FOR = datetime.timedelta(seconds=15)
"""The ingest confirms the cursor every two seconds; silence longer than this means it is down."""


class Reason(models.TextChoices):
    """Why OSM cannot be taken, beyond what the cursor itself says."""

    NO_NETWORK = "no_network", _("No OSM node has answered yet.")
    NOT_RUNNING = "not_running", _("The part that follows the chain is not running.")
    NO_RATE = "no_rate", _("No OSM rate was decided for this venue.")
    RATE_STALE = "rate_stale", _("The OSM rate feed has given no rate that can still be believed.")


@dataclass(frozen=True, slots=True)
class Availability:
    """``reason`` is a stable code ("" when available); ``sentence`` says it to a person."""

    available: bool
    reason: str
    sentence: Sentence
    cursor: BlockCursor | None


def current_cursor() -> BlockCursor | None:
    """The cursor of the network we take payments on, its network with it (one query).

    The operator pins the nethash; unpinned, the first network that was ever seen is ours.
    """
    cursors = BlockCursor.objects.select_related("network").order_by("network_id")
    if settings.TERAA_NODE_NETHASH:
        cursors = cursors.filter(network__nethash=settings.TERAA_NODE_NETHASH)
    return cursors.first()


def osm_availability(*, at: datetime.datetime) -> Availability:
    """Whether the chain is being followed right now (one query)."""
    return availability_of(current_cursor(), at=at)


def availability_of(cursor: BlockCursor | None, *, at: datetime.datetime) -> Availability:
    """The same for a cursor at hand."""
    reason = _reason(cursor, at)
    return Availability(
        available=not reason, reason=reason, sentence=sentence_for(reason), cursor=cursor
    )


def is_confirmed(cursor: BlockCursor, *, at: datetime.datetime) -> bool:
    """Whether the ingest has lately said that what the cursor says still holds."""
    return cursor.checked_at is not None and at - cursor.checked_at <= FRESH_FOR


def sentence_for(reason: str) -> Sentence:
    """What a person is told about a reason's code; empty for none."""
    if reason in Reason.values:
        return Reason(reason).label
    return CursorReason(reason).label if reason else ""


def heights() -> dict[str, int]:
    """How far we have read, and where the node is (for gauges; one query)."""
    cursor = current_cursor()
    return {"us": cursor.height, "node": cursor.tip_height} if cursor else {"us": 0, "node": 0}


def _reason(cursor: BlockCursor | None, at: datetime.datetime) -> str:
    if cursor is None:
        return Reason.NO_NETWORK
    if not is_confirmed(cursor, at=at):
        return Reason.NOT_RUNNING
    if cursor.state == CursorState.LIVE:
        return ""
    return cursor.reason or CursorReason.STARTING
