"""Our webhooks at a node: exactly one per event (T3), made again when the node forgot them (T1)."""

from __future__ import annotations

import datetime
import hashlib

from teraa.settlement.osm.models import NodeHint, NodeHook, NodePeer
from teraa.settlement.osm.node import NodeClient

EVENTS = ("block.applied", "block.reverted", "transaction.pool.added")
"""Hints of these are enough: `transaction.*` events of 2.5 lie or are never sent (T6, T7, T8)."""

SENT_HALF = 32
KEPT_FOR = datetime.timedelta(days=30)


def reconcile(*, peer: NodePeer, node: NodeClient, base: str, at: datetime.datetime) -> list[str]:
    """Make the node's list of webhooks what it should be; return the events made anew.

    Hooks of ours that we do not know (another database's, a crash between making and noting one)
    are deleted: a dead target delays the next. Raises NodeTrouble.
    """
    target = f"{base.rstrip('/')}/hooks/node/{peer.segment}/"
    known = {hook.event: hook.node_hook_id for hook in peer.hooks.all()}
    present = set()
    for hook in node.hooks():
        if not hook.target.startswith(f"{base.rstrip('/')}/hooks/node/"):
            continue
        wanted = hook.target == target and hook.event in EVENTS and known.get(hook.event) == hook.id
        if wanted:
            present.add(hook.event)
        else:
            node.delete_hook(hook.id)
    made = [event for event in EVENTS if event not in present]
    for event in made:
        hook = node.create_hook(event=event, target=target)
        half = hashlib.sha256(hook.token[:SENT_HALF].encode()).hexdigest()
        NodeHook.objects.update_or_create(
            peer=peer,
            event=event,
            defaults={"node_hook_id": hook.id, "half_token_sha256": half, "created_at": at},
        )
    return made


def forget_old_hints(at: datetime.datetime) -> int:
    """Delete hints older than a month; nothing depends on them. Returns how many went."""
    deleted, _ = NodeHint.objects.filter(received_at__lt=at - KEPT_FOR).delete()
    return deleted
