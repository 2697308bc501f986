"""Publishing the catalogue, and the copy of it that each process keeps."""

from __future__ import annotations

import datetime
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from pos.models import CatalogueVersion, Category, Product
from teraa.common.canonical import canonical_text, sha256_hex
from teraa.common.prepared import prepared_cursor
from teraa.common.problems import Problem
from teraa.venues.models import Serving, VatRate, Venue

# A till may finish what it began on a version; after that it takes the new prices.
OLD_VERSION_GRACE = datetime.timedelta(minutes=30)
_KEPT_VERSIONS = 64


class NoCatalogue(Problem):
    code = "no_catalogue"
    status = 409
    title = _("This venue has no catalogue yet.")
    advice = _("Add products in the back office, under Catalogue.")


class CatalogueOutdated(Problem):
    code = "catalogue_outdated"
    status = 409
    title = _("Prices have changed since this till loaded them.")
    advice = _("The till loads the new prices now; check the cart and take the payment again.")


@dataclass(frozen=True)
class Catalogue:
    """One published version, as a process keeps it."""

    number: int
    sha256: str
    published_at: datetime.datetime
    snapshot: dict[str, Any]
    products: dict[str, dict[str, Any]]


_THIS_AND_NEXT = """
SELECT number, published_at FROM pos_catalogue_version
WHERE venue_id = %(venue)s AND number >= %(number)s ORDER BY number LIMIT 2
"""

_cache: OrderedDict[tuple[UUID, int], Catalogue] = OrderedDict()


def snapshot_of(venue: Venue) -> dict[str, Any]:
    """The catalogue as it stands in the back office, with VAT rates and their dates."""
    rates: dict[tuple[str, str], list[list[Any]]] = {}
    for rate in VatRate.objects.filter(venue=venue).order_by("valid_from"):
        rates.setdefault((rate.vat_class, rate.serving), []).append(
            [rate.valid_from.isoformat(), rate.rate_bp]
        )
    products = Product.objects.filter(venue=venue, active=True).order_by("position", "label")
    by_category: dict[UUID, list[dict[str, Any]]] = {}
    for product in products:
        by_category.setdefault(product.category_id, []).append(
            {
                "id": str(product.pk),
                "label": product.label,
                "short": product.short_label or product.label,
                "price_cents": product.price_cents,
                "vat_class": product.vat_class,
                "colour": product.colour,
                "available": product.available,
                "rates": {
                    serving: rates.get((product.vat_class, serving), [])
                    for serving in Serving.values
                },
            }
        )
    categories = Category.objects.filter(venue=venue).order_by("position", "name")
    return {
        "categories": [
            {
                "id": str(category.pk),
                "name": category.name,
                "colour": category.colour,
                "products": by_category[category.pk],
            }
            for category in categories
            if category.pk in by_category
        ]
    }


@transaction.atomic
def publish_catalogue(*, venue_id: UUID, at: datetime.datetime) -> CatalogueVersion:
    """Freeze the catalogue as the next version; the same content again keeps the present one."""
    venue = Venue.objects.select_for_update().get(pk=venue_id)
    snapshot = snapshot_of(venue)
    digest = sha256_hex(canonical_text(snapshot))
    latest = CatalogueVersion.objects.filter(venue=venue).order_by("-number").first()
    if latest is not None and latest.sha256 == digest:
        return latest
    return CatalogueVersion.objects.create(
        venue=venue,
        number=latest.number + 1 if latest else 1,
        published_at=at,
        sha256=digest,
        snapshot=snapshot,
    )


def _keep(version: CatalogueVersion) -> Catalogue:
    catalogue = Catalogue(
        number=version.number,
        sha256=version.sha256,
        published_at=version.published_at,
        snapshot=version.snapshot,
        products={
            product["id"]: product
            for category in version.snapshot["categories"]
            for product in category["products"]
        },
    )
    _cache[(version.venue_id, version.number)] = catalogue
    while len(_cache) > _KEPT_VERSIONS:
        _cache.popitem(last=False)
    return catalogue


def current_catalogue(*, venue_id: UUID) -> Catalogue:
    """The newest version. Raises NoCatalogue. One query, two after a publication."""
    newest = (
        CatalogueVersion.objects.filter(venue_id=venue_id)
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
    )
    if newest is None:
        raise NoCatalogue
    return _cache.get((venue_id, newest)) or _keep(
        CatalogueVersion.objects.get(venue_id=venue_id, number=newest)
    )


def catalogue_for_sale(*, venue_id: UUID, number: int, at: datetime.datetime) -> Catalogue:
    """Version ``number`` if a till may still sell on it. Raises CatalogueOutdated.

    One query when this process has the version already.
    """
    with prepared_cursor() as cursor:
        cursor.execute(_THIS_AND_NEXT, {"venue": venue_id, "number": number})
        rows = cursor.fetchall()
    if not rows or rows[0][0] != number:
        raise CatalogueOutdated(version=number)
    if len(rows) == 2 and at - rows[1][1] > OLD_VERSION_GRACE:
        raise CatalogueOutdated(version=number)
    return _cache.get((venue_id, number)) or _keep(
        CatalogueVersion.objects.get(venue_id=venue_id, number=number)
    )
