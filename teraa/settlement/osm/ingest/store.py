"""Writing what the chain says: the only place that stores blocks, and moves the cursor.

Every function is one transaction that begins by locking the cursor and comparing the epoch: a
leader that was replaced while it slept changes nothing. Stored twice is stored once.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from teraa.common.rows import change_all
from teraa.settlement.cases.watching import keep_up_refunds, look_at_transactions
from teraa.settlement.operations.progress import bring_up_to_date
from teraa.settlement.osm.derive import LAST_SECOND
from teraa.settlement.osm.ingest import rows
from teraa.settlement.osm.ingest.allocating import allocate
from teraa.settlement.osm.ingest.leadership import Leadership, locked_cursor
from teraa.settlement.osm.ingest.movements import (
    concerns,
    payments_of,
)
from teraa.settlement.osm.ingest.quorum import ALONE, Agreement
from teraa.settlement.osm.ingest.verify import (
    VerifiedBlock,
    VerifiedTransaction,
    verify_signatures,
)
from teraa.settlement.osm.models import (
    Allocation,
    Block,
    BlockCursor,
    ChainTransaction,
    Network,
    OsmRequest,
    Receipt,
)
from teraa.settlement.osm.states import AllocationKind, RequestState

AGREED_COLUMNS = ("vouched_height", "agreed_height", "unanimous_height")


class CursorMoved(Exception):
    """The blocks do not follow the block the cursor is at."""


@transaction.atomic
def store_blocks(
    by: Leadership,
    blocks: Sequence[VerifiedBlock],
    *,
    at: datetime.datetime,
    agreement: Agreement = ALONE,
) -> int:
    """Store blocks that follow the cursor, all that they mean for us, and move the cursor.

    Live, that is one block; catching up, up to a hundred. ``agreement`` says up to where nodes
    hold these blocks too. Returns how many requests moved. Raises LeadershipLost, CursorMoved,
    verify.TransactionRefused.
    """
    cursor = locked_cursor(by)
    first, last = blocks[0].header, blocks[-1]
    if first.previous_block != cursor.block_id or first.height != cursor.height + 1:
        raise CursorMoved(f"{first.height} does not follow {cursor.height} {cursor.block_id}")
    rows = _store_headers(by.network, blocks, at)
    placed = [
        (one, rows[block.block_id], place)
        for block in blocks
        for place, one in enumerate(block.transactions)
    ]
    touched = _store_transactions(by.network, placed, at)
    cursor.height, cursor.block_id = last.header.height, last.block_id
    cursor.save(update_fields=["height", "block_id", *_agree(cursor, agreement)])
    due = OsmRequest.objects.filter(network=by.network, next_height__lte=cursor.height)
    touched.update(due.values_list("pk", flat=True))
    return len(bring_up_to_date(request_ids=touched, at=at))


@transaction.atomic
def store_agreement(by: Leadership, agreement: Agreement, *, at: datetime.datetime) -> int:
    """Note up to where nodes hold the same blocks as we; what waited for it is derived again.

    Returns how many requests moved. Raises LeadershipLost.
    """
    cursor = locked_cursor(by)
    changed = _agree(cursor, agreement)
    if not changed:
        return 0
    cursor.save(update_fields=changed)
    due = OsmRequest.objects.filter(network=by.network, next_height__lte=cursor.height)
    return len(bring_up_to_date(request_ids=set(due.values_list("pk", flat=True)), at=at))


@transaction.atomic
def store_pool(
    by: Leadership, waiting: Sequence[VerifiedTransaction], *, at: datetime.datetime
) -> int:
    """Store transactions that wait in the node's pool; return how many requests moved.

    One without its sender's signature is passed over: no block will hold it. Raises
    LeadershipLost.
    """
    locked_cursor(by)
    txids = [one.txid for one in waiting]
    back = ChainTransaction.objects.filter(
        network=by.network, txid__in=txids, block__isnull=True, gone_at__isnull=False
    )
    returned = list(back.values_list("pk", flat=True))
    if returned:
        ChainTransaction.objects.filter(pk__in=returned).update(gone_at=None)
    look_at_transactions(transaction_ids=returned, at=at)
    touched = requests_paid_by(returned)
    signed = [one for one in waiting if one.transaction.verifies()]
    touched |= _store_transactions(by.network, [(one, None, None) for one in signed], at)
    return len(bring_up_to_date(request_ids=touched, at=at))


@transaction.atomic
def mark_gone(by: Leadership, txids: Iterable[str], *, at: datetime.datetime) -> int:
    """No pool holds these any more and no block does: they count as never sent, until they return.

    Returns how many requests moved. Raises LeadershipLost.
    """
    locked_cursor(by)
    rows = ChainTransaction.objects.filter(
        network=by.network, txid__in=list(txids), block__isnull=True, gone_at__isnull=True
    )
    gone = list(rows.values_list("pk", flat=True))
    ChainTransaction.objects.filter(pk__in=gone).update(gone_at=at)
    look_at_transactions(transaction_ids=gone, at=at)
    return len(bring_up_to_date(request_ids=requests_paid_by(gone), at=at))


@transaction.atomic
def end_limbo(
    by: Leadership, *, before: datetime.datetime, present: Collection[str], at: datetime.datetime
) -> int:
    """Believe that what a fork took out before ``before`` does not come back.

    What a pool still holds (``present``) waits there like any payment; the rest counts as never
    sent, until it returns. Returns how many requests moved. Raises LeadershipLost.
    """
    limbo = ChainTransaction.objects.filter(
        network=by.network, block__isnull=True, limbo_since__lte=before
    )
    if not limbo.exists():
        return 0
    locked_cursor(by)
    pks = list(limbo.values_list("pk", flat=True))
    over = ChainTransaction.objects.filter(pk__in=pks, block__isnull=True)
    over.exclude(txid__in=present).update(gone_at=at)
    over.update(limbo_since=None)
    look_at_transactions(transaction_ids=pks, at=at)
    return len(bring_up_to_date(request_ids=requests_paid_by(pks), at=at))


@transaction.atomic
def unwind(by: Leadership, *, height: int, block_id: str, at: datetime.datetime) -> int:
    """Go back to a block we hold: those above leave our chain, their transactions wait in limbo.

    Most of them return within a minute, in the same or another block. Returns how many requests
    moved. Raises LeadershipLost, CursorMoved.
    """
    cursor = locked_cursor(by)
    kept = Block.objects.filter(network=by.network, block_id=block_id, canonical=True)
    if not kept.exists():
        raise CursorMoved(f"we do not hold {height} {block_id}")
    removed = Block.objects.filter(network=by.network, canonical=True, height__gt=height)
    limbo = ChainTransaction.objects.filter(block__in=removed)
    pks = list(limbo.values_list("pk", flat=True))
    limbo.update(block=None, position=None, limbo_since=at)
    removed.update(canonical=False)
    cursor.height, cursor.block_id = height, block_id
    for column in AGREED_COLUMNS:
        found = getattr(cursor, column)
        setattr(cursor, column, None if found is None else min(found, height))
    cursor.fork_height = cursor.resume_height = None
    cursor.save(
        update_fields=["height", "block_id", "fork_height", "resume_height", *AGREED_COLUMNS]
    )
    keep_up_refunds(transaction_ids=pks, at=at)
    return len(bring_up_to_date(request_ids=requests_paid_by(pks), at=at))


def expire(by: Leadership, *, at: datetime.datetime) -> int:
    """Let ``derive`` judge the requests whose time is up; return how many moved.

    Raises LeadershipLost.
    """
    over = OsmRequest.objects.filter(
        network=by.network, state=RequestState.OPEN, expires_at__lte=at - LAST_SECOND
    )
    ids = list(over.values_list("pk", flat=True))
    if not ids:
        return 0
    with transaction.atomic():
        locked_cursor(by)
        return len(bring_up_to_date(request_ids=ids, at=at))


def _agree(cursor: BlockCursor, agreement: Agreement) -> list[str]:
    """Move the heights that were agreed on; return the columns that changed.

    Once agreed on stays agreed on, until blocks are taken back: a node that falls silent, or
    changes its mind, does not unmake what it said.
    """
    changed = []
    for column, height in zip(AGREED_COLUMNS, agreement, strict=True):
        before = getattr(cursor, column)
        after = None if height is None else max(before or 0, min(height, cursor.height))
        if after != before:
            setattr(cursor, column, after)
            changed.append(column)
    return changed


def _store_headers(
    network: Network, blocks: Sequence[VerifiedBlock], at: datetime.datetime
) -> dict[str, Block]:
    """A block that left our chain and comes back is the same row again."""
    stored = Block.objects.bulk_create(
        [rows.block_row(network, block.header, at) for block in blocks],
        update_conflicts=True,
        unique_fields=["network", "block_id"],
        update_fields=["canonical"],
    )
    return {row.block_id: row for row in stored}


def _store_transactions(
    network: Network,
    placed: Sequence[tuple[VerifiedTransaction, Block | None, int | None]],
    at: datetime.datetime,
) -> set[UUID]:
    """Store what concerns a watched address; return the requests that any of it pays."""
    watched = rows.watched_by(network, [one for one, _, _ in placed])
    ours = [item for item in placed if concerns(item[0].transaction, item[0].sender, watched)]
    if not ours:
        return set()
    present = _present(network, [one.txid for one, _, _ in ours])
    new = [item for item in ours if item[0].txid not in present]
    # The id is made of the signature too: what is there already was checked when it came.
    verify_signatures([one for one, _, _ in new], addresses=watched)
    stored = dict(present)
    stored |= {txid: (pk, 0) for txid, pk in _store_new(network, new, at).items()}
    if ours[0][1] is not None:
        _place(
            [
                (present[one.txid][0], block, place)
                for one, block, place in ours
                if one.txid in present
            ]
        )
    receipts = []
    unseen = []
    for one, _, _ in ours:
        pk, known = stored[one.txid]
        of_it = rows.receipt_rows(
            payments_of(one.transaction),
            sender=one.sender,
            transaction_pk=pk,
            watched=watched,
            at=at,
        )
        # An address may be watched only since: then there is one more than we knew.
        if len(of_it) != known or not known:
            receipts += of_it
            unseen.append(pk)
    Receipt.objects.bulk_create(receipts, ignore_conflicts=True)
    allocate(network, unseen)
    look_at_transactions(transaction_ids=unseen, at=at)
    pks = [pk for pk, _ in stored.values()]
    keep_up_refunds(transaction_ids=set(pks).difference(unseen), at=at)
    return requests_paid_by(pks)


def _present(network: Network, txids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Transactions that we hold and that never went, with the number of their receipts."""
    held = ChainTransaction.objects.filter(
        network=network, txid__in=txids, gone_at__isnull=True
    ).annotate(known=Count("receipts"))
    return {txid: (pk, known) for txid, pk, known in held.values_list("txid", "pk", "known")}


