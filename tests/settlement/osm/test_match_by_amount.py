"""A wallet that loses the reference still pays, by an amount that nobody else was asked for."""

import pytest
from django.db import IntegrityError, transaction

from teraa.settlement.models import PaymentPolicy
from teraa.settlement.osm.models import Allocation, OsmRequest
from teraa.settlement.queries import due_state
from tests.settlement import cast
from tests.settlement.cast import OSM

pytestmark = pytest.mark.django_db


@pytest.fixture
def payee(channel):
    payee = cast.payee()
    PaymentPolicy.objects.create(payee=payee, venue_id=payee.venue_id, by_amount=True)
    return payee


def look_at_the_next_block(channel):
    channel.node.forge()
    channel.look()


def test_without_a_reference_the_exact_amount_pays(channel, payee):
    due, request = channel.ask(payee)
    other_due, other = channel.ask(payee)
    assert 60 * OSM < request.units < 60 * OSM + 10_000
    assert request.units != other.units

    channel.pay(request, memo="café")
    look_at_the_next_block(channel)

    assert (due_state(due.pk).state, due_state(other_due.pk).state) == ("settled", "open")
    assert Allocation.objects.get().reason == "by_amount"


def test_the_same_amount_twice_pays_once(channel, payee):
    due, request = channel.ask(payee)
    channel.pay(request, memo="")
    channel.pay(request, memo="")
    look_at_the_next_block(channel)

    assert due_state(due.pk).state == "settled"
    assert sorted(Allocation.objects.values_list("kind", "reason")) == [
        ("request", "by_amount"),
        ("unknown", "no_reference"),
    ]


def test_a_reference_counts_more_than_an_amount(channel, payee):
    first_due, first = channel.ask(payee)
    second_due, second = channel.ask(payee)
    channel.node.pay(first.address, second.units, first.reference)
    channel.node.pay(first.address, second.units, "OS000000000")
    look_at_the_next_block(channel)

    assert (due_state(first_due.pk).state, due_state(second_due.pk).state) == ("settled", "open")
    assert set(Allocation.objects.values_list("reason", flat=True)) == {
        *("reference", "unknown_reference"),
    }


def test_an_amount_is_only_known_while_its_request_is_open(channel, payee):
    due, request = channel.ask(payee)
    channel.pass_time(8)
    assert due_state(due.pk).state == "expired"
    channel.pay(request, memo="")
    look_at_the_next_block(channel)

    assert due_state(due.pk).state == "expired"
    assert Allocation.objects.get().kind == "unknown"


def test_a_payee_that_does_not_want_it_asks_for_round_amounts(channel):
    due, request = channel.ask(cast.payee())
    assert request.units == 60 * OSM
    channel.pay(request, memo="")
    look_at_the_next_block(channel)
    assert due_state(due.pk).state == "open"


def test_the_database_keeps_open_amounts_apart(channel, payee):
    _due, first = channel.ask(payee)
    _due, second = channel.ask(payee)
    second.units = first.units
    second.pk, second.reference_norm = None, "0S1"
    with pytest.raises(IntegrityError, match="osm_request_amount_once"), transaction.atomic():
        OsmRequest.objects.bulk_create([second])
