"""The PDF is made after the sale, once, by a job the relay defers."""

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.common.problems import NotFound
from teraa.live.relay import publish_batch
from tests.ticketing import cast
from ticketing.models import TicketFile
from ticketing.operations import make_file


def test_the_relay_defers_its_making(live_database, keys_dir):
    show = cast.show(at=now())
    order = show.sell(1, at=now())[0].order
    assert not TicketFile.objects.exists(), "never in the sale"
    publish_batch(now())

    job = ProcrastinateJob.objects.get(task_name="ticketing.jobs.make_tickets")
    assert job.args == {"order_id": str(order.pk)}


def test_it_is_drawn_once(db, keys_dir):
    show = cast.show(at=now())
    order = show.sell(1, at=now())[0].order
    first = make_file(order_id=order.pk, at=now())

    assert first.startswith(b"%PDF")
    assert make_file(order_id=order.pk, at=now()) == first
    assert TicketFile.objects.count() == 1


def test_what_is_not_paid_has_none(db, keys_dir):
    show = cast.show(at=now())
    order = show.order(1, at=now())

    for order_id in (order.pk, uuid7()):
        with pytest.raises(NotFound):
            make_file(order_id=order_id, at=now())
