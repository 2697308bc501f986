"""Rubbish at every door that takes something: refused by name, never a 500, nothing stored.

Every operation of the API's own description that may write is sent what no client of ours sends:
too much, not JSON, another kind of body, another shape, brackets without end, NUL, broken UTF-8,
numbers no column holds, halves of characters. Whoever sends it has every right: no refusal here is about permission.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tests.house.doors import DOORS, UNSAFE, Door, every_route
from tests.house.knocking import WRITES, follow, put_back
from tests.house.test_api_takes_anything import DESCRIBED
from tests.house.two_venues import House, Party, knocking, picture_of

pytestmark = pytest.mark.timeout(300)

JSON = "application/json"
MEGABYTE = 1_000_000
DEEP = 10_000
# What one station may do, the other may not.
PARTIES = {"api/agent/": "agent", "api/ticketing/scans/": "gate"}
STRONGEST = "manager at a till"

# What is no JSON object at all, whatever a door wants: (name, body, kind of body, status).
RUBBISH: list[tuple[str, bytes, str, set[int]]] = [
    ("a megabyte", b'{"key": "' + b"a" * MEGABYTE + b'"}', JSON, {413}),
    ("no JSON", b'{"key": ', JSON, {400}),
    ("words", b"give me a coffee", JSON, {400}),
    ("a form", b"key=1&name=2", "application/x-www-form-urlencoded", {415}),
    ("a file", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--', "", {415}),
    ("XML", b"<key>1</key>", "application/xml", {415}),
    ("an unheard-of kind", b"{}", "nonsense", {415}),
    ("an array", b"[]", JSON, {422}),
    ("an array of objects", b'[{"key": "1"}]', JSON, {422}),
    ("a word", b'"key"', JSON, {422}),
    ("a number", b"7", JSON, {422}),
    ("nothing at all", b"null", JSON, {422}),
    ("not a number", b"NaN", JSON, {400}),
    ("endless arrays", b"[" * DEEP + b"]" * DEEP, JSON, {400}),
    ("endless objects", b'{"a":' * DEEP + b"1" + b"}" * DEEP, JSON, {400}),
    ("arrays never closed", b"[" * DEEP, JSON, {400}),
    ("a NUL", b'{"key": "\x00"}', JSON, {400}),
    ("only NULs", b"\x00" * 64, JSON, {400}),
    ("broken UTF-8", b'{"key": "\xff\xfe\xc3"}', JSON, {400}),
    ("UTF-16", '{"key": 1}'.encode("utf-16"), JSON, {400}),
    ("UTF-16, said", '{"key": 1}'.encode("utf-16"), f"{JSON}; charset=utf-16", {400}),
    ("a number of 5000 digits", b'{"key": ' + b"9" * 5_000 + b"}", JSON, {400}),
]
# What stands in the place of one value of a right body.
WRONG_VALUES: list[tuple[str, Any]] = [
    ("NUL in it", "a\x00b"),
    ("half a surrogate", "a\ud800b"),
    ("an object", {"a": 1}),
    ("an array", ["a"]),
    ("infinity", float("inf")),
    ("not a number", float("nan")),
]
HUGE = ("a number no column holds", 10**30)
LONG_TEXT = ("a text without end", "a" * 100_000)


def operations() -> Iterator[tuple[str, str]]:
    """(method, route) of every operation described that may write, as the resolver spells it."""
    routes = {re.sub(r"<\w+:(\w+)>", r"{\1}", route): route for route, _pattern in every_route()}
    for path, item in sorted(DESCRIBED["paths"].items()):
        for method in UNSAFE:
            if method.lower() in item:
                yield method, routes[path.strip("/") + "/"]


OPERATIONS = list(operations())


class Thrower:
    """Sends, notes what is wrong with the answer, and puts everything back."""

    def __init__(self, house: House, parties: dict[str, Party]) -> None:
        self.house = house
        self.parties = parties
        self.picture = picture_of(house)
        self.complaints: list[str] = []
        self.written: list[str] = []
        self.asked = 0

    def party_for(self, route: str) -> Party:
        """Whoever may do most behind this door."""
        for start, name in PARTIES.items():
            if route.startswith(start):
                return self.parties[name]
        return self.parties[STRONGEST]

    def url_of(self, route: str, door: Door) -> str:
        """The address with right values in it, so that the body is what is wrong."""
        values = door.path(self.house) if door.body else {}
        for name in re.findall(r"<\w+:(\w+)>", route):
            value = values.get(name, self.house.venue.slug if name == "slug" else "0" * 32)
            route = re.sub(rf"<\w+:{name}>", str(value), route)
        return f"/{route}"

    def throw(
        self, name: str, method: str, route: str, body: bytes, kind: str, allowed: set[int]
    ) -> None:
        """Send ``body``; complain unless it is refused with one of ``allowed`` and not stored."""
        self.asked += 1
        self.written = []
        party, url = self.party_for(route), self.url_of(route, DOORS[route])
        cookies = {key: morsel.value for key, morsel in party.client.cookies.items()}
        kind = kind or "multipart/form-data; boundary=x"
        with put_back():
            with connection.execute_wrapper(self._watch):
                answer = party.client.generic(method, url, body, content_type=kind)
            # What was written and put back by the door itself was not stored.
            stored = bool(self.written) and picture_of(self.house) != self.picture
        party.client.cookies.clear()
        party.client.cookies.load(cookies)
        said = f"{method} {url}, {name} → {answer.status_code}"
        if answer.status_code >= 500:
            error = (getattr(answer, "exc_info", None) or ("", "", ""))[1]
            self.complaints.append(f"{said}: {type(error).__name__}: {str(error)[:120]}")
            return
        if answer.status_code not in allowed:
            self.complaints.append(f"{said}: one of {sorted(allowed)} was to be")
        elif not self._is_problem(answer):
            self.complaints.append(f"{said}: no code, title and advice: {answer.content[:120]!r}")
        if stored:
            self.complaints.append(f"{said} wrote: {self.written[0][:160]}")

    def _watch(self, execute: Any, sql: str, *rest: Any) -> Any:
        if WRITES.search(sql) and not sql.lstrip().upper().startswith("SELECT"):
            self.written.append(sql)
        return execute(sql, *rest)

    @staticmethod
    def _is_problem(answer: Any) -> bool:
        try:
            problem = json.loads(answer.content)
        except ValueError:
            return False
        return all(isinstance(problem.get(one), str) for one in ("code", "title", "advice"))


@pytest.fixture(scope="module")
def parties(houses) -> dict[str, Party]:
    ours, _theirs = houses
    return {party.name: party for party in knocking(ours)}


@pytest.fixture
def thrower(houses, parties) -> Iterator[Thrower]:
    ours, _theirs = houses
    follow(ours)
    thrower = Thrower(ours, parties)
    yield thrower
    assert thrower.asked
    assert not thrower.complaints, "\n".join(
        [*thrower.complaints[:80], f"{len(thrower.complaints)} of {thrower.asked} requests"]
    )


def test_the_description_and_the_doors_agree():
    assert len(OPERATIONS) > 15
    assert all(DOORS[route].body for _method, route in OPERATIONS)


@pytest.mark.parametrize("rubbish", RUBBISH, ids=lambda one: one[0].replace(" ", "-"))
def test_no_door_takes_what_is_no_object(thrower, rubbish):
    name, body, kind, allowed = rubbish
    for method, route in OPERATIONS:
        # Nothing of ours has this address, and that may be said first.
        is_made_up = "<" in route and not DOORS[route].path(thrower.house)
        thrower.throw(name, method, route, body, kind, allowed | ({404} if is_made_up else set()))


def test_no_door_takes_a_wrong_value_in_a_right_body(thrower):
    """Each place of each right body in turn; a name that nobody reads may hold anything."""
    refusals = {400, 401, 403, 404, 409, 410, 422, 429}
    for method, route in OPERATIONS:
        right = DOORS[route].body
        assert right is not None
        for place, body in _spoilt(right(thrower.house)):
            sent = json.dumps(body).encode()
            thrower.throw(place, method, route, sent, JSON, refusals)


def _spoilt(body: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """``body`` again and again, each time with a wrong value at another place, and which."""
    if isinstance(body, dict):
        for name, inner in body.items():
            for where, spoilt in _spoilt(inner, f"{place}.{name}".lstrip(".")):
                yield where, {**body, name: spoilt}
    elif isinstance(body, list):
        for number, inner in enumerate(body):
            for where, spoilt in _spoilt(inner, f"{place}[{number}]"):
                yield where, [*body[:number], spoilt, *body[number + 1 :]]
    if place:
        for name, value in [*WRONG_VALUES, HUGE if isinstance(body, int) else LONG_TEXT]:
            # A list of nothing wrong is no wrong list.
            if not (isinstance(body, list) and isinstance(value, list)):
                yield f"{place}: {name}", value


@pytest.mark.parametrize("text", ["%00", "a%00b", "%FF%FE", "%ED%A0%80", "a" * 5000])
def test_no_address_breaks_a_door(thrower, text):
    """Rubbish where a slug or a secret belongs: nobody is there."""
    for method, route in OPERATIONS:
        if not re.search(r"<(slug|str):", route):
            continue
        url = re.sub(r"<\w+:\w+>", text, route)
        with put_back():
            answer = thrower.party_for(route).client.generic(method, f"/{url}", b"{}", JSON)
        thrower.asked += 1
        # What is in the body may be looked at first.
        if answer.status_code not in (400, 404, 422) or not thrower._is_problem(answer):
            thrower.complaints.append(f"{method} {route} with {text[:12]} → {answer.status_code}")
