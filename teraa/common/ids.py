"""Identifiers: UUIDv7 (RFC 9562 §5.7) and short codes people can read aloud (Crockford base 32)."""

from __future__ import annotations

import secrets
import threading
import time
from uuid import UUID

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GENERATOR = 0b00010
_POLYNOMIAL = 0b100101  # x⁵ + x² + 1, primitive: its root runs through all 31 weights


_lock = threading.Lock()
_last = 0


def uuid7(at_ms: int | None = None) -> UUID:
    """A time-ordered identifier: 48 bits of Unix milliseconds, 12 of their fraction, 62 random bits.

    What one process makes sorts in the order in which it was made, within a millisecond, too
    (RFC 9562 §6.2, method 3), and when its clock stands still. With ``at_ms`` the 12 bits are random.
    """
    if at_ms is None:
        moment = _next_moment()
    else:
        moment = (at_ms & 0xFFFF_FFFF_FFFF) << 12 | secrets.randbits(12)
    value = (moment >> 12) << 80
    value |= 0x7 << 76
    value |= (moment & 0xFFF) << 64
    value |= 0b10 << 62
    value |= secrets.randbits(62)
    return UUID(int=value)


def _next_moment() -> int:
    """Now in 4096ths of a millisecond, later than the last one unless the clock was set back."""
    global _last
    stamp, rest_ns = divmod(time.time_ns(), 1_000_000)
    moment = stamp << 12 | (rest_ns << 12) // 1_000_000
    with _lock:
        # A clock that was set back by more than a moment is believed: identifiers carry the time.
        if _last - (1 << 12) < moment <= _last:
            moment = _last + 1
        _last = moment
    return moment


def is_uuid7(value: UUID) -> bool:
    """Whether ``value`` says it is a UUIDv7 of the RFC's variant."""
    return value.version == 7


def crockford(bits: int) -> str:
    """``bits`` random bits (a multiple of five) as Crockford base 32."""
    if bits % 5:
        raise ValueError("bits must be a multiple of five")
    return "".join(secrets.choice(CROCKFORD) for _ in range(bits // 5))


def normalise_code(text: str) -> str:
    """What a person typed → the code as we store it: capitals, no separator, O→0, I and L→1."""
    kept = "".join(character for character in text.upper() if character.isalnum())
    return kept.replace("O", "0").replace("I", "1").replace("L", "1")


def check_character(text: str) -> str:
    """One check character over Crockford ``text`` (up to 30): finds any one wrong character.

    It also finds any two that changed places, itself included: characters are elements of the
    field of 32, each multiplied by another power of its generator, and added up.
    """
    total, weight = 0, 1
    for character in text:
        weight = _product(weight, _GENERATOR)
        total ^= _product(weight, CROCKFORD.index(character))
    return CROCKFORD[total]


def _product(a: int, b: int) -> int:
    """Multiply in GF(32)."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0b100000:
            a ^= _POLYNOMIAL
        b >>= 1
    return product
