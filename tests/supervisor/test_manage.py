"""A command run in a house; every journey asks its house through the same way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.running import ROOT


def test_it_says_that_there_is_no_house_and_makes_none(tmp_path):
    empty = tmp_path / "nothing"

    said = _manage(empty, "check")

    assert said.returncode == 1
    assert "no house was opened here" in said.stderr
    assert str(empty) in said.stderr
    assert not list(tmp_path.rglob("*")), "a question leaves nothing behind"


def _manage(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "teraa.supervisor.managing", *arguments],
        cwd=ROOT,
        env={**os.environ, "TERAA_DATA": str(data)},
        capture_output=True,
        text=True,
    )
