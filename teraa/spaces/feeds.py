"""What is taken, as a calendar that other programs subscribe to (RFC 5545, RFC 7986)."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import override

from teraa.common.canonical import sha256_hex
from teraa.spaces.models import Feed
from teraa.spaces.states import FeedShows

PRODUCT: Final = "-//TERAA//Spaces//FR"
BACK: Final = datetime.timedelta(days=90)
AHEAD: Final = datetime.timedelta(days=400)
# Stays let go are told as cancelled for so long: calendars look when they like.
CANCELLED_FOR: Final = datetime.timedelta(days=30)
MOST: Final = 5000
REFRESH: Final = datetime.timedelta(minutes=15)
SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Taken:
    """One stay, whatever it takes: its last known times, and how often it changed."""

    holder: str
    label: str
    atoms: str
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    live: bool
    held: bool
    changes: int

    @property
    def uid(self) -> str:
        """The trade's own row: the same as in the file that its guest was given."""
        return self.holder.rpartition(":")[2]


# A stay that was moved has the rows of its former times, given back: the present ones count, and when
# there are none, those it had last. Each move and each end is one change more.
_TAKEN: Final = """
SELECT holder, max(label) FILTER (WHERE current), string_agg(DISTINCT atom, ', ') FILTER (WHERE current),
       min(lower(span)) FILTER (WHERE current), max(upper(span)) FILTER (WHERE current),
       bool_or(live), coalesce(bool_or(expires_at IS NOT NULL) FILTER (WHERE live), false),
       count(DISTINCT created_at) + count(DISTINCT released_at) - 1
  FROM (SELECT claim.*, atom.name AS atom,
               claim.live OR (NOT bool_or(claim.live) OVER its_holder
                              AND claim.released_at = max(claim.released_at) OVER its_holder)
               AS current
          FROM spaces_claim claim
          JOIN spaces_atom atom ON atom.id = claim.atom_id
         WHERE claim.venue_id = %(venue)s::uuid AND claim.kind = 'core'
           AND claim.span && tstzrange(%(since)s::timestamptz, %(until)s::timestamptz)
           AND (%(resource)s::uuid IS NULL
                OR EXISTS (SELECT 1 FROM spaces_resource_atom part
                            WHERE part.resource_id = %(resource)s::uuid
                              AND part.atom_id = claim.atom_id))
           AND (claim.expires_at IS NULL OR NOT claim.live OR claim.expires_at > %(at)s::timestamptz)
         WINDOW its_holder AS (PARTITION BY claim.holder)) AS known
 GROUP BY holder
HAVING bool_or(live) OR max(released_at) >= %(cancelled_since)s::timestamptz
 ORDER BY 4, holder
 LIMIT %(most)s
"""


def new_secret() -> tuple[str, str]:
    """A secret and what is stored of it."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    return secret, sha256_hex(secret)


def feed_of(secret: str) -> Feed | None:
    """The feed of a secret that nobody revoked (one query)."""
    return (
        Feed.objects.select_related("venue", "resource")
        .filter(secret_sha256=sha256_hex(secret), revoked_at=None)
        .first()
    )


def taken_for(feed: Feed, *, at: datetime.datetime) -> list[Taken]:
    """What it tells: from 90 days ago to 400 ahead, at most 5,000 stays (one query)."""
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKEN,
            {
                "venue": feed.venue_id,
                "resource": feed.resource_id,
                "since": at - BACK,
                "until": at + AHEAD,
                "cancelled_since": at - CANCELLED_FOR,
                "at": at,
                "most": MOST,
            },
        )
        return [Taken(*row) for row in cursor.fetchall()]


def etag_of(feed: Feed, taken: Iterable[Taken]) -> str:
    """Changes with whatever a reader would see. Weak: the file also says when it was written."""
    told = [str(feed.venue.zone), feed.shows, feed.name, *(repr(one) for one in taken)]
    return f'W/"{sha256_hex(chr(10).join(told))[:32]}"'


def calendar_of(feed: Feed, taken: Iterable[Taken], *, at: datetime.datetime) -> bytes:
    """The file, in the venue's own time and language."""
    venue = feed.venue
    zone = ZoneInfo(venue.zone)
    # Imported when a file is made: every process of the house starts a fifth of a second sooner.
    import icalendar

    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"{feed.resource or venue} · {feed.name}")
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    with override(venue.language):
        for one in taken:
            event = icalendar.Event()
            event.add("uid", f"{one.uid}@{venue.slug}.teraa")
            event.add("sequence", one.changes)
            event.add("dtstamp", at)
            event.add("dtstart", one.starts_at.astimezone(zone))
            event.add("dtend", one.ends_at.astimezone(zone))
            event.add("summary", _summary(feed, one))
            event.add("status", _status(one))
            event.add("location", venue.name)
            if feed.shows == FeedShows.BUSY:
                event.add("class", "PRIVATE")
            calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _summary(feed: Feed, one: Taken) -> str:
    if feed.shows == FeedShows.ALL and one.label:
        return one.label
    return _("Taken: %(what)s") % {"what": one.atoms}


def _status(one: Taken) -> str:
    if not one.live:
        return "CANCELLED"
    return "TENTATIVE" if one.held else "CONFIRMED"
