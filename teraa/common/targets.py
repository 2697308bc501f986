"""Addresses that somebody typed: what one must look like, and which hosts are out of bounds.

An address is looked at twice: when it is entered, and each time before it is connected to, by the
numbers its name stands for then. The connection goes to the very number that was looked at, so a
name that answers differently the second time gains nothing (``request_to``).
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address

import httpx
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Problem

URL_LENGTH = 500
# Numbers of the old internet inside those of the new one, for translators on the way (RFC 6052).
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")
NUMBERS_TRIED = 4

# (host, port) → numbers; may block for as long as the system's resolver does.
Resolve = Callable[[str, int], list[str]]


class BadTarget(Problem):
    """The address is none we would ever connect to; ``reason`` says why."""

    code = "bad_target"
    status = 422
    title = _("This address cannot be used: {reason}")
    advice = _("Give the whole public address, for instance https://example.org/teraa.")


def private_allowed() -> bool:
    """Whether this house may ask private networks, and without TLS: demonstrations, tests."""
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


def host_of(url: httpx.URL) -> str:
    """The name (or number) in an address, as a resolver and a certificate want it."""
    return url.raw_host.decode("ascii").strip("[]")


def port_of(url: httpx.URL) -> int:
    """The port, said or meant."""
    return url.port or (443 if url.scheme == "https" else 80)


def numbers_of(host: str, port: int) -> list[str]:
    """The host's numbers as the system knows them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def request_to(
    number: str,
    *,
    method: str,
    url: httpx.URL,
    headers: Mapping[str, str],
    timeout: httpx.Timeout,
    content: bytes | None = None,
) -> httpx.Request:
    """A request that goes to ``number``, which was looked at, and asks for ``url``'s host there.

    The certificate is checked against the name, though the connection goes to a number.
    """
    return httpx.Request(
        method,
        url.copy_with(host=number.partition("%")[0]),
        headers={
            **headers,
            "Host": url.netloc.decode("ascii"),
            "Accept-Encoding": "identity",
            "Connection": "close",
        },
        content=content,
        extensions={"sni_hostname": host_of(url), "timeout": timeout.as_dict()},
    )


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
