"""Names that say nothing are not given to rooms."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN = {"utils", "util", "helpers", "helper", "core", "manager", "managers", "misc"}


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [Path(line) for line in listed.stdout.splitlines()]


def test_no_module_is_called_utils():
    found = [path for path in tracked("*.py") if FORBIDDEN & {path.stem, *path.parts[:-1]}]

    assert not found, f"give these a noun that says what they hold: {found}"


def test_nothing_third_party_is_committed():
    suspicious = [
        path
        for path in tracked()
        if {"node_modules", "vendor", "site-packages"} & set(path.parts)
        or path.name.endswith((".min.js", ".min.css", ".wasm", ".whl"))
    ]

    assert not suspicious, f"libraries come by name, pinned in a lock: {suspicious}"
