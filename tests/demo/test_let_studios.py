"""The demonstration lets what the first venue has, and everything in it can be booked."""

from __future__ import annotations

import datetime

import pytest

from bookings.models import Offer
from bookings.searching import Search, search
from teraa.demo.die import GRANGE
from teraa.demo.loading import load_venue
from teraa.demo.palaiseau import GENESIS
from teraa.demo.studios import SPACES
from teraa.settlement.osm.addresses import is_address
from teraa.settlement.osm.devnet.profiles import ADDRESS_BYTE
from teraa.venues.models import Venue
from teraa.venues.queries import vat_rates_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def venue(keys_dir, at) -> Venue:
    for demo in (GENESIS, GRANGE):
        load_venue(demo, at=at)
    return Venue.objects.get(slug=GENESIS.slug)


def test_everything_let_is_free_on_a_thursday_with_its_price_in_osm(venue, at):
    found = {}
    for minutes in (60, 120):
        wanted = Search(day=datetime.date(2026, 11, 26), minutes=minutes, people=1)
        found |= {one.offer.name: one for one in search(venue=venue, wanted=wanted, at=at)}

    assert set(found) == {space.name for space in SPACES}
    for one in found.values():
        assert one.slots, one.offer.name
        slot = one.slots[0]
        assert (slot.osm_units or 0) > 0 or slot.total_cents == 0


def test_both_studios_together_are_the_grand_one(venue):
    grand = Offer.objects.get(venue=venue, name="Grand Studio").resource

    assert sorted(atom.name for atom in grand.atoms.all()) == ["Studio A", "Studio B"]


def test_a_practitioner_is_paid_for_her_own_time(venue):
    practice = Offer.objects.get(venue=venue, kind="practice")

    assert practice.payee.kind == "practitioner"
    assert is_address(practice.payee.osm_address, ADDRESS_BYTE)
    assert Offer.objects.filter(payee=practice.payee).count() == 1


def test_every_offer_has_its_vat_rate(venue, at):
    rates = vat_rates_on(venue.pk, at.date())

    assert all((offer.vat_class, "on_site") in rates for offer in venue.offers.all())


def test_the_second_venue_lets_nothing(venue):
    assert not Offer.objects.exclude(venue=venue).exists()
