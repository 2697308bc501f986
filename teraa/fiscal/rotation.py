"""Changing a register's key: the old one signs who follows it, the new one signs whom it followed.

Two events stand one after the other in the journal. The first (970), signed by the old key, names
the new public key and says with which number of every other chain the old key ended; the second
(971), signed by the new one, names the old. Whoever has the first public key of a register can
follow the signatures from there to any later one, and nobody can slip a key in between without
having both private keys (``teraa.fiscal.key_history``).

The old private key is destroyed once that is committed (decision 0019): kept, it could only serve
to forge the past.
"""

from __future__ import annotations

import datetime
from uuid import UUID

from django.db import connection, transaction

from teraa.common import journal_codes
from teraa.fiscal import keys
from teraa.fiscal.keys import PublicKey
from teraa.fiscal.models import ChainHead, RegisterKey
from teraa.fiscal.sealing import UnknownRegister, seal_event
from teraa.fiscal.states import ChainKind

_LOCK_REGISTER = (
    "SELECT venue_id FROM fiscal_chain_head WHERE register_id = %s AND kind = 'TICKET' FOR UPDATE"
)


@transaction.atomic
def rotate_key(*, register_id: UUID, at: datetime.datetime, by: str, reason: str = "") -> PublicKey:
    """Give the register another key, from the next document of every chain on; answers with it.

    ``by`` and ``reason`` are what the journal says. Whoever seals meanwhile waits and signs with
    the new key. A rollback leaves at most a key file that no row names. Raises UnknownRegister,
    PayeeUnidentified, KeysUnavailable (this process has not the old key either).
    """
    with connection.cursor() as cursor:
        # Every seal of the register locks this row first: the other heads stand still as well.
        cursor.execute(_LOCK_REGISTER, [register_id])
        locked = cursor.fetchone()
    if locked is None:
        raise UnknownRegister(register=register_id)
    old = RegisterKey.objects.filter(register_id=register_id).latest("number")
    ends = dict(
        ChainHead.objects.filter(register_id=register_id)
        .exclude(kind=ChainKind.EVENT)
        .values_list("kind", "sequence")
    )
    new = keys.create_next_key(register_id)
    retired = seal_event(
        register_id=register_id,
        code=journal_codes.KEY_RETIRED,
        values={
            "key_id": old.key_id,
            "next_key_id": new.key_id,
            "next_public_key": new.hexadecimal,
            "last_numbers": ends,
            "reason": reason[:200],
        },
        at=at,
        operator_label=by,
    )
    RegisterKey.objects.create(
        venue_id=locked[0],
        register_id=register_id,
        number=old.number + 1,
        key_id=new.key_id,
        public_key=new.hexadecimal,
        begun_at=at,
    )
    ChainHead.objects.filter(register_id=register_id).update(key_id=new.key_id)
    seal_event(
        register_id=register_id,
        code=journal_codes.KEY_BEGUN,
        values={
            "key_id": new.key_id,
            "public_key": new.hexadecimal,
            "previous_key_id": old.key_id,
            "previous_public_key": old.public_key,
            "retired_by": str(retired.id),
        },
        at=at,
        operator_label=by,
    )
    former = list(
        RegisterKey.objects.filter(register_id=register_id, number__lte=old.number).values_list(
            "key_id", flat=True
        )
    )

    def destroy() -> None:
        # Also those that a process killed right here left behind the last time.
        for key_id in former:
            keys.discard_key(register_id=register_id, key_id=key_id)

    # robust: the new key signs by then; a disk that refuses is logged, not an error.
    transaction.on_commit(destroy, robust=True)
    return new
