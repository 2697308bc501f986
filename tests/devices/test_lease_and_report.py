"""Leases and reports: in order, once, fenced by the attempt, and deaf to strangers."""

from __future__ import annotations

import datetime
import threading
import uuid

import pytest
from django.db import connections

from teraa.common.paper import Drawer, Text, page_from_json
from teraa.common.problems import NotFound
from teraa.devices.models import Printer, PrintJob
from teraa.devices.operations import (
    LEASE,
    SENT_LEASE,
    LeaseLost,
    NothingToResend,
    ReasonMissing,
    lease_jobs,
    page_to_print,
    release_leases,
    report_job,
    resend_job,
)
from teraa.devices.states import JobState
from teraa.live.models import Outbox
from tests import make
from tests.devices import cast

SECOND = datetime.timedelta(seconds=1)


def lease(printer: Printer, at: datetime.datetime, maximum: int = 16) -> list[PrintJob]:
    return lease_jobs(station=printer.station, run=cast.RUN, maximum=maximum, at=at)


@pytest.mark.django_db
def test_it_hands_out_one_job_of_each_printer_the_oldest_first(at, count_queries):
    venue = make.venue()
    bar = cast.printer(venue)
    kitchen = cast.printer(venue, station=bar.station)
    old, _young = cast.queued(bar, at), cast.queued(bar, at)
    meal = cast.queued(kitchen, at)

    with count_queries() as queries:
        jobs = lease(bar, at)
        names = [(job.pk, job.printer.name, job.venue.language) for job in jobs]

    assert names == [(old.pk, bar.name, "fr"), (meal.pk, kitchen.name, "fr")]
    assert len(queries) <= 4, queries
    assert [job.state for job in jobs] == [JobState.LEASED] * 2
    assert [job.attempt for job in jobs] == [1, 1]
    assert lease(bar, at) == []


@pytest.mark.django_db
def test_it_hands_out_no_more_than_wanted(at):
    venue = make.venue()
    bar = cast.printer(venue)
    kitchen = cast.printer(venue, station=bar.station)
    cast.queued(bar, at)
    cast.queued(kitchen, at)

    assert len(lease(bar, at, maximum=1)) == 1


@pytest.mark.django_db
def test_the_next_job_comes_when_the_first_is_done(at):
    printer = cast.printer(make.venue())
    first, second = cast.queued(printer, at), cast.queued(printer, at)
    (job,) = lease(printer, at)
    assert job.pk == first.pk
    cast.reported(job, "sent", at)
    assert lease(printer, at) == []

    cast.reported(job, "confirmed", at)

    assert [job.pk for job in lease(printer, at)] == [second.pk]


@pytest.mark.django_db
def test_an_agent_gets_nothing_of_another_agents_printer(at):
    venue = make.venue()
    printer, other = cast.printer(venue), cast.printer(venue)
    cast.queued(printer, at)

    assert lease(other, at) == []


@pytest.mark.django_db
def test_a_printer_out_of_use_gets_nothing(at):
    printer = cast.printer(make.venue())
    cast.queued(printer, at)
    Printer.objects.update(active=False)

    assert lease(printer, at) == []


@pytest.mark.django_db
def test_a_job_held_back_is_tried_again_later_and_keeps_its_place(at):
    printer = cast.printer(make.venue())
    first, _second = cast.queued(printer, at), cast.queued(printer, at)
    (job,) = lease(printer, at)
    held = cast.reported(job, "held", at, "paper")

    assert (held.state, held.detail) == ("held", "paper")
    assert lease(printer, at) == []
    (again,) = lease(printer, at + 2 * SECOND)
    assert (again.pk, again.attempt) == (first.pk, 2)


@pytest.mark.django_db
def test_a_printer_without_paper_is_looked_at_every_ten_seconds_at_most(at):
    printer = cast.printer(make.venue())
    cast.queued(printer, at)
    for _ in range(9):
        (job,) = lease(printer, at)
        wait = cast.reported(job, "held", at, "paper").next_at - at
        at += wait

    assert wait == 10 * SECOND


