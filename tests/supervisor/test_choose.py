"""What a start was asked for: from the command line, the environment, and earlier starts."""

from __future__ import annotations

import pytest

from teraa.supervisor.choices import outer_environment, read_choices, remember_choices
from teraa.supervisor.places import Places
from teraa.supervisor.refusals import Refusal

OWN = {"DATABASE_URL": "postgresql://a@h/t", "DATABASE_OWNER_URL": "postgresql://o@h/t"}


def _choices(data, *arguments: str, **environment: str):
    return read_choices(arguments, {"TERAA_DATA": str(data), **environment})


def test_a_first_start_is_a_demonstration_on_this_machine_only(tmp_path):
    chosen = _choices(tmp_path)

    assert (chosen.demo, chosen.lan, chosen.is_embedded) == (True, False, True)
    assert chosen.ports() == [8000, 8001, 8003, 8004, 8005]
    assert chosen.scheme == "http"


def test_a_database_of_ones_own_gets_no_demonstration_unless_asked(tmp_path):
    assert _choices(tmp_path, **OWN).demo is False
    assert _choices(tmp_path, **OWN, TERAA_DEMO="1").demo is True


def test_what_was_said_of_the_demonstration_stays(tmp_path):
    remember_choices(Places(tmp_path), _choices(tmp_path, TERAA_DEMO="0"))
    assert _choices(tmp_path).demo is False
    assert _choices(tmp_path).ports() == [8000, 8001]

    remember_choices(Places(tmp_path), _choices(tmp_path, TERAA_DEMO="1"))
    assert _choices(tmp_path).demo is True


def test_the_local_network_means_tls(tmp_path):
    assert _choices(tmp_path, "--lan").scheme == "https"


@pytest.mark.parametrize("port", ["80", "99999", "http", "-1", "٨٠٠٠"])
def test_it_refuses_a_port_that_is_none(tmp_path, port):
    with pytest.raises(Refusal, match=f"TERAA_PORT is “{port}”"):
        _choices(tmp_path, TERAA_PORT=port)


def test_it_refuses_half_of_a_database(tmp_path):
    for name, value in OWN.items():
        with pytest.raises(Refusal, match="needs two addresses"):
            _choices(tmp_path, **{name: value})


def test_it_refuses_a_demonstration_that_is_neither_on_nor_off(tmp_path):
    with pytest.raises(Refusal, match="TERAA_DEMO is “yes”"):
        _choices(tmp_path, TERAA_DEMO="yes")


def test_parts_do_not_inherit_what_only_some_may_see(monkeypatch):
    for name in ("DATABASE_OWNER_URL", "TERAA_KEYS", "TERAA_ROLE", "TERAA_HARMLESS"):
        monkeypatch.setenv(name, "x")

    outer = outer_environment()

    assert outer["TERAA_HARMLESS"] == "x"
    assert not outer.keys() & {"DATABASE_OWNER_URL", "TERAA_KEYS", "TERAA_ROLE"}
