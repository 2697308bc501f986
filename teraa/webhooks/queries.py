"""What screens ask of this room."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, Q, QuerySet

from teraa.webhooks.models import HookDelivery, HookEndpoint
from teraa.webhooks.states import OPEN_STATES, DeliveryState

PAGE = 50


def counts() -> dict[str, int]:
    """Deliveries that wait or are on their way, and endpoints that failed last (two queries)."""
    found: dict[str, int] = HookDelivery.objects.filter(state__in=OPEN_STATES).aggregate(
        waiting=Count("pk", filter=Q(state=DeliveryState.WAITING)),
        sending=Count("pk", filter=Q(state=DeliveryState.SENDING)),
    )
    troubled = HookEndpoint.objects.filter(enabled=True, failures__gt=0).count()
    return {**found, "troubled": troubled}


def endpoints_of(venue_id: UUID) -> QuerySet[HookEndpoint]:
    """The venue's endpoints, the newest first."""
    return HookEndpoint.objects.filter(venue_id=venue_id).order_by("-created_at", "-pk")


def deliveries_of(
    venue_id: UUID,
    *,
    endpoint_id: UUID | None = None,
    state: str | None = None,
    before: HookDelivery | None = None,
) -> QuerySet[HookDelivery]:
    """The venue's attempts with event and endpoint, the newest first; ``before``: older ones."""
    found = HookDelivery.objects.filter(venue_id=venue_id).select_related("event", "endpoint")
    if endpoint_id is not None:
        found = found.filter(endpoint_id=endpoint_id)
    if state is not None:
        found = found.filter(state=state)
    if before is not None:
        found = found.filter(
            Q(created_at__lt=before.created_at) | Q(created_at=before.created_at, pk__lt=before.pk)
        )
    return found.order_by("-created_at", "-pk")
