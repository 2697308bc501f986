"""The documents name what is there, and what they name is there."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

ROOT: Path = settings.BASE_DIR
MAP = ROOT / "docs" / "map.md"
OPERATIONS = ROOT / "docs" / "operations.md"
ROOMS = ("pos", "bookings", "ticketing")
SETTING = re.compile(r"\bTERAA_[A-Z]+(?:_[A-Z]+)*\b")
READ_BY_TESTS = re.compile(r"environ(?:\.get\(|\[)\"(TERAA_[A-Z_]+)\"")
# Not for people to set, and why.
INTERNAL = {"TERAA_RUN": "the supervisor's mark on its own children"}
IN_BACKTICKS = re.compile(r"`([^`\n]+)`")
# A path of this tree as the documents write one: a folder of ours, a slash, no placeholder.
PATH = re.compile(
    r"^(?:teraa|pos|bookings|ticketing|static|templates|tests|docs|script|locale)/[\w/.@-]*$"
)


def documents() -> str:
    return MAP.read_text() + OPERATIONS.read_text()


def test_every_room_is_on_the_map():
    rooms = {
        f"teraa/{path.name}/" for path in (ROOT / "teraa").iterdir() if (path / "apps.py").exists()
    }
    rooms |= {f"{room}/" for room in ROOMS}
    text = MAP.read_text()

    missing = sorted(room for room in rooms if f"`{room}`" not in text)

    assert not missing, f"say in docs/map.md, under Rooms, what {missing} know"


def settings_read() -> dict[str, str]:
    """Every setting by name, with a file that reads it."""
    found: dict[str, str] = {}
    for folder in ("teraa", *ROOMS, "script", "tests"):
        # Tests name settings to try them; what they read themselves stands in the environment.
        pattern = READ_BY_TESTS if folder == "tests" else SETTING
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and (path.suffix == ".py" or folder == "script"):
                for name in pattern.findall(path.read_text(errors="replace")):
                    found.setdefault(name, path.relative_to(ROOT).as_posix())
    return found


def test_every_setting_is_explained():
    text = documents()

    missing = sorted(
        f"{name} (in {place})"
        for name, place in settings_read().items()
        if name not in text and name not in INTERNAL
    )

    assert not missing, f"explain these in docs/operations.md, under Settings: {missing}"


def test_every_command_is_named():
    commands = {
        path.stem
        for folder in ("teraa", *ROOMS)
        for path in (ROOT / folder).rglob("management/commands/*.py")
        if path.stem != "__init__"
    }
    text = documents()

    missing = sorted(name for name in commands if not re.search(rf"\b{name}\b", text))

    assert not missing, f"say in docs/map.md, under Processes and commands, what {missing} do"


def test_every_script_is_named():
    scripts = {
        f"script/{path.name}"
        for path in (ROOT / "script").iterdir()
        if path.is_file() and path.stat().st_mode & 0o111
    }
    text = documents() + (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()

    missing = sorted(name for name in scripts if name not in text)

    assert not missing, f"say in docs/operations.md or CONTRIBUTING.md what {missing} do"


def test_every_path_the_documents_name_is_there():
    lost = []
    for document in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]):
        for named in IN_BACKTICKS.findall(document.read_text()):
            if PATH.match(named) and not (ROOT / named).exists():
                lost.append(f"{document.relative_to(ROOT)} names {named}")

    assert not lost, "\n".join(lost)


def test_every_picture_and_page_the_documents_link_to_is_there():
    lost = []
    for document in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]):
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text()):
            if "://" not in target and not (document.parent / target).exists():
                lost.append(f"{document.relative_to(ROOT)} links to {target}")

    assert not lost, "\n".join(lost)
