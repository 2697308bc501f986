"""A closer killed between any two statements: one Z a period, and every document in exactly one."""

import datetime
import random
import signal

import pytest

from teraa.fiscal.closings.days import complete
from teraa.fiscal.closings.models import Closing, PeriodEnd
from teraa.fiscal.models import Document
from teraa.fiscal.verify import verify
from tests.conftest import LONG
from tests.fiscal import cast
from tests.fiscal.closing_cast import AT, DAY, close
from tests.mortality import mortals

ROUNDS = 60 if LONG else 8
# About as many as a life needs when it is left alone.
MOST_STATEMENTS = 30
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def mortal(live_database, keys_dir):
    environment = {**live_database.environment(), "TERAA_KEYS": str(keys_dir)}
    register = cast.register()
    with mortals("tests.fiscal.mortal_closings", environment) as live:

        def die(what, die_after, at):
            died = live(
                register=str(register.pk), what=what, die_after=die_after, at=at.isoformat()
            )
            assert died in (0, signal.SIGKILL)
            return died == signal.SIGKILL

        yield register, die


def test_a_closing_killed_after_any_statement_is_completed(mortal):
    """Every statement of one closing, one after the other: each time the next call goes on."""
    register, die = mortal
    killed, after = True, 0
    while killed:
        at = AT + after * DAY
        cast.seal(register, at=at)
        killed = die("day", after, at)
        closing = close(register, at + MINUTE)
        assert closing.total_cents in (0, 180)
        after += 1

    assert after > 15, "so many statements does a closing have"
    assert Closing.objects.count() == PeriodEnd.objects.count() == register.periods.count()
    tickets = Document.objects.filter(register=register, kind="TICKET").count()
    counted = sum(one.chains["TICKET"]["count"] for one in Closing.objects.all())
    assert counted == tickets == after
    assert sum(one.total_cents for one in Closing.objects.all()) == tickets * 180
    assert verify(register_id=register.pk).faults == []


def test_sales_closings_and_the_loop_die_in_any_order(mortal):
    register, die = mortal
    dice = random.Random(7)
    at, killed = AT, 0
    for _ in range(ROUNDS):
        for what in ("sell", "day", "overdue"):
            killed += die(what, dice.randint(0, MOST_STATEMENTS), at)
            at += datetime.timedelta(hours=dice.randint(1, 20))
    assert killed > ROUNDS // 2

    close(register, at)
    complete(register_id=register.pk, at=at)

    days = Closing.objects.filter(level="day").order_by("number")
    assert [one.number for one in days] == list(range(1, register.periods.count() + 1))
    tickets = Document.objects.filter(register=register, kind="TICKET").count()
    assert sum(one.chains["TICKET"]["count"] for one in days) == tickets
    assert verify(register_id=register.pk).faults == []
