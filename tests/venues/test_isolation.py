"""Rows of one venue point only at rows of that venue: the database says no."""

import hashlib

import pytest
from django.db import IntegrityError, connection, transaction

from teraa.venues.models import SignOn, Station
from tests import make

pytestmark = pytest.mark.django_db


def refused(write):
    """The keys are looked at when the transaction ends; here at once."""
    with pytest.raises(IntegrityError, match="same_venue"), transaction.atomic():
        _at_once(write)


def _at_once(write):
    write()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_it_refuses_a_till_that_sells_for_another_venues_payee():
    here, there = make.venue(), make.venue()
    make.payee(here)
    stranger = make.payee(there)
    refused(lambda: make.station(here, payee=stranger))
    station = make.station(here)
    refused(lambda: Station.objects.filter(pk=station.pk).update(payee=stranger))
    refused(lambda: Station.objects.filter(pk=station.pk).update(venue=there))


@pytest.mark.parametrize("foreign", ["station", "staff"])
def test_it_refuses_a_shift_across_venues(at, foreign):
    here, there = make.venue(), make.venue()
    station = make.station(there if foreign == "station" else here)
    staff = make.staff(there if foreign == "staff" else here)
    digest = hashlib.sha256(b"x").hexdigest()
    refused(
        lambda: SignOn.objects.create(
            venue=here, station=station, staff=staff, token_sha256=digest, started_at=at
        )
    )


def test_it_refuses_a_till_without_a_payee():
    venue = make.venue()
    with pytest.raises(IntegrityError, match="till_has_payee"), transaction.atomic():
        make.station(venue, payee=None)


def test_it_refuses_one_address_for_two_payees():
    make.payee(make.venue(), osm_address=make.ADDRESS)
    with pytest.raises(IntegrityError, match="address_once"), transaction.atomic():
        make.payee(make.venue(), osm_address=make.ADDRESS)
