"""What other rooms ask about venues: rates and identities in force on a day."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Problem
from teraa.venues.models import PayeeIdentity, VatRate


class NoIdentity(Problem):
    code = "payee_without_identity"
    status = 409
    title = _("This payee has no legal identity on that day.")
    advice = _("Add one in the back office, valid from that day or earlier.")


def vat_rates_on(venue_id: UUID, day: datetime.date) -> dict[tuple[str, str], int]:
    """``{(vat_class, serving): basis points}`` in force at the venue on ``day`` (one query)."""
    rates = (
        VatRate.objects.filter(venue=venue_id, valid_from__lte=day)
        .order_by("vat_class", "serving", "-valid_from")
        .distinct("vat_class", "serving")
        .values_list("vat_class", "serving", "rate_bp")
    )
    return {(vat_class, serving): rate_bp for vat_class, serving, rate_bp in rates}


def identity_on(payee_id: UUID, day: datetime.date) -> PayeeIdentity:
    """The payee's legal identity on ``day``. Raises NoIdentity."""
    identity = (
        PayeeIdentity.objects.filter(payee=payee_id, valid_from__lte=day)
        .order_by("-valid_from")
        .first()
    )
    if identity is None:
        raise NoIdentity()
    return identity
