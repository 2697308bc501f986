"""Where everything of one TERAA lives on the disk."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Places:
    """The folder named by ``TERAA_DATA`` and what is kept in it."""

    data: Path

    @property
    def run(self) -> Path:
        """What only concerns the present run: lock, state of the parts."""
        return self.data / "run"

    @property
    def parts(self) -> Path:
        """The state of every part, for ``/healthz``."""
        return self.run / "parts.json"

    @property
    def logs(self) -> Path:
        """One log a part."""
        return self.data / "logs"

    @property
    def keys(self) -> Path:
        """The fiscal keys; only the parts that seal are told where they are."""
        return self.data / "keys"

    @property
    def tls(self) -> Path:
        """The local authority of ``--lan`` and what it signed."""
        return self.data / "tls"

    @property
    def secret(self) -> Path:
        """Django's secret key."""
        return self.data / "secret"

    @property
    def database(self) -> Path:
        """Where the embedded database is, its port and its passwords."""
        return self.data / "database.json"

    @property
    def choices(self) -> Path:
        """What was chosen at the first start and holds until it is chosen otherwise."""
        return self.data / "choices.json"

    @property
    def stamps(self) -> Path:
        """What every preparation was last done for."""
        return self.data / "stamps.json"

    @property
    def agent(self) -> Path:
        """The hardware agent's configuration, with its station token."""
        return self.data / "agent.toml"

    def make(self) -> None:
        """Make the folders. Whatever holds a secret is closed to everybody else."""
        # The database's account passes through the outer one, and can list or read nothing in it.
        self.data.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.run.mkdir(mode=0o755, exist_ok=True)
        self.tls.mkdir(mode=0o755, exist_ok=True)
        self.logs.mkdir(mode=0o700, exist_ok=True)
        self.keys.mkdir(mode=0o700, exist_ok=True)


def write_whole(path: Path, content: str | bytes, *, mode: int = 0o644) -> None:
    """Write a file so that readers see the old content or the new, never half of one."""
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
