"""Webhooks: who asked to be told of what. Kept in a file; a node that is reinstalled forgets them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import uuid4

from .storage import SmallFiles

TOKEN_BYTES: Final = 32
SENT_LENGTH: Final = 32
"""Of the 64 hex characters shown once the node keeps, and sends, the first 32 only."""
_FILE: Final = "webhooks.json"


class Webhooks:
    """The registered hooks, in the order of registration."""

    def __init__(self, directory: SmallFiles) -> None:
        self._directory = directory
        self._hooks: list[dict[str, Any]] = directory.read_json(_FILE) or []

    def all(self) -> list[dict[str, Any]]:
        """Return every hook without its token."""
        return [_without_token(hook) for hook in self._hooks]

    def find(self, hook_id: str) -> dict[str, Any] | None:
        """Return a hook without its token."""
        hook = self._hook(hook_id)
        return _without_token(hook) if hook else None

    def create(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Register a hook; return it with its whole token, which is never shown again."""
        token = secrets.token_hex(TOKEN_BYTES)
        hook = {**wanted, "token": token[:SENT_LENGTH], "id": str(uuid4())}
        self._hooks.append(hook)
        self._save()
        return {**hook, "token": token}

    def update(self, hook_id: str, changes: Mapping[str, Any]) -> bool:
        """Change a hook; say whether it exists. Its token stays."""
        hook = self._hook(hook_id)
        if hook is None:
            return False
        hook.update(changes)
        self._save()
        return True

    def delete(self, hook_id: str) -> bool:
        """Forget a hook; say whether it existed."""
        hook = self._hook(hook_id)
        if hook is None:
            return False
        self._hooks.remove(hook)
        self._save()
        return True

    def clear(self) -> None:
        """Forget every hook: what a reinstall does."""
        self._hooks.clear()
        self._save()

    def wanting(
        self, event: str, payload: Any, *, unconditional: bool = False
    ) -> list[dict[str, Any]]:
        """Return the hooks, with what they send of their token, that an event is to be posted to."""
        return [
            dict(hook)
            for hook in self._hooks
            if hook["event"] == event
            and hook.get("enabled", True)
            and (unconditional or satisfied(hook["conditions"], payload))
        ]

    def _hook(self, hook_id: str) -> dict[str, Any] | None:
        return next((hook for hook in self._hooks if hook["id"] == hook_id), None)

    def _save(self) -> None:
        self._directory.write_json(_FILE, self._hooks)


def satisfied(conditions: list[dict[str, Any]], payload: Any) -> bool:
    """Say whether no condition is set or *any* holds; one that fails inside ends it with no.

    Conditions see top-level keys only, so none ever holds on the list of `transaction.pool.added`
    or the bare id of `transaction.pool.removed`.
    """
    if not conditions:
        return True
    for condition in conditions:
        value = payload.get(condition["key"]) if isinstance(payload, Mapping) else None
        check = _CHECKS.get(condition["condition"])
        if check is None:
            # `not-between` is allowed by the schema and names a function that does not exist.
            return False
        try:
            if check(value, condition.get("value")):
                return True
        except (TypeError, KeyError, ValueError, re.error):
            return False
    return False


def _less(left: Any, right: Any) -> bool:
    """Compare as JavaScript's `<`: text with text by the alphabet (so "9" is above "10")."""
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    return _number(left) < _number(right)


def _number(value: Any) -> int | float:
    if value is None or isinstance(value, list | Mapping):
        return float("nan")
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return float("nan")
    return value if isinstance(value, int | float) else float("nan")


def _identical(left: Any, right: Any) -> bool:
    # In Python 1 == True; in JavaScript's === they differ.
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


_CHECKS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "between": lambda value, limits: _less(limits["min"], value) and _less(value, limits["max"]),
    "contains": lambda value, part: part in value,
    "eq": _identical,
    "ne": lambda value, other: not _identical(value, other),
    "falsy": lambda value, _: value is False,
    "truthy": lambda value, _: value is True,
    "gt": lambda value, other: _less(other, value),
    "gte": lambda value, other: _less(other, value) or _identical(value, other),
    "lt": _less,
    "lte": lambda value, other: _less(value, other) or _identical(value, other),
    "regexp": lambda value, pattern: re.search(pattern, value) is not None,
}


def _without_token(hook: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in hook.items() if name != "token"}
