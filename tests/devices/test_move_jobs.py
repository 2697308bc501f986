"""The table of moves of a print job, printed and held to."""

from __future__ import annotations

import itertools

import pytest

from teraa.common.states import WrongMove, moves_table
from teraa.devices.drivers import DRIVERS
from teraa.devices.models import DriverName, PrintJob
from teraa.devices.states import JOB_MOVES, JobState, sources_of
from tests import make
from tests.devices import cast

ALLOWED = {
    ("queued", "leased"),  # an agent takes it
    ("leased", "queued"),  # the lease ended before a byte left
    ("leased", "sent"),  # the agent is about to write
    ("leased", "held"),  # no paper, cover open, switched off
    ("leased", "failed"),  # the page or the printer's profile cannot be read
    ("held", "leased"),  # tried again
    ("sent", "confirmed"),  # the printer gave proof
    ("sent", "unknown"),  # it did not, or the agent died
    ("unknown", "confirmed"),  # the proof came late
    ("unknown", "queued"),  # a person has it printed again
    ("failed", "queued"),  # a person has repaired what was wrong
}


def test_the_table_is_this_one(capsys):
    for source, target, allowed in moves_table(JOB_MOVES):
        print(f"{source:>9} → {target:<9} {'yes' if allowed else '·'}")

    assert {(a, b) for a, b, allowed in moves_table(JOB_MOVES) if allowed} == ALLOWED
    assert set(JOB_MOVES) == set(JobState)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("source", "target"), list(itertools.permutations([str(s) for s in JobState], 2))
)
def test_a_job_moves_only_as_the_table_says(source, target, at):
    job = cast.queued(cast.printer(make.venue()), at)
    PrintJob.objects.filter(pk=job.pk).update(state=source, lease_until=at)

    if (source, target) in ALLOWED:
        job.move(target)
        assert source in sources_of(target)
    else:
        with pytest.raises(WrongMove):
            job.move(target)

    stored = PrintJob.objects.get(pk=job.pk).state
    assert stored == (target if (source, target) in ALLOWED else source)


def test_the_back_office_offers_the_drivers_that_exist():
    assert set(DriverName.values) == set(DRIVERS)
