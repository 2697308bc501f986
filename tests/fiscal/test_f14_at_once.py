"""F14 under load: copies asked for at the same moment have a number each."""

import threading

from django.db import connections

from tests.devices import cast as devices
from tests.fiscal.test_f14_duplicates import copies, papers, reprint, sold
from tests.pos import cast


def test_copies_asked_for_at_once_have_a_number_each(live_database, keys_dir, at):
    bar = cast.bar()
    devices.printer(bar.venue, tills=[bar.station])
    sale = sold(bar, at)
    start = threading.Barrier(6)

    def print_one():
        start.wait()
        try:
            reprint(bar, sale, at)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=print_one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [copy["values"]["copy"] for copy in copies()] == [1, 2, 3, 4, 5, 6]
    assert len(papers(sale)) == 7
