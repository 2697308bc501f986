"""Imports point down only (design section 2)."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from django.conf import settings

ROOT: Path = settings.BASE_DIR
FORBIDDEN = {"utils", "helpers", "core", "manager", "misc"}
ROOMS = ("teraa", "pos", "bookings", "ticketing")


def contract_layers() -> list[str]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = config["tool"]["importlinter"]["contracts"]
    (floors,) = [contract for contract in contracts if contract["type"] == "layers"]
    return floors["layers"]


def test_no_room_imports_one_above_it_or_beside_it():
    checked = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_room_stands_on_a_floor():
    """A room that no layer names would be free to import anything."""
    named = {name.strip("() ") for layer in contract_layers() for name in layer.split("|")}
    rooms = {
        f"teraa.{path.stem}"
        for path in (ROOT / "teraa").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    } - {"teraa.__init__"}
    rooms |= {room for room in ROOMS if room != "teraa"}

    missing = sorted(rooms - named)

    assert not missing, f"say on which floor {missing} stand: tool.importlinter in pyproject.toml"


def test_modules_are_named_for_what_they_are():
    found = sorted(
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.stem in FORBIDDEN and (path.suffix == ".py" or path.is_dir())
        # Unfold's own template folder, whose name is not ours to choose.
    )

    assert not found, f"name these for what they hold: {found}"
