"""A sale killed between any two of its statements: sent again it is one sale; no number is missing."""

import random
import signal

from pos.models import Sale
from teraa.common.ids import uuid7
from teraa.fiscal.models import Document, DocumentLine
from teraa.fiscal.verify import verify
from tests.conftest import LONG
from tests.mortality import mortals
from tests.pos import cast

KILLS = 220 if LONG else 12
MOST_STATEMENTS = 16
"""More than one sale needs when it is left alone: some die right behind their commit, or not."""


def test_f04_no_gap_none_lost_none_double(live_database, keys_dir):
    bar = cast.bar()
    dice = random.Random(7)
    environment = {**live_database.environment(), "TERAA_KEYS": str(keys_dir)}
    who = {
        "station": str(bar.station.pk),
        "staff": str(bar.staff.pk),
        "product": str(bar.coffee.pk),
    }
    killed, number, left = 0, 0, []
    with mortals("tests.pos.mortal_sales", environment) as live:
        while killed < KILLS:
            assert number < 4 * KILLS, f"{killed} of {number} died"
            sale = {**who, "key": str(uuid7()), "tender": str(uuid7())}
            # Every place in turn first, then any.
            place = number if number <= MOST_STATEMENTS else dice.randint(0, MOST_STATEMENTS)
            died = live(die_after=place, **sale)
            assert died in (0, signal.SIGKILL)
            killed += died == signal.SIGKILL
            number += 1
            if dice.random() < 0.2:
                left.append(sale["key"])  # the tablet is dead too: nobody sends it again
            else:
                assert live(die_after=10**6, **sale) == 0
    documents = Document.objects.filter(kind="TICKET").order_by("sequence")
    numbers = list(documents.values_list("sequence", flat=True))
    assert numbers == list(range(1, len(numbers) + 1)), "no gap"
    sales = Sale.objects.all()
    assert len(numbers) == sales.count(), "no ticket without its sale, no sale without its ticket"
    assert {sale.document_id for sale in sales} == set(documents.values_list("pk", flat=True))
    assert sales.count() >= number - len(left), "none that was sent again is lost"
    assert DocumentLine.objects.count() == len(numbers)
    assert verify().faults == []