def _place(places: Iterable[tuple[int, Block | None, int | None]]) -> None:
    """Put transactions that we hold into their blocks, in one statement."""
    changes = [
        (
            ChainTransaction(pk=pk),
            {"block_id": block and block.pk, "position": place, "limbo_since": None},
        )
        for pk, block, place in places
    ]
    change_all(changes, unchanged=())


def _store_new(
    network: Network,
    placed: Sequence[tuple[VerifiedTransaction, Block | None, int | None]],
    at: datetime.datetime,
) -> dict[str, int]:
    """Store transactions that are new, or were gone; return their keys."""
    if not placed:
        return {}
    in_pool = placed[0][1] is None
    # What was gone stays so while only a pool shows it (``store_pool`` brings it back).
    # (Naming a column that stays as it is makes the insert tell the keys of known rows, too.)
    made = ChainTransaction.objects.bulk_create(
        [rows.transaction_row(network, one, block, place, at) for one, block, place in placed],
        update_conflicts=True,
        unique_fields=["network", "txid"],
        update_fields=["version"] if in_pool else ["block", "position", "gone_at", "limbo_since"],
    )
    return {row.txid: row.pk for row in made}


def requests_paid_by(transaction_pks: Iterable[int]) -> set[UUID]:
    """The requests that receipts of these transactions are counted for."""
    pks = list(transaction_pks)
    if not pks:
        return set()
    rows = Allocation.objects.filter(
        receipt__transaction__in=pks,
        kind=AllocationKind.REQUEST,
        reversed_at__isnull=True,
        request__isnull=False,
    )
    return {pk for pk in rows.values_list("request_id", flat=True) if pk is not None}
