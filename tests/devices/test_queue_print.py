"""Queueing a page: cheap, once, and heard by the agent."""

from __future__ import annotations

import threading
import uuid

import psycopg
import pytest
from django.db import IntegrityError, connection, connections, transaction

from teraa.common.paper import Page, Text, page_to_json
from teraa.common.problems import SameKeyOtherBody
from teraa.devices.models import Printer, PrinterTill, PrintJob
from teraa.devices.operations import (
    MAX_PAGE_CHARACTERS,
    NoSuchPrinter,
    PageTooLong,
    queue_print,
)
from teraa.devices.queries import count_prints, jobs_by_state, print_states, printer_for
from teraa.devices.states import JobState
from teraa.live.models import Outbox
from teraa.venues.models import StationKind
from tests import make
from tests.devices import cast

KEY = uuid.UUID("019a0000-0000-7000-8000-000000000001")


def queue(printer, at, **fields):
    wanted = {
        "venue_id": printer.venue_id,
        "printer_id": printer.pk,
        "key": KEY,
        "page": cast.page(),
        "subject": "pos.sale:1",
        "at": at,
    }
    return queue_print(**wanted | fields)


@pytest.mark.django_db
def test_it_costs_two_statements(at, count_queries):
    printer = cast.printer(make.venue())

    with count_queries() as queries:
        _, is_new = queue(printer, at)

    assert len(queries) == 2, queries
    assert is_new


@pytest.mark.django_db
def test_the_row_returned_is_the_row_stored(at):
    printer = cast.printer(make.venue())

    job, _ = queue(printer, at)

    stored = PrintJob.objects.get(venue=printer.venue, key=KEY)
    for field in PrintJob._meta.concrete_fields:
        assert getattr(stored, field.attname) == getattr(job, field.attname), field.name
    assert stored.page == page_to_json(cast.page())
    assert stored.state == JobState.QUEUED


@pytest.mark.django_db
def test_the_printers_agent_is_told_in_the_same_transaction(at):
    printer = cast.printer(make.venue())

    def sell_and_fail() -> None:
        with transaction.atomic():
            queue(printer, at)
            raise RuntimeError("the sale fails")

    with pytest.raises(RuntimeError, match="the sale fails"):
        sell_and_fail()
    assert not Outbox.objects.exists()
    assert not PrintJob.objects.exists()

    queue(printer, at)
    row = Outbox.objects.get()
    assert (row.topic, row.key) == (f"agent.{printer.station_id}", str(KEY))


@pytest.mark.django_db
def test_the_same_key_again_is_the_first_job(at):
    printer = cast.printer(make.venue())
    first, _ = queue(printer, at)

    again, is_new = queue(printer, at)

    assert (again.pk, is_new) == (first.pk, False)
    assert PrintJob.objects.count() == 1
    assert Outbox.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change", [{"page": Page(48, (Text("other"),))}, {"subject": "pos.sale:2"}]
)
def test_it_refuses_the_same_key_for_another_page(at, change):
    printer = cast.printer(make.venue())
    queue(printer, at)

    with pytest.raises(SameKeyOtherBody):
        queue(printer, at, **change)

    assert PrintJob.objects.count() == 1


@pytest.mark.django_db
def test_two_venues_may_use_the_same_key(at):
    one, other = cast.printer(make.venue()), cast.printer(make.venue())

    assert queue(one, at)[1]
    assert queue(other, at)[1]


@pytest.mark.django_db
def test_it_refuses_a_printer_of_another_venue_or_out_of_use(at):
    mine, other = cast.printer(make.venue()), cast.printer(make.venue())
    tired = cast.printer(mine.venue, active=False)

    for printer_id in (other.pk, tired.pk, uuid.uuid4()):
        with pytest.raises(NoSuchPrinter):
            queue(mine, at, printer_id=printer_id)

    assert not PrintJob.objects.exists()
    assert not Outbox.objects.exists()


@pytest.mark.django_db
def test_a_replay_is_answered_even_when_the_printer_has_gone_out_of_use(at):
    printer = cast.printer(make.venue())
    first, _ = queue(printer, at)
    Printer.objects.update(active=False)

    assert queue(printer, at)[0].pk == first.pk


