"""SIGKILL between any two statements of a refund and its copy: done whole, once, without a gap."""

import json
import random
import signal

from pos.models import SaleRefund
from pos.operations import ring_up
from teraa.common import journal_codes
from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.devices.models import PrintJob
from teraa.fiscal.models import Document
from teraa.fiscal.verify import verify
from tests.conftest import LONG
from tests.devices import cast as devices
from tests.mortality import mortals
from tests.pos import cast

SALES = 60 if LONG else 6
MOST_STATEMENTS = 45
"""About as many as one life needs when it is left alone."""


def test_a_refund_is_whole_or_not_there(live_database, keys_dir):
    bar = cast.bar(at=now())
    devices.printer(bar.venue, tills=[bar.station])
    dice = random.Random(7)
    killed = 0
    sales = []

    environment = {**live_database.environment(), "TERAA_KEYS": str(keys_dir)}
    with mortals("tests.pos.mortal_refunds", environment) as live:
        for _number in range(SALES):
            wanted = bar.wanted(receipt="paper")
            sale = ring_up(session=bar.session, wanted=wanted, at=now()).sale
            order = {
                "station": str(bar.station.pk),
                "staff": str(bar.staff.pk),
                "sale": str(sale.key),
                "key": str(uuid7()),
                "print_key": str(uuid7()),
                "cents": 300,
            }
            for _life in range(3):
                died = live(**order, die_after=dice.randint(0, MOST_STATEMENTS))
                assert died in (0, signal.SIGKILL)
                killed += died == signal.SIGKILL
                # Nothing half: a refund has its ticket, its event and its paper, or none of them.
                back = SaleRefund.objects.filter(sale=sale).count()
                returned = Document.objects.filter(
                    event_code=journal_codes.ITEM_RETURN, subject=f"pos.sale:{sale.key}"
                ).count()
                paper = PrintJob.objects.filter(subject=f"pos.refund:{order['key']}").count()
                assert back == returned == paper <= 1
            assert live(**order, die_after=10**6) == 0
            sales.append(sale)

    assert killed >= SALES
    tickets = list(Document.objects.filter(kind="TICKET").order_by("sequence"))
    assert [one.sequence for one in tickets] == list(range(1, 2 * SALES + 1))
    assert sum(one.total_cents for one in tickets) == 0
    assert SaleRefund.objects.count() == SALES
    copies = [
        json.loads(one.payload)["values"]["copy"]
        for one in Document.objects.filter(kind="DUPLICATE")
    ]
    assert copies == [1] * SALES
    assert verify(register_id=tickets[0].register_id).faults == []
