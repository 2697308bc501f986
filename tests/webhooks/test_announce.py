"""What happened is told to whom it concerns: once, with what happened, in one statement."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from teraa.common.canonical import NotCanonical
from teraa.common.clock import now
from teraa.webhooks import operations, pruning
from teraa.webhooks.announcing import News, announce, announce_all
from teraa.webhooks.models import HookDelivery, HookEvent
from tests import make
from tests.webhooks import cast

pytestmark = pytest.mark.django_db
DAY = 24 * 3600 * cast.SECOND


def test_it_tells_each_endpoint_that_wants_it_once(at):
    one, _ = cast.endpoint(at, wanted=["due.settled"])
    two, _ = cast.endpoint(at, venue=one.venue, wanted=["due.*"])
    three, _ = cast.endpoint(at, venue=one.venue, wanted=["*"])
    cast.endpoint(at, venue=one.venue, wanted=["due.expired", "due.changed"])
    cast.endpoint(at, wanted=["*"])

    told = cast.tell(one, at, kind="due.settled", subject="due:1", version=7)

    assert told == 3
    event = HookEvent.objects.get()
    assert set(HookDelivery.objects.values_list("endpoint_id", flat=True)) == {
        one.pk,
        two.pk,
        three.pk,
    }
    assert json.loads(event.payload) == {
        "api_version": "1",
        "id": str(event.pk),
        "kind": "due.settled",
        "venue": str(one.venue_id),
        "subject": "due:1",
        "version": 7,
        "created_at": "2026-11-19T15:30:00.000Z",
        "data": {"thing": "été"},
    }
    for delivery in HookDelivery.objects.all():
        assert delivery.original_id == delivery.pk
        assert (delivery.attempt, delivery.rung, delivery.next_at) == (1, 0, at)
        assert (delivery.subject, delivery.version) == ("due:1", 7)


def test_the_same_again_changes_nothing(at):
    endpoint, _ = cast.endpoint(at)
    cast.tell(endpoint, at, subject="due:1", version=2)

    assert cast.tell(endpoint, at, subject="due:1", version=2, data={"other": 1}) == 0
    assert cast.tell(endpoint, at, subject="due:1", version=3) == 1
    assert cast.tell(endpoint, at, subject="due:1", version=2, kind="due.settled") == 1
    assert HookEvent.objects.count() == 3
    assert "été" in HookEvent.objects.get(version=2, kind="due.changed").payload


def test_nothing_is_stored_when_nobody_wants_it(at):
    endpoint, _ = cast.endpoint(at, wanted=["due.settled"])
    cast.endpoint(at)

    assert cast.tell(endpoint, at, kind="due.changed") == 0
    operations.change_endpoint(
        venue_id=endpoint.venue_id, endpoint_id=endpoint.pk, enabled=False, by="Ada", at=at
    )
    assert cast.tell(endpoint, at, kind="due.settled") == 0
    assert not HookEvent.objects.exists()


@pytest.mark.parametrize("wanted", [True, False])
def test_any_number_of_news_costs_one_statement(at, count_queries, wanted):
    venue = make.venue()
    if wanted:
        cast.endpoint(at, venue=venue)
        cast.endpoint(at, venue=venue)
    news = [News(venue.pk, "due.changed", f"due:{n}", 1, {"n": n}) for n in range(50)]

    with count_queries() as queries:
        told = announce_all(news, at=at)
    with count_queries() as none:
        announce_all([], at=at)

    assert (told, len(queries), len(none)) == (100 if wanted else 0, 1, 0)


def test_what_is_rolled_back_is_never_told(at):
    endpoint, _ = cast.endpoint(at)
    place = transaction.savepoint()
    assert cast.tell(endpoint, at) == 1
    transaction.savepoint_rollback(place)

    assert not HookEvent.objects.exists()


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"kind": "due.paid"}, ValueError),
        ({"subject": "due:" + "1" * 100}, ValueError),
        ({"data": {"text": "a" * 70_000}}, ValueError),
        ({"data": {"rate": 0.02}}, NotCanonical),
        ({"data": {"units": 10**18}}, NotCanonical),
    ],
)
def test_it_refuses_what_no_receiver_could_rely_on(at, fields, error):
    endpoint, _ = cast.endpoint(at)
    with pytest.raises(error):
        cast.tell(endpoint, at, **fields)


def test_the_database_keeps_events_and_finished_attempts(at):
    recent = now() - 10 * DAY
    endpoint, _ = cast.endpoint(at)
    cast.tell(endpoint, recent)
    event, delivery = HookEvent.objects.get(), HookDelivery.objects.get()

    def refused(rows, **changes):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**changes) if changes else rows._raw_delete(rows.db)

    refused(HookEvent.objects.all(), payload="{}")
    refused(HookEvent.objects.all())
    refused(HookDelivery.objects.all(), original_id=UUID(int=1))
    refused(HookDelivery.objects.all(), attempt=2)
    refused(HookDelivery.objects.all())
    delivery.move("cancelled", done_at=at)
    refused(HookDelivery.objects.all(), excerpt="no")
    refused(HookDelivery.objects.all())
    for table in ("hook_event", "hook_delivery", "hook_endpoint"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE webhooks_{table} CASCADE")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM webhooks_hook_endpoint")
    assert str(event.pk) in HookEvent.objects.get().payload


def test_the_database_refuses_two_in_flight_and_links_between_venues(at):
    endpoint, _ = cast.endpoint(at)
    other, _ = cast.endpoint(at)
    cast.tell(endpoint, at)
    cast.tell(endpoint, at)
    lease = {"state": "sending", "sent_at": at, "lease_until": at, "lease_run": UUID(int=1)}
    with pytest.raises(IntegrityError, match="one_in_flight"), transaction.atomic():
        HookDelivery.objects.update(**lease)
    HookDelivery.objects.create(
        venue_id=other.venue_id,
        endpoint=other,
        event=HookEvent.objects.first(),
        original_id=UUID(int=1),
        subject="due:1",
        version=1,
        created_at=at,
        next_at=at,
    )
    with pytest.raises(IntegrityError, match="same_venue"):
        connection.check_constraints()


def test_what_is_over_goes_after_sixty_days_and_its_event_with_the_last_of_it(at):
    old, young = now() - 61 * DAY, now() - 50 * DAY
    endpoint, _ = cast.endpoint(old)
    second, _ = cast.endpoint(old, venue=endpoint.venue)
    cast.tell(endpoint, old, subject="old:over")
    cast.tell(endpoint, old, subject="old:waits")
    cast.tell(endpoint, young, subject="young:over")
    over = HookDelivery.objects.filter(subject__endswith="over")
    over.filter(subject="young:over").update(state="cancelled", done_at=young)
    over.filter(subject="old:over", endpoint=endpoint).update(state="cancelled", done_at=old)

    assert pruning.prune_deliveries(now()) == 1
    assert HookEvent.objects.count() == 3, "one endpoint has not had the old event yet"

    over.filter(subject="old:over", endpoint=second).update(state="cancelled", done_at=old)
    assert pruning.prune_deliveries(now()) == 2
    assert set(HookEvent.objects.values_list("subject", flat=True)) == {"old:waits", "young:over"}
    assert HookDelivery.objects.filter(subject="old:waits").count() == 2


def test_pruning_ends_former_secrets_and_what_was_stranded(at):
    endpoint, _ = cast.endpoint(at)
    operations.rotate_secret(
        venue_id=endpoint.venue_id, endpoint_id=endpoint.pk, key=UUID(int=1), by="Ada", at=at
    )
    cast.tell(endpoint, at)
    type(endpoint).objects.filter(pk=endpoint.pk).update(enabled=False, disabled_reason="gone")

    pruning.prune_deliveries(at + DAY + cast.SECOND)

    endpoint.refresh_from_db()
    assert (endpoint.previous_sealed, endpoint.previous_until) == ("", None)
    assert HookDelivery.objects.get().state == "cancelled"


def test_somebody_listens_only_where_an_endpoint_is_on(at):
    from teraa.venues.models import Venue
    from teraa.webhooks.announcing import listened_to

    endpoint, _ = cast.endpoint(at)
    silent = make.venue()
    found = dict(Venue.objects.annotate(told=listened_to("pk")).values_list("pk", "told"))

    assert (found[endpoint.venue_id], found[silent.pk]) == (True, False)


def test_news_of_no_venue_that_listens_cost_nothing_more(at):
    assert (
        announce(
            venue_id=make.venue().pk, kind="due.settled", subject="due:1", version=1, data={}, at=at
        )
        == 0
    )
