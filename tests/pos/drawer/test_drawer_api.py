"""The drawer over HTTP: who counts does not see what should be there."""

import pytest

from teraa.common.ids import uuid7
from tests import make
from tests.pos import cast
from tests.pos.test_sales_api import assert_refused, body_of, browser, post

pytestmark = pytest.mark.django_db
DRAWER = "/api/pos/drawer/"


@pytest.fixture
def bar(keys_dir):
    return cast.bar()


@pytest.fixture
def till(bar, at):
    return browser(bar, at)


@pytest.fixture
def cashier(bar, at):
    return browser(bar, at, staff=make.staff(bar.venue, pin="2468", role="cashier"))


def begin(client, count=None):
    body = {"key": str(uuid7()), "count": {"2000": 2} if count is None else count}
    return post(client, body, f"{DRAWER}begin/")


def close(client, count, left_cents=0, **fields):
    body = {"key": str(uuid7()), "count": count, "left_cents": left_cents, **fields}
    return post(client, body, f"{DRAWER}close/")


def test_a_whole_evening(till, bar):
    assert till.get(DRAWER).json()["shift"] is None
    assert begin(till).json()["shift"]["float_cents"] == 40_00
    post(till, body_of(bar))
    out = {"key": str(uuid7()), "kind": "out", "amount_cents": 250, "reason": "du pain"}
    moved = post(till, out, f"{DRAWER}cash/").json()["shift"]["moved"]
    assert [(one["amount_cents"], one["reason"]) for one in moved] == [(-250, "du pain")]
    kept = post(till, {"count": {"2000": 2}}, f"{DRAWER}count/").json()["shift"]
    assert (kept["state"], kept["count"]) == ("counting", {"2000": 2})

    last = close(till, {"2000": 2, "50": 1}, 40_00, note="tout y est").json()["last"]

    assert (last["counted_cents"], last["left_cents"]) == (40_50, 40_00)
    assert (last["expected_cents"], last["variance_cents"]) == (40_50, 0)
    assert last["note"] == "tout y est"


def test_whoever_counts_blind_sees_no_difference(bar, at, cashier):
    begin(cashier)
    answer = close(cashier, {"1000": 1}).json()["last"]

    assert (answer["expected_cents"], answer["variance_cents"]) == (None, None)
    assert answer["counted_cents"] == 10_00
    assert "expected" not in str(cashier.get(DRAWER).json()["shift"])
    assert browser(bar, at).get(DRAWER).json()["last"]["variance_cents"] == -30_00


def test_the_drawer_is_kicked_for_a_reason(till):
    asked = {"key": str(uuid7()), "reason": "monnaie"}
    assert post(till, asked, f"{DRAWER}open/").status_code == 200
    refused = post(till, {"key": str(uuid7()), "reason": "   "}, f"{DRAWER}open/")
    assert refused.status_code in (422,)


@pytest.mark.parametrize(
    "count", [{"3": 1}, {"100": -1}, {"100": 1.5}, {"100": "x"}, {"x" * 99: 1}, [1], None]
)
def test_a_count_of_nonsense_is_refused(till, count):
    assert begin(till, count).status_code == (422 if count is not None else 200)


def test_refusals_have_their_codes(till):
    assert_refused(close(till, {"100": 1}), 409, "drawer_shift_closed")
    begin(till)
    assert_refused(begin(till), 409, "drawer_shift_open")
    assert_refused(close(till, {"100": 1}, 101), 422, "drawer_left_too_much")


def test_nobody_sees_a_drawer_before_signing_on(bar, at):
    stranger = browser(bar, at, staff=False)

    assert_refused(stranger.get(DRAWER), 401, "not_signed_on")
