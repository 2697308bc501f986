"""F12: a clock that goes back is journaled; numbers go on, and no sale is refused for it."""

import datetime
import json

import pytest

from teraa.common import journal_codes
from teraa.fiscal.models import Document, Period
from tests.fiscal import cast
from tests.fiscal.cast import day_of, utc

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]


def clock_events(register):
    return [
        json.loads(payload)["values"]
        for payload in Document.objects.filter(
            register=register, event_code=journal_codes.CLOCK_JUMPED
        )
        .order_by("sequence")
        .values_list("payload", flat=True)
    ]


def test_f12_a_clock_gone_back_is_journaled_and_the_sale_goes_on():
    at = utc(2026, 11, 19, 15)
    register = cast.register(at)
    cast.seal(register, at=at)
    an_hour_ago = at - datetime.timedelta(hours=1)

    second = cast.seal(register, at=an_hour_ago)
    third = cast.seal(register, at=an_hour_ago + datetime.timedelta(seconds=3))

    assert [second.sequence, third.sequence] == [2, 3]
    assert second.values["issued_at"] == "2026-11-19T14:00:00.000Z", "what the clock said"
    assert clock_events(register) == [
        {
            "chain": "TICKET",
            "last_sequence": 1,
            "last_issued_at": "2026-11-19T15:00:00.000Z",
            "now": "2026-11-19T14:00:00.000Z",
        }
    ], "one event per jump"


def test_f12_a_few_seconds_are_not_a_jump():
    at = utc(2026, 11, 19, 15)
    register = cast.register(at)
    cast.seal(register, at=at)

    cast.seal(register, at=at - datetime.timedelta(seconds=5))

    assert clock_events(register) == []


def test_f12_events_watch_the_clock_too():
    at = utc(2026, 11, 19, 15)
    register = cast.register(at)

    note = cast.note(register, at=at - datetime.timedelta(minutes=5))

    assert note.sequence == 3, "260, the jump, then the event itself"
    assert len(clock_events(register)) == 1


def test_f12_a_clock_gone_back_to_yesterday_does_not_reopen_it():
    at = utc(2026, 11, 19, 15)
    register = cast.register(at)
    cast.seal(register, at=at)

    late = cast.seal(register, at=at - datetime.timedelta(days=1))

    assert (day_of(late), late.values["period"]["number"]) == ("2026-11-19", 1)
    assert Period.objects.filter(register=register).count() == 1
