"""Preparations are done when something they depend on has changed, and only then."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from teraa.supervisor.forks import Starter
from teraa.supervisor.places import Places
from teraa.supervisor.preparation import Preparation, Step
from teraa.supervisor.refusals import Refusal


@pytest.fixture
def places(tmp_path) -> Places:
    found = Places(tmp_path / "data")
    found.make()
    return found


def _preparation(places: Places) -> Preparation:
    return Preparation(places, starter=Starter(run="test"), say=lambda sentence: None)


def _step(program: str, *, digest=None) -> Step:
    return Step(
        name="count",
        title="Counting",
        command=(sys.executable, "-c", program),
        environment=dict(os.environ),
        digest=digest,
    )


def _counting(tally: Path) -> str:
    return f"open({str(tally)!r}, 'a').write('x')"


def test_it_does_a_step_once_and_again_when_its_digest_changes(places, tmp_path):
    tally, digests = tmp_path / "tally", ["one"]
    step = _step(_counting(tally), digest=lambda: digests[0])

    for _ in range(2):
        asyncio.run(_preparation(places).do(step))
    assert tally.read_text() == "x"

    digests[0] = "two"
    asyncio.run(_preparation(places).do(step))
    assert tally.read_text() == "xx"


def test_it_does_a_step_again_when_what_it_made_is_gone(places, tmp_path):
    tally = tmp_path / "tally"
    step = _step(_counting(tally), digest=lambda: str(tally.exists()))
    asyncio.run(_preparation(places).do(step))
    tally.unlink()

    asyncio.run(_preparation(places).do(step))

    assert tally.read_text() == "x"


def test_a_step_without_a_digest_is_always_done(places, tmp_path):
    tally = tmp_path / "tally"

    for _ in range(2):
        asyncio.run(_preparation(places).do(_step(_counting(tally))))

    assert tally.read_text() == "xx"


def test_it_says_what_a_failed_step_said_and_tries_it_again_next_time(places, tmp_path):
    step = _step("import sys; sys.exit('the cellar is flooded')", digest=lambda: "same")

    for _ in range(2):
        with pytest.raises(Refusal, match=r"“Counting” failed(.|\n)*the cellar is flooded"):
            asyncio.run(_preparation(places).do(step))


def test_it_hands_over_what_a_step_printed_without_what_it_complained_of(places):
    program = "import sys; print('complaint', file=sys.stderr); print('answer')"

    printed = asyncio.run(_preparation(places).output_of(_step(program)))

    assert printed == "answer\n"
    assert "complaint" in (places.logs / "count.log").read_text()
