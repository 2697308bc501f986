"""Under which names and addresses other devices on the local network reach this machine."""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import re
import socket
import struct
from dataclasses import dataclass

SIOCGIFADDR = 0x8915  # linux/sockios.h: the IPv4 address of an interface

HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")

# Networks that belong to nobody in particular, and so to whoever runs one.
PRIVATE_NETWORKS = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "100.64.0.0/10",
    )
)


@dataclass(frozen=True)
class Reach:
    """Names and IPv4 addresses of this machine; loopback comes last."""

    names: tuple[str, ...]
    addresses: tuple[ipaddress.IPv4Address, ...]

    @property
    def best(self) -> str:
        """The address to show to somebody with a tablet in hand."""
        return str(self.addresses[0])

    def hosts(self) -> list[str]:
        """Return everything that may stand in an address bar."""
        return [*(str(address) for address in self.addresses), *self.names]


def reach() -> Reach:
    """Return how this machine is reached from its local network, as its interfaces are now."""
    found = {*_interface_addresses(), ipaddress.IPv4Address("127.0.0.1")}
    host = socket.gethostname().split(".")[0].lower()
    named = [host, f"{host}.local"] if HOST_NAME.fullmatch(host) else []
    names = dict.fromkeys(["localhost", *named])
    return Reach(
        names=tuple(names),
        addresses=tuple(sorted(found, key=lambda address: (_remoteness(address), address))),
    )


def _interface_addresses() -> list[ipaddress.IPv4Address]:
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _index, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[:15])
            with contextlib.suppress(OSError):  # an interface without an IPv4 address
                answer = fcntl.ioctl(probe, SIOCGIFADDR, request)
                found.append(ipaddress.IPv4Address(answer[20:24]))
    return found


def is_private(address: ipaddress.IPv4Address) -> bool:
    """Say whether an address means another machine on every network."""
    return any(address in network for network in PRIVATE_NETWORKS)


def _remoteness(address: ipaddress.IPv4Address) -> int:
    """Sort a home or shop network first, then other private ones, this machine itself last."""
    if address.is_loopback:
        return 4
    if address.is_link_local:
        return 3
    if not is_private(address):
        return 2
    return 0 if address in ipaddress.IPv4Network("192.168.0.0/16") else 1
