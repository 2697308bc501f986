"""A name, a PIN, and no way round the count of wrong ones."""

import datetime

import pytest
from django.contrib.auth.hashers import check_password

from teraa.common import journal_codes
from teraa.common.problems import Problem
from teraa.venues import operations
from teraa.venues.authentication import session_for
from teraa.venues.models import PinLock, SignOn
from tests import make

pytestmark = pytest.mark.django_db

MINUTE = datetime.timedelta(minutes=1)
PIN = "2468"


@pytest.fixture
def station():
    return make.station(make.venue())


@pytest.fixture
def staff(station):
    return make.staff(station.venue, pin=PIN)


def sign_on(station, staff, at, pin=PIN):
    return operations.sign_on(station=station, staff_id=staff.pk, pin=pin, at=at)


def wrong(station, staff, at):
    with pytest.raises(Problem) as refused:
        sign_on(station, staff, at, "9999")
    return refused.value.code, refused.value.context


def test_it_signs_on_who_knows_the_pin(station, staff, at, journal_kept):
    token = sign_on(station, staff, at)
    session = session_for(station_token=station.token, shift_token=token)
    assert (session.staff, session.sign_on.started_at) == (staff, at)
    [entry] = journal_kept
    assert (entry["code"], entry["operator"]) == (journal_codes.LOG_IN, staff.name)
    assert entry["values"] == {"staff": staff.name, "role": "cashier"}
    assert token not in str(SignOn.objects.get().__dict__)


def test_it_ends_the_shift_of_whoever_was_there(station, staff, at, journal_kept):
    first = sign_on(station, staff, at)
    colleague = make.staff(station.venue, pin="1357")
    second = sign_on(station, colleague, at + MINUTE, "1357")

    assert session_for(station_token=station.token, shift_token=first).staff is None
    assert session_for(station_token=station.token, shift_token=second).staff == colleague
    assert SignOn.objects.get(staff=staff).ended_at == at + MINUTE
    assert [entry["code"] for entry in journal_kept] == [80, 40, 80]


def test_it_signs_off_once_and_says_so(station, staff, at, journal_kept):
    token = sign_on(station, staff, at)
    shift = session_for(station_token=station.token, shift_token=token).sign_on
    assert operations.sign_off(sign_on=shift, at=at + MINUTE) is True
    assert operations.sign_off(sign_on=shift, at=at + 2 * MINUTE) is False
    assert session_for(station_token=station.token, shift_token=token).staff is None
    assert [entry["code"] for entry in journal_kept] == [80, 40]


def test_it_does_not_end_somebody_elses_shift_with_an_old_one(station, staff, at, journal_kept):
    old = session_for(station_token=station.token, shift_token=sign_on(station, staff, at)).sign_on
    colleague = make.staff(station.venue, pin="1357")
    token = sign_on(station, colleague, at, "1357")
    assert operations.sign_off(sign_on=old, at=at) is False
    assert session_for(station_token=station.token, shift_token=token).staff == colleague


def test_it_counts_wrong_pins_and_locks_the_pair_after_five(station, staff, at, journal_kept):
    assert [wrong(station, staff, at) for _ in range(5)] == [
        ("wrong_pin", {"left": 4}),
        ("wrong_pin", {"left": 3}),
        ("wrong_pin", {"left": 2}),
        ("wrong_pin", {"left": 1}),
        ("pin_locked", {"minutes": 15}),
    ]
    assert [entry["code"] for entry in journal_kept] == [journal_codes.PIN_LOCKED]
    # Even the right PIN waits now, and trying does not make the pause longer.
    with pytest.raises(operations.PinLocked) as refused:
        sign_on(station, staff, at + 5 * MINUTE)
    assert refused.value.context == {"minutes": 10}
    assert sign_on(station, staff, at + 15 * MINUTE)
    assert not PinLock.objects.exists()


def test_it_locks_one_person_on_one_station_only(station, staff, at, journal_kept):
    for _try in range(5):
        wrong(station, staff, at)
    colleague = make.staff(station.venue, pin="1357")
    other_station = make.station(station.venue)
    assert sign_on(station, colleague, at, "1357")
    assert sign_on(other_station, staff, at)


def test_it_forgets_wrong_tries_after_a_right_one(station, staff, at, journal_kept):
    for _try in range(4):
        wrong(station, staff, at)
    sign_on(station, staff, at)
    assert wrong(station, staff, at) == ("wrong_pin", {"left": 4})


def test_it_gives_five_tries_again_after_the_pause(station, staff, at, journal_kept):
    for _try in range(5):
        wrong(station, staff, at)
    assert wrong(station, staff, at + 16 * MINUTE) == ("wrong_pin", {"left": 4})


def test_it_does_not_know_the_staff_of_another_venue(station, at):
    stranger = make.staff(make.venue(), pin=PIN)
    with pytest.raises(operations.StaffUnknown):
        sign_on(station, stranger, at)
    assert not PinLock.objects.exists()


def test_it_does_not_know_who_left(station, at):
    with pytest.raises(operations.StaffUnknown):
        sign_on(station, make.staff(station.venue, pin=PIN, active=False), at)


def test_it_says_when_somebody_has_no_pin_yet(station, at):
    with pytest.raises(operations.PinMissing):
        sign_on(station, make.staff(station.venue), at)


def test_it_sets_a_pin_and_ends_the_pause(station, staff, at, journal_kept):
    for _try in range(5):
        wrong(station, staff, at)
    operations.set_pin(staff=staff, pin="80215", at=at, by="Alma")
    assert sign_on(station, staff, at, "80215")
    assert (journal_kept[1]["code"], journal_kept[1]["operator"]) == (journal_codes.PIN_SET, "Alma")
    assert "80215" not in str(journal_kept)


@pytest.mark.parametrize(
    "pin",
    [
        "",
        "123",
        "123456789",
        "12a4",
        "0000",
        "77777777",
        "1234",
        "4321",
        "7890",
        "09876",
        "１２４７",
    ],
)
def test_it_refuses_pins_anybody_would_try(staff, pin, at):
    with pytest.raises(operations.PinNotAcceptable):
        operations.set_pin(staff=staff, pin=pin, at=at)


@pytest.mark.parametrize("pin", ["2468", "1357", "1212", "80215", "99998888"])
def test_it_takes_other_pins(staff, pin, at, journal_kept):
    operations.set_pin(staff=staff, pin=pin, at=at)
    staff.refresh_from_db()
    assert check_password(pin, staff.pin_hash)


def test_it_hashes_with_argon2():
    from teraa import settings

    assert settings.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
