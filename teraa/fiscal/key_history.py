"""Which key signs which numbers of which chain: read from the journal, believed by signatures.

The first key is the register's. Every later one is introduced by a pair of events: 970, signed by
the key before it, and right behind it 971, signed by itself (``teraa.fiscal.rotation``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection
from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

from teraa.common import journal_codes
from teraa.fiscal.keys import key_id_of
from teraa.fiscal.states import ChainKind

INTRODUCTIONS: Final = """
SELECT id::text, sequence, event_code, payload, hash, signature
  FROM fiscal_document
 WHERE register_id = %(register)s AND kind = 'EVENT' AND event_code = ANY(%(codes)s)
 ORDER BY sequence
"""


@dataclass(frozen=True, slots=True)
class Introduction:
    """One of the two events that introduce a key, as stored."""

    id: str
    sequence: int
    code: int
    payload: str
    hash: str
    signature: str


class NotIntroduced(Exception):
    """A key that the one before it did not name, or that does not name the one before it."""

    def __init__(self, event: Introduction, why: str) -> None:
        self.event, self.why = event, why
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class _Stretch:
    key_id: str
    public_key: str
    key: VerifyKey
    # The last number this key signed of each chain; a chain without one: it signs still.
    ends: dict[str, int]


class KeyHistory:
    """The keys of one register in their order."""

    def __init__(self, public_key: str) -> None:
        self._stretches = [_stretch(public_key, {})]

    @property
    def current(self) -> tuple[str, str]:
        """Key id and public key (hexadecimal) of the one that signs now."""
        last = self._stretches[-1]
        return last.key_id, last.public_key

    @property
    def all(self) -> list[tuple[int, str, str]]:
        """Number, key id and public key of each, in order."""
        return [(n, one.key_id, one.public_key) for n, one in enumerate(self._stretches, start=1)]

    def key_for(self, kind: str, sequence: int) -> tuple[str, VerifyKey]:
        """Id and key that must have signed this number of this chain."""
        for stretch in self._stretches:
            end = stretch.ends.get(kind)
            if end is None or sequence <= end:
                return stretch.key_id, stretch.key
        raise AssertionError("the last key has no end")

    def add(self, retired: Introduction, begun: Introduction) -> None:
        """Take in one pair of events. Raises NotIntroduced."""
        last = self._stretches[-1]
        said = _values(retired, last.key)
        try:
            following = _stretch(said["next_public_key"], {})
            ends = {str(kind): int(end) for kind, end in said["last_numbers"].items()}
            named = (said["key_id"], said["next_key_id"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise NotIntroduced(retired, str(error)) from error
        if named != (last.key_id, following.key_id):
            raise NotIntroduced(retired, said["next_key_id"])
        if begun.code != journal_codes.KEY_BEGUN or begun.sequence != retired.sequence + 1:
            raise NotIntroduced(begun, following.key_id)
        answer = _values(begun, following.key)
        if (answer.get("previous_public_key"), answer.get("public_key")) != (
            last.public_key,
            following.public_key,
        ):
            raise NotIntroduced(begun, following.key_id)
        ends[ChainKind.EVENT] = retired.sequence
        last.ends.update(ends)
        self._stretches.append(following)


def _stretch(public_key: str, ends: dict[str, int]) -> _Stretch:
    raw = bytes.fromhex(public_key)
    return _Stretch(key_id_of(raw), public_key, VerifyKey(raw), ends)


def _values(event: Introduction, key: VerifyKey) -> dict[str, Any]:
    try:
        key.verify(event.payload.encode(), bytes.fromhex(event.signature))
        payload = json.loads(event.payload)
        if payload["sequence"] != event.sequence or payload["code"] != event.code:
            raise ValueError("the row says another number than the signed text")
        values = payload["values"]
    except (CryptoError, ValueError, KeyError, TypeError) as error:
        raise NotIntroduced(event, str(error) or "signature") from error
    if not isinstance(values, dict):
        raise NotIntroduced(event, "values")
    return values


def introductions(register_id: UUID) -> list[Introduction]:
    """The events of the register that introduce keys, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            INTRODUCTIONS,
            {
                "register": register_id,
                "codes": [journal_codes.KEY_RETIRED, journal_codes.KEY_BEGUN],
            },
        )
        return [Introduction(*row) for row in cursor.fetchall()]


def read_history(register_id: UUID, public_key: str) -> KeyHistory:
    """The keys of a register whose first one is ``public_key``. Raises NotIntroduced, ValueError."""
    history = KeyHistory(public_key)
    events = introductions(register_id)
    if len(events) % 2:
        raise NotIntroduced(events[-1], "alone")
    for retired, begun in zip(events[::2], events[1::2], strict=True):
        history.add(retired, begun)
    return history
