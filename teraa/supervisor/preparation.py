"""What must be done before the parts can run, and only when something it depends on has changed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import signal
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from teraa.supervisor.choices import Choices
from teraa.supervisor.forks import Starter
from teraa.supervisor.logs import last_lines
from teraa.supervisor.parts import Surroundings, manage
from teraa.supervisor.places import ROOT, Places, write_whole
from teraa.supervisor.processes import end
from teraa.supervisor.refusals import Refusal
from teraa.supervisor.texts import _

ROOMS = ("teraa", "pos", "bookings", "ticketing")
LOCK_FILE = ROOT / "requirements.txt"


@dataclass(frozen=True)
class Step:
    """One preparation: a command, and the digest of everything its result depends on."""

    name: str
    title: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    # Taken again after the command, so that it may cover what the command writes.  None: always.
    digest: Callable[[], str] | None
    # It may be forked from a process that has done so already.
    imports_django: bool = False


class Preparation:
    """Runs the steps of one start and remembers what each was done for."""

    def __init__(self, places: Places, *, starter: Starter, say: Callable[[str], None]) -> None:
        self._places = places
        self._starter = starter
        self._say = say

    async def do(self, step: Step) -> None:
        """Do a step, unless nothing it depends on has changed since it was last done.

        Raises:
            Refusal: the command failed; its last lines are in the sentence.
        """
        if step.digest is not None and self._stamps().get(step.name) == step.digest():
            return
        began = time.monotonic()
        await self.output_of(step)
        self._say(f"{step.title} ({time.monotonic() - began:.1f} s)")
        if step.digest is not None:
            stamps = {**self._stamps(), step.name: step.digest()}
            write_whole(self._places.stamps, json.dumps(stamps, indent=2) + "\n")

    async def output_of(self, step: Step) -> str:
        """Run a step's command and return what it printed; what it says besides goes to its log.

        Raises:
            Refusal: the command failed; its last lines are in the sentence.
        """
        log = self._places.logs / f"{step.name}.log"
        printed = self._places.logs / f"{step.name}.out"
        with log.open("wb") as errors, printed.open("wb") as output:
            process = self._starter.start(
                step.command,
                environment=step.environment,
                output=output,
                errors=errors,
                directory=ROOT,
                imports_django=step.imports_django,
            )
            try:
                while process.poll() is None:
                    await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                end(process, first=signal.SIGTERM, patience_seconds=2.0)
                raise
        answer = printed.read_text(encoding="utf-8", errors="replace")
        printed.unlink()
        if process.returncode != 0:
            raise Refusal(
                _("“{title}” failed. Its last words:\n{words}\nAll of them are in {log}.").format(
                    title=step.title, words=last_lines(log, 12) or answer[-2000:], log=log
                )
            )
        return answer

    def _stamps(self) -> dict[str, str]:
        try:
            stamps: dict[str, str] = json.loads(self._places.stamps.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return stamps


def migrate(choices: Choices, around: Surroundings) -> Step:
    """Bring the tables up to date, as the role that owns them."""

    def digest() -> str:
        files = [path for room in ROOMS for path in (ROOT / room).glob("**/migrations/*.py")]
        # Another database than last time has to be asked, whatever the files say.
        return _digest([around.owner["DATABASE_OWNER_URL"], *_contents(files)])

    return Step(
        name="migrate",
        title=_("Tables are up to date"),
        command=manage("migrate", "--no-input", "--verbosity=1"),
        environment={**around.common, **around.owner, "TERAA_ROLE": "owner"},
        # Somebody else's database can be put back from a backup behind our back.
        digest=digest if choices.is_embedded else None,
    )


def compile_texts(around: Surroundings) -> Step:
    """Compile the translations, which are kept as text only."""
    return Step(
        name="compile_texts",
        title=_("Texts are compiled"),
        command=manage("compile_texts"),
        environment=around.common,
        digest=lambda: _digest(_contents(ROOT.glob("locale/**/*.[pm]o"))),
    )


def browser_modules(around: Surroundings) -> Step:
    """Fetch what pages load in a browser."""
    script, lock = ROOT / "script" / "browser-modules", ROOT / "package-lock.json"
    made = ROOT / "static" / "vendor" / "importmap.json"
    return Step(
        name="browser_modules",
        title=_("The browser’s modules are in place"),
        command=(str(script),),
        environment=around.common,
        digest=lambda: _digest([str(made.exists()), *_contents([script, lock])]),
    )


def collect_static(places: Places, around: Surroundings) -> Step:
    """Gather and compress what pages load, where the web part serves it from."""
    target = places.data / "static"
    return Step(
        name="collectstatic",
        title=_("Static files are gathered"),
        command=manage("collectstatic", "--no-input", "--verbosity=0"),
        environment=around.common,
        digest=lambda: _digest([str(target.exists()), *_looks(ROOT.glob("static/**/*"))]),
    )


def load_demo(around: Surroundings) -> Step:
    """Load the demonstration venues; the command adds what is missing and changes nothing else."""

    def digest() -> str:
        # Every room fills its own tables, so any of them may have learnt something new.
        files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
        return _digest([around.common["DATABASE_URL"], *_contents(files)])

    return Step(
        name="load_demo",
        title=_("The demonstration venue is in place"),
        command=manage("load_demo"),
        environment={**around.common, **around.keys},
        digest=digest,
        imports_django=True,
    )


def agent_config(choices: Choices, places: Places, around: Surroundings) -> Step:
    """Enrol the agent of this machine; where it calls, and its token, are in the file this writes.

    A house without a station for an agent gets no file, and is asked again at every start.
    """

    def digest() -> str:
        made = "made" if places.agent.exists() else uuid.uuid4().hex
        return _digest([made, choices.scheme, str(choices.port), around.common["DATABASE_URL"]])

    return Step(
        name="agent_config",
        title=_("The hardware agent is enrolled"),
        command=manage("agent_config"),
        environment={**around.common, **around.keys},  # an enrolment is a sealed event
        digest=digest,
        imports_django=True,
    )


def demo_links(around: Surroundings) -> Step:
    """Make fresh one-time links for the block that ends the start."""
    return Step(
        name="demo_links",
        title=_("Links for the demonstration"),
        command=manage("demo_links"),
        environment={**around.common, **around.keys},
        digest=None,
        imports_django=True,
    )


def first_links(around: Surroundings) -> Step:
    """Make a one-time link for whoever looks after a house that nobody looks after yet."""
    return Step(
        name="first_links",
        title=_("A link into the back office"),
        command=manage("first_links"),
        environment={**around.common, **around.keys},
        digest=None,
        imports_django=True,
    )


def _digest(words: Iterable[str]) -> str:
    # The lock decides what every command runs with, so it is part of every digest.
    everything = "\0".join([LOCK_FILE.read_text(encoding="utf-8"), *words])
    return hashlib.sha256(everything.encode()).hexdigest()


def _contents(files: Iterable[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in sorted(files)
    ]


def _looks(files: Iterable[Path]) -> list[str]:
    """Return what can be seen of files without reading them; they are many and large."""
    return [
        f"{path.relative_to(ROOT)} {path.stat().st_size} {path.stat().st_mtime_ns}"
        for path in sorted(files)
        if path.is_file()
    ]
