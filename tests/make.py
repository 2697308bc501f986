"""Plain functions that make the cast of a test. Defaults are believable; name what matters."""

from __future__ import annotations

import datetime
import hashlib
import itertools
import secrets
from typing import Any

from django.contrib.auth.hashers import make_password

from teraa.accounts.models import User
from teraa.venues.models import (
    Payee,
    PayeeIdentity,
    PayeeKind,
    Role,
    Serving,
    StaffMember,
    Station,
    StationKind,
    VatClass,
    VatRate,
    Venue,
)

_numbers = itertools.count(1)
LONG_AGO = datetime.date(2020, 1, 1)
ADDRESS = "odXF2Zix4KpiSgMYvXHCzWh4BR4yvcoanY"

RATES = {
    (VatClass.SOFT_DRINK, Serving.ON_SITE): 1000,
    (VatClass.SOFT_DRINK, Serving.TAKEAWAY): 1000,
    (VatClass.SEALED_DRINK, Serving.ON_SITE): 1000,
    (VatClass.SEALED_DRINK, Serving.TAKEAWAY): 550,
    (VatClass.ALCOHOL, Serving.ON_SITE): 2000,
    (VatClass.ALCOHOL, Serving.TAKEAWAY): 2000,
    (VatClass.MEAL, Serving.ON_SITE): 1000,
    (VatClass.MEAL, Serving.TAKEAWAY): 1000,
}


def venue(**fields: Any) -> Venue:
    number = next(_numbers)
    made = Venue.objects.create(
        **{"slug": f"lieu-{number}", "name": f"Lieu {number}", "city": "Palaiseau"} | fields
    )
    VatRate.objects.bulk_create(
        VatRate(venue=made, vat_class=k, serving=s, rate_bp=bp, valid_from=LONG_AGO)
        for (k, s), bp in RATES.items()
    )
    return made


def payee(venue: Venue, **fields: Any) -> Payee:
    number = next(_numbers)
    made = Payee.objects.create(
        **{"venue": venue, "kind": PayeeKind.COOPERATIVE, "name": f"Coopérative {number}"} | fields
    )
    PayeeIdentity.objects.create(
        payee=made,
        valid_from=LONG_AGO,
        legal_name=f"SCIC {made.name}",
        legal_form="SCIC SAS à capital variable",
        siret="90012345600017",
        vat_id="FR40900123456",
        address="12 rue de la Gare, 91120 Palaiseau",
    )
    return made


def station(venue: Venue, **fields: Any) -> Station:
    """An enrolled station; ``made.token`` is the secret its browser or agent holds."""
    number = next(_numbers)
    token = secrets.token_urlsafe(32)
    kind = fields.pop("kind", StationKind.TILL)
    if kind == StationKind.TILL and "payee" not in fields:
        fields["payee"] = venue.payees.first() or payee(venue)
    made = Station.objects.create(
        **{
            "venue": venue,
            "kind": kind,
            "name": f"Poste {number}",
            "token_sha256": hashlib.sha256(token.encode()).hexdigest(),
            "enrolled_at": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        }
        | fields
    )
    made.token = token  # type: ignore[attr-defined]
    return made


def staff(venue: Venue, **fields: Any) -> StaffMember:
    """A staff member; ``pin="2468"`` sets a PIN that opens."""
    number = next(_numbers)
    pin = fields.pop("pin", None)
    return StaffMember.objects.create(
        **{
            "venue": venue,
            "name": f"Personne {number}",
            "role": Role.CASHIER,
            "pin_hash": make_password(pin) if pin else "",
        }
        | fields
    )


def user(**fields: Any) -> User:
    number = next(_numbers)
    return User.objects.create_user(**{"email": f"personne{number}@example.org"} | fields)
