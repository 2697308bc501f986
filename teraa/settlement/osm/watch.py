"""Which addresses we watch: every one that a payee receives at, for ever."""

from __future__ import annotations

import datetime

from teraa.settlement.osm.addresses import is_address
from teraa.settlement.osm.models import Network, WatchedAddress
from teraa.settlement.problems import AddressTaken, NoOsmAddress
from teraa.venues.models import Payee


def watch_payee(*, payee: Payee, network: Network, at: datetime.datetime) -> WatchedAddress:
    """Watch the payee's present address on ``network`` (one query when it is watched already).

    Raises NoOsmAddress when it has none there, AddressTaken when it was another payee's.
    """
    if not is_address(payee.osm_address, network.address_version):
        raise NoOsmAddress(payee=payee.name)
    watched = _find(payee, network)
    if watched is None:
        row = WatchedAddress(
            network=network,
            venue_id=payee.venue_id,
            payee=payee,
            address=payee.osm_address,
            since=at,
        )
        WatchedAddress.objects.bulk_create([row], ignore_conflicts=True)
        watched = _find(payee, network)
    if watched is None or watched.payee_id != payee.pk:
        raise AddressTaken(payee=payee.name)
    return watched


def watch_all(*, network: Network, at: datetime.datetime) -> int:
    """Watch the address of every payee that has one on ``network``; return how many are new.

    So that a payment sent before anybody asked for one is stored too.
    """
    known = set(WatchedAddress.objects.filter(network=network).values_list("address", flat=True))
    rows = [
        WatchedAddress(
            network=network,
            venue_id=payee.venue_id,
            payee=payee,
            address=payee.osm_address,
            since=at,
        )
        for payee in Payee.objects.exclude(osm_address="").exclude(osm_address__in=known)
        if is_address(payee.osm_address, network.address_version)
    ]
    WatchedAddress.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _find(payee: Payee, network: Network) -> WatchedAddress | None:
    return WatchedAddress.objects.filter(network=network, address=payee.osm_address).first()
