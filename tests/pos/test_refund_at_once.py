"""Several tills give money back at the same time: each line once, and nobody waits for ever."""

import dataclasses
import threading

from django.db import connections

from pos.problems import GivenBackAlready
from pos.refunding import refund_sale
from teraa.fiscal.verify import verify
from teraa.settlement.models import Due
from tests import make
from tests.pos import cast
from tests.pos.test_refund_sale import beers, refund, sold, tickets, wanted


def test_two_at_once_give_one_line_back_once(live_database, keys_dir, at):
    bar = cast.bar()
    sale = sold(bar, at)
    start = threading.Barrier(4)
    outcomes = []

    def give():
        start.wait()
        try:
            outcomes.append(refund(bar, sale, at, wanted(1350, lines=[beers(sale, 3)])).is_new)
        except GivenBackAlready:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=give) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(map(str, outcomes)) == ["True", "refused", "refused", "refused"]
    assert [one.total_cents for one in tickets()] == [1650, -1350]
    assert verify(register_id=tickets().first().register_id).faults == []


def test_refunds_at_two_tills_at_once_wait_for_each_other_and_end(live_database, keys_dir, at):
    bar = cast.bar()
    sales = [sold(bar, at) for _ in range(4)]
    second = make.station(bar.venue, payee=bar.payee)
    sessions = [bar.session, dataclasses.replace(bar.session, station=second)]
    start = threading.Barrier(8)
    done = []

    def give(session, sale):
        start.wait()
        try:
            refund_sale(session=session, sale_key=sale.key, wanted=wanted(1650), at=at)
            done.append(sale.key)
        except GivenBackAlready:
            pass
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=give, args=(session, sale))
        for session in sessions
        for sale in sales
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) == sorted(sale.key for sale in sales)
    assert sum(tickets().values_list("total_cents", flat=True)) == 0
    assert Due.objects.count() == 0
