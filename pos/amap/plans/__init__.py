"""What a file would do: every row with its line, as new, known, changed or wrong, before it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pos.amap.sentences import FAULTS, NOTES

Sentence = str | Promise

NEW, KNOWN, CHANGED, WRONG, SKIPPED = "new", "known", "changed", "wrong", "skipped"
STATUS_WORDS: dict[str, Sentence] = {
    NEW: _("new"),
    KNOWN: _("known"),
    CHANGED: _("changed"),
    WRONG: _("wrong"),
    SKIPPED: _("passed over"),
}


@dataclass
class PlannedRow:
    """``deed`` writes it; None when there is nothing to write."""

    line: int
    status: str
    what: str
    remarks: list[str] = field(default_factory=list)
    deed: Callable[[], None] | None = None

    @property
    def status_word(self) -> Sentence:
        return STATUS_WORDS[self.status]


@dataclass
class Plan:
    """A file understood. ``detected`` says how, in sentences."""

    detected: list[Sentence]
    rows: list[PlannedRow]

    def count(self, status: str) -> int:
        return sum(row.status == status for row in self.rows)

    @property
    def counts(self) -> list[tuple[str, Sentence, int]]:
        """(status, its word, how many) of those there are."""
        return [
            (one, word, self.count(one)) for one, word in STATUS_WORDS.items() if self.count(one)
        ]

    @property
    def may_apply(self) -> bool:
        """Nothing is half taken over: one wrong row stops the file."""
        return not self.count(WRONG)

    @property
    def changes(self) -> bool:
        return bool(self.count(NEW) + self.count(CHANGED))


def fault(code: str, what: object = "") -> str:
    return str(FAULTS[code]).format(what=what)


def note(code: str, what: object = "") -> str:
    return str(NOTES[code]).format(what=what)


class Numbers:
    """The next free numbers of one kind in one group; those of a file are taken when free."""

    def __init__(self, used: set[int]) -> None:
        self._used = used

    def free(self, wanted: int | None) -> bool:
        return bool(wanted) and wanted not in self._used

    def take(self, wanted: int | None = None, *, instead_of: int | None = None) -> int:
        """``wanted`` when it is free, else the one after the highest."""
        number = wanted if wanted and self.free(wanted) else max(self._used, default=0) + 1
        self._used.discard(instead_of or 0)
        self._used.add(number)
        return number
