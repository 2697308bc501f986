"""A stream under a passphrase: AES-256-GCM in chunks whose order and end are authenticated.

    magic (8) · cost (1) · salt (16) · prefix (7) · chunks
    chunk: length (4, big endian) · ciphertext with its tag (16)

The key is scrypt(passphrase, salt, N=2^cost, r=8, p=1). The nonce of a chunk is prefix · its number
(4) · 1 for the last and 0 for the others (1), as in STREAM (Hoang, Reyhanitabar, Rogaway, Vizár
2015): a chunk that was moved, repeated, left out or cut off does not open. The head is authenticated
with every chunk.
"""

from __future__ import annotations

import os
import struct
from typing import IO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC: Final = b"TERAAcp1"
CHUNK: Final = 1 << 20
COST: Final = 17  # half a second and 128 MiB, for us and for whoever guesses
MOST_COST: Final = 20
_SALT, _PREFIX, _TAG = 16, 7, 16
_HEAD: Final = len(MAGIC) + 1 + _SALT + _PREFIX


class CannotOpen(Exception):
    """Another passphrase, or not what was written."""


def _cipher(passphrase: str, cost: int, salt: bytes) -> AESGCM:
    key = Scrypt(salt=salt, length=32, n=1 << cost, r=8, p=1).derive(passphrase.encode())
    return AESGCM(key)


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + struct.pack(">IB", number, is_last)


class SealingWriter:
    """A file to write to; what arrives in ``into`` is encrypted. Close it, or nothing opens."""

    def __init__(self, into: IO[bytes], passphrase: str, cost: int = COST) -> None:
        self._into = into
        salt, self._prefix = os.urandom(_SALT), os.urandom(_PREFIX)
        self._head = MAGIC + bytes([cost]) + salt + self._prefix
        self._cipher = _cipher(passphrase, cost, salt)
        self._held = bytearray()
        self._number = 0
        into.write(self._head)

    def write(self, data: bytes) -> int:
        self._held += data
        # One chunk stays behind: only the end knows which is the last.
        while len(self._held) > CHUNK:
            self._put(bytes(self._held[:CHUNK]), is_last=False)
            del self._held[:CHUNK]
        return len(data)

    def close(self) -> None:
        self._put(bytes(self._held), is_last=True)
        self._held.clear()

    def _put(self, chunk: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, is_last=is_last)
        sealed = self._cipher.encrypt(nonce, chunk, self._head)
        self._into.write(struct.pack(">I", len(sealed)) + sealed)
        self._number += 1


class OpeningReader:
    """A file to read from: the plain text of what ``SealingWriter`` wrote. Raises CannotOpen."""

    def __init__(self, source: IO[bytes], passphrase: str) -> None:
        self._source = source
        self._head = source.read(_HEAD)
        if len(self._head) != _HEAD or not self._head.startswith(MAGIC):
            raise CannotOpen("it is no encrypted copy")
        cost = self._head[len(MAGIC)]
        if not 1 <= cost <= MOST_COST:  # else a hostile copy would eat all memory
            raise CannotOpen("it asks for an impossible cost")
        self._prefix = self._head[-_PREFIX:]
        self._cipher = _cipher(passphrase, cost, self._head[-_PREFIX - _SALT : -_PREFIX])
        self._number = 0
        self._ended = False
        self._held = b""

    def read(self, size: int = -1) -> bytes:
        parts = [self._held]
        have = len(self._held)
        while not self._ended and (size < 0 or have < size):
            chunk = self._take()
            parts.append(chunk)
            have += len(chunk)
        plain = b"".join(parts)
        cut = len(plain) if size < 0 else size
        self._held = plain[cut:]
        return plain[:cut]

    def _take(self) -> bytes:
        head = self._source.read(4)
        if len(head) != 4:
            raise CannotOpen("it ends before its end")
        (length,) = struct.unpack(">I", head)
        if not _TAG <= length <= CHUNK + _TAG:
            raise CannotOpen("a chunk has an impossible length")
        sealed = self._source.read(length)
        for is_last in (False, True):
            try:
                nonce = _nonce(self._prefix, self._number, is_last=is_last)
                chunk = self._cipher.decrypt(nonce, sealed, self._head)
            except InvalidTag:
                continue
            self._number += 1
            self._ended = is_last
            if is_last and self._source.read(1):
                raise CannotOpen("something stands behind its end")
            return chunk
        raise CannotOpen("the passphrase is another one, or it is damaged")


def is_sealed(head: bytes) -> bool:
    return head.startswith(MAGIC)
