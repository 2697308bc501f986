"""What an OSM is worth: dated decisions and readings, and quotes frozen for some minutes.

The first that holds now is in force: one set by hand for a while, a fresh reading of the feed, the
network's decision, the venue's own.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from teraa.common.canonical import canonical_text, sha256_hex
from teraa.common.clock import iso_utc
from teraa.common.money import DISPLAY_STEP_UNITS, osm_units_for
from teraa.common.problems import Invalid
from teraa.settlement.feeds import RateReading
from teraa.settlement.models import OsmRate, RateFeed, RateQuote
from teraa.settlement.osm.availability import Reason, sentence_for
from teraa.settlement.problems import OsmUnavailable
from teraa.settlement.states import RateSource

VALID_FOR = datetime.timedelta(minutes=10)
REUSED_WHILE = datetime.timedelta(minutes=5)

_IN_FORCE: Final = """
(SELECT 1 AS rank, source, rate_e10, id AS rate_id, NULL::bigint AS reading_id
   FROM settlement_osm_rate
  WHERE venue_id = %(venue)s AND source = 'manual' AND valid_from <= %(at)s AND valid_until > %(at)s
  ORDER BY valid_from DESC LIMIT 1)
UNION ALL
(SELECT 2, 'feed', reading.rate_e10, NULL, reading.id
   FROM settlement_rate_feed feed
   JOIN LATERAL (SELECT id, rate_e10, read_at FROM settlement_rate_reading
                  WHERE feed_id = feed.id AND read_at <= %(at)s
                  ORDER BY read_at DESC LIMIT 1) reading ON true
  WHERE feed.venue_id = %(venue)s AND feed.enabled
    AND reading.read_at + make_interval(secs => feed.valid_seconds) > %(at)s)
UNION ALL
(SELECT 3, source, rate_e10, id, NULL FROM settlement_osm_rate
  WHERE venue_id = %(venue)s AND source = 'network' AND valid_from <= %(at)s
  ORDER BY valid_from DESC LIMIT 1)
UNION ALL
(SELECT 4, source, rate_e10, id, NULL FROM settlement_osm_rate
  WHERE venue_id = %(venue)s AND source = 'venue' AND valid_from <= %(at)s
  ORDER BY valid_from DESC LIMIT 1)
ORDER BY rank LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class RateInForce:
    """Euros × 10¹⁰ an OSM, and the decision or the reading that says so."""

    source: RateSource
    rate_e10: int
    rate_id: UUID | None
    reading_id: int | None


def decide_rate(
    *,
    venue_id: UUID,
    rate_e10: int,
    valid_from: datetime.datetime,
    decided_by: str,
    evidence: str = "",
    source: RateSource = RateSource.VENUE,
    valid_until: datetime.datetime | None = None,
) -> OsmRate:
    """Record a decision: ``rate_e10`` euros × 10¹⁰ an OSM from ``valid_from`` on.

    Only one set by hand ends, and it must. Raises Invalid. Earlier decisions stay as they are.
    """
    if rate_e10 <= 0:
        raise Invalid(fields={"rate_e10": "not positive"})
    if source == RateSource.FEED:
        raise Invalid(fields={"source": "a feed is read, not decided"})
    if (source == RateSource.MANUAL) != (valid_until is not None):
        raise Invalid(fields={"valid_until": "for a rate set by hand, and only for it"})
    if valid_until is not None and valid_until <= valid_from:
        raise Invalid(fields={"valid_until": "later than it begins"})
    return OsmRate.objects.create(
        venue_id=venue_id,
        rate_e10=rate_e10,
        source=source,
        valid_from=valid_from,
        valid_until=valid_until,
        decided_by=decided_by,
        evidence=evidence,
    )


def rate_in_force(*, venue_id: UUID, at: datetime.datetime) -> RateInForce | None:
    """What an OSM is worth at ``venue_id`` now; None when nothing says so (one query)."""
    with connection.cursor() as cursor:
        cursor.execute(_IN_FORCE, {"venue": venue_id, "at": at})
        row = cursor.fetchone()
    if row is None:
        return None
    _rank, source, rate_e10, rate_id, reading_id = row
    return RateInForce(RateSource(source), rate_e10, rate_id, reading_id)


def why_no_rate(*, venue_id: UUID) -> Reason:
    """Whether nobody ever decided, or the feed has fallen silent."""
    feeds = RateFeed.objects.filter(venue_id=venue_id, enabled=True)
    return Reason.RATE_STALE if feeds.exists() else Reason.NO_RATE


def current_quote(*, venue_id: UUID, at: datetime.datetime) -> RateQuote:
    """A quote of the rate in force, good for five to ten minutes more.

    Two cheap SELECTs while one of the same rate is fresh. Raises OsmUnavailable without a rate.
    """
    in_force = rate_in_force(venue_id=venue_id, at=at)
    if in_force is None:
        reason = why_no_rate(venue_id=venue_id)
        raise OsmUnavailable(reason=reason, sentence=sentence_for(reason))
    fresh = (
        RateQuote.objects.filter(
            venue_id=venue_id,
            source=in_force.source,
            rate_e10=in_force.rate_e10,
            quoted_at__lte=at,
            valid_until__gte=at + REUSED_WHILE,
        )
        .order_by("-valid_until")
        .first()
    )
    return fresh or _new_quote(venue_id, in_force, at)


def units_today(*, venue_id: UUID, amount_cents: int, at: datetime.datetime) -> int | None:
    """What ``amount_cents`` would be in OSM (10⁻⁸) at the rate in force; None without a rate.

    For showing a price: nothing is frozen and no quote is made (one query).
    """
    in_force = rate_in_force(venue_id=venue_id, at=at)
    if in_force is None:
        return None
    return osm_units_for(amount_cents, in_force.rate_e10, DISPLAY_STEP_UNITS)


@transaction.atomic
def _new_quote(venue_id: UUID, in_force: RateInForce, at: datetime.datetime) -> RateQuote:
    evidence = canonical_text(
        {
            "source": in_force.source,
            "rate_e10": str(in_force.rate_e10),
            "rounding": f"up to {DISPLAY_STEP_UNITS} units",
        }
        | (
            _decision(in_force.rate_id)
            if in_force.rate_id is not None
            else _reading(in_force.reading_id or 0)
        )
    )
    return RateQuote.objects.create(
        venue_id=venue_id,
        rate_id=in_force.rate_id,
        reading_id=in_force.reading_id,
        source=in_force.source,
        rate_e10=in_force.rate_e10,
        step_units=DISPLAY_STEP_UNITS,
        quoted_at=at,
        valid_until=at + VALID_FOR,
        evidence=evidence,
        evidence_sha256=sha256_hex(evidence),
    )


def _decision(rate_id: UUID) -> dict[str, str]:
    rate = OsmRate.objects.get(pk=rate_id)
    return {
        "decision": str(rate.pk),
        "valid_from": iso_utc(rate.valid_from),
        "decided_by": rate.decided_by,
        "evidence": rate.evidence,
    }


def _reading(reading_id: int) -> dict[str, str]:
    reading = RateReading.objects.select_related("feed").get(pk=reading_id)
    return {
        "feed": reading.feed.url,
        "path": reading.feed.path,
        "read_at": iso_utc(reading.read_at),
        "answer_sha256": reading.body_sha256,
    }
