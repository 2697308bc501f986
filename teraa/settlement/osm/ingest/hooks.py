"""Our webhooks at a node: exactly one per event (T3), made again when the node forgot them (T1)."""

from __future__ import annotations

import datetime
import hashlib

from django.db import transaction

from teraa.settlement.osm.models import NodeHint, NodeHook, NodePeer
from teraa.settlement.osm.node import NodeClient

EVENTS = ("block.applied", "block.reverted", "transaction.pool.added")
"""Hints of these are enough: `transaction.*` events of 2.5 lie or are never sent (T6, T7, T8)."""

SENT_HALF = 32
KEPT_FOR = datetime.timedelta(days=30)
ROTATED_AFTER = datetime.timedelta(days=30)
"""A token that was overheard is worth a month of hints at the most."""


def reconcile(*, peer: NodePeer, node: NodeClient, base: str, at: datetime.datetime) -> list[str]:
    """Make the node's list of webhooks what it should be; return the events made anew.

    One that is a month old is replaced: the new one is made first, and both are listened to until
    the old one is gone. Hooks of ours that we do not know (another database's, a crash between
    making and noting one) are deleted: a dead target delays the next. Raises NodeTrouble.
    """
    ours = f"{base.rstrip('/')}/hooks/node/"
    target = f"{ours}{peer.segment}/"
    there = [hook for hook in node.hooks() if hook.target.startswith(ours)]
    known = {hook.event: hook for hook in peer.hooks.filter(retired_at__isnull=True)}
    kept = {
        hook.id
        for hook in there
        if hook.target == target
        and hook.event in EVENTS
        and (row := known.get(hook.event)) is not None
        and row.node_hook_id == hook.id
        and at - row.created_at < ROTATED_AFTER
    }
    present = {hook.event for hook in there if hook.id in kept}
    made = [event for event in EVENTS if event not in present]
    for event in made:
        _make(peer=peer, node=node, event=event, target=target, at=at)
    for hook in there:
        if hook.id not in kept:
            node.delete_hook(hook.id)
    peer.hooks.filter(retired_at__isnull=False).delete()
    return made


def _make(
    *, peer: NodePeer, node: NodeClient, event: str, target: str, at: datetime.datetime
) -> None:
    """A hook at the node and its row; the one before is heard until its end."""
    hook = node.create_hook(event=event, target=target)
    half = hashlib.sha256(hook.token[:SENT_HALF].encode()).hexdigest()
    with transaction.atomic():
        peer.hooks.filter(event=event, retired_at__isnull=True).update(retired_at=at)
        NodeHook.objects.create(
            peer=peer,
            event=event,
            node_hook_id=hook.id,
            half_token_sha256=half,
            created_at=at,
        )


def forget_old_hints(at: datetime.datetime) -> int:
    """Delete hints older than a month; nothing depends on them. Returns how many went."""
    deleted, _ = NodeHint.objects.filter(received_at__lt=at - KEPT_FOR).delete()
    return deleted
