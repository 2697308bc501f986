"""What corrects what: the numbers that paper and screen name (F2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from teraa.fiscal.payloads import number_label

# The one statement reads both ways: what a document corrects, and what corrects it.
_RELATED: Final = """
WITH related (role, other_id, is_whole) AS (
    SELECT 'corrects', document.corrects_id, true
      FROM fiscal_document document
     WHERE document.id = %(document)s AND document.corrects_id IS NOT NULL
    UNION ALL
    SELECT 'corrects', line.corrects_document_id, false
      FROM fiscal_document_line line
     WHERE line.document_id = %(document)s AND line.corrects_document_id IS NOT NULL
    UNION ALL
    SELECT 'corrected', later.id, true
      FROM fiscal_document later
     WHERE later.corrects_id = %(document)s
    UNION ALL
    SELECT 'corrected', line.document_id, false
      FROM fiscal_document_line line
     WHERE line.corrects_document_id = %(document)s
)
SELECT related.role, register.name, other.sequence, bool_or(related.is_whole)
  FROM related
  JOIN fiscal_document other ON other.id = related.other_id AND other.venue_id = %(venue)s
  JOIN fiscal_register register ON register.id = other.register_id
 GROUP BY related.role, other.id, register.name, other.sequence
 ORDER BY other.id
"""


@dataclass(frozen=True, slots=True)
class Relation:
    """A ticket that this one corrects, or that corrects this one, wholly or in part."""

    number: str
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Relations:
    corrects: tuple[Relation, ...] = ()
    corrected_by: tuple[Relation, ...] = ()

    @property
    def is_cancelled(self) -> bool:
        """Whether a later ticket cancels this one as a whole."""
        return any(one.is_whole for one in self.corrected_by)

    def sentences(self) -> tuple[str, ...]:
        """In the words of the rule, in the active language, oldest first."""
        return (*_said(self.corrects, _CORRECTS), *_said(self.corrected_by, _CORRECTED))


_CORRECTS: Final = {
    True: lambda: _("This ticket cancels ticket no. {number}"),
    False: lambda: _("This ticket amends ticket no. {number}"),
}
_CORRECTED: Final = {
    True: lambda: _("This ticket is cancelled by ticket no. {number}"),
    False: lambda: _("This ticket is amended by ticket no. {number}"),
}


def _said(relations: Iterable[Relation], words: Mapping[bool, Callable[[], str]]) -> list[str]:
    return [words[one.is_whole]().format(number=one.number) for one in relations]


def relations_of(*, venue_id: UUID, document_id: UUID) -> Relations:
    """Which tickets a document corrects, and which correct it (one query)."""
    with connection.cursor() as cursor:
        cursor.execute(_RELATED, {"document": document_id, "venue": venue_id})
        rows = cursor.fetchall()
    found: dict[str, list[Relation]] = {"corrects": [], "corrected": []}
    for role, register, sequence, is_whole in rows:
        found[role].append(Relation(number_label(register, sequence), is_whole))
    return Relations(tuple(found["corrects"]), tuple(found["corrected"]))
