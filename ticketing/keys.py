"""A venue's key for ticket codes: the private half a file under TERAA_KEYS, the public a row.

The files lie beside those of the registers and are made and read by the same rules
(teraa.fiscal.keys): 0600 in a 0700 directory, durable before the public half is committed.
"""

from __future__ import annotations

import datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db import transaction

from teraa.common.ids import uuid7
from teraa.fiscal import keys as files
from ticketing.models import TicketKey

SHORT = 8

# Rows are only ever inserted: what was found once stays true. Filled after the commit alone, or a
# key whose row was rolled back would go on signing.
_known: dict[str, tuple[UUID, Ed25519PublicKey]] = {}
_newest: dict[UUID, TicketKey] = {}


def ensure_key(*, venue_id: UUID, at: datetime.datetime) -> TicketKey:
    """The venue's newest key, made if it has none. Raises KeysUnavailable."""
    newest = _find(venue_id)
    return newest if newest is not None else make_key(venue_id=venue_id, at=at)


def make_key(*, venue_id: UUID, at: datetime.datetime) -> TicketKey:
    """A fresh key for the venue's tickets from now on; older codes stay valid. KeysUnavailable."""
    key_file = uuid7()
    made = files.create_key(key_file)
    return TicketKey.objects.create(
        id=key_file,
        venue_id=venue_id,
        key_id=made.key_id[:SHORT],
        full_id=made.key_id,
        public_key=made.hexadecimal,
        created_at=at,
    )


def signing_key(*, venue_id: UUID) -> tuple[str, Ed25519PrivateKey]:
    """(key id of ticket codes, private key) of a venue. Raises KeysUnavailable.

    One query the first time in a process, none afterwards.
    """
    newest = _newest.get(venue_id)
    if newest is None:
        newest = _find(venue_id)
        if newest is None:
            raise files.KeysUnavailable(venue=venue_id)
        found = newest
        transaction.on_commit(lambda: _newest.__setitem__(venue_id, found))
    return newest.key_id, files.signing_key(newest.pk, newest.full_id)


def public_key(key_id: str) -> tuple[UUID, Ed25519PublicKey] | None:
    """(venue, public key) of a ticket code's key id; None when no venue of this house made it.

    One query the first time in a process, none afterwards.
    """
    known = _known.get(key_id)
    if known is not None:
        return known
    row = TicketKey.objects.filter(key_id=key_id).first()
    if row is None:
        return None
    found = row.venue_id, Ed25519PublicKey.from_public_bytes(bytes.fromhex(row.public_key))
    transaction.on_commit(lambda: _known.__setitem__(key_id, found))
    return found


def _find(venue_id: UUID) -> TicketKey | None:
    return TicketKey.objects.filter(venue_id=venue_id).order_by("-created_at", "-pk").first()
