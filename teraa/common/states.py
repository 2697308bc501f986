"""A state moves by one conditional UPDATE, believed by its row count (law 2)."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Problem

Moves = dict[str, frozenset[str]]


class WrongMove(Problem):
    """The row is no longer in a state from which this move is allowed."""

    code = "wrong_move"
    status = 409
    title = _("This has changed in the meantime.")
    advice = _("Look at it again before going on.")


class Stateful(models.Model):
    """A row whose ``state`` follows the table ``MOVES``: from → the states that may come next."""

    MOVES: ClassVar[Moves]
    state: Any

    class Meta:
        abstract = True

    def move(self, to: str, **changes: Any) -> Self:
        """Move to ``to`` and set ``changes`` in one UPDATE. Raises WrongMove if a rival was first."""
        sources = [source for source, targets in self.MOVES.items() if to in targets]
        rows = type(self)._base_manager.filter(pk=self.pk, state__in=sources)
        if rows.update(state=to, **changes) != 1:
            raise WrongMove(thing=type(self).__name__, to=to)
        self.state = to
        for name, value in changes.items():
            setattr(self, name, value)
        return self


def moves_table(moves: Moves) -> list[tuple[str, str, bool]]:
    """Every (from, to, allowed) pair, for the test that prints the table."""
    states = sorted({*moves, *(target for targets in moves.values() for target in targets)})
    return [(a, b, b in moves.get(a, frozenset())) for a in states for b in states if a != b]
