"""Several dues of one payee, one payment; money of different payees never meets."""

import datetime
import random
import threading

import pytest
from django.db import IntegrityError, connection

from teraa.common.ids import uuid7
from teraa.common.problems import Invalid, NotFound, Problem, SameKeyOtherBody
from teraa.settlement import operations
from teraa.settlement.models import Collection, Due, Tender
from teraa.settlement.operations import settled_tenders
from teraa.settlement.osm.models import OsmRequest
from teraa.settlement.problems import DueClosed, MixedPayees, NotEnoughCash
from teraa.settlement.queries import due_state
from tests import make
from tests.settlement import cast
from tests.settlement.cast import OSM
from tests.settlement.osm.chain_facts import receive
from tests.settlement.test_add_tender import raw_tender


def collect(dues, at, **fields):
    wanted = {
        "key": uuid7(),
        "venue_id": dues[0].venue_id,
        "due_ids": [due.pk for due in dues],
        "kind": "cash",
        "at": at,
    }
    return operations.collect(**wanted | fields)


def coins(dues, at, **fields):
    quote = cast.quote(dues[0].venue_id, at)
    end = at + datetime.timedelta(minutes=5)
    return collect(dues, at, kind="osm", quote_id=quote.pk, expires_at=end, **fields)


@pytest.mark.django_db
def test_it_pays_what_remains_of_each(at):
    payee = cast.payee()
    first, second = cast.due(payee, at, 1000), cast.due(payee, at, 500)
    operations.add_tender(key=uuid7(), due_id=first.pk, kind="card", amount_cents=300, at=at)
    collection = collect([first, second], at, received_cents=2000)

    assert (collection.amount_cents, collection.change_cents) == (1200, 800)
    assert sorted(collection.tenders.values_list("amount_cents", flat=True)) == [500, 700]
    assert due_state(first.pk).state == due_state(second.pk).state == "settled"


@pytest.mark.django_db
def test_one_osm_request_settles_several_dues(at):
    cast.live_cursor(at)
    payee = cast.payee()
    dues = [cast.due(payee, at, cents) for cents in (1000, 500, 300)]
    collection = coins(dues, at)
    request = OsmRequest.objects.get()
    assert (request.amount_cents, request.units) == (1800, 900 * OSM)
    assert {due_state(due.pk).pending_cents for due in dues} == {1000, 500, 300}

    receive(request, request.units, at=at, height=1000)
    assert {due_state(due.pk).state for due in dues} == {"settled"}
    shares = [settled_tenders(due_id=due.pk)[0] for due in dues]
    assert [one.osm_units for one in shares] == [500 * OSM, 250 * OSM, 150 * OSM]
    assert len({one.osm_txids for one in shares}) == 1
    assert collection.tenders.count() == 3


@pytest.mark.django_db
def test_an_expired_collection_expires_each_due(at):
    cast.live_cursor(at)
    payee = cast.payee()
    dues = [cast.due(payee, at, cents) for cents in (1000, 500)]
    coins(dues, at)
    request = OsmRequest.objects.get()
    operations.cancel_request(request_id=request.pk, by="Ada", at=at)
    assert {due_state(due.pk).state for due in dues} == {"open"}

    # Late, accepted, and one of the dues was paid in cash meanwhile.
    operations.add_tender(key=uuid7(), due_id=dues[0].pk, kind="cash", amount_cents=1000, at=at)
    later = at + datetime.timedelta(seconds=1)
    receive(request, request.units, at=later, height=1000)
    operations.accept_late(request_id=request.pk, by="Ada", at=later)
    assert [due_state(due.pk).state for due in dues] == ["settled", "settled"]
    assert [one.kind for one in settled_tenders(due_id=dues[0].pk)] == ["cash"]
    assert dues[0].effects.filter(kind="attention").exists()


@pytest.mark.django_db
def test_it_refuses_dues_of_different_payees(at):
    venue = make.venue()
    dues = [cast.due(cast.payee(venue), at), cast.due(cast.payee(venue), at)]
    with pytest.raises(MixedPayees):
        collect(dues, at)
    assert not Tender.objects.exists()


@pytest.mark.django_db
def test_the_database_refuses_to_mix_payees_in_a_collection(at):
    venue = make.venue()
    mine, theirs = cast.due(cast.payee(venue), at), cast.due(cast.payee(venue), at)
    collection = collect([mine], at)
    with pytest.raises(IntegrityError, match="same_payee"), cast.checked():
        raw_tender(theirs, at, 1, collection=collection)


@pytest.mark.django_db
def test_the_database_refuses_to_mix_payees_in_a_request(at):
    cast.live_cursor(at)
    venue = make.venue()
    mine, theirs = cast.due(cast.payee(venue), at), cast.due(cast.payee(venue), at)
    request = cast.request(mine, at)
    with pytest.raises(IntegrityError, match="same_payee"), cast.checked():
        raw_tender(theirs, at, 1, kind="osm", request=request)


@pytest.mark.django_db
def test_the_same_key_again_is_the_same_collection(at):
    payee = cast.payee()
    dues = [cast.due(payee, at), cast.due(payee, at)]
    key = uuid7()
    first = collect(dues, at, key=key)

    assert collect(dues[::-1], at, key=key) == first
    for other in ({"due_ids": [dues[0].pk]}, {"kind": "card"}):
        with pytest.raises(SameKeyOtherBody):
            collect(dues, at, key=key, **other)
    assert (Collection.objects.count(), Tender.objects.count()) == (1, 2)


@pytest.mark.django_db
def test_it_refuses_what_cannot_be(at):
    payee = cast.payee()
    due, paid = cast.due(payee, at), cast.due(payee, at)
    collect([paid], at)
    foreign = cast.due(cast.payee(), at)
    for refused, dues, fields in [
        (NotFound, [due], {"due_ids": []}),
        (NotFound, [due, foreign], {}),
        (NotFound, [due], {"venue_id": foreign.venue_id}),
        (DueClosed, [due, paid], {}),
        (NotEnoughCash, [due], {"received_cents": 1}),
        (Invalid, [due], {"kind": "shells"}),
        (Invalid, [due], {"kind": "osm"}),
    ]:
        with pytest.raises(refused):
            collect(dues, at, **fields)


def test_collections_crossing_each_other_never_block_for_good(live_database, at):
    """Twelve threads take, collect and withdraw over the same dues in every order: none deadlocks."""
    cast.live_cursor(at)
    payee = cast.payee()
    dues = [cast.due(payee, at, 1000) for _ in range(4)]
    quote = cast.quote(payee.venue_id, at)
    end = at + datetime.timedelta(minutes=5)
    failures = []

    def work(seed):
        dice = random.Random(seed)
        try:
            for _ in range(6):
                some = dice.sample(dues, 3)
                acts = [
                    lambda some=some: collect(
                        some, at, kind="osm", quote_id=quote.pk, expires_at=end
                    ),
                    lambda some=some: operations.cancel_open_requests(
                        due_id=some[0].pk, by="Ada", at=at
                    ),
                    lambda some=some: operations.add_tender(
                        key=uuid7(), due_id=some[1].pk, kind="cash", amount_cents=10, at=at
                    ),
                ]
                try:
                    dice.choice(acts)()
                except Problem:
                    continue
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[seed]) for seed in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for due in Due.objects.all():
        live = Tender.objects.filter(due=due, state__in=["pending", "settled"])
        assert sum(one.amount_cents for one in live) == due.paid_cents + due.pending_cents
