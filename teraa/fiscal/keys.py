"""Signing keys and high-water marks: files beside the database, never in it.

``TERAA_KEYS/<register>.key`` holds the 32-byte Ed25519 seed in hexadecimal (0600, in a 0700
directory); only the processes that seal are told where (web, effects and jobs).
``TERAA_KEYS/<register>.mark`` says how far each chain had come: if the database later ends before
it, a tail was deleted.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Problem


class KeysUnavailable(Problem):
    """This process cannot sign: no key directory, or not this register's key."""

    code = "keys_unavailable"
    status = 503
    title = _("Sales cannot be signed here: the register’s key is not available.")
    advice = _(
        "Nothing was recorded. Start the server with TERAA_KEYS set to the directory of the keys,"
        " or bring the key back from its backup."
    )


class PublicKey(NamedTuple):
    """``key_id`` (16 hexadecimal digits) and the public key itself (64)."""

    key_id: str
    hexadecimal: str


class Mark(NamedTuple):
    """The last document of a chain that this machine saw committed."""

    sequence: int
    hash: str


_keys: dict[Path, tuple[str, Ed25519PrivateKey]] = {}


def keys_directory() -> Path:
    """Where the keys are. Raises KeysUnavailable when this process was not told."""
    if settings.TERAA_KEYS is None:
        raise KeysUnavailable(missing="TERAA_KEYS")
    return Path(settings.TERAA_KEYS)


def key_id_of(public: bytes) -> str:
    """The name of a public key: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def _public(key: Ed25519PrivateKey) -> PublicKey:
    raw = key.public_key().public_bytes_raw()
    return PublicKey(key_id_of(raw), raw.hex())


def create_key(register_id: UUID) -> PublicKey:
    """Make the register's key and keep it, durably, before its public half is committed anywhere.

    Raises KeysUnavailable when the directory cannot be used or the register already has a key.
    """
    directory = keys_directory()
    key = Ed25519PrivateKey.generate()
    path = directory / f"{register_id}.key"
    draft = directory / f".{register_id}.{secrets.token_hex(4)}"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, f"{key.private_bytes_raw().hex()}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            os.link(draft, path)  # whole or not at all, and never over another key
        finally:
            os.unlink(draft)
        _fsync_directory(directory)
    except OSError as error:
        raise KeysUnavailable(register=register_id, cause=error.strerror) from error
    return _public(key)


def _fsync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def signing_key(register_id: UUID, key_id: str) -> Ed25519PrivateKey:
    """The register's private key, read once per process. Raises KeysUnavailable.

    ``key_id`` is what the database expects: another key would sign what nobody could verify.
    """
    path = keys_directory() / f"{register_id}.key"
    known = _keys.get(path)
    if known is None or known[0] != key_id:
        key = _read_key(path)
        found = _public(key).key_id
        if found != key_id:
            raise KeysUnavailable(register=register_id, expected=key_id, found=found)
        known = _keys[path] = (key_id, key)
    return known[1]


def _read_key(path: Path) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text().strip()))
    except (OSError, ValueError) as error:
        raise KeysUnavailable(file=path.name) from error


def public_key_kept(register_id: UUID) -> PublicKey | None:
    """The public half of the key on this machine; None when there is no such file."""
    path = keys_directory() / f"{register_id}.key"
    return _public(_read_key(path)) if path.exists() else None


def raise_mark(*, register_id: UUID, kind: str, sequence: int, hash: str) -> None:
    """Note that ``sequence`` of this chain is committed. Never lowers a mark.

    Called after the commit. Not fsynced: if the machine loses power, the mark falls behind the
    database, which is harmless (it only ever proves "at least this far"), while an fsync would
    double the cost of every sale. One write within one block: a killed process leaves the old
    text or the new one.
    """
    path = keys_directory() / f"{register_id}.mark"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        marks = _parse_marks(os.pread(descriptor, 4096, 0))
        if kind in marks and marks[kind].sequence >= sequence:
            return  # a later sale's process came first
        marks[kind] = Mark(sequence, hash)
        text = "".join(
            f"{name:<10} {mark.sequence:020d} {mark.hash}\n" for name, mark in sorted(marks.items())
        )
        os.pwrite(descriptor, text.encode(), 0)
    finally:
        os.close(descriptor)


def read_marks(register_id: UUID) -> dict[str, Mark]:
    """The marks of a register by kind of chain; empty when nothing was sealed here yet."""
    path = keys_directory() / f"{register_id}.mark"
    with contextlib.suppress(FileNotFoundError):
        return _parse_marks(path.read_bytes())
    return {}


def _parse_marks(content: bytes) -> dict[str, Mark]:
    marks = {}
    for line in content.decode().splitlines():
        kind, sequence, hash = line.split()
        marks[kind] = Mark(int(sequence), hash)
    return marks
