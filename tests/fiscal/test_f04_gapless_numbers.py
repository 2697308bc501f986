"""Numbers without gap, whoever seals at once and whatever fails (F4). Commits are real here."""

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from teraa.fiscal import keys
from teraa.fiscal.models import Document
from teraa.fiscal.registers import register_for
from teraa.fiscal.sealing import seal_event, seal_ticket
from teraa.fiscal.verify import verify
from tests.fiscal import cast

pytestmark = pytest.mark.usefixtures("live_database", "keys_dir")
AT = cast.AT
TENTH = datetime.timedelta(seconds=0.1)


def in_threads(work, count):
    """Run ``work(n)`` for every n < count, eight at a time, all begun together."""
    together = threading.Barrier(8)

    def one(number):
        try:
            if number < 8:
                together.wait(timeout=30)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=8) as pool:
        return list(pool.map(one, range(count)))


def test_f04_fifty_sales_at_once_with_ten_failures_leave_no_gap():
    register = cast.register()

    def sell(number):
        try:
            with transaction.atomic():
                seal_ticket(register_id=register.pk, ticket=cast.ticket(), at=AT + number * TENTH)
                if number % 5 == 0:
                    raise cast.Interrupted
        except cast.Interrupted:
            return False
        return True

    sold = in_threads(sell, 50)

    assert sold.count(False) == 10
    numbers = Document.objects.filter(register=register, kind="TICKET").order_by("sequence")
    assert list(numbers.values_list("sequence", flat=True)) == list(range(1, 41))
    assert verify(register_id=register.pk).faults == []
    assert keys.read_marks(register.pk)["TICKET"].sequence == 40


def test_a_day_opens_once_when_many_come_at_once():
    register = cast.register()
    next_day = AT + datetime.timedelta(days=1)

    def sell(number):
        with transaction.atomic():
            if number % 3:
                seal_ticket(
                    register_id=register.pk, ticket=cast.ticket(), at=next_day + number * TENTH
                )
            else:
                seal_event(
                    register_id=register.pk, code=80, values={}, at=next_day + number * TENTH
                )

    in_threads(sell, 24)

    assert list(register.periods.order_by("number").values_list("number", "business_date")) == [
        (1, datetime.date(2026, 11, 19)),
        (2, datetime.date(2026, 11, 20)),
    ]
    later = Document.objects.filter(register=register, issued_at__gte=next_day)
    assert set(later.values_list("period__number", flat=True)) == {2}
    report = verify(register_id=register.pk)
    assert (report.faults, report.documents) == ([], 25)


def test_tickets_and_events_of_one_transaction_never_wait_in_a_circle():
    register = cast.register()

    def both(number):
        at = AT + number * TENTH
        with transaction.atomic():
            if number % 2:
                seal_event(register_id=register.pk, code=80, values={}, at=at)
            seal_ticket(register_id=register.pk, ticket=cast.ticket(), at=at)
            if not number % 2:
                seal_event(register_id=register.pk, code=40, values={}, at=at)

    in_threads(both, 24)

    assert verify(register_id=register.pk).faults == []
    assert Document.objects.filter(register=register).count() == 49


def test_it_refuses_to_seal_outside_a_transaction():
    register = cast.register()

    with pytest.raises(transaction.TransactionManagementError):
        seal_ticket(register_id=register.pk, ticket=cast.ticket(), at=AT)

    assert not Document.objects.filter(kind="TICKET").exists()


def test_the_register_of_a_till_is_found_in_one_query_then_none(count_queries):
    register = cast.register()
    web = cast.register(
        venue=register.venue,
        payee=register.payee,
        station_id=None,
        lane="web",
        name="En ligne",
    )

    with count_queries() as queries:
        for _ in range(3):
            found = register_for(station_id=register.station_id, payee_id=register.payee_id)
            assert found == register.pk
        assert register_for(station_id=None, payee_id=register.payee_id) == web.pk

    assert len(queries) == 2, queries


def test_a_register_that_was_rolled_back_is_not_remembered():
    register = cast.register()
    web = {"station_id": None, "lane": "web", "name": "En ligne"}

    seen = []

    @transaction.atomic
    def open_and_fail():
        lost = cast.register(venue=register.venue, payee=register.payee, **web)
        seen.append(register_for(station_id=None, payee_id=register.payee_id))
        assert seen == [lost.pk]
        raise cast.Interrupted

    with pytest.raises(cast.Interrupted):
        open_and_fail()
    kept = cast.register(venue=register.venue, payee=register.payee, **web)

    assert register_for(station_id=None, payee_id=register.payee_id) == kept.pk != seen[0]
