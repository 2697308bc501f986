"""Parts are forked from one process that knows Django, and executed whenever that cannot be."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from teraa.supervisor.forks import Starter
from teraa.supervisor.places import ROOT, Places
from teraa.supervisor.processes import marked
from tests.supervisor.cast import eventually

SPEAK = """
import ctypes, json, os, sys
was_warm = "django" in sys.modules
from django.conf import settings
heard = ctypes.c_int()
ctypes.CDLL(None).prctl(2, ctypes.byref(heard))  # PR_GET_PDEATHSIG
print(json.dumps({
    "was_warm": was_warm,
    "arguments": sys.argv[1:],
    "parent": os.getppid(),
    "session": os.getsid(0) == os.getpid(),
    "directory": os.getcwd(),
    "part": os.environ.get("TERAA_PART"),
    "said_in": settings.DATABASES["default"]["OPTIONS"]["application_name"],
    "keys": str(settings.TERAA_KEYS),
    "nethash": settings.TERAA_NODE_NETHASH,
    "port": settings.TERAA_PORT,
    "death_signal": heard.value,
    "handles": sorted(int(each) for each in os.listdir("/proc/self/fd"))[:-1],
}))
print("and a complaint", file=sys.stderr)
sys.exit(7)
"""
RUN = "forks-under-test"


@pytest.fixture
def told(tmp_path) -> dict[str, str]:
    """What every part of the house is told."""
    told = {**os.environ, "TERAA_SECRET_KEY": "for this test", "TERAA_DATA": str(tmp_path)}
    told |= {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing", "TERAA_PORT": "8123"}
    told |= {"PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "teraa.settings"}
    for name in ("TERAA_PART", "TERAA_KEYS", "TERAA_NODE_NETHASH"):
        told.pop(name, None)
    return told


@pytest.fixture
def starter(told, tmp_path) -> Iterator[Starter]:
    """Start what can fork, and wait until it can."""
    places = Places(tmp_path / "data")
    places.make()
    starter = Starter(run=RUN)

    async def warm() -> None:
        starter.warm_up(told, places)
        await starter.wait_until_warm()

    asyncio.run(warm())
    assert marked(RUN)
    yield starter
    starter.cool_down()
    assert marked(RUN) == []


@pytest.fixture
def program(tmp_path) -> Path:
    path = tmp_path / "speak.py"
    path.write_text(SPEAK)
    return path


def _hear(starter: Starter, program: Path, told: dict[str, str], **more) -> tuple[dict, int]:
    process = starter.start(
        [sys.executable, str(program), "--one", "two"],
        environment=told,
        output=subprocess.PIPE,
        directory=program.parent,
        imports_django=True,
        **more,
    )
    assert process.stdout is not None
    with process.stdout as said:
        words = said.read().decode()
    status = process.wait(timeout=30)
    assert words.endswith("and a complaint\n")
    return json.loads(words.splitlines()[0]), status


def test_a_forked_part_is_our_own_child_and_told_what_is_its_own(starter, program, told):
    own = {"TERAA_PART": "effects", "TERAA_KEYS": "/some/keys", "TERAA_NODE_NETHASH": "a1b2"}

    heard, status = _hear(starter, program, {**told, **own}, death_signal=signal.SIGINT)

    assert status == 7
    assert heard == {
        "was_warm": True,
        "arguments": ["--one", "two"],
        "parent": os.getpid(),
        "session": True,
        "directory": str(program.parent),
        "part": "effects",
        "said_in": "effects",
        "keys": "/some/keys",
        "nethash": "a1b2",
        "port": 8123,
        "death_signal": int(signal.SIGINT),
        "handles": [0, 1, 2],
    }


def test_a_part_without_keys_gets_none_after_one_that_has_them(starter, program, told):
    _hear(starter, program, {**told, "TERAA_KEYS": "/some/keys"})

    heard, _status = _hear(starter, program, told)

    assert (heard["was_warm"], heard["keys"], heard["part"]) == (True, "None", None)


def test_a_part_that_is_told_anything_else_is_executed(starter, program, told):
    heard, status = _hear(starter, program, {**told, "TERAA_PORT": "9321"})

    assert (heard["was_warm"], heard["port"], status) == (False, 9321, 7)


def test_parts_are_executed_once_the_one_that_forks_has_died(starter, program, told):
    (forker,) = marked(RUN)
    os.kill(forker, signal.SIGKILL)
    eventually(lambda: not marked(RUN), saying="it does not die")

    heard, status = _hear(starter, program, told)

    assert (heard["was_warm"], status) == (False, 7)


def test_a_forked_part_ends_by_our_signal(starter, tmp_path, told):
    sleeper = tmp_path / "sleep.py"
    sleeper.write_text("import time\nprint('asleep', flush=True)\ntime.sleep(600)\n")
    process = starter.start(
        [sys.executable, str(sleeper)],
        environment=told,
        output=subprocess.PIPE,
        directory=tmp_path,
        imports_django=True,
    )
    assert process.stdout is not None
    with process.stdout as said:
        assert said.readline() == b"asleep\n"
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.05)

    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=30) == -signal.SIGTERM
    assert process.poll() == -signal.SIGTERM
    process.send_signal(signal.SIGTERM)  # nobody there any more
