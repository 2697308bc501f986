"""Writing the file: every chain streamed once, memory flat whatever their length.

Texts go straight into the zip, one member at a time; the tables, which grow side by side, into
temporary files beside it first. Nothing here seals: ``operations`` adds the signatures at the end.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Self
from uuid import UUID

from django.db import connection

from teraa.fiscal.archives import verifier
from teraa.fiscal.archives.tables import HEADINGS, rows_of
from teraa.fiscal.key_history import introductions, read_history
from teraa.fiscal.ranges import Range, range_of
from teraa.fiscal.states import ChainKind

HERE: Final = Path(__file__).parent
BATCH: Final = 500
CHUNK: Final = 1 << 20
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the zip's own dates say nothing: archive.json does

_DOCUMENTS: Final = """
SELECT payload, hash, signature
  FROM fiscal_document
 WHERE register_id = %s AND kind = %s AND sequence BETWEEN %s AND %s
 ORDER BY sequence
"""
_COUNT: Final = """
SELECT coalesce(sum(sequence), 0) FROM fiscal_chain_head WHERE register_id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class RegisterRead:
    """A register to archive."""

    id: UUID
    name: str
    lane: str
    training: bool
    public_key: str


@dataclass(slots=True)
class Written:
    """What the file holds so far. ``chains`` per register: what its ARCHIVE document repeats."""

    documents: int = 0
    manifest_sha256: str = ""
    current_keys: dict[UUID, str] = field(default_factory=dict)
    chains: dict[UUID, dict[str, Any]] = field(default_factory=dict)


class ArchiveFile:
    """A zip that is being written, and the hashes of what went in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._members: list[dict[str, Any]] = []
        self._raw: IO[bytes] = path.open("x+b")
        path.chmod(0o600)
        self._zip = zipfile.ZipFile(self._raw, "w", zipfile.ZIP_DEFLATED)
        self._digest = hashlib.sha256()
        self._hashed = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ValueError, OSError):
            self._zip.close()
        self._raw.close()

    def add(self, name: str, pieces: Iterable[bytes], *, listed: bool = True) -> str:
        """Add one member from ``pieces``; the SHA-256 of it all."""
        digest, size = hashlib.sha256(), 0
        info = zipfile.ZipInfo(name, _EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o100644 << 16
        with self._zip.open(info, "w", force_zip64=True) as member:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                member.write(piece)
        if listed:
            self._members.append({"name": name, "bytes": size, "sha256": digest.hexdigest()})
        return digest.hexdigest()

    def add_json(self, name: str, values: Any) -> None:
        self.add(name, [_pretty(values)])

    def add_manifest(self, archive: UUID) -> str:
        """The list of all members so far; its hash is what gets signed."""
        listed = {"form": verifier.FORM, "archive": str(archive), "files": self._members}
        return self.add(verifier.MANIFEST, [_pretty(listed)], listed=False)

    def settle(self) -> None:
        """Bring what is written to the disk, so that little is left to do under a lock."""
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._hash_to(self._raw.tell())

    def finish(self, seals: Iterable[bytes]) -> tuple[int, str]:
        """Add the signatures and the file's own hash; its size and SHA-256."""
        self.add(verifier.SEALS, seals, listed=False)
        self._zip.comment = verifier.MARK + b"0" * 64
        self._zip.close()
        self._raw.seek(0, os.SEEK_END)
        size = self._raw.tell()
        marked = size - 64 - len(verifier.MARK)
        self._hash_to(marked)
        mark = verifier.MARK + self._digest.hexdigest().encode()
        self._raw.seek(marked)
        self._raw.write(mark)
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._digest.update(mark)
        return size, self._digest.hexdigest()

    def _hash_to(self, end: int) -> None:
        place = self._raw.tell()
        self._raw.seek(self._hashed)
        while self._hashed < end:
            chunk = self._raw.read(min(CHUNK, end - self._hashed))
            self._digest.update(chunk)
            self._hashed += len(chunk)
        self._raw.seek(place)


def _pretty(values: Any) -> bytes:
    return f"{json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True)}\n".encode()


