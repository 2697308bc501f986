"""Payment links: `ark:ADDRESS?amount=12.5&vendorField=OS…` (AIP-13).

The form that OSMOSE's own desktop wallet reads; AIP-26 (`ark:transfer?…`) it refuses, so we
neither write nor read it. `amount` is in whole coins with a point, never grouped; integers of
10^-8 inside. Nothing in the link names the network beyond the address byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from .addresses import NotAnAddress, address_bytes
from .amounts import NotAnAmount, coins_of_units, units_of_coins

SCHEME = "ark"


class NotAPaymentLink(ValueError):
    """The text is no AIP-13 link, or its address or amount is malformed."""


@dataclass(frozen=True, slots=True)
class PaymentLink:
    """What a payment link asks for. `units` (10^-8) is None when the payer is to choose."""

    address: str
    units: int | None = None
    vendor_field: str = ""
    label: str = ""


def build(*, address: str, units: int, vendor_field: str = "", label: str = "") -> str:
    """Return the link that asks for `units` (10^-8, at least 1) with that memo.

    Raises NotAPaymentLink for a bad address or amount.
    """
    _checked_address(address)
    if units < 1:
        raise NotAPaymentLink(f"amount {units}")
    try:
        parameters = [("amount", coins_of_units(units))]
    except NotAnAmount as error:
        raise NotAPaymentLink(f"amount {units}") from error
    parameters += [("vendorField", vendor_field)] if vendor_field else []
    parameters += [("label", label)] if label else []
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters)
    return f"{SCHEME}:{address}?{query}"


def parse(text: str, version: int | None = None) -> PaymentLink:
    """Read a link. Scheme and parameter names in any case; unknown parameters are passed over.

    With `version` the address must be of the network of that address byte. Amounts are strict:
    a comma, a sign, an exponent, more than 8 decimals, zero, or two amounts that differ refuse the
    whole link, since guessing would send the wrong sum. Raises NotAPaymentLink.
    """
    scheme, colon, rest = text.strip().partition(":")
    if not colon or scheme.lower() != SCHEME:
        raise NotAPaymentLink("it does not begin with ark:")
    address, _, query = rest.partition("?")
    address = address.removeprefix("//").rstrip("/")
    network = _checked_address(address)[0]
    if version is not None and network != version:
        raise NotAPaymentLink(f"the address {address} is of another network")
    found: dict[str, str] = {}
    for pair in filter(None, query.partition("#")[0].split("&")):
        name, _, value = pair.partition("=")
        key, value = unquote(name).lower(), unquote(value)
        if key == "amount" and found.get(key, value) != value:
            raise NotAPaymentLink("two amounts")
        found.setdefault(key, value)
    return PaymentLink(
        address=address,
        units=_units(found["amount"]) if "amount" in found else None,
        vendor_field=found.get("vendorfield", ""),
        label=found.get("label", ""),
    )


def _checked_address(address: str) -> bytes:
    try:
        return address_bytes(address)
    except NotAnAddress as error:
        raise NotAPaymentLink(f"{address} is no address") from error


def _units(text: str) -> int:
    try:
        units = units_of_coins(text)
    except NotAnAmount as error:
        raise NotAPaymentLink(f"amount {text}") from error
    if units < 1:
        raise NotAPaymentLink(f"amount {text}")
    return units
