"""A payee's rules: larger payments wait longer, and what comes late may be taken by rule."""

import datetime

import pytest
from django.db import IntegrityError, transaction

from teraa.settlement import operations
from teraa.settlement.models import PaymentPolicy
from teraa.settlement.operations.progress import bring_up_to_date
from teraa.settlement.osm.models import RequestAct
from teraa.settlement.queries import due_state
from tests import make
from tests.settlement import cast
from tests.settlement.osm.chain_facts import receive

pytestmark = pytest.mark.django_db
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def payee(at):
    cast.live_cursor(at)
    return cast.payee()


def rule(payee, **fields) -> PaymentPolicy:
    return PaymentPolicy.objects.create(payee=payee, venue_id=payee.venue_id, **fields)


@pytest.mark.parametrize(
    ("cents", "confirmations"),
    [(120, 1), (150_00, 1), (150_01, 12), (500_00, 12), (500_01, 51)],
)
def test_a_larger_payment_waits_for_more_confirmations(at, payee, cents, confirmations):
    request = cast.request(cast.due(payee, at, cents), at)
    assert request.required_confirmations == confirmations


def test_a_payee_may_set_its_own_steps_but_never_below_what_the_trade_asks(at, payee):
    rule(payee, large_from_cents=1000, large_confirmations=2, huge_confirmations=105)

    assert cast.request(cast.due(payee, at, 1001), at).required_confirmations == 2
    online = cast.request(cast.due(payee, at, 1001), at, required_confirmations=3)
    assert online.required_confirmations == 3
    assert cast.request(cast.due(payee, at, 500_01), at).required_confirmations == 105


def expired(due, at):
    request = cast.request(due, at)
    bring_up_to_date(request_ids=[request.pk], at=request.expires_at + MINUTE)
    request.refresh_from_db()
    assert request.state == "expired"
    return request, request.expires_at + 2 * MINUTE


def test_late_coins_wait_for_a_person_unless_the_rule_says_otherwise(at, payee):
    due = cast.due(payee, at)
    request, late = expired(due, at)

    receive(request, request.units, at=late, height=1000)

    request.refresh_from_db()
    assert (request.state, request.flags) == ("expired", ["late"])
    assert due_state(due.pk).state == "expired"


def test_late_coins_are_taken_by_rule_and_the_decision_is_kept(at, payee):
    rule(payee, late="accept")
    due = cast.due(payee, at)
    request, late = expired(due, at)

    receive(request, request.units, at=late, height=1000)

    request.refresh_from_db()
    assert (request.state, request.flags) == ("settled", ["late"])
    assert due_state(due.pk).state == "settled"
    act = RequestAct.objects.get()
    assert (act.kind, act.by, act.at) == ("accept_late", "", late)
    assert "200000000e-10" in act.reason
    assert list(due.effects.values_list("kind", flat=True)) == ["expired", "settled"]


@pytest.mark.parametrize(
    ("rate_e10", "state"), [(203_900_000, "settled"), (204_100_000, "expired")]
)
def test_late_coins_are_taken_by_rule_while_the_rate_has_hardly_moved(at, payee, rate_e10, state):
    rule(payee, late="accept", late_drift_bp=200)
    request, late = expired(cast.due(payee, at), at)
    operations.decide_rate(
        venue_id=payee.venue_id, rate_e10=rate_e10, valid_from=late, decided_by="assemblée"
    )

    receive(request, request.units, at=late, height=1000)

    request.refresh_from_db()
    assert request.state == state


def test_late_coins_that_are_too_few_or_were_declined_wait_for_a_person(at, payee):
    rule(payee, late="accept")
    request, late = expired(cast.due(payee, at), at)
    receive(request, request.units // 2, at=late, height=1000)
    request.refresh_from_db()
    assert (request.state, request.flags) == ("expired", ["late", "under"])

    withdrawn = cast.request(cast.due(payee, at), at)
    operations.cancel_request(request_id=withdrawn.pk, by="Ada", at=at)
    receive(withdrawn, withdrawn.units, at=late, height=1000)
    withdrawn.refresh_from_db()
    assert (withdrawn.state, withdrawn.flags) == ("cancelled", ["late"])


def test_late_coins_taken_by_rule_stay_with_a_person_when_the_due_was_paid_otherwise(at, payee):
    rule(payee, late="accept")
    due = cast.due(payee, at)
    request, late = expired(due, at)
    operations.collect(key=due.pk, venue_id=payee.venue_id, due_ids=[due.pk], kind="cash", at=late)

    receive(request, request.units, at=late, height=1000)

    due.refresh_from_db()
    assert (due.state, due.paid_cents) == ("settled", 1200)
    assert "attention" in due.effects.values_list("kind", flat=True)


def test_the_database_refuses_rules_that_contradict_themselves(at, payee):
    with pytest.raises(IntegrityError), transaction.atomic():
        rule(payee, large_from_cents=2, huge_from_cents=1)


def test_the_rules_of_a_payee_belong_to_its_venue(at, payee):
    with pytest.raises(IntegrityError), cast.checked():
        PaymentPolicy.objects.create(payee=payee, venue=make.venue())
