"""What nobody closes closes by itself, at its hour, and the journal says that nobody did."""

import datetime
import json

import pytest

from teraa.fiscal.closings.days import close_day
from teraa.fiscal.closings.ending import By, end_periods
from teraa.fiscal.closings.models import Closing, PeriodEnd
from teraa.fiscal.closings.overdue import TILL_GRACE, close_overdue
from teraa.fiscal.jobs import close_what_is_overdue
from teraa.fiscal.models import ChainHead, Document
from teraa.fiscal.verify import verify
from tests.fiscal import cast
from tests.fiscal.closing_cast import AT, DAY, events, payload_of, web

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]
# 20 November, 06:00 in Paris: the 19th is over.
CUT_OFF = datetime.datetime(2026, 11, 20, 5, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)


def closed(register):
    closings = Closing.objects.filter(register=register).order_by("sequence")
    return [(one.level, one.span) for one in closings]


def test_a_web_lane_closes_at_the_cut_off():
    register = web()
    cast.seal(register)

    assert close_overdue(CUT_OFF - MINUTE).days == 0
    assert close_overdue(CUT_OFF).days == 1

    assert closed(register) == [("day", "2026-11-19")]
    assert verify(register_id=register.pk).faults == []


def test_a_till_waits_some_hours_for_its_person():
    register = cast.register()
    cast.seal(register)

    assert close_overdue(CUT_OFF + TILL_GRACE - MINUTE).days == 0
    assert close_overdue(CUT_OFF + TILL_GRACE).days == 1

    assert closed(register) == [("day", "2026-11-19")]


def test_the_journal_and_the_z_say_that_nobody_did():
    register = cast.register()
    cast.seal(register)
    close_overdue(CUT_OFF + TILL_GRACE)

    (event,) = events(register)
    payload = payload_of(Closing.objects.get())

    assert event["values"]["by_itself"] is True
    assert (event["operator"], event["period"]["number"]) == ("", 1)
    assert payload["values"]["by_itself"] is True
    assert (payload["operator"], payload["values"]["ended_by"]) == ("", "")


def test_a_second_round_does_nothing_and_signs_nothing():
    register = web()
    cast.seal(register)
    close_overdue(CUT_OFF)
    before = Document.objects.count()

    done = close_overdue(CUT_OFF + MINUTE)

    assert (done.days, done.months, done.years, done.refused) == (0, 0, 0, {})
    assert Document.objects.count() == before


def test_a_past_day_of_a_till_closes_while_today_goes_on():
    register = cast.register()
    cast.seal(register)
    today = cast.seal(register, at=CUT_OFF + 2 * MINUTE)

    assert close_overdue(CUT_OFF + 2 * MINUTE).days == 0, "its person has until ten"
    assert close_overdue(CUT_OFF + TILL_GRACE).days == 1

    head = ChainHead.objects.get(register=register, kind="TICKET")
    assert str(head.period_id) == today.values["period"]["id"]
    assert closed(register) == [("day", "2026-11-19")]


def test_it_completes_what_a_killed_closer_left_at_once():
    register = cast.register()
    cast.seal(register)
    end_periods(register_ids=[register.pk], at=AT, by=By("Ana"))

    assert close_overdue(AT + MINUTE).days == 1

    closing = Closing.objects.get()
    assert (closing.by_itself, closing.document.operator_label) == (False, "Ana"), "she did"


def test_months_and_years_follow():
    register = web(at=AT)
    cast.seal(register)
    new_year = datetime.datetime(2027, 1, 1, 5, tzinfo=datetime.UTC)

    assert close_overdue(new_year - MINUTE).months == 1, "November"
    assert close_overdue(new_year + 2 * DAY).years == 1

    assert closed(register) == [
        ("day", "2026-11-19"),
        ("month", "2026-11"),
        ("day", "2026-12-31"),
        ("month", "2026-12"),
        ("year", "2026"),
    ]
    assert [one["values"]["by_itself"] for one in events(register)] == [True] * 4
    assert len(events(register, 60)) == 1
    assert verify(register_id=register.pk).faults == []


def test_a_month_waits_for_the_person_of_its_last_day():
    register = cast.register()
    cast.seal(register)
    close_day(register_id=register.pk, at=AT)
    last = datetime.datetime(2026, 11, 30, 12, tzinfo=datetime.UTC)
    cast.seal(register, at=last)
    morning = datetime.datetime(2026, 12, 1, 5, tzinfo=datetime.UTC)

    assert close_overdue(morning).months == 0
    done = close_overdue(morning + TILL_GRACE)

    assert (done.days, done.months) == (1, 1)


def test_one_registers_refusal_spares_the_others(monkeypatch):
    broken, well = web(), web()
    cast.seal(broken)
    cast.seal(well)
    # Its key is gone from this machine.
    from teraa.fiscal import keys

    (keys.keys_directory() / f"{broken.pk}.key").unlink()
    keys._keys.clear()

    done = close_overdue(CUT_OFF)

    assert done.refused == {"En ligne": "keys_unavailable"}
    assert closed(well) == [("day", "2026-11-19")]
    assert not PeriodEnd.objects.filter(register=broken).exists(), "all of it or nothing"


def test_without_keys_nothing_is_closed_and_nothing_fails(settings):
    register = web()
    cast.seal(register)
    settings.TERAA_KEYS = None

    assert close_overdue(CUT_OFF).refused == {"En ligne": "keys_unavailable"}
    assert closed(register) == []


def test_a_register_that_sells_nothing_closes_all_the_same():
    """Its journal alone opened a day: a period nobody closed would hold its month open for ever."""
    register = web()

    close_overdue(CUT_OFF)

    assert closed(register) == [("day", "2026-11-19")]
    assert json.loads(Document.objects.get(kind="CLOSING").payload)["values"]["figures"][
        "total_cents"
    ] == (0)


def test_the_loop_closes_what_is_overdue_now():
    register = web(at=AT - 400 * DAY)
    cast.seal(register, at=AT - 400 * DAY)

    assert close_what_is_overdue(timestamp=0) >= 3

    assert [level for level, _span in closed(register)][:3] == ["day", "month", "year"]
