"""Endpoints are made, changed, rotated, tried and turned off; deliveries are sent again."""

from __future__ import annotations

import datetime
import json
from uuid import UUID

import pytest

from teraa.common.ids import uuid7
from teraa.common.problems import Invalid, NotFound, Problem, SameKeyOtherBody
from teraa.common.targets import BadTarget
from teraa.webhooks import lanes, operations, sealing
from teraa.webhooks.lanes import Answer
from teraa.webhooks.models import HookDelivery, HookEndpoint, HookEvent
from teraa.webhooks.problems import EndpointOff, TooManyEndpoints, UnknownKind
from tests import make
from tests.webhooks import cast

pytestmark = pytest.mark.django_db
SECOND = cast.SECOND


def told(endpoint: HookEndpoint, at: datetime.datetime) -> dict:
    return {"venue_id": endpoint.venue_id, "by": "Ada", "at": at}


def test_the_same_key_again_is_the_same_endpoint_without_its_secret(at):
    venue, key = make.venue(), uuid7()
    made, secret = cast.endpoint(at, venue=venue, key=key, url="http://hooks.example")
    again, nothing = cast.endpoint(at, venue=venue, key=key, url="http://hooks.example")

    assert secret.startswith("whsec_")
    assert len(secret) > 40
    assert (again.pk, nothing) == (made.pk, "")
    with pytest.raises(SameKeyOtherBody):
        cast.endpoint(at, venue=venue, key=key, url="http://hooks.example/other")
    with pytest.raises(SameKeyOtherBody):
        cast.endpoint(at, venue=venue, key=key, url="http://hooks.example", wanted=["due.*"])
    elsewhere, _ = cast.endpoint(at, key=key, url="http://hooks.example")
    assert elsewhere.pk != made.pk
    assert HookEndpoint.objects.count() == 2


def test_a_secret_is_kept_sealed(at, settings):
    endpoint, secret = cast.endpoint(at)

    assert secret not in endpoint.secret_sealed
    assert sealing.unseal(endpoint.secret_sealed) == secret
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]
    assert sealing.unseal(endpoint.secret_sealed) == secret
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(sealing.Unreadable):
        sealing.unseal(endpoint.secret_sealed)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"url": "nonsense"}, BadTarget),
        ({"wanted": []}, Invalid),
        ({"wanted": ["due.paid"]}, UnknownKind),
        ({"wanted": ["dues.*"]}, UnknownKind),
        ({"wanted": ["ping"]}, UnknownKind),
    ],
)
def test_it_refuses_an_endpoint_that_could_never_be_told(at, fields, problem):
    with pytest.raises(problem):
        cast.endpoint(at, **fields)
    endpoint, _ = cast.endpoint(at)
    with pytest.raises(problem):
        operations.change_endpoint(endpoint_id=endpoint.pk, **told(endpoint, at), **fields)


def test_wishes_are_kept_in_order_and_once(at):
    endpoint, _ = cast.endpoint(at, wanted=["due.settled", "due.*", "due.settled"])

    assert endpoint.kinds == ["due.*", "due.settled"]


def test_a_venue_has_twenty_at_most(at):
    venue = make.venue()
    made = [cast.endpoint(at, venue=venue)[0] for _ in range(operations.MOST_ENDPOINTS)]
    with pytest.raises(TooManyEndpoints):
        cast.endpoint(at, venue=venue)
    operations.change_endpoint(endpoint_id=made[0].pk, enabled=False, **told(made[0], at))
    cast.endpoint(at, venue=venue)
    with pytest.raises(TooManyEndpoints):
        operations.change_endpoint(endpoint_id=made[0].pk, enabled=True, **told(made[0], at))


def test_turned_off_what_waits_is_given_up_and_can_be_sent_once_on_again(at):
    endpoint, _ = cast.endpoint(at)
    cast.tell(endpoint, at)
    off = operations.change_endpoint(endpoint_id=endpoint.pk, enabled=False, **told(endpoint, at))
    [delivery] = HookDelivery.objects.all()

    assert (off.enabled, off.disabled_reason, delivery.state) == (False, "by_hand", "cancelled")
    with pytest.raises(EndpointOff):
        operations.redeliver(delivery_id=delivery.pk, **told(endpoint, at))
    with pytest.raises(EndpointOff):
        operations.ping_endpoint(endpoint_id=endpoint.pk, **told(endpoint, at))
    on = operations.change_endpoint(endpoint_id=endpoint.pk, enabled=True, **told(endpoint, at))
    again = operations.redeliver(delivery_id=delivery.pk, **told(endpoint, at))

    assert (on.enabled, on.disabled_reason) == (True, "")
    assert (again.attempt, again.original_id, again.asked_by) == (2, delivery.original_id, "Ada")


def test_an_endpoint_of_a_stricter_past_can_still_be_turned_off(at, settings):
    endpoint, _ = cast.endpoint(at)
    settings.TERAA_HOOKS_TO_PRIVATE = False
    off = operations.change_endpoint(endpoint_id=endpoint.pk, enabled=False, **told(endpoint, at))

    assert not off.enabled


