"""A chain that was rewritten deeper than we follow by ourselves: a person says whether we go back.

A node restored from an old copy looks just the same, and then going back would be a mistake. So
who allows it names the height, as shown, of the last block that both chains share.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Problem
from teraa.live.wake import INGEST, wake
from teraa.settlement.osm.models import Block, BlockCursor, ChainTransaction, Network
from teraa.settlement.osm.states import CursorReason, CursorState


class NotHalted(Problem):
    """The ingest does not wait for anybody's word."""

    code = "not_halted"
    status = 409
    title = _("The chain is followed without anybody’s help.")
    advice = _("There is nothing to allow. Look at the state again.")


class NoCommonBlock(Problem):
    """Not one block we hold is in the node's chain."""

    code = "no_common_block"
    status = 409
    title = _("The node’s chain shares no block with ours.")
    advice = _("Check that the node is the right one, and that its data is whole.")


class OtherHeight(Problem):
    """Another height was named than the one the chains part at."""

    code = "other_height"
    status = 409
    title = _("The chains part after block {fork_height}, not after {height}.")
    advice = _("Read what it would undo, and confirm with the height that is shown.")


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What going back would undo: blocks above ``fork_height`` and what they hold for us."""

    fork_height: int
    height: int
    tip_height: int
    blocks: int
    transactions: int


def waiting_rewrite(cursor: BlockCursor) -> Rewrite:
    """What a person is asked about. Raises NotHalted, NoCommonBlock."""
    if (cursor.state, cursor.reason) != (CursorState.HALTED, CursorReason.DEEP_REORG):
        raise NotHalted
    if cursor.fork_height is None:
        raise NoCommonBlock
    above = Block.objects.filter(
        network=cursor.network_id, canonical=True, height__gt=cursor.fork_height
    )
    return Rewrite(
        fork_height=cursor.fork_height,
        height=cursor.height,
        tip_height=cursor.tip_height,
        blocks=above.count(),
        transactions=ChainTransaction.objects.filter(block__in=above).count(),
    )


@transaction.atomic
def allow_rewrite(*, network: Network, height: int, by: str, at: datetime.datetime) -> BlockCursor:
    """Let the ingest go back to ``height``, the last block both chains share.

    Raises NotHalted, NoCommonBlock, OtherHeight.
    """
    cursor = BlockCursor.objects.select_for_update(no_key=True).get(network=network)
    rewrite = waiting_rewrite(cursor)
    if rewrite.fork_height != height:
        raise OtherHeight(fork_height=rewrite.fork_height, height=height)
    cursor.resume_height, cursor.resumed_by, cursor.resumed_at = height, by[:60], at
    cursor.save(update_fields=["resume_height", "resumed_by", "resumed_at"])
    wake(INGEST)
    return cursor
