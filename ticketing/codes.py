"""What a ticket's QR says: 16 bytes, signed, in sixteen letters that no keyboard moves. Pure.

A hand scanner types what it reads as key presses, and a computer set to another keyboard than the
scanner expects gets other characters. So only letters are used that sit on the same key with the
French, British, American, German, Spanish and Italian layouts: no A Q W Z M (AZERTY moves them),
no Y (QWERTZ), no I (a Turkish keyboard has two), no digit (AZERTY needs shift for them), no
punctuation. Vowels are left out as well, so that no code spells a word. Sixteen remain; each is
four bits, and QR codes hold capitals in their compact alphanumeric mode. Case does not matter.

    1 version · 4 key · 4 event · 4 ticket · 2 rate · 1 issue · 64 Ed25519 signature · 2 checksum

The checksum (CRC-16/XMODEM over all before it) tells a misread code from a forged one. Nothing in
it is personal. ``issue`` grows when a ticket is issued anew, which is what makes an old code old.
"""

from __future__ import annotations

import binascii
import struct
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ALPHABET: Final = "BCDFGHJKLNPRSTVX"
VERSION: Final = 1
LENGTH: Final = 164
MAX_NUMBER: Final = 2**32 - 1
MAX_RATE: Final = 2**16 - 1
MAX_ISSUE: Final = 2**8 - 1

_BODY = struct.Struct(">B4sIIHB")
_SIGNATURE_BYTES = 64
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}


class NotACode(ValueError):
    """The text is no ticket code of ours: other characters, another version."""


class Misread(ValueError):
    """It looks like a code of ours, and a letter of it is wrong or missing."""


@dataclass(frozen=True, slots=True)
class Payload:
    """What is signed. ``key_id``: the first 8 hexadecimal digits of the public key's SHA-256."""

    key_id: str
    event: int
    ticket: int
    rate: int
    issue: int = 0

    def pack(self) -> bytes:
        """The 16 bytes that are signed. Raises ValueError for a number out of range."""
        try:
            return _BODY.pack(
                VERSION,
                bytes.fromhex(self.key_id),
                self.event,
                self.ticket,
                self.rate,
                self.issue,
            )
        except struct.error as error:
            raise ValueError(f"does not fit into a code: {self}") from error


@dataclass(frozen=True, slots=True)
class SignedCode:
    """A code whose letters and checksum are right; whether its signature is, ``is_signed_by`` says."""

    payload: Payload
    signature: bytes

    def is_signed_by(self, public_key: Ed25519PublicKey) -> bool:
        """Whether the holder of the key made this code."""
        try:
            public_key.verify(self.signature, self.payload.pack())
        except InvalidSignature:
            return False
        return True


def encode(payload: Payload, key: Ed25519PrivateKey) -> str:
    """The text of a ticket's QR, 164 letters. Raises ValueError for a number out of range."""
    body = payload.pack()
    return spell(body + key.sign(body))


def spell(content: bytes) -> str:
    """Letters of ``content`` and its checksum."""
    whole = content + binascii.crc_hqx(content, 0).to_bytes(2, "big")
    return "".join(ALPHABET[byte >> 4] + ALPHABET[byte & 15] for byte in whole)


def decode(text: str) -> SignedCode:
    """Read what a scanner or a person typed. Raises NotACode, Misread."""
    letters = normalise(text)
    if not letters or any(letter not in _VALUES for letter in letters):
        raise NotACode(text[:40])
    if not letters.startswith(_START):
        raise NotACode(text[:40])
    if len(letters) != LENGTH:
        raise Misread(f"{len(letters)} letters")
    whole = bytes(
        _VALUES[letters[place]] << 4 | _VALUES[letters[place + 1]] for place in range(0, LENGTH, 2)
    )
    content, checksum = whole[:-2], whole[-2:]
    if binascii.crc_hqx(content, 0).to_bytes(2, "big") != checksum:
        raise Misread("checksum")
    body, signature = content[:-_SIGNATURE_BYTES], content[-_SIGNATURE_BYTES:]
    _version, key, event, ticket, rate, issue = _BODY.unpack(body)
    return SignedCode(Payload(key.hex(), event, ticket, rate, issue), signature)


def normalise(text: str) -> str:
    """Capitals without the spaces, hyphens and line ends that scanners and people add."""
    return "".join(character for character in text.upper() if character.isalnum())


_START = ALPHABET[VERSION >> 4] + ALPHABET[VERSION & 15]
