"""Words and allowed moves of OSM requests, the cursor and what a receipt was taken for."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from teraa.common.states import Moves
from teraa.settlement.osm import derive


class RequestState(models.TextChoices):
    OPEN = derive.OPEN, _("Waiting for the payment")
    SEEN = derive.SEEN, _("Payment seen")
    ACCEPTED = derive.ACCEPTED, _("Accepted before its block")
    CONFIRMING = derive.CONFIRMING, _("In a block, confirming")
    SETTLED = derive.SETTLED, _("Settled")
    EXPIRED = derive.EXPIRED, _("Expired")
    CANCELLED = derive.CANCELLED, _("Given up")


_PROGRESS = frozenset(
    {
        RequestState.SEEN,
        RequestState.ACCEPTED,
        RequestState.CONFIRMING,
        RequestState.SETTLED,
    }
)
_CLOSED = frozenset({RequestState.EXPIRED, RequestState.CANCELLED})

REQUEST_MOVES: Moves = {
    RequestState.OPEN: _PROGRESS | _CLOSED,
    # A payment seen in the pool, or a block, may vanish again.
    RequestState.SEEN: (_PROGRESS | _CLOSED | {RequestState.OPEN}) - {RequestState.SEEN},
    RequestState.CONFIRMING: (_PROGRESS | _CLOSED | {RequestState.OPEN})
    - {RequestState.CONFIRMING},
    RequestState.ACCEPTED: (_PROGRESS | _CLOSED | {RequestState.OPEN}) - {RequestState.ACCEPTED},
    # A late payment that somebody accepts (or the policy does) takes the usual way.
    RequestState.EXPIRED: _PROGRESS,
    RequestState.CANCELLED: _PROGRESS,
    RequestState.SETTLED: frozenset(),
}


class ActKind(models.TextChoices):
    CANCEL = derive.CANCEL, _("Given up")
    ACCEPT_LATE = derive.ACCEPT_LATE, _("Late payment accepted")
    ACCEPT_SHORT = derive.ACCEPT_SHORT, _("Shortfall accepted")
    SETTLE = derive.SETTLE, _("Settled by hand")


class AllocationKind(models.TextChoices):
    REQUEST = "request", _("Pays a request")
    SURPLUS = "surplus", _("Surplus")
    UNKNOWN = "unknown", _("To be identified")
    IGNORED = "ignored", _("Not a payment")


class AllocationReason(models.TextChoices):
    REFERENCE = "reference", _("Its reference")
    NO_REFERENCE = "no_reference", _("No reference")
    UNKNOWN_REFERENCE = "unknown_reference", _("A reference we never gave")
    FOREIGN_REFERENCE = "foreign_reference", _("The reference of another payee")
    SEVERAL_REFERENCES = "several_references", _("More than one reference")
    BY_AMOUNT = "by_amount", _("Its exact amount")
    BY_HAND = "by_hand", _("Assigned by hand")


class Direction(models.TextChoices):
    IN = "in", _("Received")
    OUT = "out", _("Sent")


class CursorState(models.TextChoices):
    LIVE = "live", _("Live")
    CATCHUP = "catchup", _("Catching up")
    STALLED = "stalled", _("No news from the chain")
    HALTED = "halted", _("Halted, needs a person")


class CursorReason(models.TextChoices):
    """Why the cursor is not live; the sentence is what the till shows."""

    NONE = "", ""
    STARTING = "starting", _("The connection to the chain is starting.")
    BEHIND = "behind", _("We are still reading blocks that were made meanwhile.")
    NODE_SYNCING = "node_syncing", _("The OSM node is itself catching up with its network.")
    NODE_SILENT = "node_silent", _("The OSM node does not answer.")
    NODE_NONSENSE = "node_nonsense", _("The OSM node gives answers that contradict each other.")
    NODE_BEHIND = "node_behind", _("The OSM node has gone back behind what we already know.")
    TIP_STILL = "tip_still", _("The chain makes no new blocks.")
    WRONG_NETWORK = "wrong_network", _("The node belongs to another network than ours.")
    NODE_CONFLICT = "node_conflict", _("The OSM nodes disagree about what happened.")
    DEEP_REORG = "deep_reorg", _("The chain was rewritten deeper than we follow by ourselves.")


class PeerRole(models.TextChoices):
    OWN = "own", _("Our own node")
    TRUSTED = "trusted", _("Trusted node")
    PUBLIC = "public", _("Public node")


class PeerSource(models.TextChoices):
    SETTINGS = "settings", _("In the settings")
    OFFICE = "office", _("In the office")


class PeerHealth(models.TextChoices):
    """What a node is good for now; only a healthy one counts when nodes must agree."""

    UNKNOWN = "unknown", _("Not asked yet")
    HEALTHY = "healthy", _("Healthy")
    SILENT = "silent", _("Does not answer")
    STALE = "stale", _("Behind the others, or its clock is wrong")
    QUARANTINED = "quarantined", _("Not believed for a while: it gave a false answer")
    DISABLED = "disabled", _("Given up: it gave false answers again and again")


class HooksState(models.TextChoices):
    NONE = "", _("None")
    IN_PLACE = "in_place", _("In place")
    SILENT = "silent", _("Silent while blocks are made")
    UNREACHABLE = "unreachable", _("Cannot be made")
