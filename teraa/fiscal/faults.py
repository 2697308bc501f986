"""What a verification can find wrong, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FAULTS: Final[dict[str, str | Promise]] = {
    "key_differs": _("the register’s public key is not that of the key kept on this machine"),
    "key_unreadable": _("the register’s public key and its name do not belong together"),
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
    "closing_number": _("it has number {found} among the closings of its level, not {expected}"),
    "closing_period": _("it has number {found} and closes period {expected}, or another day"),
    "closing_of_unended": _("it closes period {number}, whose end was never written down"),
    "closing_range": _("{chain}: it begins at {found}; the period before was closed to {expected}"),
    "closing_tail": _("{chain}: it closed up to number {expected}; only {found} is still there"),
    "closing_left_out": _("{chain}: it closed up to number {expected}; {found} is in no closing"),
    "closing_hash": _("{chain}: number {found} is not the document that was closed"),
    "closing_totals": _("{figure}: it says {found}; the documents say {expected}"),
    "closing_perpetual": _("its perpetual totals are not those after the last ticket it closes"),
    "closing_span": _("it says {found}, which is not {expected}"),
    "closing_early": _("{found} was closed before {expected}"),
    "closing_parts": _("it names {found} closings; {expected} lie in it, or they are others"),
    "closing_parts_range": _("{found}: its ranges are not those of the closings it names"),
    "closing_unsigned": _("a row of fiscal_closing has no signed document: {document}"),
    "period_runs_on": _("period {number} has ended, and yet documents would be born in it"),
    "end_unsaid": _("the end of period {number} is not the one the journal speaks of"),
    "end_differs": _("period {number} ended at {chain} {expected}; its last number is {found}"),
}


class Found(Exception):
    """Raised where something is wrong: ``code`` of FAULTS, and what fills its sentence."""

    def __init__(self, code: str, **detail: object) -> None:
        self.code = code
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


@dataclass(slots=True)
class Report:
    """What a verification found. ``marks_checked`` is False where the keys cannot be seen."""

    registers: int = 0
    chains: int = 0
    documents: int = 0
    faults: list[Fault] = field(default_factory=list)
    marks_checked: bool = True
