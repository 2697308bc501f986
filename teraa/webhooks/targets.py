"""Where a delivery may go: what an address must look like, and which hosts are out of bounds.

An address is looked at twice: when it is entered, and each time before it is connected to, by the
numbers its name stands for then. The connection goes to the very number that was looked at, so a
name that answers differently the second time gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
from ipaddress import IPv4Address, IPv6Address

import httpx
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from teraa.webhooks.problems import BadTarget

URL_LENGTH = 500
# Numbers of the old internet inside those of the new one, for translators on the way (RFC 6052).
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")


def private_allowed() -> bool:
    """Whether this house may send into private networks and without TLS: demonstrations, tests."""
    return bool(settings.TERAA_HOOKS_TO_PRIVATE)


def check_target(text: str, *, private: bool) -> httpx.URL:
    """The address as we would use it; its host is looked up by nobody yet. Raises BadTarget."""
    if not text or len(text) > URL_LENGTH or UNPRINTABLE.search(text):
        raise BadTarget(reason=_("it is empty, too long or has spaces in it."))
    try:
        url = httpx.URL(text)
        host = url.raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise BadTarget(reason=_("it cannot be read.")) from error
    if url.scheme not in ("https", "http") or not host:
        raise BadTarget(reason=_("it does not begin with https:// and a host."))
    if url.scheme == "http" and not private:
        raise BadTarget(reason=_("it does not begin with https://."))
    if url.userinfo or url.fragment:
        raise BadTarget(reason=_("it has a password or a # in it."))
    if url.port is not None and not 0 < url.port < 65536:
        raise BadTarget(reason=_("its port does not exist."))
    if _is_number(host) and not may_connect(host, private=private):
        raise BadTarget(reason=_("it leads into a private network."))
    return url


def may_connect(number: str, *, private: bool) -> bool:
    """Whether a host of this number (IPv4 or IPv6) may be connected to."""
    address = _real(ipaddress.ip_address(number.partition("%")[0].strip("[]")))
    if address.is_multicast or address.is_unspecified:
        return False
    return private or address.is_global


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _real(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address an IPv6 one stands for, if it does: loopback has many disguises."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
