"""A code makes one browser one station, once."""

import datetime
import re
from uuid import UUID

import pytest

from teraa.common import journal_codes
from teraa.live.models import Outbox
from teraa.venues import operations, tries
from teraa.venues.authentication import StationRevoked, StationUnknown, session_for
from teraa.venues.models import EnrolmentCode, EnrolmentTries, SignOn, Station, StationKind
from tests import make

pytestmark = pytest.mark.django_db

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def station():
    return make.station(make.venue())


def test_it_enrols_with_a_code_as_people_type_it(station, at, journal_kept):
    code = operations.make_enrolment_code(station=station, at=at)
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", code)
    typed = code.replace("-", " ").lower().replace("0", "o").replace("1", "l")

    enrolled, token = operations.enrol_station(code=typed, at=at + MINUTE)

    assert enrolled == station
    assert session_for(station_token=token).station == station
    assert len(token) >= 43  # 256 bits
    entry = journal_kept[-1]
    assert (entry["code"], entry["station_id"]) == (journal_codes.STATION_ENROLLED, station.pk)
    with pytest.raises(StationUnknown):  # the device that was this station before
        session_for(station_token=station.token)


def test_it_stores_neither_code_nor_token(station, at, journal_kept):
    code = operations.make_enrolment_code(station=station, at=at)
    _station, token = operations.enrol_station(code=code, at=at)
    stored = f"{EnrolmentCode.objects.get().__dict__} {Station.objects.get().__dict__}"
    assert code.replace("-", "") not in stored
    assert token not in stored


def test_it_refuses_a_code_the_second_time(station, at, journal_kept):
    code = operations.make_enrolment_code(station=station, at=at)
    _station, token = operations.enrol_station(code=code, at=at)
    with pytest.raises(operations.EnrolmentCodeSpent):
        operations.enrol_station(code=code, at=at)
    assert session_for(station_token=token).station == station


def test_it_refuses_an_old_or_unknown_code(station, at, journal_kept):
    code = operations.make_enrolment_code(station=station, at=at, minutes=15)
    with pytest.raises(operations.EnrolmentCodeExpired):
        operations.enrol_station(code=code, at=at + 15 * MINUTE)
    with pytest.raises(operations.EnrolmentCodeUnknown):
        operations.enrol_station(code="0000-0000", at=at)
    assert journal_kept == []


def test_it_lets_only_the_latest_code_work(station, at, journal_kept):
    first = operations.make_enrolment_code(station=station, at=at)
    second = operations.make_enrolment_code(station=station, at=at)
    with pytest.raises(operations.EnrolmentCodeUnknown):
        operations.enrol_station(code=first, at=at)
    operations.enrol_station(code=second, at=at)


def test_it_keeps_a_code_that_the_wrong_kind_of_device_tried(at, journal_kept):
    agent = make.station(make.venue(), kind=StationKind.AGENT)
    code = operations.make_enrolment_code(station=agent, at=at)
    with pytest.raises(operations.CodeForOtherDevice):
        operations.enrol_station(code=code, at=at, by_agent=False)
    assert operations.enrol_station(code=code, at=at, by_agent=True)[0] == agent


def test_it_revokes_at_once_and_for_everybody(station, at, journal_kept):
    staff = make.staff(station.venue, pin="2468")
    operations.sign_on(station=station, staff_id=staff.pk, pin="2468", at=at)
    code = operations.make_enrolment_code(station=station, at=at)

    operations.revoke_station(station=station, at=at, by="Alma")

    with pytest.raises(StationRevoked):
        session_for(station_token=station.token)
    assert not SignOn.objects.filter(ended_at=None).exists()
    assert not EnrolmentCode.objects.filter(used_at=None).exists()
    assert Outbox.objects.filter(topic=f"station.{station.pk}", key="access").exists()
    codes = [entry["code"] for entry in journal_kept]
    assert codes[-2:] == [journal_codes.LOG_OUT, journal_codes.STATION_REVOKED]
    with pytest.raises(operations.AlreadyRevoked):
        operations.revoke_station(station=station, at=at)
    with pytest.raises(operations.EnrolmentCodeUnknown):
        operations.enrol_station(code=code, at=at)

    again = operations.make_enrolment_code(station=station, at=at)
    _station, token = operations.enrol_station(code=again, at=at)
    assert session_for(station_token=token).station == station


def test_it_stops_guessing_per_address(station, at, journal_kept):
    code = operations.make_enrolment_code(station=station, at=at)

    def guess(address, code="0000-0000", at=at):
        return tries.enrol_from(address=address, code=code, at=at, by_agent=False)

    for _try in range(tries.TRIES):
        with pytest.raises(operations.EnrolmentCodeUnknown):
            guess("203.0.113.7")
    with pytest.raises(tries.TooManyTries) as refused:
        guess("203.0.113.7", code)
    assert refused.value.context == {"minutes": 15}
    assert guess("203.0.113.8", code)[0] == station

    fresh = operations.make_enrolment_code(station=station, at=at + 15 * MINUTE)
    assert guess("203.0.113.7", fresh, at + 15 * MINUTE)[0] == station
    assert not EnrolmentTries.objects.exists()


def test_it_forgets_addresses_after_a_day(station, at):
    with pytest.raises(operations.EnrolmentCodeUnknown):
        tries.enrol_from(address="203.0.113.7", code="0000-0000", at=at, by_agent=False)
    stored = EnrolmentTries.objects.get()
    assert "203.0.113.7" not in str(stored.__dict__)
    assert tries.prune_tries(at + datetime.timedelta(hours=23)) == 0
    assert tries.prune_tries(at + datetime.timedelta(hours=25)) == 1


@pytest.mark.parametrize(
    ("behind_proxy", "forwarded", "seen"),
    [
        (False, "198.51.100.9", "203.0.113.7"),
        (True, "198.51.100.9", "198.51.100.9"),
        (True, "10.0.0.1, 198.51.100.9", "198.51.100.9"),
        (True, "", "203.0.113.7"),
    ],
)
def test_it_believes_only_its_own_proxy_about_addresses(
    rf, settings, behind_proxy, forwarded, seen
):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if behind_proxy else None
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = rf.get("/", headers=headers, REMOTE_ADDR="203.0.113.7")
    assert tries.visitor_address(request) == seen


def test_it_keeps_stations_of_other_venues_apart(at):
    here, there = make.station(make.venue()), make.station(make.venue())
    assert isinstance(here.pk, UUID)
    assert (
        session_for(station_token=here.token).venue != session_for(station_token=there.token).venue
    )
