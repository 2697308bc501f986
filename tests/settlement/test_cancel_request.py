"""A request can be withdrawn while nothing was seen; never against a payment on its way."""

import datetime

import pytest

from teraa.common.ids import uuid7
from teraa.common.problems import NotFound
from teraa.settlement import operations
from teraa.settlement.osm.models import OsmRequest, RequestAct
from teraa.settlement.problems import NothingLate, PaymentSeen
from teraa.settlement.queries import due_state, tender_views
from tests.settlement import cast
from tests.settlement.osm.chain_facts import receive

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_(at):
    cast.live_cursor(at)
    return cast.request(cast.due(cast.payee(), at), at)


def due_of(request):
    return request.tenders.get().due


def test_it_frees_the_due_for_another_payment(at, request_):
    operations.cancel_request(request_id=request_.pk, by="Ada", reason="prefers cash", at=at)

    found = due_state(due_of(request_).pk)
    assert (found.state, found.pending_cents, found.remaining_cents) == ("open", 0, 1200)
    assert [one.state for one in tender_views(found.id)] == ["cancelled"]
    act = RequestAct.objects.get()
    assert (act.kind, act.by, act.reason, act.at) == ("cancel", "Ada", "prefers cash", at)
    operations.add_tender(key=uuid7(), due_id=found.id, kind="cash", amount_cents=1200, at=at)
    assert due_state(found.id).state == "settled"


def test_withdrawing_twice_changes_nothing(at, request_):
    first = operations.cancel_request(request_id=request_.pk, by="Ada", at=at)
    again = operations.cancel_request(request_id=request_.pk, by="Bo", at=at)

    assert (first.state, again.version) == ("cancelled", first.version)
    assert RequestAct.objects.count() == 1


def test_it_refuses_once_a_payment_was_seen(at, request_):
    receive(request_, 10, at=at)
    due = due_of(request_)
    for act in (
        lambda: operations.cancel_request(request_id=request_.pk, by="Ada", at=at),
        lambda: operations.cancel_open_requests(due_id=due.pk, by="Ada", at=at),
        lambda: operations.cancel_due(due_id=due.pk, by="Ada", at=at),
    ):
        with pytest.raises(PaymentSeen):
            act()
    assert not RequestAct.objects.exists()
    assert due_state(due.pk).state == "open"


def test_it_withdraws_every_open_request_of_a_due(at):
    cast.live_cursor(at)
    due = cast.due(cast.payee(), at, 1000)
    for cents in (300, 700):
        cast.request(due, at, amount_cents=cents)

    assert operations.cancel_open_requests(due_id=due.pk, by="Ada", at=at) == 2
    assert operations.cancel_open_requests(due_id=due.pk, by="Ada", at=at) == 0
    assert due_state(due.pk).remaining_cents == 1000


def test_giving_up_a_due_withdraws_its_requests(at, request_):
    due = due_of(request_)
    operations.cancel_due(due_id=due.pk, by="Ada", at=at)

    assert OsmRequest.objects.get().state == "cancelled"
    found = due_state(due.pk)
    assert (found.state, found.pending_cents) == ("cancelled", 0)


def test_it_refuses_what_does_not_exist(at):
    for act in (
        lambda: operations.cancel_request(request_id=uuid7(), by="Ada", at=at),
        lambda: operations.cancel_due(due_id=uuid7(), by="Ada", at=at),
        lambda: operations.accept_late(request_id=uuid7(), by="Ada", at=at),
    ):
        with pytest.raises(NotFound):
            act()


def test_there_is_nothing_late_to_accept_on_an_open_request(at, request_):
    with pytest.raises(NothingLate):
        operations.accept_late(request_id=request_.pk, by="Ada", at=at)


def test_a_payment_that_crosses_the_withdrawal_is_kept(at, request_):
    later = at + datetime.timedelta(seconds=1)
    operations.cancel_request(request_id=request_.pk, by="Ada", at=at)
    receive(request_, request_.units, at=later, height=1000)

    request_.refresh_from_db()
    assert (request_.state, request_.flags) == ("cancelled", ["late"])
    assert request_.surplus_units == request_.units
    taken = operations.accept_late(request_id=request_.pk, by="Ada", at=later)
    assert (taken.state, taken.surplus_units) == ("settled", 0)
    assert due_state(due_of(request_).pk).state == "settled"
