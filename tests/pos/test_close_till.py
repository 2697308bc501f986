"""Closing the day at a till: by whom, once, all of its registers, and on paper."""

import datetime

import pytest

from pos.operations import TenderWanted, ring_up
from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.devices.models import Printer, PrintJob
from teraa.devices.profiles import Profile, profile_to_json
from teraa.fiscal.closings.models import Closing, PeriodEnd
from teraa.fiscal.models import Document, Register
from teraa.fiscal.registers import open_register
from teraa.settlement.operations import current_quote
from teraa.venues.models import StationKind
from tests import make
from tests.pos import cast
from tests.pos.test_sales_api import assert_refused, body_of, browser, post
from tests.settlement.cast import live_cursor

pytestmark = pytest.mark.django_db
CLOSINGS = "/api/pos/closings/"


@pytest.fixture
def at():
    """The till asks now."""
    return now()


@pytest.fixture
def bar(keys_dir, at):
    return cast.bar(at=at)


@pytest.fixture
def till(bar, at):
    return browser(bar, at)


def a_printer(bar):
    agent = make.station(bar.venue, kind=StationKind.AGENT)
    return Printer.objects.create(
        venue=bar.venue,
        station=agent,
        name="Bar",
        target="127.0.0.1:9",
        profile=profile_to_json(Profile()),
        is_default=True,
    )


def close(client, key=None):
    return post(client, {"key": str(key or uuid7())}, CLOSINGS)


def test_it_closes_what_was_sold(till, bar):
    post(till, body_of(bar))
    before = till.get("/api/pos/x-reading/").json()

    answer = close(till)

    assert answer.status_code == 201
    (closing,) = answer.json()["closings"]
    shown = ("counts", "amounts", "tenders", "taxes", "total_cents", "perpetual_real_cents")
    assert {name: closing[name] for name in shown} == {name: before[name] for name in shown}
    assert (closing["level"], closing["number"], closing["total_cents"]) == ("day", 1, 300)
    assert closing["register"] == f"Caisse {bar.station.name}"
    assert closing["document"] == f"Caisse {bar.station.name}-000001"
    end = PeriodEnd.objects.get()
    assert (end.operator_label, end.station_label, end.by_itself) == (
        bar.staff.name,
        bar.station.name,
        False,
    )


def test_the_same_request_again_answers_the_same_and_a_sale_goes_on(till, bar):
    post(till, body_of(bar))
    key = uuid7()

    first = close(till, key)
    sale = post(till, body_of(bar))
    again = close(till, key)

    assert first.json() == again.json()
    assert (sale.status_code, Closing.objects.count()) == (201, 1)
    assert till.get("/api/pos/x-reading/").json()["total_cents"] == 300


def test_a_sale_that_waits_over_the_z_stays_open_and_counts_when_it_is_paid(till, bar, at):
    """pos-fr pitfall 8: a tab open over the Z stays open."""
    live_cursor(at)
    quote = current_quote(venue_id=bar.venue.pk, at=at)
    coins = TenderWanted(uuid7(), "osm", 300, quote=quote.pk)
    sale = ring_up(session=bar.session, wanted=bar.wanted(tenders=[coins]), at=at).sale
    path = f"/api/pos/sales/{sale.key}"

    before = close(till).json()["closings"][-1]
    assert till.get(f"{path}/").json()["state"] == "waiting"
    assert post(till, {}, f"{path}/requests/cancel/").status_code == 200
    cash = {"key": str(uuid7()), "kind": "cash", "amount_cents": 300}
    assert post(till, cash, f"{path}/tenders/").json()["state"] == "paid"
    after = close(till).json()["closings"][-1]

    assert (before["total_cents"], after["total_cents"]) == (0, 300)
    assert Document.objects.get(kind="TICKET").period.number == after["number"] == 2


def test_all_registers_of_the_till_close_together(till, bar):
    amap = make.payee(bar.venue)
    open_register(
        venue_id=bar.venue.pk,
        payee_id=amap.pk,
        station_id=bar.station.pk,
        name="AMAP",
        lane="till",
        at=now(),
    )
    elsewhere = cast.bar(at=now())

    closings = close(till).json()["closings"]

    assert {one["register"] for one in closings} == {f"Caisse {bar.station.name}", "AMAP"}
    assert not Closing.objects.filter(register__venue=elsewhere.venue).exists()


@pytest.mark.parametrize("role", ["cashier", "desk", "coordinator", "auditor"])
def test_it_refuses_who_may_not_close(bar, at, role):
    staff = make.staff(bar.venue, pin="2468", role=role)

    assert_refused(close(browser(bar, at, staff=staff)), 403, "forbidden")
    assert not PeriodEnd.objects.exists()


def test_a_treasurer_may(bar, at):
    staff = make.staff(bar.venue, pin="2468", role="treasurer")

    assert close(browser(bar, at, staff=staff)).status_code == 201


def test_it_refuses_a_till_without_a_register(bar, at):
    station = make.station(bar.venue, payee=bar.payee)
    bar.station = station
    open_register(  # for the journal: somebody signs on
        venue_id=bar.venue.pk,
        payee_id=bar.payee.pk,
        station_id=None,
        name="Web",
        lane="web",
        at=at,
    )

    assert not Register.objects.filter(station=station).exists()
    assert_refused(close(browser(bar, at)), 409, "no_register")


@pytest.mark.parametrize("body", [{}, {"key": "x"}, {"key": None}, []])
def test_it_refuses_what_is_no_request(till, body):
    assert post(till, body, CLOSINGS).status_code in (400, 422)
    assert not PeriodEnd.objects.exists()


def test_days_that_nobody_closed_are_closed_with_it(bar, at):
    two_days_ago = at - datetime.timedelta(days=2)
    bar = cast.bar(at=two_days_ago)
    till = browser(bar, at)

    spans = [one["span"] for one in close(till).json()["closings"]]

    assert spans == sorted(spans)
    assert [one["number"] for one in close(till).json()["closings"]] == [2], "the last Z again"
    assert len(spans) == 2


def test_its_paper_is_queued_once(till, bar):
    a_printer(bar)
    closing = close(till).json()["closings"][0]
    path, key = f"{CLOSINGS}{closing['id']}/print/", {"key": str(uuid7())}

    answers = [post(till, key, path).status_code for _ in range(2)]

    assert answers == [200, 200]
    (job,) = PrintJob.objects.all()
    assert job.subject == f"pos.z:{closing['id']}"
    assert "Z" in str(job.page)
    assert Document.objects.filter(kind="DUPLICATE").count() == 0, "no ticket is printed again"


def test_it_refuses_the_paper_of_another_venues_closing(till, bar, at):
    a_printer(bar)
    other = cast.bar(at=at)
    theirs = close(browser(other, at)).json()["closings"][0]

    answer = post(till, {"key": str(uuid7())}, f"{CLOSINGS}{theirs['id']}/print/")

    assert_refused(answer, 404, "not_found")
    assert not PrintJob.objects.exists()


def test_it_says_that_there_is_no_printer(till):
    closing = close(till).json()["closings"][0]

    answer = post(till, {"key": str(uuid7())}, f"{CLOSINGS}{closing['id']}/print/")

    assert_refused(answer, 409, "no_printer")
