"""Copies of a document: each a signed document of its own, numbered without a gap (F14).

The chain DUPLICATE is the one place that counts copies: not the printer's queue, which forgets, and
not the journal, where event 933 stood before this chain existed.
"""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from teraa.fiscal.models import Document
from teraa.fiscal.payloads import number_label
from teraa.fiscal.sealing import SealedDocument, seal_statement
from teraa.fiscal.states import ChainKind

_HOLD: Final = """
SELECT 1 FROM fiscal_chain_head WHERE register_id = %s AND kind = 'TICKET' FOR UPDATE
"""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Copy ``copy`` (1 is the first); ``sealed`` only when this very call sealed it."""

    copy: int
    sealed: SealedDocument | None


def hold_register(register_id: UUID) -> None:
    """Hold a register until the commit, as sealing in it does: what is counted now stays true."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a register is held inside a transaction")
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [register_id])


def subject_of_copies(document_id: UUID) -> str:
    return f"fiscal.document:{document_id}"


def count_copies(*, venue_id: UUID, document_id: UUID) -> int:
    """How many copies of a document were sealed (one query)."""
    return Document.objects.filter(
        venue_id=venue_id, subject=subject_of_copies(document_id), kind=ChainKind.DUPLICATE
    ).count()


def seal_duplicate(
    *,
    document: Document,
    key: UUID,
    at: datetime.datetime,
    operator_label: str,
    station_label: str,
) -> Duplicate:
    """Seal the next copy of ``document`` in its own register; the same ``key`` again, nothing.

    Signed are the document's id, number, kind and hash, the number of the copy, who printed it
    where and when. Joins the caller's transaction. Raises as ``seal_statement`` does.
    """
    hold_register(document.register_id)
    subject = subject_of_copies(document.pk)
    payloads = Document.objects.filter(
        venue_id=document.venue_id, subject=subject, kind=ChainKind.DUPLICATE
    ).values_list("payload", flat=True)
    copies = [json.loads(payload)["values"] for payload in payloads]
    for known in copies:
        if known["key"] == str(key):
            return Duplicate(known["copy"], None)
    copy = len(copies) + 1
    sealed = seal_statement(
        register_id=document.register_id,
        kind=ChainKind.DUPLICATE,
        values={
            "key": str(key),
            "document": str(document.pk),
            "document_kind": document.kind,
            "number": number_label(document.register.name, document.sequence),
            "document_hash": document.hash,
            "copy": copy,
        },
        at=at,
        operator_label=operator_label,
        station_label=station_label,
        subject=subject,
    )
    return Duplicate(copy, sealed)
