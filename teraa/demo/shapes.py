"""What a demonstration venue is made of: plain values, no database."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from teraa.settlement.osm.addresses import address_of_passphrase
from teraa.settlement.osm.devnet.profiles import ADDRESS_BYTE


@dataclass(frozen=True)
class DemoPayee:
    """Who is owed. The phrase is public, like everything on the development network.

    SIRET numbers here fail their own check digits on purpose: they can be nobody's.
    """

    name: str
    kind: str
    phrase: str
    legal_name: str
    legal_form: str
    address: str
    siret: str = ""
    vat_id: str = ""

    @property
    def osm_address(self) -> str:
        """Where this payee is paid on the development network."""
        return address_of_passphrase(self.phrase, ADDRESS_BYTE)


@dataclass(frozen=True)
class DemoPerson:
    """Somebody who works here; with an e-mail address they may also enter the back office."""

    name: str
    role: str
    pin: str = ""
    email: str = ""


@dataclass(frozen=True)
class DemoProduct:
    """``price_cents`` with VAT; ``short`` is what fits on a button."""

    label: str
    price_cents: int
    vat_class: str
    short: str = ""


@dataclass(frozen=True)
class DemoCategory:
    name: str
    colour: str
    products: tuple[DemoProduct, ...]


@dataclass(frozen=True)
class DemoHours:
    """The same hours on several weekdays (0 is Monday)."""

    weekdays: tuple[int, ...]
    opens: datetime.time
    closes: datetime.time


@dataclass(frozen=True)
class DemoTill:
    """A till and the register it keeps; the name stands before ticket numbers."""

    name: str
    register: str


@dataclass(frozen=True)
class DemoVenue:
    """A whole place. The first payee is the one its tills sell for."""

    slug: str
    name: str
    tagline: str
    about: str
    street: str
    postcode: str
    city: str
    email: str
    phone: str
    directions: str
    accent: str
    hours: tuple[DemoHours, ...]
    payees: tuple[DemoPayee, ...]
    people: tuple[DemoPerson, ...]
    tills: tuple[DemoTill, ...]
    categories: tuple[DemoCategory, ...]
    # How OSM was priced, and where that decision is written down.
    osm_rate_e10: int
    decided_by: str
    evidence: str
    # The station that drives the printer, and the printer's name; empty where nothing prints.
    agent: str = ""
    printer: str = ""
    web_register: str = "WEB"
