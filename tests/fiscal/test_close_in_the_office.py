"""Closings in the back office: found, led back to their documents, and closed by a button."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse

from teraa.common.clock import now
from teraa.fiscal.closings.days import close_day
from teraa.fiscal.closings.models import Closing
from teraa.fiscal.closings.spans import close_month, month_of
from teraa.fiscal.models import ChainHead
from tests import make
from tests.fiscal import cast
from tests.fiscal.closing_cast import payload_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]
LIST = "/office/fiscal/closing/"
TO_CLOSE = f"{LIST}to-close/"
DAY = datetime.timedelta(days=1)


@pytest.fixture
def register():
    """Sold the day before yesterday, and today."""
    made = cast.register(at=now() - 2 * DAY)
    cast.seal(made, at=now() - 2 * DAY)
    cast.seal(made, at=now())
    return made


def someone(venue, role):
    user = make.user(is_staff=True, email=f"{role}.{venue.slug}@example.org")
    make.staff(venue, role=role, user=user)
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def treasurer(register):
    return someone(register.venue, "treasurer")


def press(browser, register, level, what):
    form = {"register": str(register.pk), "level": level, "what": str(what)}
    answer = browser.post(TO_CLOSE, form, follow=True)
    return answer.content.decode()


def test_every_past_day_is_shown_with_what_to_do(treasurer, register):
    page = treasurer.get(TO_CLOSE).content.decode()

    assert "Past days that are not closed: 1." in page
    assert "over, not closed" in page
    assert "running" in page
    assert page.count('name="level" value="day"') == 2


def test_the_menu_counts_past_days_and_leads_to_them(treasurer, register):
    menu = treasurer.get("/office/").content.decode()
    press(treasurer, register, "day", 1)
    afterwards = treasurer.get("/office/").content.decode()

    assert f'href="{TO_CLOSE}"' in menu
    assert f'href="{TO_CLOSE}"' not in afterwards


def test_a_past_day_is_closed_while_today_goes_on(treasurer, register):
    said = press(treasurer, register, "day", 1)

    closing = Closing.objects.get()
    assert "Z no. 1 is signed" in said
    assert closing.number == 1
    assert payload_of(closing)["operator"].startswith("treasurer.")
    assert ChainHead.objects.get(register=register, kind="TICKET").period_id is not None


def test_a_button_pressed_twice_closes_one_day(treasurer, register):
    for _ in range(2):
        press(treasurer, register, "day", 2)
        cast.seal(register, at=now())

    assert list(Closing.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


def test_a_month_and_a_year_that_are_over_have_their_button(treasurer, register):
    old = cast.register(
        venue=register.venue,
        payee=register.payee,
        station=None,
        station_id=None,
        lane="web",
        name="En ligne",
        at=now() - 400 * DAY,
    )
    close_day(register_id=old.pk, at=now() - 400 * DAY)
    month = month_of((now() - 400 * DAY).date()).label

    page = treasurer.get(TO_CLOSE).content.decode()
    assert f"Month {month} is over" in page
    assert "Month closing no. 1 is signed" in press(treasurer, old, "month", month)
    assert "Year closing no. 1 is signed" in press(treasurer, old, "year", month[:4])


def test_what_cannot_be_closed_is_said_in_a_sentence(treasurer, register):
    month = f"{now():%Y-%m}"

    assert "is not over" in press(treasurer, register, "month", month)
    for level, what in (("day", "x"), ("month", "2026-13"), ("year", "99999999"), ("week", "1")):
        assert "not well formed" in press(treasurer, register, level, what)
    assert not Closing.objects.exists()


@pytest.mark.parametrize("role", ["auditor"])
def test_who_only_reads_has_no_button(register, role):
    browser = someone(register.venue, role)

    page = browser.get(TO_CLOSE)
    refused = browser.post(TO_CLOSE, {"register": str(register.pk), "level": "day", "what": "1"})

    assert (page.status_code, refused.status_code) == (200, 403)
    assert "Close the day" not in page.content.decode()
    assert not Closing.objects.exists()


def test_another_venue_is_neither_shown_nor_closed(register):
    stranger = someone(make.venue(), "manager")

    page = stranger.get(TO_CLOSE).content.decode()
    refused = stranger.post(TO_CLOSE, {"register": str(register.pk), "level": "day", "what": "1"})

    assert register.name not in page
    assert refused.status_code == 403
    assert not Closing.objects.exists()


def test_its_page_shows_figures_paper_and_documents(treasurer, register):
    closing = close_day(register_id=register.pk, at=now())

    page = treasurer.get(reverse("admin:fiscal_closing_change", args=[closing.pk]))
    documents = treasurer.get(
        reverse("admin:fiscal_document_changelist"), {"period__id__exact": closing.period_id}
    )

    text = page.content.decode()
    assert page.status_code == documents.status_code == 200
    assert f"period__id__exact={closing.period_id}" in text
    assert "Perpetual" in text or "perpétuel" in text
    assert "1.80" in text


@pytest.mark.parametrize("what", ["day", "month", "year", "number", "register", "nothing"])
def test_closings_are_found(treasurer, register, what):
    day = close_day(register_id=register.pk, at=now())
    terms = {
        "day": day.span,
        "month": day.span[:7],
        "year": day.span[:4],
        "number": str(day.number),
        "register": register.name,
        "nothing": "Zorglub",
    }

    found = treasurer.get(LIST, {"q": terms[what]}).context["cl"].queryset

    assert (day in found) == (what != "nothing")


def test_a_month_leads_to_its_days(treasurer):
    register = cast.register(venue=make.venue(), at=cast.AT - 60 * DAY)
    browser = someone(register.venue, "treasurer")
    close_day(register_id=register.pk, at=cast.AT - 60 * DAY)
    month = close_month(register_id=register.pk, month=(cast.AT - 60 * DAY).date(), at=cast.AT)

    page = browser.get(reverse("admin:fiscal_closing_change", args=[month.pk])).content.decode()
    days = browser.get(
        LIST,
        {
            "level__exact": "day",
            "register__id__exact": register.pk,
            "first_day__gte": month.first_day,
            "first_day__lte": month.last_day,
        },
    )

    assert "See the closings it adds up" in page
    assert [one.level for one in days.context["cl"].queryset] == ["day"]
