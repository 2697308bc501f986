"""What need not be kept: attempts and events after sixty days, secrets after their last day."""

from __future__ import annotations

import datetime
from typing import Final

from django.db import connection

from teraa.webhooks.models import HookDelivery, HookEndpoint
from teraa.webhooks.states import DeliveryState

KEPT = datetime.timedelta(days=60)

_ATTEMPTS: Final = """
DELETE FROM webhooks_hook_delivery
WHERE state NOT IN ('waiting', 'sending') AND created_at < %(old)s
"""
_EVENTS: Final = """
DELETE FROM webhooks_hook_event event
WHERE event.created_at < %(old)s
    AND NOT EXISTS (SELECT FROM webhooks_hook_delivery one WHERE one.event_id = event.id)
"""


def prune_deliveries(at: datetime.datetime) -> int:
    """Forget attempts that are over and older than sixty days, then events nothing points at.

    An event stays as long as one of its deliveries. What began to wait in the very moment its
    endpoint was turned off is cancelled here. Returns how many rows went.
    """
    off = list(HookEndpoint.objects.filter(enabled=False).values_list("pk", flat=True))
    stranded = HookDelivery.objects.filter(state=DeliveryState.WAITING, endpoint_id__in=off)
    stranded.update(state=DeliveryState.CANCELLED, done_at=at)
    HookEndpoint.objects.filter(previous_until__lte=at).update(
        previous_sealed="", previous_until=None
    )
    gone = 0
    with connection.cursor() as cursor:
        for statement in (_ATTEMPTS, _EVENTS):
            cursor.execute(statement, {"old": at - KEPT})
            gone += cursor.rowcount
    return gone