@pytest.mark.django_db
def test_a_lease_that_ends_before_a_byte_left_puts_the_job_back(at):
    printer = cast.printer(make.venue())
    job = cast.leased(printer, at)

    later = at + LEASE + SECOND
    (again,) = lease(printer, later)

    assert (again.pk, again.attempt) == (job.pk, 2)
    with pytest.raises(LeaseLost):
        cast.reported(job, "sent", later)
    assert cast.reported(again, "sent", later).state == "sent"


@pytest.mark.django_db
def test_a_lease_that_ends_while_printing_makes_the_job_unknown_for_good(at):
    printer = cast.printer(make.venue())
    job = cast.leased(printer, at)
    cast.reported(job, "sent", at)

    later = at + SENT_LEASE + SECOND
    assert release_leases(at=later) == 1

    job.refresh_from_db()
    assert (job.state, job.detail) == ("unknown", "no word from the agent")
    assert lease(printer, later) == []


@pytest.mark.django_db
def test_a_new_run_of_the_agent_ends_what_the_old_one_held(at):
    """The agent was killed and is back within a second: nobody waits for its old leases."""
    venue = make.venue()
    bar = cast.printer(venue)
    kitchen = cast.printer(venue, station=bar.station)
    begun = cast.leased(bar, at)
    cast.reported(begun, "sent", at)
    only_leased = cast.leased(kitchen, at)
    stranger = cast.leased(cast.printer(venue), at)

    jobs = lease_jobs(station=bar.station, run=uuid.UUID(int=2), maximum=9, at=at + SECOND)

    assert [(job.pk, job.attempt) for job in jobs] == [(only_leased.pk, 2)]
    begun.refresh_from_db()
    assert begun.state == "unknown"
    stranger.refresh_from_db()
    assert stranger.state == "leased"
    with pytest.raises(LeaseLost):
        cast.reported(only_leased, "sent", at)
    assert cast.reported(begun, "confirmed", at).state == "confirmed"


@pytest.mark.django_db
def test_an_unknown_job_does_not_keep_the_others_waiting(at):
    printer = cast.printer(make.venue())
    job = cast.leased(printer, at)
    following = cast.queued(printer, at)
    cast.reported(job, "sent", at)
    cast.reported(job, "unknown", at, "no proof")

    assert [job.pk for job in lease(printer, at)] == [following.pk]


@pytest.mark.django_db
def test_a_proof_that_comes_late_is_believed(at):
    job = cast.leased(cast.printer(make.venue()), at)
    cast.reported(job, "sent", at)
    later = at + SENT_LEASE + SECOND
    release_leases(at=later)

    assert cast.reported(job, "confirmed", later).state == "confirmed"


@pytest.mark.django_db
def test_the_same_report_twice_changes_nothing(at):
    job = cast.leased(cast.printer(make.venue()), at)
    first = cast.reported(job, "sent", at)
    again = cast.reported(job, "sent", at + 5 * SECOND)

    assert again.lease_until == first.lease_until
    cast.reported(job, "confirmed", at)
    done = cast.reported(job, "confirmed", at + SECOND).done_at
    assert done == at


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("before", "said"),
    [
        ([], "confirmed"),
        ([], "unknown"),
        (["sent"], "held"),
        (["sent"], "failed"),
        (["sent", "confirmed"], "unknown"),
        (["sent", "confirmed"], "sent"),
        (["sent", "unknown"], "sent"),
        (["held"], "sent"),
        (["failed"], "sent"),
    ],
)
def test_it_refuses_a_report_out_of_turn(at, before, said):
    job = cast.leased(cast.printer(make.venue()), at)
    for state in before:
        cast.reported(job, state, at)

    with pytest.raises(LeaseLost):
        cast.reported(job, said, at)

    job.refresh_from_db()
    assert job.state == (before[-1] if before else "leased")