def test_only_what_changes_is_journaled_and_never_a_whole_address(at, journal_kept):
    endpoint, _ = cast.endpoint(at, url="http://hooks.example/secret/path?token=1")
    operations.change_endpoint(
        endpoint_id=endpoint.pk, url=endpoint.url, description="", **told(endpoint, at)
    )
    operations.change_endpoint(endpoint_id=endpoint.pk, description="x", **told(endpoint, at))
    operations.rotate_secret(endpoint_id=endpoint.pk, key=uuid7(), **told(endpoint, at))

    assert [(one["code"], one["values"]["fields"]) for one in journal_kept] == [
        (903, ["url", "kinds"]),
        (903, ["description"]),
        (903, ["secret"]),
    ]
    assert {one["values"]["host"] for one in journal_kept} == {"hooks.example"}
    assert "secret/path" not in str(journal_kept)


def test_a_venue_that_is_being_set_up_needs_no_journal(at, monkeypatch):
    class NoRegister(Problem):
        code = "no_register"

    def refuse(**_entry):
        raise NoRegister

    monkeypatch.setattr("teraa.common.journal._sink", refuse)
    assert cast.endpoint(at)[1]


def test_a_rotation_keeps_two_secrets_and_the_same_key_rotates_once(at):
    endpoint, first = cast.endpoint(at)
    key = uuid7()
    rotated, second = operations.rotate_secret(
        endpoint_id=endpoint.pk, key=key, **told(endpoint, at)
    )
    _same, nothing = operations.rotate_secret(
        endpoint_id=endpoint.pk, key=key, **told(endpoint, at)
    )
    assert nothing == ""
    assert sealing.unseal(rotated.secret_sealed) == second
    assert sealing.unseal(rotated.previous_sealed) == first
    assert rotated.previous_until == at + datetime.timedelta(hours=24)

    last, third = operations.rotate_secret(
        endpoint_id=endpoint.pk, key=uuid7(), **told(endpoint, at)
    )
    assert sealing.unseal(last.secret_sealed) == third
    assert sealing.unseal(last.previous_sealed) == second


def test_a_test_goes_to_its_endpoint_alone_wanted_or_not(at):
    endpoint, _ = cast.endpoint(at, wanted=["due.settled"])
    cast.endpoint(at, venue=endpoint.venue)
    first = operations.ping_endpoint(endpoint_id=endpoint.pk, **told(endpoint, at))
    second = operations.ping_endpoint(endpoint_id=endpoint.pk, **told(endpoint, at))

    assert {one.endpoint_id for one in HookDelivery.objects.all()} == {endpoint.pk}
    assert (first.version, second.version) == (1, 2)
    body = json.loads(HookEvent.objects.get(version=1).payload)
    assert (body["kind"], body["data"]) == ("ping", {"ping": {"asked_by": "Ada"}})


def test_sent_again_it_keeps_its_delivery_id_and_starts_the_ladder_anew(at):
    endpoint, _ = cast.endpoint(at)
    cast.tell(endpoint, at)
    [delivery] = HookDelivery.objects.all()
    answered(delivery, at, status=400)

    again = operations.redeliver(delivery_id=delivery.pk, **told(endpoint, at))
    same = operations.redeliver(delivery_id=delivery.pk, **told(endpoint, at))

    assert same.pk == again.pk
    assert (again.attempt, again.rung, again.original_id) == (2, 0, delivery.pk)
    answered(again, at, status=500)
    third = HookDelivery.objects.get(attempt=3)
    assert (third.rung, third.asked_by, third.next_at) == (1, "Ada", at + 10 * SECOND)


def test_what_waits_on_its_ladder_is_sent_at_once_when_asked(at):
    endpoint, _ = cast.endpoint(at)
    cast.tell(endpoint, at)
    [delivery] = HookDelivery.objects.all()
    answered(delivery, at, status=500)

    waiting = operations.redeliver(delivery_id=delivery.pk, **told(endpoint, at))

    assert (waiting.attempt, waiting.next_at) == (2, at)
    assert HookDelivery.objects.count() == 2


def test_what_is_under_way_is_left_alone(at):
    endpoint, _ = cast.endpoint(at)
    cast.tell(endpoint, at)
    [leased] = lanes.lease(run=uuid7(), room=1, troubled=False, at=at)

    assert operations.redeliver(delivery_id=leased.id, **told(endpoint, at)).pk == leased.id
    assert cast.states(endpoint) == [(1, "sending", None, "")]


def test_another_venues_things_are_not_there(at):
    endpoint, _ = cast.endpoint(at)
    cast.tell(endpoint, at)
    theirs = {"venue_id": make.venue().pk, "by": "Eve", "at": at}
    for act in (
        lambda: operations.change_endpoint(endpoint_id=endpoint.pk, enabled=False, **theirs),
        lambda: operations.rotate_secret(endpoint_id=endpoint.pk, key=uuid7(), **theirs),
        lambda: operations.ping_endpoint(endpoint_id=endpoint.pk, **theirs),
        lambda: operations.redeliver(delivery_id=HookDelivery.objects.get().pk, **theirs),
        lambda: operations.ping_endpoint(endpoint_id=UUID(int=1), **told(endpoint, at)),
    ):
        with pytest.raises(NotFound):
            act()


def answered(delivery: HookDelivery, at: datetime.datetime, *, status: int) -> None:
    run = uuid7()
    troubled = HookEndpoint.objects.get(pk=delivery.endpoint_id).failures > 0
    [leased] = lanes.lease(run=run, room=1, troubled=troubled, at=at)
    assert leased.id == delivery.pk
    lanes.record(leased, Answer(status=status), run=run, at=at)
