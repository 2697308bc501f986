"""The names of all faults, what each does, and which are on.

T1 to T24 are the traps of real nodes (2.5.19 and 3.9.1) that a listener has to survive.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

HOOK_SWITCHES: Final[Mapping[str, str]] = {
    "t01_hooks_forgotten": "every webhook is forgotten, once: a reinstall erased their file",
    "t02_forged_hook": "each event is followed by an invented one with the hook's own half token; "
    "`token` sends that instead",
    "t03_dead_hook_first": "each post waits behind a dead target for `seconds` (1.5)",
    "t04_conditions_ignored": "webhooks get their events whatever their conditions say",
    "t05_other_shape": "transaction.pool.added has the shape of the other dialect",
    "t06_removed_early": "transaction.pool.removed follows transaction.pool.added at once",
    "hooks_dropped": "no event is posted (`event`: only of that name)",
    "hooks_duplicated": "each event is posted twice",
    "hooks_reordered": "events are held until there are `size` (4), then posted last first",
    "hooks_delayed": "events are posted `seconds` (5) later",
}
CHAIN_SWITCHES: Final[Mapping[str, str]] = {
    "t07_hook_before_save": "a block is announced, and saved only `answers` (3) answers later",
    "t07_phantom_applied": "a block is announced and never saved",
    "t08_silent_undo": "blocks are undone without block.reverted",
    "t09_fork_recovery": "before the next block `blocks` (4 to 102 at random) are undone; `then` "
    "(same) says what comes after",
    "t14_old_claims": "payments made by the node itself claim a time `seconds` (21000) ago (2.5)",
    "t18_left_waiting": "blocks are made without what waits in the pool",
    "t19_paid_among_others": "payments made by the node itself go out in two parts of a "
    "multi-payment that pays somebody else too (3.9)",
    "skipped_slot": "no block is made in this slot",
    "forged_transaction_signature": "the next block holds a payment of `units` (10^9) to `address` "
    "with `memo` that its sender never signed; everything else adds up",
    "forged_block_signature": "the next block is not signed by its delegate; with `stranger` it is "
    "rightly signed by a key that is no delegate's",
}
ANSWER_SWITCHES: Final[Mapping[str, str]] = {
    "t10_cached": "answers are kept as long as the node keeps them (6, 8, 30 or 600 seconds)",
    "t10_orphans": "undone blocks keep being answered by their height (`ids`: and by id)",
    "t11_empty_200": "lists are empty, with status 200",
    "t12_wrong_total": "totalCount is `total` (what the page holds), next is null",
    "t13_page_drift": "pages after the first begin `by` (1) rows later; -1: earlier",
    "t15_votes_look_paid": "what is no transfer shows an amount, and `address` as its recipient",
    "t16_confirmations": "every confirmations is `value` (0)",
    "t17_rate_limit": "429 with the headers of the dialect",
    "t20_float_amounts": "amounts are JSON numbers with a fraction (`form`: number: without)",
    "t21_memo_search": "a search by memo finds whatever there is",
    "t22_wrong_nethash": "the configuration is of another network (`nethash`)",
    "t23_sender_order": "the transactions of a block do not come in its order",
    "t24_stale_search": "a range of heights ends `rows` (1) too early",
    "equivocating_block": "every other answer about the tip names a second block of that height",
    "truncated_page": "lists lack their last `rows` (1); their count does not say so",
    "half_json": "the body ends in the middle (`cut`: and the connection with it)",
    "slow_drip": "`piece` (64) bytes every `seconds` (1)",
    "stall": "nothing for `seconds` (10), then the answer",
    "status_503": "503",
    "clock_behind": "the node's clock is `seconds` (21600) behind",
}
SWITCHES: Final[Mapping[str, str]] = {**HOOK_SWITCHES, **CHAIN_SWITCHES, **ANSWER_SWITCHES}
ALIASES: Final[Mapping[str, str]] = {
    "empty_200": "t11_empty_200",
    "wrong_total_count": "t12_wrong_total",
    "storm_429": "t17_rate_limit",
    "wrong_nethash": "t22_wrong_nethash",
    "cached_orphan_by_height": "t10_orphans",
    "hook_before_save": "t07_hook_before_save",
    "phantom_applied": "t07_phantom_applied",
}
_ONCE: Final = {
    *("t01_hooks_forgotten", "t09_fork_recovery", "forged_transaction_signature"),
    *("forged_block_signature", "t07_hook_before_save", "t07_phantom_applied"),
}
"""Switches that go off after one use unless told how often: each changes the chain for good."""


class UnknownFault(ValueError):
    """There is no switch of that name."""


@dataclass(slots=True)
class _Setting:
    times: int | None
    options: dict[str, Any] = field(default_factory=dict)


class Faults:
    """Which switches are on. Safe to set from another thread than the one that reads."""

    def __init__(self) -> None:
        self._on: dict[str, _Setting] = {}
        self.used: dict[str, int] = {}

    def on(self, name: str, *, times: int | None = None, **options: Any) -> None:
        """Turn a switch on, for `times` uses (None: until it is turned off, or its own habit).

        A switch for answers takes `path` too: only answers whose path contains it are spoilt.
        Raises UnknownFault.
        """
        name = known(name)
        if times is None and name in _ONCE:
            times = 1
        self._on[name] = _Setting(times, options)

    def off(self, name: str) -> None:
        """Turn a switch off. Raises UnknownFault."""
        self._on.pop(known(name), None)

    def clear(self) -> None:
        """Turn everything off."""
        self._on.clear()

    @contextmanager
    def during(self, name: str, *, times: int | None = None, **options: Any) -> Iterator[None]:
        """Have a switch on for the length of a block."""
        self.on(name, times=times, **options)
        try:
            yield
        finally:
            self.off(name)

    def options(self, name: str) -> Mapping[str, Any] | None:
        """Return what a switch was turned on with, None when it is off. Not counted as a use."""
        setting = self._on.get(name)
        return setting.options if setting else None

    def take(self, name: str) -> Mapping[str, Any] | None:
        """Return what a switch was turned on with, None when it is off; one use less remains."""
        setting = self._on.get(name)
        if setting is None:
            return None
        self.used[name] = self.used.get(name, 0) + 1
        if setting.times is not None:
            setting.times -= 1
            if setting.times <= 0:
                self._on.pop(name, None)
        return setting.options

    def take_for(self, name: str, path: str, *, named: bool = False) -> Mapping[str, Any] | None:
        """Like `take`, for an answer: None too when the switch is on for other paths.

        With `named` only a switch that asks for a path counts.
        """
        options = self.options(name)
        if options is None:
            return None
        part = str(options.get("path", ""))
        if part not in path or (named and not part):
            return None
        return self.take(name)

    @property
    def spoils_answers(self) -> bool:
        """Whether any switch for answers is on."""
        return any(name in ANSWER_SWITCHES for name in list(self._on))

    def as_json(self) -> dict[str, Any]:
        """Return what is on: name, uses left (null: no end), options."""
        return {
            name: {"times": setting.times, **setting.options}
            for name, setting in list(self._on.items())
        }


def known(name: str) -> str:
    """Return the name of a switch, aliases resolved. Raises UnknownFault."""
    name = ALIASES.get(name, name)
    if name not in SWITCHES:
        raise UnknownFault(f"{name}: there is no such switch")
    return name
