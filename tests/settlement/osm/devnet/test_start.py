"""The command: what it prints, where it refuses to listen, how it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import httpx
import pytest

from teraa.settlement.osm.devnet.__main__ import main
from teraa.settlement.osm.devnet.genesis import nethash_of
from teraa.settlement.osm.devnet.http import NotLoopback, listening_socket, loopback

COMMAND = [sys.executable, "-m", "teraa.settlement.osm.devnet"]


@pytest.fixture
def kept():
    """A client that keeps its connections open, as most do."""
    with httpx.Client(trust_env=False, timeout=10) as client:
        yield client


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_introduces_itself_and_ends_when_told(tmp_path, kept, stop):
    command = [*COMMAND, "--profile", "published", "--blocktime", "1", "--data", str(tmp_path)]
    process = subprocess.Popen(
        [*command, "--port", "0", "--hooks-port", "0"], stdout=subprocess.PIPE, text=True
    )
    told = dict(process.stdout.readline().strip().split(maxsplit=1) for _ in range(7))
    assert told["nethash"] == nethash_of("published")
    assert (told["dialect"], told["height"]) == ("2.5", "1")
    assert "control" not in told
    assert told["profile"] == "published: a block every 1 s"
    configuration = kept.get(f"{told['api']}/node/configuration").json()["data"]
    assert configuration["nethash"] == told["nethash"]
    assert told["api"].endswith(f":{configuration['ports']['@arkecosystem/core-api']}/api")
    assert kept.get(told["webhooks"]).json() == {"data": []}
    # The client's connections stay open: they must not hold the end up.
    process.send_signal(stop)
    assert process.wait(10) == 0
    process.stdout.close()


def test_it_speaks_3_9_and_listens_to_tests_when_asked(tmp_path, http):
    ports = ["--port", "0", "--hooks-port", "0", "--control-port", "0"]
    process = subprocess.Popen(
        [*COMMAND, "--dialect", "3.9", "--locks", "--data", str(tmp_path), *ports],
        stdout=subprocess.PIPE,
        text=True,
    )
    told = dict(process.stdout.readline().strip().split(maxsplit=1) for _ in range(8))
    assert told["nethash"] == nethash_of("manifesto", "3.9")
    control = told["control"].removesuffix(" (for tests)")
    assert http.get(control).json()["dialect"] == "3.9"
    assert http.post(f"{control}/forge", json={"count": 2}).json()["height"] >= 3
    constants = http.get(f"{told['api']}/node/configuration").json()["data"]["constants"]
    assert constants["htlcEnabled"] is True
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    process.stdout.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.10", "::", "example.org", ""])
def test_it_listens_on_loopback_only(tmp_path, capsys, host):
    assert main(["--bind", host, "--data", str(tmp_path / "data")]) == 2
    assert "listens on loopback only" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()
    with pytest.raises(NotLoopback):
        listening_socket(host, 0)


def test_it_knows_the_names_of_loopback():
    assert loopback("localhost") == "127.0.0.1"
    assert loopback("127.0.0.2") == "127.0.0.2"
    assert loopback("::1") == "::1"


def test_it_says_when_a_port_is_taken(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["--port", port, "--hooks-port", "0", "--data", str(tmp_path)]) == 1
    assert "cannot listen on 127.0.0.1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        ["--blocktime", "0.5"],
        ["--blocktime", "0"],
        ["--profile", "x"],
        ["--port", "99999"],
        ["--dialect", "4"],
        ["--control-port", "-1"],
    ],
)
def test_it_refuses_wrong_settings(tmp_path, wrong):
    with pytest.raises(SystemExit) as ended:
        main([*wrong, "--data", str(tmp_path)])
    assert ended.value.code == 2


def test_it_needs_no_django():
    program = (
        "import sys, teraa.settlement.osm.devnet.__main__, teraa.settlement.osm.devnet.wallet;"
        "sys.exit('django' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
