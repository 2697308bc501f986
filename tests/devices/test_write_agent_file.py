"""The file an agent on this machine is started with."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from teraa.common import journal_codes
from teraa.devices.agent.config import load_config
from teraa.devices.configuring import Addresses, NoAgentStation, write_agent_file
from teraa.fiscal.models import Document, Lane
from teraa.fiscal.registers import open_register
from teraa.venues.authentication import StationUnknown, session_for
from teraa.venues.models import Station
from teraa.venues.operations import revoke_station
from tests import make
from tests.devices import cast

pytestmark = pytest.mark.django_db
HERE = Addresses(server="http://127.0.0.1:8000", live_url="ws://127.0.0.1:8001/ws/")


@pytest.fixture
def venue(keys_dir, at):
    """A venue whose journal can take the enrolment."""
    venue = make.venue()
    open_register(
        venue_id=venue.pk,
        payee_id=make.payee(venue).pk,
        station_id=None,
        name="Web",
        lane=Lane.WEB,
        at=at,
    )
    return venue


def test_the_agent_can_read_it_and_its_token_opens_the_door(venue, tmp_path, at):
    printer = cast.printer(venue)
    cast.agent(venue, name="without printers")

    station, is_new = write_agent_file(tmp_path / "agent.toml", addresses=HERE, at=at)

    assert (station, is_new) == (printer.station, True)
    config = load_config(tmp_path / "agent.toml")
    assert session_for(station_token=config.token).station == station
    assert (config.server, config.live_url) == (HERE.server, HERE.live_url)
    assert config.state_dir == tmp_path / "agent-state"
    assert (tmp_path / "agent.toml").stat().st_mode & 0o777 == 0o600
    assert Document.objects.filter(event_code=journal_codes.STATION_ENROLLED).count() == 1


def test_a_good_token_is_kept_and_the_addresses_follow(venue, tmp_path, at):
    cast.printer(venue)
    path = tmp_path / "agent.toml"
    write_agent_file(path, addresses=HERE, at=at)
    before = load_config(path)

    moved = Addresses("https://127.0.0.1:9000", "wss://127.0.0.1:9001/ws/", tmp_path / "ca.crt")
    _, is_new = write_agent_file(path, addresses=moved, at=at)

    after = load_config(path)
    assert not is_new
    assert after.token == before.token
    assert (after.server, after.verify) == ("https://127.0.0.1:9000", tmp_path / "ca.crt")


def test_a_token_that_opens_nothing_is_replaced(venue, tmp_path, at):
    station = cast.printer(venue).station
    path = tmp_path / "agent.toml"
    write_agent_file(path, addresses=HERE, at=at)
    old = load_config(path).token
    revoke_station(station=Station.objects.get(pk=station.pk), at=at)

    _, is_new = write_agent_file(path, addresses=HERE, at=at)

    assert is_new
    assert load_config(path).token != old
    with pytest.raises(StationUnknown):
        session_for(station_token=old)


@pytest.mark.parametrize("text", ["not toml [", "token = 3", 'token = "guessed"'])
def test_a_file_that_is_none_is_written_anew(venue, tmp_path, at, text):
    cast.printer(venue)
    path = tmp_path / "agent.toml"
    path.write_text(text)

    assert write_agent_file(path, addresses=HERE, at=at)[1]


def test_another_station_may_be_named(venue, tmp_path, at):
    cast.printer(venue)
    cellar = cast.agent(venue, name="Cave")
    path = tmp_path / "agent.toml"
    write_agent_file(path, addresses=HERE, at=at)

    station, is_new = write_agent_file(path, addresses=HERE, name="Cave", at=at)

    assert (station, is_new) == (cellar, True)


def test_without_an_agent_station_it_says_so_and_writes_nothing(venue, tmp_path, at, capsys):
    make.station(venue)
    path = tmp_path / "agent.toml"
    with pytest.raises(NoAgentStation):
        write_agent_file(path, addresses=HERE, at=at)

    call_command("agent_config", path=path)

    assert not path.exists()
    assert capsys.readouterr().out.strip()


def test_the_command_writes_where_this_house_is(venue, tmp_path, settings, capsys):
    settings.TERAA_DATA = tmp_path
    settings.TERAA_SCHEME = "https"
    settings.TERAA_PORT, settings.TERAA_LIVE_PORT = 8100, 8101
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls" / "teraa-authority.crt").write_text("a certificate")
    cast.printer(venue)

    call_command("agent_config", path=tmp_path / "agent.toml")

    config = load_config(tmp_path / "agent.toml")
    assert config.server == "https://127.0.0.1:8100"
    assert config.live_url == "wss://127.0.0.1:8101/ws/"
    assert config.verify == tmp_path / "tls" / "teraa-authority.crt"
    assert "enrolled" in capsys.readouterr().out
