"""The control API: there only when asked for, on loopback, and strict about what it is told."""

from __future__ import annotations

import pytest

from teraa.settlement.osm.devnet.faults.switches import SWITCHES
from teraa.settlement.osm.devnet.node import DevelopmentNode


@pytest.fixture
def controlled(http):
    """A node with a control port and a way to ask it: control(path, **body)."""
    with DevelopmentNode(control_port=0) as node:

        def control(path: str = "", **body):
            url = f"{node.control_url}/control{path}"
            return http.post(url, json=body) if path else http.get(url)

        yield node, control


def test_it_is_not_there_unless_asked_for(node, http):
    for base in (node.url, node.hooks_url):
        for path in ("/control", "/api/control", "/control/faults"):
            assert http.get(base + path).status_code == 404
            assert http.post(base + path, json={"name": "stall"}).status_code == 404
    assert node.faults.as_json() == {}


def test_it_tells_what_there_is(controlled):
    _, control = controlled
    shown = control().json()
    assert (shown["height"], shown["dialect"], shown["waiting"], shown["on"]) == (1, "2.5", 0, {})
    assert shown["switches"] == dict(SWITCHES)


def test_it_turns_switches_on_and_off(controlled, ask):
    node, control = controlled
    answer = control("/faults", name="t11_empty_200", on=True, times=1)
    assert answer.json() == {"on": {"t11_empty_200": {"times": 1}}}
    assert ask(node, "/blocks").json()["data"] == []
    assert len(ask(node, "/blocks").json()["data"]) == 1
    control("/faults", name="stall", seconds=0)
    assert control("/faults", name="stall", on=False).json() == {"on": {}}
    control("/faults", name="status_503")
    assert control("/clear").json() == {"on": {}}
    assert ask(node, "/blockchain").status_code == 200


def test_it_makes_blocks_and_unmakes_them(controlled, ask):
    node, control = controlled
    assert control("/forge", count=8).json()["height"] == 9
    before = ask(node, "/blockchain").json()["data"]["block"]["id"]
    undone = control("/rollback", blocks=4, then="same").json()
    assert (undone["height"], undone["id"], len(undone["undone"])) == (9, before, 4)
    assert control("/rollback", blocks=4, then="other").json()["height"] == 10
    assert control("/rollback", blocks=4).json()["height"] == 6
    assert control("/snapshot").json()["height"] == 1
    assert control("/skip_slot", slots=2).json() == {"slots": 2}
    assert node.faults.as_json() == {"skipped_slot": {"times": 2}}


def test_it_pays(controlled, ask, shop):
    node, control = controlled
    paid = control("/pay", address=shop, units=12, memo="OS-12").json()["id"]
    node.forge()
    assert ask(node, f"/transactions/{paid}").json()["data"]["vendorField"] == "OS-12"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/faults", {"name": "t99"}),
        ("/faults", {"on": True}),
        ("/faults", {"name": "stall", "times": 0}),
        ("/rollback", {}),
        ("/rollback", {"blocks": 0}),
        ("/rollback", {"blocks": 1, "then": "maybe"}),
        ("/forge", {"count": "3"}),
        ("/pay", {"address": "nobody", "units": 10**18}),
    ],
)
def test_it_refuses_what_it_does_not_have(controlled, path, body):
    node, control = controlled
    answer = control(path, **body)
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert (node.height, node.faults.as_json()) == (1, {})


def test_it_answers_404_elsewhere(controlled, http):
    node, control = controlled
    assert control("/nonsense").status_code == 404
    assert http.get(f"{node.control_url}/api/blockchain").status_code == 404
