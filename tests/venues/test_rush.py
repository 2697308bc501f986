"""Several at once: one code, one station, one PIN, and commits that are real."""

import threading

from django.db import connections

from teraa.common import journal_codes
from teraa.common.problems import Problem
from teraa.venues import operations
from teraa.venues.authentication import session_for
from teraa.venues.models import PinLock, SignOn
from tests import make

PIN = "2468"


def test_it_lets_one_of_two_through_who_come_at_once(live_database, at, journal_kept):
    station = make.station(make.venue())
    code = operations.make_enrolment_code(station=station, at=at)
    outcomes = []
    start = threading.Barrier(4)

    def enrol():
        start.wait(20)
        try:
            outcomes.append(operations.enrol_station(code=code, at=at)[1])
        except operations.EnrolmentCodeSpent:
            outcomes.append(None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=enrol) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    [token] = [outcome for outcome in outcomes if outcome]
    assert len(outcomes) == 4
    assert session_for(station_token=token).station == station


def test_it_cannot_be_overrun_by_tries_at_once(live_database, at, journal_kept):
    station = make.station(make.venue())
    staff = make.staff(station.venue, pin=PIN)
    outcomes = []
    start = threading.Barrier(12)

    def guess(pin):
        start.wait(20)
        try:
            operations.sign_on(station=station, staff_id=staff.pk, pin=pin, at=at)
        except Problem as problem:
            outcomes.append(problem.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guess, args=(f"90{n:02d}",)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(outcomes) == 12
    assert outcomes.count("wrong_pin") == 4
    assert PinLock.objects.get().failures == 5
    assert [entry["code"] for entry in journal_kept] == [journal_codes.PIN_LOCKED]


def test_it_leaves_one_person_signed_on_when_two_come_at_once(live_database, at, journal_kept):
    station = make.station(make.venue())
    people = [make.staff(station.venue, pin=PIN) for _ in range(4)]
    tokens, start = {}, threading.Barrier(4)

    def arrive(staff):
        start.wait(20)
        try:
            tokens[staff] = operations.sign_on(station=station, staff_id=staff.pk, pin=PIN, at=at)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=arrive, args=(staff,)) for staff in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(tokens) == 4
    here = [
        staff
        for staff, token in tokens.items()
        if session_for(station_token=station.token, shift_token=token).staff
    ]
    assert [SignOn.objects.get(ended_at=None).staff] == here
    codes = sorted(entry["code"] for entry in journal_kept)
    assert codes == [40, 40, 40, 80, 80, 80, 80]
