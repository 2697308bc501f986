"""Where an order is looked at and paid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from teraa.settlement.paying import pay_path
from teraa.venues.models import Venue
from ticketing.models import Order
from ticketing.states import OrderState

# Coins sent from afar must lie this deep: nobody stands at a counter to look after them.
CONFIRMATIONS = 3


def public_path(name: str, *, slug: str, **values: Any) -> str:
    """A public page of ticketing, of the venue named ``slug`` or, without, the house's first."""
    return reverse(name, kwargs=values | ({"slug": slug} if slug else {}))


def page_of(request: HttpRequest, venue: Venue) -> Callable[[str], str]:
    """The absolute address of an order's page, as this visitor reaches the house."""

    def address(secret: str) -> str:
        path = public_path("ticket_order", slug=venue.slug, secret=secret)
        return request.build_absolute_uri(path)

    return address


def order_path(order: Order) -> str:
    """The path of an order's page."""
    return public_path("ticket_order", slug=order.venue.slug, secret=order.secret)


def payment_of(order: Order) -> str | None:
    """Where a held order is paid; None when there is nothing to pay (any more)."""
    if order.state != OrderState.HOLD or order.due is None:
        return None
    return pay_path(
        due=order.due,
        back=order_path(order),
        confirmations=CONFIRMATIONS,
        until=order.hold_until,
    )
