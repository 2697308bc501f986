"""Reading rate feeds: the one place of settlement that asks an address a venue has typed."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import logging
import time
from collections.abc import Callable

import httpx
from django.db.models import Q

from teraa.common.targets import (
    NUMBERS_TRIED,
    BadTarget,
    Resolve,
    check_target,
    host_of,
    may_connect,
    numbers_of,
    port_of,
    private_allowed,
    request_to,
)
from teraa.settlement.feeds import LARGEST_BODY, NotARate, RateFeed, RateReading, jumps, rate_in

log = logging.getLogger(__name__)

TIMEOUT = httpx.Timeout(5.0, connect=2.0)
PATIENCE_SECONDS = 10.0
"""For the whole answer: one that drips must not keep the other venues' feeds waiting."""
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


def fetch_over_http(url: str, *, resolve: Resolve = numbers_of) -> bytes:
    """The answer of an address, at most LARGEST_BODY of it. Raises FeedSilent.

    A venue typed the address: it may not lead into a private network, whatever its name stands for
    at the time (``targets``). No redirect is followed and no proxy is used.
    """
    private = private_allowed()
    try:
        target = check_target(url, private=private)
        numbers = resolve(host_of(target), port_of(target))
    except BadTarget as problem:
        raise FeedSilent(f"refused: {problem.context['reason']}") from problem
    except (OSError, UnicodeError) as error:
        raise FeedSilent(f"its host is not known: {error}") from error
    passable = [one for one in numbers if may_connect(one, private=private)]
    if not passable:
        raise FeedSilent("refused: its host is in a private network")
    until = time.monotonic() + PATIENCE_SECONDS
    silence = FeedSilent("nobody answers")
    for number in passable[:NUMBERS_TRIED]:
        try:
            return _ask(target, number, until)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            silence = FeedSilent(f"{type(error).__name__}: {error}")
        except (httpx.HTTPError, ValueError) as error:
            raise FeedSilent(f"{type(error).__name__}: {error}") from error
    raise silence


def _ask(url: httpx.URL, number: str, until: float) -> bytes:
    """What the host at that very number answers. Raises FeedSilent, httpx.HTTPError."""
    request = request_to(
        number, method="GET", url=url, headers={"Accept": "application/json"}, timeout=TIMEOUT
    )
    with httpx.HTTPTransport(trust_env=False) as transport:
        answer = transport.handle_request(request)
        with contextlib.closing(answer):
            if not answer.is_success:
                raise FeedSilent(f"answered {answer.status_code}")
            content = b""
            for piece in answer.iter_raw():
                content += piece
                if len(content) > LARGEST_BODY:
                    raise FeedSilent("the answer is too long")
                if time.monotonic() > until:
                    raise FeedSilent("the answer comes too slowly")
            return content


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
