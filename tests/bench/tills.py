"""Tills for a benchmark: enrolled, with somebody signed on, each with its own register."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from teraa.common.ids import uuid7
from tests.bench.load import Answer, Connection
from tests.running import RunningHouse

# Runs inside the house's own Django: makes tills through the operations the office uses.
MAKE_TILLS = """
import json, sys
from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.fiscal.registers import open_register
from teraa.venues.models import Station, StaffMember, Venue
from teraa.venues.operations import enrol_station, make_enrolment_code, set_pin, sign_on
venue = Venue.objects.get(slug="{slug}")
payee = venue.payees.filter(kind="cooperative").get()
made = []
for number in range({count}):
    name = f"Mesure {{uuid7().hex[-8:]}}"
    station = Station.objects.create(venue=venue, kind="till", name=name, payee=payee)
    open_register(venue_id=venue.pk, payee_id=payee.pk, station_id=station.pk, name=name,
                  lane="till", training=False, at=now())
    station, token = enrol_station(code=make_enrolment_code(station=station, at=now()), at=now())
    staff = StaffMember.objects.create(venue=venue, name=name, role="manager")
    set_pin(staff=staff, pin="8642", at=now())
    shift = sign_on(station=station, staff_id=staff.pk, pin="8642", at=now())
    made.append({{"station": str(station.pk), "token": token, "shift": shift}})
print("TILLS" + json.dumps(made))
"""


@dataclass
class Till:
    """One till as its browser would speak; one connection per thread."""

    port: int
    station: str
    token: str
    shift: str
    catalogue: dict[str, Any]

    def __post_init__(self) -> None:
        self._local = threading.local()
        csrf = uuid4().hex
        self._headers = {
            "Cookie": f"teraa_station={self.token}; teraa_shift={self.shift}; csrftoken={csrf}",
            "X-CSRFToken": csrf,
            "Accept": "application/json",
        }

    def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        if not hasattr(self._local, "connection"):
            self._local.connection = Connection(self.port, self._headers)
        payload = b"" if body is None else json.dumps(body).encode()
        return self._local.connection.send(method, path, payload)  # type: ignore[no-any-return]

    def reconnect(self) -> None:
        """Forget this thread's connection: the server behind it may be gone."""
        if hasattr(self._local, "connection"):
            self._local.connection.close()
            del self._local.connection

    def products(self) -> list[dict[str, Any]]:
        return [
            product for category in self.catalogue["categories"] for product in category["products"]
        ]

    def cart(self, lines: int = 3) -> tuple[list[dict[str, Any]], int]:
        chosen = self.products()[:lines]
        return (
            [{"product": one["id"], "quantity": 1} for one in chosen],
            sum(one["price_cents"] for one in chosen),
        )

    def body(
        self, *, kind: str = "cash", quote: str | None = None, lines: int = 3
    ) -> dict[str, Any]:
        """A sale of ``lines`` lines, wholly paid by ``kind``."""
        cart, total = self.cart(lines)
        tender: dict[str, Any] = {"key": str(uuid7()), "kind": kind, "amount_cents": total}
        if quote:
            tender["quote"] = quote
        return {
            "key": str(uuid7()),
            "catalogue_version": self.catalogue["version"],
            "serving": "on_site",
            "receipt": "none",
            "lines": cart,
            "total_cents": total,
            "tenders": [tender],
        }

    def sell(self, **wanted: Any) -> dict[str, Any]:
        answer = self.send("POST", "/api/pos/sales/", self.body(**wanted))
        if answer.status != 201:
            raise AssertionError(f"{answer.status} {answer.body[:300]!r}")
        return answer.json()  # type: ignore[no-any-return]

    def quote(self) -> str:
        return str(self.send("GET", "/api/pos/quote/").json()["id"])

    def sale(self, key: str) -> dict[str, Any]:
        return self.send("GET", f"/api/pos/sales/{key}/").json()  # type: ignore[no-any-return]


def make_tills(house: RunningHouse, count: int, slug: str = "teraa-genesis") -> list[Till]:
    """``count`` tills of the demonstration's venue, made through the house's own operations."""
    done = house.manage("shell", "-c", MAKE_TILLS.format(count=count, slug=slug))
    made = json.loads(done.stdout.split("TILLS", 1)[1])
    tills = [
        Till(house.port, one["station"], one["token"], one["shift"], catalogue={}) for one in made
    ]
    for till in tills:
        till.catalogue = till.send("GET", "/api/pos/catalogue/").json()
    return tills