@pytest.mark.django_db
def test_it_refuses_a_page_without_end(at):
    printer = cast.printer(make.venue())
    page = Page(48, (Text("x" * 4_000),) * (MAX_PAGE_CHARACTERS // 4_000 + 1))

    with pytest.raises(PageTooLong):
        queue(printer, at, page=page)


def test_the_same_key_from_twenty_threads_is_one_job(live_database, at):
    printer = cast.printer(make.venue())
    start = threading.Barrier(20)
    news: list[bool] = []

    def ring_up():
        try:
            start.wait()
            news.append(queue(printer, at)[1])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ring_up) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(news) == [False] * 19 + [True]
    assert PrintJob.objects.count() == 1
    assert Outbox.objects.count() == 1


# Which printer


@pytest.mark.django_db
def test_a_till_prints_on_its_own_printer_else_on_the_default(at, count_queries):
    venue = make.venue()
    bar, terrace, gate = (make.station(venue) for _ in range(3))
    kitchen = cast.printer(venue)
    default = cast.printer(venue, is_default=True)
    own = cast.printer(venue, tills=[bar])
    cast.printer(venue, tills=[gate], active=False)

    with count_queries() as queries:
        assert printer_for(station_id=bar.pk) == own
    assert len(queries) == 1
    assert printer_for(station_id=terrace.pk) == default
    assert printer_for(station_id=gate.pk) == default
    assert kitchen.waiting() == 0


@pytest.mark.django_db
def test_a_till_without_any_printer_has_none():
    venue, other = make.venue(), make.venue()
    cast.printer(venue)
    cast.printer(other, is_default=True)

    assert printer_for(station_id=make.station(venue).pk) is None


@pytest.mark.django_db
def test_the_newest_job_speaks_for_its_subject(at, count_queries):
    printer = cast.printer(make.venue())
    stranger = cast.printer(make.venue())
    first = cast.queued(printer, at, subject="pos.sale:1")
    PrintJob.objects.filter(pk=first.pk).update(state=JobState.UNKNOWN)
    second = cast.queued(printer, at, subject="pos.sale:1")
    other = cast.queued(printer, at, subject="pos.sale:2")
    PrintJob.objects.filter(pk=other.pk).update(state=JobState.CONFIRMED)
    cast.queued(stranger, at, subject="pos.sale:3")

    with count_queries() as queries:
        states = print_states(
            venue_id=printer.venue_id, subjects=[f"pos.sale:{n}" for n in range(1, 5)]
        )

    assert len(queries) == 1
    assert states == {"pos.sale:1": "queued", "pos.sale:2": "confirmed"}
    counts = [
        count_prints(venue_id=printer.venue_id, subject="pos.sale:1", before_key=key)
        for key in (uuid.uuid4(), second.key)
    ]
    assert counts == [2, 1]
    assert printer.waiting() == 1
    assert jobs_by_state() == {
        "queued": 2,
        "leased": 0,
        "sent": 0,
        "held": 0,
        "unknown": 1,
        "failed": 0,
    }


# What the database refuses


def test_the_database_keeps_venues_apart(live_database, at):
    here, there = make.venue(), make.venue()
    printer = cast.printer(here)
    foreign_agent = cast.agent(there)
    till = make.station(there)
    PrinterTill.objects.create(printer=printer, station=make.station(here))

    for act in (
        lambda: Printer.objects.filter(pk=printer.pk).update(station=foreign_agent),
        lambda: PrinterTill.objects.create(printer=printer, station=till),
        lambda: PrintJob.objects.create(
            venue=there,
            printer=printer,
            key=KEY,
            subject="x",
            page={},
            created_at=at,
            next_at=at,
        ),
    ):
        with pytest.raises(IntegrityError, match="same_venue"):
            act()


@pytest.mark.django_db
def test_the_database_wants_a_lease_for_what_is_away(at):
    job = cast.queued(cast.printer(make.venue()), at)

    for state in (JobState.LEASED, JobState.SENT):
        with pytest.raises(IntegrityError), transaction.atomic():
            PrintJob.objects.filter(pk=job.pk).update(state=state)


@pytest.mark.django_db
def test_a_venue_has_one_default_printer():
    venue = make.venue()
    cast.printer(venue, is_default=True)

    with pytest.raises(IntegrityError), transaction.atomic():
        cast.printer(venue, is_default=True)


@pytest.mark.django_db
def test_the_printer_is_checked_before_it_is_saved():
    from django.core.exceptions import ValidationError

    venue = make.venue()
    wrong = Printer(
        venue=venue,
        station=make.station(venue),
        name="Bar",
        target="no address",
        profile={"width_columns": 47},
    )

    with pytest.raises(ValidationError) as refused:
        wrong.full_clean()

    assert set(refused.value.message_dict) == {"station", "target", "profile"}
    assert wrong.station.kind == StationKind.TILL


def test_a_sale_can_queue_while_an_agent_leases(live_database, at):
    """Neither waits for the other: the queue is written and read at once."""
    printer = cast.printer(make.venue())
    cast.queued(printer, at)
    with psycopg.connect(live_database.url) as agent:
        agent.execute("SELECT id FROM devices_print_job FOR UPDATE")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        _, is_new = queue(printer, at)
        agent.rollback()

    assert is_new
