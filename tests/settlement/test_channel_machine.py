"""The channel against a model of it: customers, clerks, forks and faults in any order (§3.13).

The chain is the development node's own, in memory, with a clock that only moves when told to. The
model only knows who sent what; everything else is read from the database and held against the
laws. An ordinary run tries a fixed sample; ``TERAA_LONG=1`` 20,000 examples in several processes,
with seeds that count up from ``TERAA_SEED`` (or from a new one, printed).
"""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from subprocess import PIPE, STDOUT

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test

from teraa.settlement.osm.models import ChainTransaction
from tests.settlement.channel_model import laws
from tests.settlement.channel_model.machine import ChannelMachine
from tests.settlement.channel_model.world import furnish

LONG = os.environ.get("TERAA_LONG") == "1"
EXAMPLES = int(os.environ.get("TERAA_EXAMPLES", "20000" if LONG else "25"))
PARTS = int(os.environ.get("TERAA_PARTS", str(os.cpu_count() or 1) if LONG else "1"))
STEPS = 18


def try_examples(seed: int | None, examples: int) -> None:
    """Try examples in the database that is entered; ``seed`` None: the same ones every time."""
    ChannelMachine.payees = furnish()
    run_state_machine_as_test(
        ChannelMachine if seed is None else seeded(seed)(ChannelMachine),
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=seed is None,
            phases=[Phase.explicit, Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
    assert not ChainTransaction.objects.exists(), "an example left something behind"


def try_in_parts(first: int) -> None:
    """Several runs of this file side by side, each with a share of the examples."""
    here = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    share = {"TERAA_EXAMPLES": str(-(-EXAMPLES // PARTS)), "TERAA_PARTS": "1"}
    with ExitStack() as undo:
        parts = []
        for seed in range(first, first + PARTS):
            environment = {**os.environ, **share, "TERAA_SEED": str(seed)}
            part = subprocess.Popen(here, env=environment, text=True, stdout=PIPE, stderr=STDOUT)
            undo.enter_context(part)
            undo.callback(part.kill)
            parts.append(part)
        with ThreadPoolExecutor(PARTS) as readers:
            said = list(readers.map(lambda part: part.communicate()[0], parts))
        failed = [text for part, text in zip(parts, said, strict=True) if part.returncode]
        assert not failed, "\n".join(failed)


@pytest.mark.timeout(0 if LONG else 600)
def test_the_channel_keeps_its_laws_whatever_happens(request, capsys):
    first = int(os.environ.get("TERAA_SEED") or random.SystemRandom().randrange(2**32))
    if LONG:
        with capsys.disabled():
            print(f"{EXAMPLES} examples, {PARTS} at a time, seeds from {first}")
    if LONG and PARTS > 1:
        try_in_parts(first)
        return
    database = request.getfixturevalue("live_database")
    with psycopg.connect(database.master_url, autocommit=True) as superuser:
        laws.may_forget_receipts(superuser)
    logging.disable(logging.CRITICAL)  # of nodes that misbehave as they were told to
    request.addfinalizer(lambda: logging.disable(logging.NOTSET))
    try_examples(first if LONG else None, EXAMPLES)
