"""The block that ends a start says where to go."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from pathlib import Path

from teraa.supervisor.addresses import Reach
from teraa.supervisor.announcement import block, read_links
from teraa.supervisor.choices import Choices

HERE = Choices(data=Path("/data"), port=8000, demo=True)
REACH = Reach(
    names=("localhost", "bar.local"),
    addresses=(ipaddress.IPv4Address("192.168.1.20"), ipaddress.IPv4Address("127.0.0.1")),
)
LINKS = {
    "till": "/till/open/abc/",
    "gate": "/gate/enter/jkl/",
    "office": "/office/enter/def/",
    "demo": "/demo/",
    "pins": {"Awa": "1234", "Léo": "5678"},
}


def _block(choices: Choices, links=LINKS) -> str:
    return block(choices, reach=REACH, links=links, docs="docs/operations.md")


def test_it_names_every_door_of_a_demonstration():
    said = _block(HERE)

    for path in ("/", "/till/open/abc/", "/gate/enter/jkl/", "/office/enter/def/", "/demo/"):
        assert f"http://localhost:8000{path}\n" in said
    assert "Awa 1234" in said
    assert "Léo 5678" in said
    assert "Ctrl-C" in said


def test_it_names_no_demonstration_where_there_is_none():
    said = _block(replace(HERE, demo=False), links={})

    assert "http://localhost:8000/office/\n" in said
    assert "/demo/" not in said
    assert "PIN" not in said


def test_it_shows_a_tablet_the_way_in():
    said = _block(replace(HERE, lan=True))

    assert "https://192.168.1.20:8000/trust/\n" in said
    assert said.count("▀▀▀▀▀▀▀▀\n") == 2  # two codes to scan: trust, then a till


def test_it_reads_links_after_whatever_else_was_printed():
    assert read_links('loading…\n{"till": "/till/x/"}\n') == {"till": "/till/x/"}