@pytest.mark.django_db
def test_it_refuses_a_report_of_an_earlier_attempt(at):
    printer = cast.printer(make.venue())
    job = cast.leased(printer, at)
    cast.reported(job, "held", at, "paper")
    lease(printer, at + 2 * SECOND)

    with pytest.raises(LeaseLost):
        cast.reported(job, "sent", at)


@pytest.mark.django_db
def test_a_stranger_hears_of_no_job(at):
    venue = make.venue()
    job = cast.leased(cast.printer(venue), at)

    for stranger in (cast.agent(venue), cast.agent(make.venue())):
        with pytest.raises(NotFound):
            report_job(station=stranger, key=job.key, attempt=1, state="sent", detail="", at=at)
    with pytest.raises(NotFound):
        report_job(
            station=job.printer.station,
            key=uuid.uuid4(),
            attempt=1,
            state="sent",
            detail="",
            at=at,
        )


@pytest.mark.django_db
def test_an_agent_may_not_say_queued(at):
    job = cast.leased(cast.printer(make.venue()), at)

    with pytest.raises(ValueError, match="queued"):
        cast.reported(job, "queued", at)


# Printed again by a person


@pytest.mark.django_db
@pytest.mark.parametrize("outcome", [["sent", "unknown"], ["failed"]])
def test_a_person_may_have_it_printed_again_with_a_reason(at, outcome):
    printer = cast.printer(make.venue(language="en"))
    job = cast.leased(printer, at)
    for state in outcome:
        cast.reported(job, state, at)
    Outbox.objects.all().delete()

    again = resend_job(job=job, reason=" jammed ", by="zoe@example.org", at=at)

    assert (again.state, again.reprints) == ("queued", 1)
    assert (again.reprint_reason, again.reprint_by) == ("jammed", "zoe@example.org")
    assert Outbox.objects.get().topic == f"agent.{printer.station_id}"
    (leased,) = lease(printer, at)
    page = page_from_json(page_to_print(leased))
    assert page.blocks[0] == Text("PRINTED AGAIN", align="center", bold=True)
    assert not any(isinstance(block, Drawer) for block in page.blocks)
    assert any(block == Text("Café crème 1,80 €") for block in page.blocks)


@pytest.mark.django_db
def test_the_first_print_is_the_page_as_it_was_queued(at):
    job = cast.leased(cast.printer(make.venue()), at)

    assert page_from_json(page_to_print(job)) == cast.page()


@pytest.mark.django_db
@pytest.mark.parametrize("states", [[], ["sent"], ["sent", "confirmed"], ["held"]])
def test_it_refuses_to_print_again_what_is_not_in_doubt(at, states):
    job = cast.leased(cast.printer(make.venue()), at)
    for state in states:
        cast.reported(job, state, at)

    with pytest.raises(NothingToResend):
        resend_job(job=job, reason="because", by="", at=at)


@pytest.mark.django_db
def test_it_refuses_to_print_again_without_a_reason_or_twice_at_once(at):
    job = cast.leased(cast.printer(make.venue()), at)
    cast.reported(job, "sent", at)
    cast.reported(job, "unknown", at)
    job.refresh_from_db()
    same = PrintJob.objects.get(pk=job.pk)

    with pytest.raises(ReasonMissing):
        resend_job(job=job, reason="  ", by="", at=at)
    resend_job(job=job, reason="jammed", by="", at=at)
    with pytest.raises(NothingToResend):
        resend_job(job=same, reason="jammed", by="", at=at)


# Several agents at once


def test_no_job_is_handed_out_twice(live_database, at):
    venue = make.venue()
    first = cast.printer(venue)
    printers = [first] + [cast.printer(venue, station=first.station) for _ in range(7)]
    for printer in printers:
        cast.queued(printer, at)
    start = threading.Barrier(6)
    taken: list[int] = []

    def take():
        try:
            start.wait()
            for _ in range(8):
                taken.extend(job.pk for job in lease(first, at, maximum=2))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == sorted(PrintJob.objects.values_list("pk", flat=True))
