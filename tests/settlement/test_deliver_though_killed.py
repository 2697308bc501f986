"""Effects and relay killed between any two statements: each told once, none forgotten."""

import random
import signal
from collections import Counter

import psycopg
import pytest

from teraa.common.clock import now
from teraa.live import outbox
from teraa.live.models import Outbox
from teraa.settlement.models import Effect
from teraa.settlement.operations import add_tender
from tests.conftest import LONG
from tests.mortality import mortals
from tests.settlement import cast

KILLS = 150 if LONG else 12
MOST_STATEMENTS = {"effects": 8, "relay": 15}
"""About as many as one life needs when it is left alone."""

TOLD = """
CREATE TABLE told (kind text, key text);
GRANT SELECT, INSERT ON told TO teraa_app;
"""


@pytest.fixture
def told(live_database):
    """What was told so far, and how often."""
    with psycopg.connect(live_database.owner_url, autocommit=True) as owner:
        owner.execute(TOLD)

        def count(kind):
            rows = owner.execute("SELECT key FROM told WHERE kind = %s", [kind]).fetchall()
            return Counter(key for (key,) in rows)

        yield count


def die(live, part, dice, news):
    """Give it something to tell, then let it die; again and again. How many lives that took."""
    killed = number = 0
    while killed < KILLS:
        assert number < 4 * KILLS, f"{killed} of {number} died"
        news(number)
        number += 1
        died = live(part=part, die_after=dice.randint(0, MOST_STATEMENTS[part]))
        assert died in (0, signal.SIGKILL)
        killed += died == signal.SIGKILL
    assert live(part=part, die_after=10**6) == 0
    return number


def test_every_effect_reaches_its_trade_once(live_database, told):
    payee = cast.payee()

    def pay(number):
        due = cast.due(payee, now(), 100, subject="mortal.thing")
        add_tender(due_id=due.pk, key=due.pk, kind="cash", amount_cents=100, at=now())

    with mortals("tests.settlement.mortal_deliveries", live_database.environment()) as live:
        lives = die(live, "effects", random.Random(5), pay)
    effects = Counter(str(pk) for pk in Effect.objects.values_list("due_id", flat=True))
    assert len(effects) == lives
    assert told("effect") == effects
    assert not Effect.objects.filter(handled_at=None).exists()
    assert not Effect.objects.filter(attempts__gt=0).exists()


def test_every_news_is_published_and_sets_off_what_it_sets_off_once(live_database, told):
    def put(number):
        for version in (1, 2, 3):
            outbox.put(topic="mortal.news", key=f"thing-{number}", version=version, at=now())

    with mortals("tests.settlement.mortal_deliveries", live_database.environment()) as live:
        lives = die(live, "relay", random.Random(6), put)
    assert not Outbox.objects.filter(published_at=None).exists()
    wanted = {f"thing-{number} {version}" for number in range(lives) for version in (1, 2, 3)}
    assert told("news") == Counter(wanted)
