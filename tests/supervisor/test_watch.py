"""A falling part is started again, each time after a longer pause, up to a bound."""

from __future__ import annotations

import asyncio
import os
import re
import sys

import pytest

from teraa.supervisor import watch as watching
from teraa.supervisor.parts import Part
from teraa.supervisor.places import Places
from teraa.supervisor.watch import Watch


@pytest.fixture
def falls(tmp_path, monkeypatch):
    """Watch a part that always falls until it has fallen so often; return the pauses said."""
    monkeypatch.setattr(watching, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(watching, "LONGEST_PAUSE_SECONDS", 0.04)
    places = Places(tmp_path / "data")
    places.make()

    def fall(*, times: int, command: tuple[str, ...]) -> list[str]:
        said: list[str] = []

        async def story() -> None:
            watch = Watch(places, run="test", say=said.append)
            kept = watch.start(Part(name="part", command=command, environment=dict(os.environ)))
            while kept.restarts < times:
                await asyncio.sleep(0.01)
            await watch.end()

        asyncio.run(asyncio.wait_for(story(), 30))
        return [re.findall(r"again in (\S+) s", sentence)[0] for sentence in said[:times]]

    return fall


def test_it_waits_longer_each_time_up_to_a_bound(falls):
    pauses = falls(times=4, command=(sys.executable, "-c", "raise SystemExit(1)"))

    assert pauses == ["0.01", "0.02", "0.04", "0.04"]


def test_a_part_that_held_has_earned_a_short_pause(falls, monkeypatch):
    monkeypatch.setattr(watching, "STEADY_SECONDS", 0.0)

    pauses = falls(times=3, command=(sys.executable, "-c", "raise SystemExit(1)"))

    assert pauses == ["0.01", "0.01", "0.01"]


def test_it_goes_on_when_a_program_is_not_even_there(falls):
    pauses = falls(times=2, command=("/nonexistent/program",))

    assert pauses == ["0.01", "0.02"]
