"""The doors: for a manager of the venue, signed on; the secret is seen once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.venues.authentication import SHIFT_COOKIE, STATION_COOKIE
from teraa.venues.models import Role
from teraa.venues.operations import sign_on
from teraa.webhooks import lanes
from teraa.webhooks.lanes import Answer
from tests import make
from tests.webhooks import cast

pytestmark = pytest.mark.django_db
PIN = "2468"


class Desk:
    """A station with somebody signed on."""

    def __init__(self, venue: Any = None, role: str = Role.MANAGER) -> None:
        self.venue = venue or make.venue()
        station = make.station(self.venue)
        staff = make.staff(self.venue, role=role, pin=PIN, name="Ada")
        shift = sign_on(station=station, staff_id=staff.pk, pin=PIN, at=now())
        self.client = Client()
        self.client.cookies[STATION_COOKIE] = station.token
        self.client.cookies[SHIFT_COOKIE] = shift

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = self.client.generic(
            method,
            f"/api/webhooks/{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
        )
        return answer.status_code, json.loads(answer.content)

    def make(self, **fields: Any) -> tuple[int, Any]:
        wanted = {"key": str(uuid7()), "url": "https://hooks.example/a", "kinds": ["*"]}
        return self.ask("POST", "endpoints/", wanted | fields)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_endpoint_is_made_read_changed_and_turned_off(desk):
    key = str(uuid7())
    status, made = desk.make(key=key, description="comptabilité")
    assert (status, made["enabled"], made["kinds"]) == (201, True, ["*"])
    assert made["secret"].startswith("whsec_")

    status, again = desk.make(key=key, description="comptabilité")
    assert (status, again["id"], again["secret"]) == (200, made["id"], None)
    status, refused = desk.make(key=key, description="other")
    assert (status, refused["code"]) == (409, "same_key_other_body")

    one = f"endpoints/{made['id']}/"
    status, changed = desk.ask("PATCH", one, {"kinds": ["due.settled"], "description": "x"})
    assert (status, changed["kinds"], changed["description"]) == (200, ["due.settled"], "x")
    assert "secret" not in changed
    assert desk.ask("GET", one) == (200, changed)
    assert desk.ask("GET", "endpoints/") == (200, {"endpoints": [changed]})
    status, refused = desk.ask("DELETE", one, {"enabled": True})
    assert (status, refused["code"]) == (422, "invalid")
    for _ in range(2):
        status, off = desk.ask("DELETE", one)
        assert (status, off["enabled"], off["disabled_reason"]) == (200, False, "by_hand")
    status, on = desk.ask("PATCH", one, {"enabled": True})
    assert (status, on["enabled"], on["disabled_reason"]) == (200, True, "")


def test_a_secret_is_rotated_once_a_key(desk):
    _, made = desk.make()
    key = {"key": str(uuid7())}
    status, first = desk.ask("POST", f"endpoints/{made['id']}/rotate/", key)
    _, again = desk.ask("POST", f"endpoints/{made['id']}/rotate/", key)

    assert status == 200
    assert first["secret"].startswith("whsec_")
    assert first["secret"] != made["secret"]
    assert first["former_secret_until"]
    assert again["secret"] is None


def test_deliveries_are_listed_read_and_sent_again(desk):
    _, made = desk.make()
    status, sent = desk.ask("POST", f"endpoints/{made['id']}/ping/", {})
    assert (status, sent["kind"], sent["state"], sent["attempt"]) == (201, "ping", "waiting", 1)

    at, run = now(), uuid7()
    [leased] = lanes.lease(run=run, room=1, troubled=False, at=at)
    lanes.record(leased, Answer(status=404, excerpt="nobody"), run=run, at=at)
    status, listed = desk.ask("GET", "deliveries/?state=given_up")
    assert (status, listed["more"]) == (200, False)
    [given_up] = listed["deliveries"]
    assert (given_up["status"], given_up["excerpt"]) == (404, "nobody")

    status, again = desk.ask("POST", f"deliveries/{sent['id']}/redeliver/", {})
    assert status == 200
    assert (again["attempt"], again["delivery"], again["asked_by"]) == (2, sent["id"], "Ada")
    status, read = desk.ask("GET", f"deliveries/{again['id']}/")
    assert status == 200
    assert json.loads(read["payload"])["data"] == {"ping": {"asked_by": "Ada"}}
    _, newest = desk.ask("GET", f"deliveries/?endpoint={made['id']}")
    assert [one["attempt"] for one in newest["deliveries"]] == [2, 1]
    _, older = desk.ask("GET", f"deliveries/?before={again['id']}")
    assert [one["attempt"] for one in older["deliveries"]] == [1]


def test_long_lists_come_in_pages(desk):
    desk.make()
    for number in range(55):
        cast.announce(
            venue_id=desk.venue.pk,
            kind="due.changed",
            subject=f"due:{number}",
            version=1,
            data={},
            at=now(),
        )
    seen: list[str] = []
    before = ""
    while True:
        _, page = desk.ask("GET", f"deliveries/?{before}")
        seen += [one["id"] for one in page["deliveries"]]
        if not page["more"]:
            break
        before = f"before={seen[-1]}"

    assert len(seen) == len(set(seen)) == 55


def test_the_kinds_are_described_with_their_contracts(desk):
    status, answer = desk.ask("GET", "events/")

    assert status == 200
    by_name = {one["kind"]: one for one in answer["kinds"]}
    assert by_name["due.settled"]["contract"]["properties"]["kind"] == {"const": "due.settled"}
    assert answer["patterns"][:3] == ["*", "booking.*", "due.*"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"url": "http://hooks.example/"}, "bad_target"),
        ({"url": "https://10.0.0.1/"}, "bad_target"),
        ({"url": "https://" + "a" * 500 + ".example/"}, "invalid"),
        ({"kinds": ["nonsense"]}, "unknown_event_kind"),
        ({"kinds": []}, "invalid"),
        ({"kinds": "*"}, "invalid"),
        ({"key": "7"}, "invalid"),
        ({"description": "a" * 121}, "invalid"),
    ],
)
def test_it_refuses_by_name(desk, settings, fields, code):
    settings.TERAA_HOOKS_TO_PRIVATE = False
    status, problem = desk.make(**fields)

    assert (status, problem["code"]) == (422, code)
    assert problem["title"]
    assert problem["advice"]


@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.MANAGER])
def test_only_a_manager_decides_who_is_told(role):
    desk = Desk(role=role)
    for method, path in (
        ("GET", "endpoints/"),
        ("GET", "deliveries/"),
        ("GET", "events/"),
        ("POST", "endpoints/"),
    ):
        status, problem = desk.ask(method, path, {})
        assert (status, problem["code"]) == (403, "forbidden")


def test_another_venues_endpoint_is_not_there(desk):
    _, made = Desk().make()
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "ping/"),
    ):
        status, problem = desk.ask(method, f"endpoints/{made['id']}/{path}", {})
        assert (status, problem["code"]) == (404, "not_found")
