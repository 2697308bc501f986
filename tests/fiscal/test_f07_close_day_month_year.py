"""F7: closings of day, month and year, all three compulsory, in that order."""

import datetime

import pytest
from django.db import connection, transaction

from teraa.fiscal.closings.models import Closing
from teraa.fiscal.closings.problems import (
    DayUnclosed,
    EarlierUnclosed,
    NothingInSpan,
    SpanNotOver,
)
from teraa.fiscal.closings.spans import close_month, close_year
from teraa.fiscal.figures import Figures, sum_of
from teraa.fiscal.models import Document, Period
from teraa.fiscal.verify import verify
from tests import make
from tests.fiscal import cast, closing_cast
from tests.fiscal.cast import utc
from tests.fiscal.closing_cast import AT, DAY, HOUR, close, events, payload_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]
NOVEMBER = datetime.date(2026, 11, 1)
DECEMBER = datetime.date(2026, 12, 1)


def month(register, first, at, **fields):
    return close_month(register_id=register.pk, month=first, at=at, **fields)


def year(register, number, at):
    return close_year(register_id=register.pk, year=number, at=at)


def holds(register):
    return [str(fault) for fault in verify(register_id=register.pk).faults]


@pytest.fixture
def three_days():
    """Three closed days of November, each with something of everything."""
    register = cast.register()
    for number in range(3):
        closing_cast.eventful_day(register, AT + number * DAY)
        close(register, AT + number * DAY + HOUR)
    return register


def test_f07_a_month_is_the_sum_of_its_days(three_days):
    days = list(Closing.objects.order_by("number"))

    closing = month(three_days, NOVEMBER, utc(2026, 12, 1), operator_label="Trésorière")

    figures = Figures.from_values(closing.figures)
    assert figures == sum_of(Figures.from_values(day.figures) for day in days)
    assert figures.total_cents == 3 * 780
    assert [(one.rate_bp, one.total_cents) for one in figures.taxes] == [(1000, 990), (2000, 1350)]
    assert (figures.tenders[0].osm_units, figures.duplicates, figures.voids) == (
        75_000_000_000,
        3,
        3,
    )
    assert (closing.number, closing.span, closing.period_id) == (1, "2026-11", None)
    assert (closing.first_day, closing.last_day) == (NOVEMBER, datetime.date(2026, 11, 30))
    assert closing.perpetual_real_cents == days[-1].perpetual_real_cents
    hashes = dict(Document.objects.filter(kind="CLOSING").values_list("sequence", "hash"))
    values = payload_of(closing)["values"]
    assert values["closings"] == [
        {"number": n, "span": day.span, "sequence": n, "hash": hashes[n]}
        for n, day in enumerate(days, start=1)
    ]
    assert values["chains"]["TICKET"]["first"] == 1
    assert values["chains"]["TICKET"]["count"] == values["chains"]["TICKET"]["last"] == 15
    assert holds(three_days) == []


def test_f07_a_year_is_the_sum_of_its_months(three_days):
    cast.seal(three_days, at=utc(2026, 12, 24))
    close(three_days, utc(2026, 12, 24, 13))
    month(three_days, NOVEMBER, utc(2026, 12, 24, 14))
    close(three_days, utc(2027, 1, 1))  # the day on which November was closed
    month(three_days, DECEMBER, utc(2027, 1, 2))

    closing = year(three_days, 2026, utc(2027, 1, 2))

    assert closing.total_cents == 3 * 780 + 180
    assert (closing.number, closing.span) == (1, "2026")
    assert [one["span"] for one in payload_of(closing)["values"]["closings"]] == [
        "2026-11",
        "2026-12",
    ]
    assert [event["values"]["level"] for event in events(three_days, 60)] == ["year"]
    assert holds(three_days) == []


def test_f07_a_sale_after_the_z_goes_to_the_next_day():
    register = cast.register()
    cast.seal(register)
    first = close(register)

    cast.seal(register, at=AT + 1 * HOUR)
    second = close(register, AT + 2 * HOUR)

    assert (first.total_cents, second.total_cents) == (180, 180)
    assert second.chains["TICKET"]["first"] == first.chains["TICKET"]["last"] + 1


def test_f07_no_month_closes_with_an_open_day(three_days):
    cast.seal(three_days, at=utc(2026, 11, 30))

    with pytest.raises(DayUnclosed) as refusal:
        month(three_days, NOVEMBER, utc(2026, 12, 2))

    assert refusal.value.context["day"] == datetime.date(2026, 11, 30)
    close(three_days, utc(2026, 12, 2))
    assert month(three_days, NOVEMBER, utc(2026, 12, 2)).total_cents == 3 * 780 + 180


