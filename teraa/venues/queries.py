"""What other rooms ask about venues: rates and identities in force on a day."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from teraa.common.prepared import prepared_cursor
from teraa.common.problems import Problem
from teraa.venues.models import PayeeIdentity


class NoIdentity(Problem):
    code = "payee_without_identity"
    status = 409
    title = _("This payee has no legal identity on that day.")
    advice = _("Add one in the back office, valid from that day or earlier.")


_VAT_RATES = (
    "SELECT DISTINCT ON (vat_class, serving) vat_class, serving, rate_bp FROM venues_vat_rate"
    " WHERE venue_id = %(venue)s::uuid AND valid_from <= %(day)s::date"
    " ORDER BY vat_class, serving, valid_from DESC"
)


def vat_rates_on(venue_id: UUID, day: datetime.date) -> dict[tuple[str, str], int]:
    """``{(vat_class, serving): basis points}`` in force at the venue on ``day`` (one query)."""
    with prepared_cursor() as cursor:
        cursor.execute(_VAT_RATES, {"venue": venue_id, "day": day})
        rates = cursor.fetchall()
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
