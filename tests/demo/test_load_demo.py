"""The demonstration is believable, complete, and put in place once."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from pos.catalogue import current_catalogue
from pos.models import Category, Product
from pos.pricing import rate_on
from teraa.demo.die import GRANGE
from teraa.demo.loading import load_venue
from teraa.demo.palaiseau import GENESIS
from teraa.demo.shapes import DemoVenue
from teraa.devices.queries import printer_for
from teraa.fiscal.registers import register_for
from teraa.settlement.operations import current_quote
from teraa.settlement.osm.addresses import is_address
from teraa.settlement.osm.devnet.profiles import ADDRESS_BYTE
from teraa.venues.models import Serving, StaffMember, Station, VatClass, Venue
from teraa.venues.operations import is_acceptable_pin, sign_on
from teraa.venues.vat_table import RATES

BOTH = [GENESIS, GRANGE]


def rows() -> dict[str, int]:
    """How many rows each of our tables holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [row[0] for row in cursor.fetchall()]
        counted = {}
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            counted[table] = cursor.fetchone()[0]
    return counted


@pytest.fixture
def demo(db, keys_dir, at) -> Venue:
    for one in BOTH:
        load_venue(one, at=at)
    return Venue.objects.get(slug=GENESIS.slug)


def test_it_fills_a_bar_with_forty_products_in_six_categories(demo):
    assert Product.objects.filter(venue=demo).count() == 40
    assert Category.objects.filter(venue=demo).count() == 6
    assert Station.objects.filter(venue=demo, kind="till").count() == 2
    assert StaffMember.objects.filter(venue=demo).exclude(pin_hash="").count() == 5
    assert {one.role for one in demo.staff.all()} == {
        *("manager", "cashier", "coordinator", "gate", "treasurer", "auditor")
    }


def test_a_second_run_adds_nothing(db, keys_dir):
    call_command("load_demo", verbosity=0)
    before = rows()

    call_command("load_demo", verbosity=0)

    assert rows() == before


def test_it_leaves_alone_what_people_changed(demo, at):
    coffee = Product.objects.get(venue=demo, label="Café")
    coffee.label, coffee.price_cents = "Expresso", 170
    coffee.save()

    load_venue(GENESIS, at=at)

    coffee.refresh_from_db()
    assert (coffee.label, coffee.price_cents) == ("Expresso", 170)
    assert not Product.objects.filter(venue=demo, label="Café").exists()


def test_the_second_venue_shares_nothing_with_the_first(demo):
    other = Venue.objects.get(slug=GRANGE.slug)

    assert other.accent != demo.accent
    assert not set(demo.payees.values_list("osm_address")) & set(
        other.payees.values_list("osm_address")
    )


def test_every_till_can_sell_print_and_take_osm(demo, at):
    for till in demo.stations.filter(kind="till"):
        assert register_for(station_id=till.pk, payee_id=till.payee_id)
        assert printer_for(station_id=till.pk) is not None
    assert current_quote(venue_id=demo.pk, at=at).rate_e10 == 200_000_000


@pytest.mark.parametrize("venue", BOTH, ids=lambda one: one.slug)
def test_every_product_has_a_rate_on_site_and_away(db, keys_dir, at, venue: DemoVenue):
    load_venue(venue, at=at)

    catalogue = current_catalogue(venue_id=Venue.objects.get(slug=venue.slug).pk)

    for product in catalogue.products.values():
        for serving in Serving.values:
            assert rate_on(product["rates"][serving], at.date()) is not None, product["label"]


def test_rates_are_those_of_the_law(demo):
    """Research pos-fr 2.7, written down a second time on purpose."""
    expected = {
        VatClass.SOFT_DRINK: (1000, 1000),
        VatClass.SEALED_DRINK: (1000, 550),
        VatClass.ALCOHOL: (2000, 2000),
        VatClass.MEAL: (1000, 1000),
        VatClass.GROCERY: (1000, 550),
        VatClass.CONFECTIONERY: (1000, 2000),
        VatClass.BOOK: (550, 550),
        VatClass.SHOW: (550, 550),
        VatClass.NEW_SHOW: (210, 210),
        VatClass.EXHIBITION: (1000, 1000),
        VatClass.PRESS: (210, 210),
        VatClass.GOODS: (2000, 2000),
        VatClass.SERVICE: (2000, 2000),
        VatClass.OUT_OF_SCOPE: (0, 0),
    }
    found = {
        vat_class: (
            RATES[vat_class, Serving.ON_SITE][0],
            RATES[vat_class, Serving.TAKEAWAY][0],
        )
        for vat_class in VatClass
    }

    assert found == expected
    assert all(reference for _rate, reference in RATES.values())
    assert demo.vat_rates.count() == len(RATES)


@pytest.mark.parametrize("venue", BOTH, ids=lambda one: one.slug)
def test_labels_fit_their_places(venue: DemoVenue):
    for category in venue.categories:
        for product in category.products:
            assert len(product.label) <= 60, product.label
            assert len(product.short or product.label) <= 24, product.label
            # What the receipt's code page can print.
            assert product.label.encode("cp1252")


@pytest.mark.parametrize("venue", BOTH, ids=lambda one: one.slug)
def test_addresses_are_of_the_development_network(venue: DemoVenue):
    for payee in venue.payees:
        assert is_address(payee.osm_address, ADDRESS_BYTE)


def test_the_pins_that_are_shown_open_the_till(demo, at):
    till = demo.stations.filter(kind="till").first()
    for person in GENESIS.people:
        if person.pin:
            assert is_acceptable_pin(person.pin)
            member = demo.staff.get(name=person.name)
            assert sign_on(station=till, staff_id=member.pk, pin=person.pin, at=at)


def test_the_legal_identities_can_be_nobodys():
    """A number that passed its own check could belong to somebody."""
    for venue in BOTH:
        for payee in venue.payees:
            if payee.siret:
                assert not _passes_luhn(payee.siret)
                assert not _passes_luhn(payee.siret[:9])


def _passes_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
