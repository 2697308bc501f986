"""Forgetting what is old, and nothing else."""

import datetime

import pytest

from teraa.live import jobs, outbox, pruning, relay
from teraa.live.models import Outbox

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)


def test_it_forgets_rows_a_week_after_they_were_published(at):
    outbox.put(topic="station.a", key="old", version=1, at=at - 30 * DAY)
    relay.publish_batch(at - 8 * DAY)
    outbox.put(topic="station.a", key="recent", version=1, at=at - 30 * DAY)
    relay.publish_batch(at - 6 * DAY)
    outbox.put(topic="station.a", key="never told", version=1, at=at - 30 * DAY)

    assert pruning.prune_outbox(at) == 1
    assert set(Outbox.objects.values_list("key", flat=True)) == {"recent", "never told"}


def test_it_asks_every_room_even_when_one_fails(monkeypatch):
    asked = []

    def broken(at):
        raise ValueError("no")

    monkeypatch.setattr(pruning, "_prunes", {})
    pruning.register("broken", broken)
    pruning.register("hints", lambda at: asked.append(at) or 3)
    with pytest.raises(RuntimeError, match="broken"):
        jobs.prune.func(timestamp=0)
    assert len(asked) == 1
    pruning.register("broken", lambda at: 0)
    assert jobs.prune.func(timestamp=0) == {"broken": 0, "hints": 3}


def test_it_is_asked_every_night():
    from procrastinate.contrib.django import app

    periodic = {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()}
    assert periodic["teraa.live.jobs.prune"] == "17 4 * * *"
