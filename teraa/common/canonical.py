"""Canonical JSON (RFC 8785) of values that JavaScript can hold exactly."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

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


class _Unusual(Exception):
    """Something that the quick way cannot judge by itself."""


def _refuse_number(text: str) -> NoReturn:
    raise NotCanonical(f"{text} is no integer")


def _small(text: str) -> int:
    if len(text) >= len(str(MAX_SAFE_INTEGER)):
        raise _Unusual  # it may pass 2^53
    return int(text)


def _with_ascii_keys(found: dict[str, Any]) -> dict[str, Any]:
    if not "".join(found).isascii():
        raise _Unusual  # they may be sorted otherwise
    return found


_DECODER: Final = json.JSONDecoder(
    object_hook=_with_ascii_keys,
    parse_int=_small,
    parse_float=_refuse_number,
    parse_constant=_refuse_number,
)
_GENERAL_DECODER: Final = json.JSONDecoder(
    parse_float=_refuse_number, parse_constant=_refuse_number
)
_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False,
    allow_nan=False,
    check_circular=False,
    separators=(",", ":"),
    sort_keys=True,
)


def read_canonical(text: str) -> Any:
    """The values of a text that is their canonical form. Raises NotCanonical when it is not.

    Says the same as reading it and comparing with ``canonical_text``, faster: a
    verification does this with every document ever sealed.
    """
    try:
        try:
            values = _DECODER.decode(text)
            again = _ENCODER.encode(values)
        except _Unusual:
            values = _GENERAL_DECODER.decode(text)
            again = canonical_text(values)
    except (ValueError, RecursionError) as error:
        raise NotCanonical(str(error)) from error
    if again != text:
        raise NotCanonical(again[:80])
    return values


def sha256_hex(text: str) -> str:
    """Lower-case hexadecimal SHA-256 of the UTF-8 bytes of ``text``."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
