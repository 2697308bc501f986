"""Who is calling, found in one query."""

import datetime
import hashlib

import pytest

from teraa.venues import authentication
from teraa.venues.authentication import StationRevoked, StationUnknown
from teraa.venues.models import SignOn
from tests import make

pytestmark = pytest.mark.django_db


def begin_shift(station, staff, at, token="shift-token"):
    return SignOn.objects.create(
        venue=station.venue,
        station=station,
        staff=staff,
        token_sha256=hashlib.sha256(token.encode()).hexdigest(),
        started_at=at,
    )


def test_it_knows_station_venue_and_person_in_one_query(at, count_queries):
    station = make.station(make.venue())
    staff = make.staff(station.venue)
    shift = begin_shift(station, staff, at)

    with count_queries() as queries:
        session = authentication.session_for(station_token=station.token, shift_token="shift-token")
        named = (session.venue.name, session.station.venue.name, session.staff.name)

    assert len(queries) == 1
    assert session.station == station
    assert session.sign_on == shift
    assert named == (station.venue.name, station.venue.name, staff.name)
    assert session.station.payee_id == station.payee_id


def test_it_knows_a_station_where_nobody_is_signed_on(at):
    station = make.station(make.venue())
    begin_shift(station, make.staff(station.venue), at)
    session = authentication.session_for(station_token=station.token, shift_token="guessed")
    assert (session.station, session.staff, session.sign_on) == (station, None, None)


def test_it_forgets_a_shift_that_ended(at):
    station = make.station(make.venue())
    shift = begin_shift(station, make.staff(station.venue), at)
    SignOn.objects.filter(pk=shift.pk).update(ended_at=at)
    session = authentication.session_for(station_token=station.token, shift_token="shift-token")
    assert session.staff is None


def test_it_does_not_take_the_shift_of_another_station(at):
    venue = make.venue()
    here, there = make.station(venue), make.station(venue)
    begin_shift(there, make.staff(venue), at)
    session = authentication.session_for(station_token=here.token, shift_token="shift-token")
    assert session.staff is None


def test_it_counts_a_person_who_left_as_nobody(at):
    station = make.station(make.venue())
    staff = make.staff(station.venue)
    begin_shift(station, staff, at)
    staff.active = False
    staff.save()
    session = authentication.session_for(station_token=station.token, shift_token="shift-token")
    assert (session.staff, session.sign_on) == (None, None)


def test_it_refuses_a_token_nobody_holds():
    make.station(make.venue())
    with pytest.raises(StationUnknown):
        authentication.session_for(station_token="guessed")


def test_it_refuses_a_revoked_station():
    revoked = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    station = make.station(make.venue(), revoked_at=revoked)
    with pytest.raises(StationRevoked):
        authentication.session_for(station_token=station.token)


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Station abc", "abc"),
        ("Station  abc ", "abc"),
        ("Station", None),
        ("Station ", None),
        ("station abc", None),
        ("Bearer abc", None),
        ("", None),
    ],
)
def test_it_reads_the_token_of_a_header(header, token):
    assert authentication.header_token(header) == token
