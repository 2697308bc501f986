"""The cast of the webhooks' tests: endpoints that want something, news, a worker."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import time
from collections.abc import Iterator
from typing import Any

from teraa.common.ids import uuid7
from teraa.venues.models import Venue
from teraa.webhooks import operations
from teraa.webhooks.announcing import announce
from teraa.webhooks.courier import Courier
from teraa.webhooks.models import HookDelivery, HookEndpoint
from teraa.webhooks.worker import Worker
from tests import make

SECOND = datetime.timedelta(seconds=1)
_numbers = itertools.count(1)


def endpoint(
    at: datetime.datetime, *, url: str = "http://127.0.0.1:9/hook", **fields: Any
) -> tuple[HookEndpoint, str]:
    """An endpoint and its secret."""
    venue: Venue = fields.pop("venue", None) or make.venue()
    return operations.create_endpoint(
        **{
            "venue_id": venue.pk,
            "key": uuid7(),
            "url": url,
            "wanted": ["*"],
            "by": "Ada",
            "at": at,
        }
        | fields
    )


def tell(
    endpoint: HookEndpoint, at: datetime.datetime, *, kind: str = "due.changed", **fields: Any
) -> int:
    """Announce something at the endpoint's venue; each call is a subject of its own."""
    return announce(
        **{
            "venue_id": endpoint.venue_id,
            "kind": kind,
            "subject": f"thing:{next(_numbers)}",
            "version": 1,
            "data": {"thing": "été"},
            "at": at,
        }
        | fields
    )


@contextlib.contextmanager
def working(**choices: Any) -> Iterator[Worker]:
    """A worker that is turned by hand and put away at the end."""
    courier = Courier(**{"private": True} | choices)
    worker = Worker(courier)
    try:
        yield worker
    finally:
        courier.close()


def run_until_quiet(worker: Worker, at: datetime.datetime, *, seconds: float = 60.0) -> None:
    """Turn until nothing is under way and nothing may be sent at ``at``."""
    deadline = time.monotonic() + seconds
    while worker.turn(at):
        assert time.monotonic() < deadline, "the worker does not come to rest"


def states(endpoint: HookEndpoint) -> list[tuple[int, str, int | None, str]]:
    """(attempt, state, status, error) of what the endpoint got, oldest first."""
    rows = HookDelivery.objects.filter(endpoint=endpoint).order_by(
        "created_at", "version", "attempt"
    )
    return [(one.attempt, one.state, one.status, one.error) for one in rows]
