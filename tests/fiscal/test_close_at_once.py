"""Closers and sales at the same time, with real commits: one Z, and no sale waits for a sum."""

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection

from teraa.common.ids import uuid7
from teraa.fiscal.closings import days
from teraa.fiscal.closings.days import close_days
from teraa.fiscal.closings.ending import By
from teraa.fiscal.closings.models import Closing, PeriodEnd
from teraa.fiscal.closings.spans import close_month
from teraa.fiscal.models import Document
from teraa.fiscal.verify import verify
from tests.fiscal import cast
from tests.fiscal.closing_cast import AT, DAY, HOUR, close

pytestmark = pytest.mark.usefixtures("live_database", "keys_dir")
SECOND = datetime.timedelta(seconds=1)


def all_at_once(*works):
    """Run every work in a thread of its own, begun together; their results in order."""
    together = threading.Barrier(len(works))

    def one(work):
        try:
            together.wait(timeout=30)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(works)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(one, w) for w in works]]


def test_two_closers_at_once_make_one_z():
    register = cast.register()
    cast.seal(register)

    closings = all_at_once(*[lambda: close(register, AT + HOUR)] * 6)

    assert len({one.pk for one in closings}) == 1
    assert (Closing.objects.count(), PeriodEnd.objects.count()) == (1, 1)
    assert Document.objects.filter(register=register, kind="CLOSING").count() == 1
    assert verify(register_id=register.pk).faults == []


def test_one_request_sent_by_several_at_once_ends_one_day():
    register = cast.register()
    cast.seal(register)
    key = uuid7()

    def ask():
        closed = close_days(register_ids=[register.pk], at=AT, by=By("Ana"), request_key=key)
        cast.seal(register, at=AT)
        return closed

    answers = all_at_once(*[ask] * 4)

    assert {tuple(one.number for one in closed) for closed in answers} == {(1,)}
    assert Closing.objects.count() == 1


def test_sales_and_closings_at_once_lose_nothing_and_count_nothing_twice():
    register = cast.register()

    def sell():
        for number in range(25):
            cast.seal(register, at=AT + number * SECOND)

    def shut():
        for number in range(8):
            close(register, AT + number * SECOND)

    all_at_once(sell, sell, shut, shut)
    close(register, AT + HOUR)

    closings = list(Closing.objects.order_by("number"))
    assert [one.number for one in closings] == list(range(1, len(closings) + 1))
    assert sum(one.chains["TICKET"]["count"] for one in closings) == 50
    assert sum(one.total_cents for one in closings) == 50 * 180
    assert closings[-1].perpetual_real_cents == 50 * 180
    assert verify(register_id=register.pk).faults == []


def test_a_sale_goes_on_while_the_z_is_counted(live_database, monkeypatch):
    """Not timed: the sale is sealed and committed in the very middle of the sum."""
    register = cast.register()
    cast.seal(register)
    counted = days.read_period
    sold = []

    def sell():
        try:
            sold.append(cast.seal(register, at=AT + HOUR))
        finally:
            connection.close()

    def count_with_a_sale_in_between(period_id):
        assert not connection.in_atomic_block
        till = threading.Thread(target=sell)
        till.start()
        till.join(timeout=30)
        assert not till.is_alive(), "the sale waits for the closing"
        return counted(period_id)

    monkeypatch.setattr(days, "read_period", count_with_a_sale_in_between)
    closing = close(register, AT)

    assert (closing.chains["TICKET"]["count"], closing.total_cents) == (1, 180)
    assert sold[0].values["period"]["number"] == 2


def test_nothing_is_locked_while_the_z_is_counted(live_database, monkeypatch):
    register = cast.register()
    cast.seal(register)
    counted = days.read_period

    def count_and_look(period_id):
        with psycopg.connect(live_database.url, autocommit=True) as other:
            other.execute("SET lock_timeout = '1s'")
            other.execute("SELECT 1 FROM fiscal_chain_head FOR UPDATE NOWAIT")
        return counted(period_id)

    monkeypatch.setattr(days, "read_period", count_and_look)

    assert close(register, AT).number == 1


def test_a_month_and_a_day_closed_at_once_do_not_wait_in_a_circle():
    register = cast.register()
    cast.seal(register)
    close(register)
    later = AT + 20 * DAY
    cast.seal(register, at=later)

    def the_month():
        return close_month(register_id=register.pk, month=AT.date(), at=later)

    found = all_at_once(the_month, lambda: close(register, later), the_month)

    assert found[0] == found[2]
    close(register, later + SECOND)
    assert Closing.objects.filter(level="month").count() == 1
    assert verify(register_id=register.pk).faults == []
