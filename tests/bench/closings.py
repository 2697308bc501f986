"""A Z of many documents: each step, and how long a sale at the same register waited meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from tests.running import ROOT, RunningHouse

PATIENCE_S = 3600


def measure(house: RunningHouse, documents: Sequence[int]) -> dict[str, Any]:
    """One register, day and Z for each count, in a process of its own beside the house's parts."""
    found: dict[str, Any] = {}
    for count in documents:
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.closings_inside", str(count)],
            cwd=ROOT,
            env={**house.database_environment(), "DJANGO_SETTINGS_MODULE": "teraa.settings"},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=PATIENCE_S,
        )
        found[str(count)] = json.loads(done.stdout.split("MEASURED", 1)[1])
        print(f"Z of {count}: {found[str(count)]['whole_z_s']} s", file=sys.stderr)
    verified = house.manage("verify_fiscal", check=False) if max(documents) <= 20_000 else None
    if verified is not None and verified.returncode:
        raise AssertionError(verified.stderr)
    return found
