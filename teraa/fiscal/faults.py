"""What a verification can find wrong, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FAULTS: Final[dict[str, str | Promise]] = {
    "key_differs": _("the register’s public key is not that of the key kept on this machine"),
    "key_unreadable": _("the register’s public key and its name do not belong together"),
    "key_not_introduced": _("a key is introduced here that the one before it did not sign for"),
    "key_misnamed": _("it was signed with key {expected} and names key {found}"),
    "keys_differ": _("{found} keys are listed for the register; its journal introduces {expected}"),
    "gap": _("number {expected} is missing: the next document has number {found}"),
    "hash_differs": _("the signed text was changed: its hash is no longer the one recorded"),
    "signature_wrong": _("the signature is not that of the register’s key over this text"),
    "not_canonical": _("the text is not canonical JSON: {detail}"),
    "form_unknown": _("the text lacks a value every document has: {detail}"),
    "link_broken": _("it does not follow the document before it: the previous hash differs"),
    "first_wrong": _("the first-in-chain flag is wrong"),
    "period_wrong": _("its period is not one of this register, or says another day"),
    "period_back": _("its period is older than that of the document before it"),
    "perpetual_wrong": _("the perpetual totals do not follow from the document before it"),
    "row_differs": _("{table} says {found} for {column}; the signed text says {expected}"),
    "rows_missing": _("{table} has {found} rows; the signed text has {expected}"),
    "head_missing": _("the chain has documents but no head"),
    "head_differs": _("the head says {column} {found}; the last document says {expected}"),
    "tail_deleted": _("the chain ends at {found}; this machine has seen number {expected}"),
    "tail_replaced": _("number {found} is not the document this machine saw committed"),
}


class Found(Exception):
    """Raised where something is wrong: ``code`` of FAULTS, and what fills its sentence.

    ``place`` is the number and id of a document, where it is not the one being looked at.
    """

    def __init__(
        self, code: str, *, place: tuple[int, str] | None = None, **detail: object
    ) -> None:
        self.code = code
        self.place = place
        self.detail = {name: str(value) for name, value in detail.items()}
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing wrong in one chain."""

    code: str
    register: str
    kind: str
    sequence: int | None
    document_id: UUID | None
    detail: dict[str, str]
    register_id: UUID | None = None

    def as_dict(self) -> dict[str, Any]:
        """For machines: what ``str`` says, in parts."""
        return {
            "code": self.code,
            "register": self.register,
            "register_id": str(self.register_id) if self.register_id else None,
            "chain": self.kind,
            "number": self.sequence,
            "document": str(self.document_id) if self.document_id else None,
            "detail": self.detail,
            "sentence": str(self),
        }

    def __str__(self) -> str:
        sentence = str(FAULTS[self.code]).format(**self.detail)
        where = " ".join(
            part
            for part in (
                self.register,
                self.kind,
                "" if self.sequence is None else f"n° {self.sequence}",
                f"({self.document_id})" if self.document_id else "",
            )
            if part
        )
        return f"{where}: {sentence} [{self.code}]"


@dataclass(frozen=True, slots=True)
class Partial:
    """A chain of which only a part was walked.

    What stands at and before ``began`` was taken for granted (0: nothing; the document after it
    was still looked at); ``ended`` is the document behind the part, None where the chain ends.
    """

    register: str
    kind: str
    began: int
    ended: int | None


@dataclass(slots=True)
class Report:
    """What a verification found. ``marks_checked`` is False where the keys cannot be seen."""

    registers: int = 0
    chains: int = 0
    documents: int = 0
    faults: list[Fault] = field(default_factory=list)
    partial: list[Partial] = field(default_factory=list)
    marks_checked: bool = True
