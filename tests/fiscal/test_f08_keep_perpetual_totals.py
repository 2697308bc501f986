"""F8: perpetual totals, real and absolute, go on for ever: over days, months, years and refunds."""

import datetime

import pytest

from teraa.fiscal.closings.models import Closing
from teraa.fiscal.closings.spans import close_month, close_year
from teraa.fiscal.verify import verify
from tests.fiscal import cast
from tests.fiscal.cast import utc
from tests.fiscal.closing_cast import close, give_back, payload_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]


def perpetual(closing):
    return closing.perpetual_real_cents, closing.perpetual_absolute_cents


def test_f08_a_refund_lowers_the_real_total_and_raises_the_absolute_one():
    register = cast.register(at=utc(2026, 11, 19))
    sold = cast.seal(register, at=utc(2026, 11, 19))
    first = close(register, utc(2026, 11, 19, 13))
    give_back(register, sold, utc(2026, 11, 20))
    second = close(register, utc(2026, 11, 20, 13))

    assert perpetual(first) == (180, 180)
    assert perpetual(second) == (0, 360)
    assert second.total_cents == -180
    assert payload_of(second)["values"]["perpetual_absolute_cents"] == 360, "signed"


def test_f08_the_end_of_a_year_resets_nothing():
    register = cast.register(at=utc(2026, 12, 31))
    cast.seal(register, at=utc(2026, 12, 31))
    close(register, utc(2026, 12, 31, 13))
    new_year = utc(2027, 1, 1)
    month = close_month(register_id=register.pk, month=datetime.date(2026, 12, 1), at=new_year)
    year = close_year(register_id=register.pk, year=2026, at=new_year)

    sold = cast.seal(register, at=new_year)
    day = close(register, new_year)

    assert perpetual(month) == perpetual(year) == (180, 180)
    assert sold.values["perpetual_real_cents"] == 360
    assert perpetual(day) == (360, 360)
    assert verify(register_id=register.pk).faults == []


def test_f08_each_closing_says_where_they_stood():
    """What a purge would leave: the closings alone tell every total since the first day."""
    register = cast.register(at=utc(2026, 11, 1))
    for number in range(1, 6):
        cast.seal(register, cast.line(quantity_milli=number * 1000), at=utc(2026, 11, number))
        close(register, utc(2026, 11, number, 13))

    closings = Closing.objects.order_by("number")
    totals = list(closings.values_list("total_cents", flat=True))
    assert [one.perpetual_real_cents for one in closings] == [
        sum(totals[: n + 1]) for n in range(5)
    ]