def test_f07_no_month_closes_with_a_day_that_ended_without_its_z(three_days):
    cast.seal(three_days, at=utc(2026, 11, 30))
    cast.seal(three_days, at=utc(2026, 12, 2))

    with pytest.raises(DayUnclosed):
        month(three_days, NOVEMBER, utc(2026, 12, 2))


@pytest.mark.parametrize(
    ("at", "is_over"),
    [
        (utc(2026, 12, 1, 4, 59), False),  # 05:59 in Paris: still the 30th
        (utc(2026, 12, 1, 5, 0), True),
    ],
)
def test_f07_a_month_is_over_when_the_venues_last_business_day_is(three_days, at, is_over):
    if is_over:
        assert month(three_days, NOVEMBER, at).span == "2026-11"
    else:
        with pytest.raises(SpanNotOver):
            month(three_days, NOVEMBER, at)


def test_f07_months_close_in_their_order(three_days):
    cast.seal(three_days, at=utc(2026, 12, 24))
    close(three_days, utc(2026, 12, 24))

    with pytest.raises(EarlierUnclosed) as refusal:
        month(three_days, DECEMBER, utc(2027, 1, 2))

    assert refusal.value.context["span"] == "2026-11"


def test_f07_a_year_waits_for_its_months_and_for_the_year_before(three_days):
    with pytest.raises(EarlierUnclosed):
        year(three_days, 2026, utc(2027, 1, 2))
    month(three_days, NOVEMBER, utc(2027, 1, 2))
    close(three_days, utc(2027, 1, 2, 13))
    month(three_days, datetime.date(2027, 1, 1), utc(2027, 2, 2))
    close(three_days, utc(2027, 2, 2, 13))
    month(three_days, datetime.date(2027, 2, 1), utc(2028, 1, 2))
    close(three_days, utc(2028, 1, 2, 13))

    with pytest.raises(EarlierUnclosed) as refusal:
        year(three_days, 2027, utc(2028, 1, 2))

    assert refusal.value.context["span"] == "2026"
    assert [year(three_days, n, utc(2028, 1, 2)).number for n in (2026, 2027)] == [1, 2]
    assert holds(three_days) == []


def test_f07_a_year_is_not_over_before_its_last_day(three_days):
    with pytest.raises(SpanNotOver):
        year(three_days, 2026, utc(2027, 1, 1, 4))


def test_f07_a_month_without_a_day_needs_no_closing(three_days):
    month(three_days, NOVEMBER, utc(2026, 12, 1))
    close(three_days, utc(2026, 12, 1, 13))
    month(three_days, DECEMBER, utc(2027, 3, 1))  # opens 1 March

    for empty in (1, 2):
        with pytest.raises(NothingInSpan):
            month(three_days, datetime.date(2027, empty, 1), utc(2027, 3, 2))
    close(three_days, utc(2027, 3, 2))
    assert month(three_days, datetime.date(2027, 3, 1), utc(2027, 4, 2)).number == 3
    assert holds(three_days) == []


def test_f07_closed_twice_it_is_the_same_closing(three_days):
    first = month(three_days, NOVEMBER, utc(2026, 12, 1))

    again = month(three_days, datetime.date(2026, 11, 19), utc(2026, 12, 5))

    assert first == again
    assert Closing.objects.filter(level="month").count() == 1
    assert len(events(three_days)) == 4


def test_f07_the_29th_of_february_is_a_day_of_its_month():
    at = utc(2028, 2, 29)
    register = cast.register(at=at)
    cast.seal(register, at=at)
    close(register, at)

    closing = month(register, datetime.date(2028, 2, 1), utc(2028, 3, 1))

    assert closing.last_day == datetime.date(2028, 2, 29)
    assert closing.total_cents == 180


def test_f07_the_closing_of_a_month_opens_no_day_in_it(three_days):
    month(three_days, NOVEMBER, utc(2026, 12, 1))

    assert list(
        Period.objects.filter(register=three_days, number__gt=3).values_list("business_date")
    ) == [(DECEMBER,)], "the event belongs to the day on which the month was closed"


def test_f07_nothing_is_dated_into_a_closed_month(three_days):
    month(three_days, NOVEMBER, utc(2026, 12, 1))

    with (
        pytest.raises(Exception, match="in a closed month"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO fiscal_period (id, venue_id, register_id, number, business_date, opened_at)"
            " SELECT gen_random_uuid(), venue_id, register_id, 99, '2026-11-30', now()"
            " FROM fiscal_period LIMIT 1"
        )


def test_f07_registers_close_apart(three_days):
    other = cast.register(venue=make.venue())
    cast.seal(other)

    assert month(three_days, NOVEMBER, utc(2026, 12, 1)).number == 1
    with pytest.raises(DayUnclosed):
        month(other, NOVEMBER, utc(2026, 12, 1))
