"""Several tills, threads and failures on one register at the same time."""

import threading

from django.db import connections, transaction

from pos.models import Sale
from pos.operations import ring_up
from teraa.fiscal.models import Document
from tests.pos import cast


def test_two_at_once_with_one_key_make_one_sale(live_database, keys_dir, at):
    bar = cast.bar()
    wanted = bar.wanted()
    start = threading.Barrier(4)
    outcomes = []

    def ring_from_a_thread():
        start.wait()
        try:
            outcomes.append(ring_up(session=bar.session, wanted=wanted, at=at).is_new)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ring_from_a_thread) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [False, False, False, True]
    assert Document.objects.filter(kind="TICKET").count() == 1


def test_fifty_parallel_sales_with_ten_failures_leave_no_gap(live_database, keys_dir, at):
    bar = cast.bar()
    start = threading.Barrier(50)
    failures = []

    def sell(number):
        start.wait()
        try:
            with transaction.atomic():
                ring_up(session=bar.session, wanted=bar.wanted(), at=at)
                if number < 10:
                    # The power goes after sealing, before the commit.
                    raise PowerCut
        except PowerCut:
            failures.append(number)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=sell, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(failures) == 10
    sequences = Document.objects.filter(kind="TICKET").order_by("sequence")
    assert list(sequences.values_list("sequence", flat=True)) == list(range(1, 41))
    assert Sale.objects.filter(state="paid").count() == 40


class PowerCut(Exception):
    """What a test makes happen in the middle of a transaction."""
