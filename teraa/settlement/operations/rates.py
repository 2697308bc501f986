"""What an OSM is worth: a venue's dated decisions, and quotes frozen for some minutes."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, Subquery

from teraa.common.canonical import canonical_text, sha256_hex
from teraa.common.clock import iso_utc
from teraa.common.money import DISPLAY_STEP_UNITS, osm_units_for
from teraa.common.problems import Invalid
from teraa.settlement.models import OsmRate, RateQuote
from teraa.settlement.osm.availability import Reason, sentence_for
from teraa.settlement.problems import OsmUnavailable
from teraa.settlement.states import RateSource

VALID_FOR = datetime.timedelta(minutes=10)
REUSED_WHILE = datetime.timedelta(minutes=5)


def decide_rate(
    *,
    venue_id: UUID,
    rate_e10: int,
    valid_from: datetime.datetime,
    decided_by: str,
    evidence: str = "",
) -> OsmRate:
    """Record a venue's decision: ``rate_e10`` euros × 10¹⁰ an OSM from ``valid_from`` on.

    Raises Invalid. Earlier decisions stay as they are.
    """
    if rate_e10 <= 0:
        raise Invalid(fields={"rate_e10": "not positive"})
    return OsmRate.objects.create(
        venue_id=venue_id,
        rate_e10=rate_e10,
        valid_from=valid_from,
        decided_by=decided_by,
        evidence=evidence,
    )


def current_quote(*, venue_id: UUID, at: datetime.datetime) -> RateQuote:
    """A quote of the rate in force, good for five to ten minutes more.

    One cheap SELECT while a fresh one exists. Raises OsmUnavailable when no rate was decided.
    """
    in_force = (
        OsmRate.objects.filter(venue_id=OuterRef("venue_id"), valid_from__lte=at)
        .order_by("-valid_from")
        .values("pk")[:1]
    )
    fresh = (
        RateQuote.objects.filter(
            venue_id=venue_id,
            quoted_at__lte=at,
            valid_until__gte=at + REUSED_WHILE,
            rate_id=Subquery(in_force),
        )
        .order_by("-valid_until")
        .first()
    )
    return fresh or _new_quote(venue_id, at)


def units_today(*, venue_id: UUID, amount_cents: int, at: datetime.datetime) -> int | None:
    """What ``amount_cents`` would be in OSM (10⁻⁸) at the rate in force; None without a rate.

    For showing a price: nothing is frozen and no quote is made (one query).
    """
    rates = OsmRate.objects.filter(venue_id=venue_id, valid_from__lte=at)
    rate_e10 = rates.order_by("-valid_from").values_list("rate_e10", flat=True).first()
    if rate_e10 is None:
        return None
    return osm_units_for(amount_cents, rate_e10, DISPLAY_STEP_UNITS)


@transaction.atomic
def _new_quote(venue_id: UUID, at: datetime.datetime) -> RateQuote:
    rate = (
        OsmRate.objects.filter(venue_id=venue_id, valid_from__lte=at)
        .order_by("-valid_from")
        .first()
    )
    if rate is None:
        raise OsmUnavailable(reason=Reason.NO_RATE, sentence=sentence_for(Reason.NO_RATE))
    evidence = canonical_text(
        {
            "source": RateSource.VENUE,
            "decision": str(rate.pk),
            "rate_e10": str(rate.rate_e10),
            "valid_from": iso_utc(rate.valid_from),
            "decided_by": rate.decided_by,
            "evidence": rate.evidence,
            "rounding": f"up to {DISPLAY_STEP_UNITS} units",
        }
    )
    return RateQuote.objects.create(
        venue_id=venue_id,
        rate=rate,
        source=RateSource.VENUE,
        rate_e10=rate.rate_e10,
        step_units=DISPLAY_STEP_UNITS,
        quoted_at=at,
        valid_until=at + VALID_FOR,
        evidence=evidence,
        evidence_sha256=sha256_hex(evidence),
    )
