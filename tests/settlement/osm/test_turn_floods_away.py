"""The porch before the door for webhooks: cheap refusals, few stored, nothing else in its way."""

import json

import pytest
from django.core.signals import request_started
from django.db import close_old_connections
from django.test import RequestFactory

from teraa.settlement.osm import porch
from teraa.settlement.osm.models import NodeHint, NodeHook
from teraa.settlement.osm.porch import BURST, LARGEST_BODY, Porch
from tests.settlement.osm.test_take_hint import BLOCK, TOKEN, open_door

pytestmark = pytest.mark.django_db


class Clock:
    """Seconds that pass when told."""

    def __init__(self):
        self.seconds = 1000.0

    def monotonic(self):
        return self.seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(porch, "time", clock)
    return clock


@pytest.fixture
def knock(clock):
    """Send one request through the porch; the code that came back."""

    def house(environ, start):
        start("299 The house", [])
        return [b"welcome"]

    standing = Porch(house)
    # As Django's own test client: the connection of a test outlives its requests.
    request_started.disconnect(close_old_connections)

    def send(path, body=BLOCK, token=TOKEN, method="POST"):
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = RequestFactory().generic(
            method, path, text, content_type="application/json", headers={"authorization": token}
        )
        said = []
        list(standing(request.environ, lambda status, headers: said.append(status)))
        return int(said[0].split()[0])

    yield send
    request_started.connect(close_old_connections)


def block(number):
    return {"event": "block.applied", "data": {"id": f"{number:064x}"}}


def test_it_stores_what_the_node_says(knock):
    assert knock(open_door()) == 204
    assert NodeHint.objects.get().body == {"ids": ["ab" * 32]}


def test_everything_else_goes_to_the_house(knock):
    door = open_door()
    assert knock("/", method="GET") == 299
    assert knock("/api/pos/sales/") == 299
    assert knock("/hooks/other/") == 299
    assert knock(door, method="GET") == 299


def test_a_stranger_costs_one_query_a_second(knock, clock, count_queries):
    door = open_door()
    with count_queries() as queries:
        assert {knock(door, token=f"guess {number}") for number in range(500)} == {403}
    assert len(queries) == 1
    clock.seconds += 1.1
    with count_queries() as queries:
        assert knock(door, token="again") == 403
    assert len(queries) == 1
    assert not NodeHint.objects.exists()


def test_a_node_gone_mad_stores_a_handful_and_is_answered_all_the_same(knock, clock):
    door = open_door()
    assert {knock(door, block(number)) for number in range(500)} == {204}
    assert NodeHint.objects.count() == BURST
    clock.seconds += 0.5
    assert {knock(door, block(number)) for number in range(500, 600)} == {204}
    assert NodeHint.objects.count() == BURST + 25


def test_it_hears_of_new_and_old_tokens_within_a_second(knock, clock):
    door = open_door()
    assert knock(door) == 204
    NodeHook.objects.update(half_token_sha256="0" * 64)
    clock.seconds += 1.1
    assert knock(door) == 403
    NodeHook.objects.all().delete()
    clock.seconds += 1.1
    assert knock(door) == 404


def test_it_forgets_addresses_that_somebody_makes_up(knock, monkeypatch):
    monkeypatch.setattr(porch, "MOST_REMEMBERED", 10)
    assert {knock(f"/hooks/node/{number:032x}/") for number in range(100)} == {404}
    assert knock(open_door()) == 204


def test_it_refuses_what_is_too_large_or_no_hint(knock):
    door = open_door()
    assert knock(door, b"x" * (LARGEST_BODY + 1)) == 413
    assert knock(door, b"{") == 400
    assert knock(door, b'{"event": 1}') == 400
    assert not NodeHint.objects.exists()