def count_documents(registers: list[RegisterRead]) -> int:
    """About how many there will be to read: all of every chain."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [[register.id for register in registers]])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def write_archive(
    into: ArchiveFile,
    *,
    archive: UUID,
    registers: list[RegisterRead],
    description: Mapping[str, Any],
    on_documents: Callable[[int], None] | None,
) -> Written:
    """Write everything but the signatures. Call it inside one snapshot of the database.

    ``description`` is what archive.json says beside the registers; its ``since`` and ``until`` are
    the business days, as ISO texts.
    """
    written = Written()
    described, keyed = [], []
    with _Tables(into.path.parent) as tables:
        for number, register in enumerate(registers, start=1):
            folder = f"chains/{number:02d}-{register.id}"
            chains = {}
            for kind in ChainKind.values:
                chains[kind] = _write_chain(
                    into, tables, register, kind, folder, description, on_documents
                )
                written.documents += chains[kind]["documents"]
            written.chains[register.id] = chains
            described.append(
                {
                    "id": str(register.id),
                    "name": register.name,
                    "lane": register.lane,
                    "training": register.training,
                    "chains": chains,
                }
            )
            keyed.append(_keys_of(register))
            written.current_keys[register.id] = keyed[-1]["keys"][-1]["key_id"]
        for name, pieces in tables.contents():
            into.add(f"csv/{name}", pieces)
    into.add_json(verifier.KEYS, {"registers": keyed})
    into.add_json(
        verifier.DESCRIPTION,
        {**description, "archive": str(archive), "form": verifier.FORM, "registers": described},
    )
    for name in ("README.fr.txt", "verifier.py"):
        into.add(name, [(HERE / name).read_bytes()])
    written.manifest_sha256 = into.add_manifest(archive)
    return written


def _keys_of(register: RegisterRead) -> dict[str, Any]:
    history = read_history(register.id, register.public_key)
    return {
        "id": str(register.id),
        "name": register.name,
        "first_public_key": register.public_key,
        "keys": [
            {"number": number, "key_id": key_id, "public_key": public_key}
            for number, key_id, public_key in history.all
        ],
        "introductions": [
            {"payload": event.payload, "hash": event.hash, "signature": event.signature}
            for event in introductions(register.id)
        ],
    }


def _write_chain(
    into: ArchiveFile,
    tables: _Tables,
    register: RegisterRead,
    kind: str,
    folder: str,
    description: Mapping[str, Any],
    on_documents: Callable[[int], None] | None,
) -> dict[str, Any]:
    wanted = range_of(
        register_id=register.id,
        kind=kind,
        since=description["since"],
        until=description["until"],
    )
    before = wanted.before
    stated: dict[str, Any] = {
        "file": f"{folder}/{kind}.jsonl",
        "documents": 0,
        "first": wanted.first,
        "last": wanted.first - 1,
        "previous_hash": before.hash if before else "",
        "last_hash": before.hash if before else "",
        "perpetual_before": (
            [before.perpetual_real_cents, before.perpetual_absolute_cents] if before else [0, 0]
        ),
    }

    def lines() -> Iterator[bytes]:
        for batch in _documents(register.id, kind, wanted):
            pieces = []
            for payload, hash, signature in batch:
                entry = {"payload": payload, "hash": hash, "signature": signature}
                pieces.append(json.dumps(entry, ensure_ascii=False))
                values = json.loads(payload)
                for table, row in rows_of(values, hash, signature):
                    tables.add(table, row)
                stated["last"], stated["last_hash"] = values["sequence"], hash
            stated["documents"] += len(batch)
            yield ("\n".join(pieces) + "\n").encode()
            if on_documents is not None:
                on_documents(len(batch))

    into.add(stated["file"], lines())
    return stated


def _documents(register_id: UUID, kind: str, wanted: Range) -> Iterator[list[tuple[str, str, str]]]:
    last = 2**62 if wanted.last is None else wanted.last
    with connection.chunked_cursor() as cursor:
        cursor.execute(_DOCUMENTS, [register_id, kind, wanted.first, last])
        while batch := cursor.fetchmany(BATCH):
            yield batch


class _Tables:
    """The CSV files while they grow."""

    def __init__(self, beside: Path) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix=".tables-", dir=beside))
        self._files: dict[str, IO[str]] = {}
        self._writers: dict[str, Any] = {}
        for name, headings in HEADINGS.items():
            # A byte-order mark: spreadsheets take UTF-8 without one for something else.
            file = (self._folder / name).open("w", encoding="utf-8-sig", newline="")
            self._files[name] = file
            self._writers[name] = csv.writer(file, delimiter=";", lineterminator="\r\n")
            self._writers[name].writerow(headings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, name: str, row: Iterable[str]) -> None:
        self._writers[name].writerow(row)

    def contents(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        for name, file in self._files.items():
            file.flush()
            yield name, _pieces(self._folder / name)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece
