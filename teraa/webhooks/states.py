"""Words and allowed moves of deliveries."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from teraa.common.states import Moves


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Being sent")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed, sent again later")
    GIVEN_UP = "given_up", _("Given up")
    CANCELLED = "cancelled", _("Not sent: the endpoint was turned off")


OPEN_STATES = (DeliveryState.WAITING, DeliveryState.SENDING)
FINISHED_STATES = (
    DeliveryState.DELIVERED,
    DeliveryState.FAILED,
    DeliveryState.GIVEN_UP,
    DeliveryState.CANCELLED,
)

DELIVERY_MOVES: Moves = {
    DeliveryState.WAITING: frozenset({DeliveryState.SENDING, DeliveryState.CANCELLED}),
    # Back to waiting: its worker died or was stopped before an answer was written down.
    DeliveryState.SENDING: frozenset(
        {
            DeliveryState.WAITING,
            DeliveryState.DELIVERED,
            DeliveryState.FAILED,
            DeliveryState.GIVEN_UP,
        }
    ),
    # An attempt that is over is evidence. Whatever comes next is another attempt, another row.
    DeliveryState.DELIVERED: frozenset(),
    DeliveryState.FAILED: frozenset(),
    DeliveryState.GIVEN_UP: frozenset(),
    DeliveryState.CANCELLED: frozenset(),
}


class AttemptError(models.TextChoices):
    """Why there is no answer to speak of; an answer that says no has its HTTP status instead."""

    TIMEOUT = "timeout", _("No answer within ten seconds")
    UNRESOLVED = "unresolved", _("The name of the host was not found")
    REFUSED_ADDRESS = "refused_address", _("The host is in a private network")
    UNREACHABLE = "unreachable", _("No connection to the host")
    TLS = "tls", _("No secure connection: look at the certificate")
    BROKEN = "broken", _("The answer was cut off or is no HTTP")
    NO_SECRET = "no_secret", _("The secret cannot be read any more: rotate it")


class OffReason(models.TextChoices):
    """Why nothing is sent to an endpoint."""

    BY_HAND = "by_hand", _("Turned off by somebody")
    GONE = "gone", _("The receiver answered that it is gone (410)")
