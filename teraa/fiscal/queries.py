"""What screens and receipts read."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from teraa.common.problems import NotFound
from teraa.fiscal.models import Document
from teraa.fiscal.payloads import number_label, signature_extract
from teraa.fiscal.states import ChainKind


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document as it was signed: ``values`` holds its lines, taxes, tenders and identity.

    Read from the payload and nowhere else, so that a reprint is identical for ever.
    """

    id: UUID
    kind: str
    number: str
    sequence: int
    issued_at: datetime.datetime
    business_date: datetime.date
    total_cents: int | None
    hash: str
    signature: str
    extract: str
    training: bool
    values: Mapping[str, Any]


def document_for(*, venue_id: UUID, document_id: UUID) -> DocumentView:
    """One document of this venue, whole, in one query. Raises NotFound."""
    found = (
        Document.objects.filter(pk=document_id, venue_id=venue_id)
        .select_related("register")
        .first()
    )
    if found is None:
        raise NotFound
    return _view(found)


def tickets_about(*, venue_id: UUID, subject: str) -> list[DocumentView]:
    """The tickets sealed for ``subject`` (``"pos.sale:…"``), oldest first: a sale, its refunds."""
    found = (
        Document.objects.filter(venue_id=venue_id, subject=subject, kind=ChainKind.TICKET)
        .select_related("register")
        .order_by("id")
    )
    return [_view(document) for document in found]


def _view(document: Document) -> DocumentView:
    return DocumentView(
        id=document.id,
        kind=document.kind,
        number=number_label(document.register.name, document.sequence),
        sequence=document.sequence,
        issued_at=document.issued_at,
        business_date=document.business_date,
        total_cents=document.total_cents,
        hash=document.hash,
        signature=document.signature,
        extract=signature_extract(document.signature),
        training=document.register.training,
        values=json.loads(document.payload),
    )
