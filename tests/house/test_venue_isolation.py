"""Nobody sees or moves another venue's things: every door × everybody × every foreign id.

The doors are read from the URL resolver, so a new one is tried too, or this test says what it
needs to know about it. ``two_venues.py`` furnishes both venues.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest

from tests.house import two_venues
from tests.house.doors import DOORS, OFFICE, TO_ADD, every_route, unsafe_methods
from tests.house.knocking import Knocking, filled, swapped
from tests.house.two_venues import House, knocking, owned_models, rows_of

# Thousands of knocks; the common limit is meant for one story.
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Every refusal would be logged; there are thousands."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def test_every_door_is_known():
    unknown = [
        TO_ADD.format(route=route)
        for route, pattern in every_route()
        if not route.startswith(OFFICE)
        and (
            route not in DOORS
            or (unsafe_methods(pattern) and _is_api(route) and not DOORS[route].body)
        )
    ]
    gone = sorted(DOORS.keys() - {route for route, _pattern in every_route()})

    assert not unknown, "\n".join(unknown)
    assert not gone, f"take these out of DOORS, they are no more: {gone}"


def _is_api(route: str) -> bool:
    return route.startswith("api/")


def test_both_venues_have_something_in_every_table(houses):
    _ours, theirs = houses
    empty = [
        f"add a row of {model._meta.label} to furnish() in tests/house/two_venues.py, or say in "
        "HOUSE_WIDE why it belongs to no venue"
        for model in owned_models()
        if two_venues.path_to_venue(model) is None or not rows_of(theirs, model).exists()
    ]

    assert not empty, "\n".join(empty)


def test_no_door_shows_or_moves_what_is_another_venues(houses):
    ours, theirs = houses
    knock = Knocking(ours, theirs)
    parties = list(knocking(ours))
    for route, pattern in every_route():
        if route.startswith(OFFICE):
            continue
        door = DOORS[route]
        names = re.findall(r"<\w+:(\w+)>", route)
        methods = unsafe_methods(pattern) or (["POST"] if door.body else [])
        for party in parties:
            knock.follow(ours)  # with full counts one route takes minutes
            foreign_ids = knock.ids_for(party)
            tried = foreign_ids[:1] if door.secret else foreign_ids
            for url, has_foreign in _addresses(route, names, theirs, tried):
                refused = has_foreign and not door.secret and not door.shows
                knock.ask(party, "GET", url, refused=refused, shows=door.shows)
                for method in methods:
                    body = door.body(ours) if door.body else {}
                    knock.ask(party, method, url, body=body, form=door.form, refused=refused)
            for method in methods if door.body else []:
                url = filled(route, door.path(ours))
                body = door.body(ours)
                for foreign in foreign_ids:
                    for other in swapped(body, door.chosen, foreign):
                        knock.ask(party, method, url, body=other, refused=True)

    knock.report()


def _addresses(
    route: str, names: list[str], theirs: House, ids: list[str]
) -> Iterator[tuple[str, bool]]:
    if not names:
        yield f"/{route}", False
        return
    values = [*ids[:3], theirs.venue.slug] if "<slug:" in route else ids
    for value in values:
        yield filled(route, dict.fromkeys(names, value)), True


def test_a_right_request_is_answered(houses):
    """Otherwise the test above would be content with doors that refuse everybody."""
    ours, theirs = houses
    knock = Knocking(ours, theirs)
    manager = next(one for one in knocking(ours) if one.name == "manager at a till")
    knock.follow(ours)
    for route, door in DOORS.items():
        if not route.startswith(("api/pos/", "api/amap/", "api/settlement/")):
            continue
        url = filled(route, door.path(ours) or {"key": ours.cash_sale.key})
        body = door.body(ours) if door.body else None
        status = knock.ask(manager, "POST" if body is not None else "GET", url, body=body)
        assert status in (200, 201), (route, status)
    knock.report()
