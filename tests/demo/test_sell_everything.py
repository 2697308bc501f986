"""Every product of the demonstration can be sold, on site and to go, in cash and by card."""

import pytest
from django.core.management import call_command

from pos.catalogue import current_catalogue
from pos.operations import SaleWanted, TenderWanted, ring_up
from pos.pricing import Wanted
from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.venues.authentication import StationSession
from teraa.venues.models import StaffMember, Station


@pytest.mark.django_db
@pytest.mark.parametrize("serving", ["on_site", "takeaway"])
@pytest.mark.parametrize("kind", ["cash", "card"])
def test_every_product_has_its_price_and_rate(keys_dir, kind, serving):
    at = now()
    call_command("load_demo", verbosity=0)
    for station in Station.objects.filter(kind="till").select_related("venue"):
        staff = StaffMember.objects.filter(venue=station.venue, role="manager").first()
        session = StationSession(station, station.venue, staff, None)
        catalogue = current_catalogue(venue_id=station.venue_id)
        for key, product in catalogue.products.items():
            price = product["price_cents"]
            rung = ring_up(
                session=session,
                wanted=SaleWanted(
                    key=uuid7(),
                    catalogue_version=catalogue.number,
                    serving=serving,
                    receipt="paper",
                    lines=[Wanted(key, 1)],
                    total_cents=price,
                    tenders=[TenderWanted(uuid7(), kind, price)],
                ),
                at=at,
            )
            assert rung.sale.state == "paid", product["label"]
