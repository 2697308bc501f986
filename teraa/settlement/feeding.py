"""Reading rate feeds: the one place of settlement that asks an address a venue has typed."""

from __future__ import annotations

import datetime
import hashlib
import logging
from collections.abc import Callable

import httpx
from django.db.models import Q

from teraa.settlement.feeds import LARGEST_BODY, NotARate, RateFeed, RateReading, jumps, rate_in

log = logging.getLogger(__name__)

TIMEOUT = httpx.Timeout(5.0, connect=2.0)
KEPT_FOR = datetime.timedelta(days=30)
"""Readings that no quote points to; a quote's evidence carries their hash for ever."""

Fetch = Callable[[str], bytes]


class FeedSilent(Exception):
    """The feed did not answer, or answered with an error."""


def read_due_feeds(*, at: datetime.datetime, fetch: Fetch) -> int:
    """Read every feed whose time has come; return how many gave a rate.

    A feed that fails says why in the office, and its last reading is believed until it is old.
    """
    read = 0
    feeds = RateFeed.objects.filter(enabled=True).order_by("pk")
    for feed in feeds:
        since = at - datetime.timedelta(seconds=feed.every_seconds)
        mine = RateFeed.objects.filter(pk=feed.pk).filter(
            Q(tried_at__isnull=True) | Q(tried_at__lte=since)
        )
        if mine.update(tried_at=at) and read_feed(feed, at=at, fetch=fetch):
            read += 1
    return read


def read_feed(feed: RateFeed, *, at: datetime.datetime, fetch: Fetch) -> RateReading | None:
    """Ask one feed now; None when it gave no rate that can be believed."""
    try:
        body = fetch(feed.url)
        rate_e10 = rate_in(body, path=feed.path, inverted=feed.inverted)
        _refuse_jump(feed, rate_e10, at)
    except (FeedSilent, NotARate) as error:
        if str(error) != feed.last_error:
            log.warning("rate feed %s: %s", feed.pk, error)
        RateFeed.objects.filter(pk=feed.pk).update(last_error=str(error)[:500])
        return None
    RateFeed.objects.filter(pk=feed.pk).exclude(last_error="").update(last_error="")
    return RateReading.objects.create(
        venue_id=feed.venue_id,
        feed=feed,
        rate_e10=rate_e10,
        read_at=at,
        body=body.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}"),
        body_sha256=hashlib.sha256(body).hexdigest(),
    )


def fetch_over_http(url: str) -> bytes:
    """The answer of an address, at most LARGEST_BODY of it. Raises FeedSilent.

    No redirect is followed and no proxy is used.
    """
    try:
        with (
            httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client,
            client.stream("GET", url, headers={"Accept": "application/json"}) as answer,
        ):
            if not answer.is_success:
                raise FeedSilent(f"answered {answer.status_code}")
            content = b""
            for piece in answer.iter_bytes():
                content += piece
                if len(content) > LARGEST_BODY:
                    raise FeedSilent("the answer is too long")
            return content
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FeedSilent(f"{type(error).__name__}: {error}") from error


def forget_old_readings(at: datetime.datetime) -> int:
    """Delete readings of a month ago that no quote points to."""
    old = RateReading.objects.filter(read_at__lt=at - KEPT_FOR, quotes__isnull=True)
    gone, _by_model = old.delete()
    return gone


def _refuse_jump(feed: RateFeed, rate_e10: int, at: datetime.datetime) -> None:
    """Compare with the last reading while it is still believed; later anything may be true."""
    fresh_since = at - datetime.timedelta(seconds=feed.valid_seconds)
    last = feed.readings.filter(read_at__gt=fresh_since).order_by("-read_at").first()
    if last is not None and jumps(
        before_e10=last.rate_e10, now_e10=rate_e10, most_percent=feed.most_jump_percent
    ):
        raise NotARate(f"jumped from {last.rate_e10} to {rate_e10} e-10 €")
