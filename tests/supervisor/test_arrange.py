"""Which part is told what, and how it is served."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from teraa.supervisor.choices import Choices
from teraa.supervisor.parts import Surroundings, house_parts, node_part
from teraa.supervisor.places import Places

DEMO = Choices(data=Path("/data"), port=8000, demo=True)
AROUND = Surroundings(
    common={"DATABASE_URL": "app"}, keys={"TERAA_KEYS": "/data/keys"}, owner={"OWNER": "owner"}
)


def _parts(choices: Choices) -> dict:
    return {part.name: part for part in house_parts(choices, Places(choices.data), AROUND)}


def test_only_what_seals_is_told_where_the_fiscal_keys_are():
    told = {name for name, part in _parts(DEMO).items() if "TERAA_KEYS" in part.environment}

    assert told == {"web", "effects", "jobs"}


def test_no_part_is_told_of_the_owner():
    assert not any("OWNER" in part.environment for part in _parts(DEMO).values())


def test_a_venue_cannot_open_without_its_vital_parts():
    vital = {name for name, part in _parts(DEMO).items() if part.vital}

    assert vital == {"web", "live", "ingest", "effects", "relay"}


def test_an_agent_runs_where_one_is_enrolled(tmp_path):
    assert "agent" not in _parts(replace(DEMO, data=tmp_path))

    Places(tmp_path).agent.touch()
    assert "agent" in _parts(replace(DEMO, data=tmp_path))


def test_a_real_venue_has_no_fake_printer():
    assert "printer" in _parts(DEMO)
    assert "printer" not in _parts(replace(DEMO, demo=False))


@pytest.mark.parametrize("name", ["web", "live"])
def test_it_listens_beyond_this_machine_only_when_asked_and_then_over_tls(name):
    here = _parts(DEMO)[name].command
    assert "--host=127.0.0.1" in here
    assert not any("ssl" in argument for argument in here)

    beyond = _parts(replace(DEMO, lan=True))[name].command
    assert "--host=0.0.0.0" in beyond
    assert "--ssl-certificate=/data/tls/server.crt" in beyond
    assert "--ssl-keyfile=/data/tls/server.key" in beyond


def test_two_houses_can_stand_beside_each_other():
    def ports(port: int) -> set[int]:
        choices = replace(DEMO, port=port)
        parts = [node_part(choices, Places(DEMO.data), AROUND), *_parts(choices).values()]
        return {part.port for part in parts if part.port}

    assert ports(8000) == {8000, 8001, 8003, 8005}
    assert not ports(8000) & ports(8010)
