"""The chain, the pool and the hooks survive a stop, a kill and a torn file; other damage is named."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.devnet.profiles import DEMO_PHRASE
from teraa.settlement.osm.devnet.storage import Log, StorageBroken, StorageTaken
from teraa.settlement.osm.devnet.wallet import DevelopmentWallet

HOOK = {"event": "block.applied", "target": "http://127.0.0.1:9/", "conditions": []}


@contextlib.contextmanager
def running(data: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run the command on free ports; give the process and what it prints of itself."""
    command = [sys.executable, "-m", "teraa.settlement.osm.devnet"]
    options = ["--port", "0", "--hooks-port", "0", "--data", str(data), *more]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
    try:
        told: dict[str, str] = {}
        for line in process.stdout:
            name, _, value = line.strip().partition(" ")
            told[name] = value.strip()
            if name == "passphrase":
                break
        yield process, told
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()


def node_url(told: dict[str, str]) -> str:
    return told["api"].removesuffix("/api")


def test_it_goes_on_where_it_stopped(tmp_path, ask, http, shop):
    with DevelopmentNode(data_dir=tmp_path) as node:
        confirmed = node.pay(shop, 5, "OS-1", forge=True)
        node.forge(60)
        node.pay(shop, 6, "OS-2")
        node.demo_wallet.vote(f"+{node.forge().generator_public_key}")
        waiting = node.pay(shop, 7, "OS-3")
        before = [
            ask(node, path).content
            for path in (
                *("/blocks?limit=100", "/transactions", "/wallets?limit=100", "/delegates"),
                *("/transactions/unconfirmed", "/blockchain", "/node/fees"),
            )
        ]
        hook = http.post(f"{node.hooks_url}/api/webhooks", json=HOOK).json()["data"]
    with DevelopmentNode(data_dir=tmp_path) as node:
        after = [
            ask(node, path).content
            for path in (
                *("/blocks?limit=100", "/transactions", "/wallets?limit=100", "/delegates"),
                *("/transactions/unconfirmed", "/blockchain", "/node/fees"),
            )
        ]
        assert after == before
        assert ask(node, f"/transactions/{confirmed}").status_code == 200
        kept = http.get(f"{node.hooks_url}/api/webhooks").json()["data"]
        assert [one["id"] for one in kept] == [hook["id"]]
        node.forge()
        assert ask(node, f"/transactions/{waiting}").json()["data"]["confirmations"] == 1


def test_it_comes_back_on_the_same_ports(node, ask, shop):
    url, paid = node.url, node.pay(shop, 5)
    node.stop()
    with pytest.raises(httpx.ConnectError):
        ask(node, "/blockchain")
    node.start()
    assert node.url == url
    node.forge()
    assert ask(node, f"/transactions/{paid}").status_code == 200
    node.pay(shop, 6)


def test_it_loses_nothing_it_answered_for_when_killed(tmp_path, http, shop):
    with running(tmp_path, "--profile", "published", "--blocktime", "1") as (process, told):
        with DevelopmentWallet(node_url(told), DEMO_PHRASE) as wallet:
            sent = [
                wallet.send(address=shop, units=units, vendor_field=f"OS-{units}")
                for units in range(1, 31)
            ]
            deadline = time.monotonic() + 20
            while not http.get(f"{told['api']}/transactions/{sent[0]}").is_success:
                assert time.monotonic() < deadline, "no block came"
                time.sleep(0.02)
            sent += [wallet.send(address=shop, units=units) for units in range(31, 41)]
        hook = http.post(told["webhooks"], json=HOOK).json()["data"]["id"]
        height = http.get(f"{told['api']}/blockchain").json()["data"]["block"]["height"]
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    with DevelopmentNode(profile="published", data_dir=tmp_path) as node:
        assert node.height >= height
        assert node.nethash == told["nethash"]
        node.forge()
        assert node.wallet("merchant one").balance() == sum(range(1, 41))
        found = http.get(f"{node.url}/api/transactions?type=0&limit=100").json()["data"]
        assert set(sent) <= {one["id"] for one in found}
        assert http.get(f"{node.hooks_url}/api/webhooks/{hook}").is_success


def test_it_cuts_off_a_line_that_a_crash_left_unfinished(tmp_path, ask):
    with DevelopmentNode(data_dir=tmp_path) as node:
        node.forge(3)
        kept = ask(node, "/blocks/3").json()["data"]["id"]
    log = tmp_path / "blocks.log"
    os.truncate(log, log.stat().st_size - 20)
    with DevelopmentNode(data_dir=tmp_path) as node:
        assert node.height == 3
        assert ask(node, "/blocks/last").json()["data"]["id"] == kept
        node.forge()
    with DevelopmentNode(data_dir=tmp_path) as node:
        assert node.height == 4


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b'"height":3', b'"height":9', "line 2 of the log is damaged"),
        (b"", b"", ""),
    ],
)
def test_it_refuses_a_log_that_was_altered(tmp_path, old, new, why):
    with DevelopmentNode(data_dir=tmp_path) as node:
        node.forge(4)
    log = tmp_path / "blocks.log"
    content = log.read_bytes()
    if why:
        log.write_bytes(content.replace(old, new, 1))
    else:
        # A whole block taken out: every line is sound, the chain is not.
        lines = content.splitlines(keepends=True)
        log.write_bytes(b"".join([lines[0], *lines[2:]]))
        why = "does not add up: block 4: height is 4, not 3"
    with pytest.raises(StorageBroken, match=why):
        DevelopmentNode(data_dir=tmp_path).start()


def test_it_refuses_coins_written_into_the_log(tmp_path, shop):
    with DevelopmentNode(data_dir=tmp_path) as node:
        node.pay(shop, 5, forge=True)
        node.forge()
    path = tmp_path / "blocks.log"
    log = Log(path)
    records = list(log)
    records[0]["transactions"][0]["amount"] = "6"
    records[0]["block"]["totalAmount"] = "6"
    log.replace(records)
    log.close()
    with pytest.raises(StorageBroken, match="block 2: id is"):
        DevelopmentNode(data_dir=tmp_path).start()


def test_it_refuses_the_chain_of_another_network(tmp_path):
    with DevelopmentNode(profile="manifesto", data_dir=tmp_path):
        pass
    with pytest.raises(StorageBroken, match="holds the chain of another network"):
        DevelopmentNode(profile="published", data_dir=tmp_path).start()


def test_it_refuses_a_directory_in_use(tmp_path):
    with (
        DevelopmentNode(data_dir=tmp_path),
        pytest.raises(StorageTaken, match="another development node is using"),
    ):
        DevelopmentNode(data_dir=tmp_path).start()


def test_it_may_change_its_block_time_between_two_runs(tmp_path):
    with DevelopmentNode(data_dir=tmp_path) as node:
        node.forge(3)
    with DevelopmentNode(data_dir=tmp_path, blocktime=3600) as node:
        assert node.height == 4
