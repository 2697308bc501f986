"""Canonical JSON (RFC 8785) of values that JavaScript can hold exactly."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

import orjson
import rfc8785

MAX_SAFE_INTEGER = 2**53 - 1


class NotCanonical(ValueError):
    """A value has no exact canonical form: a float, a too large integer or a foreign type."""


def _refuse_inexact(value: Any, where: str) -> None:
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if abs(value) > MAX_SAFE_INTEGER:
            raise NotCanonical(f"{where}: {value} passes 2^53-1; write it as a string")
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise NotCanonical(f"{where}: key {key!r} is not a string")
            _refuse_inexact(inner, f"{where}.{key}")
        return
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        for index, inner in enumerate(value):
            _refuse_inexact(inner, f"{where}[{index}]")
        return
    raise NotCanonical(f"{where}: {type(value).__name__} has no canonical form")


def _is_plain(value: Any) -> bool:
    """Whether ``value`` holds only built-in types, exact integers and ASCII keys."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return bool(-MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER)
    # Plain loops: this looks at every value of every sale.
    if kind is dict:
        for key, inner in value.items():
            if type(key) is not str or not key.isascii() or not _is_plain(inner):
                return False
        return True
    if kind is list or kind is tuple:
        for inner in value:  # noqa: SIM110
            if not _is_plain(inner):
                return False
        return True
    return False


def canonical_text(values: Mapping[str, Any]) -> str:
    """RFC 8785 text of ``values``. Raises NotCanonical for floats and integers beyond 2^53-1.

    Without floats and with ASCII keys, Python's own encoder writes the same text six times
    faster (same escapes; order of code points and of UTF-16 units agree on ASCII): every sale
    is written this way. Anything else goes through the general encoder.
    """
    if _is_plain(values):
        text = json.dumps(
            values, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True
        )
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise NotCanonical(str(error)) from error
        return text
    _refuse_inexact(values, "$")
    try:
        return rfc8785.dumps(values).decode("utf-8")
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise NotCanonical(str(error)) from error


def _refuse_number(text: str) -> NoReturn:
    raise NotCanonical(f"{text} is no integer")


_DECODER: Final = json.JSONDecoder(parse_float=_refuse_number, parse_constant=_refuse_number)
_QUICK: Final = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_NOT_INTEGER: Final = re.compile(rb"[0-9][.eE]")


def read_canonical(text: str) -> Any:
    """The values of a text that is their canonical form. Raises NotCanonical when it is not.

    Says the same as reading it and comparing with ``canonical_text``, faster: a
    verification does this with every document ever sealed.
    """
    quick = _read_quickly(text)
    if quick is not None:
        return quick
    try:
        values = _DECODER.decode(text)
        again = canonical_text(values)
    except (ValueError, RecursionError) as error:
        raise NotCanonical(str(error)) from error
    if again != text:
        raise NotCanonical(again[:80])
    return values


def _read_quickly(text: str) -> Any:
    """The values where the text is surely canonical, else None: the general way then judges.

    orjson writes the same bytes as RFC 8785 where there are no floats, no integers beyond
    2^53-1 (it refuses those) and no characters beyond the first plane, among which alone the order of
    code points differs from that of UTF-16 units.
    """
    try:
        written = text.encode()
        if len(text.encode("utf-16-le")) != 2 * len(text) or b"\\" in written:
            return None
        if _NOT_INTEGER.search(b"".join(written.split(b'"')[::2])):  # what is not inside of quotes
            return None
        values = orjson.loads(written)
        return values if orjson.dumps(values, option=_QUICK) == written else None
    except (ValueError, TypeError):
        return None


def sha256_hex(text: str) -> str:
    """Lower-case hexadecimal SHA-256 of the UTF-8 bytes of ``text``."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
