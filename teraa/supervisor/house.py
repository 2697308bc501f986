"""One whole start, from an empty folder to an open venue."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import ssl
import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import certifi
import httpx

from teraa.supervisor import preparation
from teraa.supervisor.addresses import Reach, reach
from teraa.supervisor.announcement import block, read_links
from teraa.supervisor.authority import ensure_certificates, write_bundle
from teraa.supervisor.choices import Choices, outer_environment
from teraa.supervisor.cluster import environment as server_environment
from teraa.supervisor.cluster import is_answering
from teraa.supervisor.database import EmbeddedDatabase, open_database
from teraa.supervisor.keeping import Start
from teraa.supervisor.parts import Part, Surroundings, house_parts, node_part
from teraa.supervisor.places import Places, write_whole
from teraa.supervisor.refusals import Refusal
from teraa.supervisor.texts import _
from teraa.supervisor.watch import Kept

DATABASE_PATIENCE_SECONDS = 60.0
NODE_PATIENCE_SECONDS = 30.0
OPENING_PATIENCE_SECONDS = 60.0
DOCS = "docs/operations.md"


async def open_house(start: Start) -> None:
    """Bring everything up, in its order, and print the block that says where to go.

    Raises:
        Refusal: something the rest cannot do without failed.
    """
    choices, places, watch = start.choices, start.places, start.watch
    app_url, owner_url = await _database_urls(start)
    reached = _certificates(start)
    around = surroundings_of(choices, places, reached, app_url=app_url, owner_url=owner_url)
    node = watch.start(node_part(choices, places, around)) if choices.demo else None
    await _prepare(start, around)
    watch.starter.warm_up(around.common, places)
    if node is not None:
        around = await _on_the_network_of(node, start, around)
    await watch.starter.wait_until_warm()
    await _load(start, around)
    parts = house_parts(choices, places, around)
    start.say(_("Starting {parts}").format(parts=", ".join(part.name for part in parts)))
    started = [watch.start(part) for part in parts]
    links = await _links(start, around)
    await _wait_until_open(start, started)
    watch.starter.cool_down()
    print(block(choices, reach=reached, links=links, docs=DOCS), flush=True)


async def start_database(start: Start) -> EmbeddedDatabase:
    """Start the embedded PostgreSQL as a part like the others, and return when it answers.

    Raises:
        Refusal: its data must not be opened, or it does not start.
    """
    database = open_database(start.places)
    _tell_where(start, database)
    kept = start.watch.start(
        Part(
            name="database",
            command=tuple(database.cluster.command(port=database.port)),
            environment=server_environment(),
            vital=True,
            port=database.port,
            stop_signal=signal.SIGINT,  # PostgreSQL's fast and clean shutdown
            account=database.cluster.account,
            directory="/",
        )
    )
    deadline = time.monotonic() + DATABASE_PATIENCE_SECONDS
    await asyncio.sleep(0)  # lets the watch start it
    while not is_answering(database.master_url):
        if kept.state == "backoff" or time.monotonic() > deadline:
            raise Refusal(
                _("PostgreSQL does not start; {log} says why.").format(
                    log=start.places.logs / "database.log"
                )
            )
        await asyncio.sleep(0.03)
    database.provision()
    start.say(_("PostgreSQL answers on port {port}").format(port=database.port))
    return database


def _tell_where(start: Start, database: EmbeddedDatabase) -> None:
    cluster = database.cluster
    if database.ended_leftover:
        start.say(_("PostgreSQL: ended the server that a killed start had left running"))
    if cluster.account is not None:
        start.say(_("PostgreSQL runs under the account {name}").format(name=cluster.account.name))
    if not cluster.data.is_relative_to(start.places.data):
        start.say(
            _("PostgreSQL keeps its files in {home}: its account cannot reach {data}").format(
                data=start.places.data, home=cluster.data
            )
        )


async def _database_urls(start: Start) -> tuple[str, str]:
    """Return the addresses of the database for the application and for the owner."""
    if start.choices.is_embedded:
        database = await start_database(start)
        return database.app_url, database.owner_url
    start.say(_("PostgreSQL is the one that DATABASE_URL names"))
    return start.choices.database_url, start.choices.database_owner_url


def _certificates(start: Start) -> Reach:
    """Return how this machine is reached; make TLS ready when the local network is served."""
    reached = reach()
    if not start.choices.lan:
        return reached
    tls = start.places.tls
    vouched = ensure_certificates(tls, reached, at=datetime.now(UTC))
    usual = outer_environment().get("SSL_CERT_FILE") or certifi.where()
    write_bundle(tls, [Path(usual)])
    if vouched.is_new:
        hosts = ", ".join(vouched.reach.hosts())
        start.say(_("A certificate for {hosts}").format(hosts=hosts))
    if vouched.left_out:
        start.say(
            _(
                "Not for {hosts}: the local authority was made before. To include them, delete"
                " {tls} and install the new authority on every device."
            ).format(hosts=", ".join(vouched.left_out), tls=tls)
        )
    return vouched.reach


def surroundings_of(
    choices: Choices, places: Places, reached: Reach, *, app_url: str, owner_url: str
) -> Surroundings:
    """Return what each part is told through its environment, and no more than it needs."""
    common = {
        **outer_environment(),
        "TERAA_DATA": str(places.data),
        "TERAA_PORT": str(choices.port),
        "TERAA_SCHEME": choices.scheme,
        "TERAA_DEMO": "1" if choices.demo else "0",
        "TERAA_SECRET_KEY": _secret(places.secret),
        "DATABASE_URL": app_url,
        "PYTHONUNBUFFERED": "1",
    }
    common.setdefault("TERAA_HOOK_BASE", f"{choices.scheme}://127.0.0.1:{choices.port}")
    # A proxy for the outside world is none for parts that talk to each other.
    outside = common.get("NO_PROXY") or common.get("no_proxy", "")
    common["NO_PROXY"] = common["no_proxy"] = f"{outside},127.0.0.1,localhost".lstrip(",")
    if choices.demo:
        common["TERAA_NODE_URL"] = f"http://127.0.0.1:{choices.node_port}"
        common["TERAA_NODE_HOOKS_URL"] = f"http://127.0.0.1:{choices.hooks_port}"
    if choices.lan:
        hosts = reached.hosts()
        common["TERAA_HOSTS"] = ",".join([*hosts, "[::1]"])
        common["TERAA_TRUSTED_ORIGINS"] = ",".join(
            f"https://{host}:{choices.port}" for host in hosts
        )
        # Our own parts meet the same certificate as everybody else.
        common["SSL_CERT_FILE"] = str(places.tls / "trusted.pem")
    return Surroundings(
        common=common,
        keys={"TERAA_KEYS": str(places.keys)},
        owner={"DATABASE_OWNER_URL": owner_url},
    )


def _secret(path: Path) -> str:
    if not path.exists():
        write_whole(path, secrets.token_urlsafe(48) + "\n", mode=0o600)
    return path.read_text(encoding="ascii").strip()


async def _prepare(start: Start, around: Surroundings) -> None:
    """Do side by side what can be done before anything runs."""
    prepare = preparation.Preparation(start.places, starter=start.watch.starter, say=start.say)

    async def files() -> None:
        await prepare.do(preparation.browser_modules(around))
        await prepare.do(preparation.collect_static(start.places, around))

    async def tables_and_texts() -> None:
        await prepare.do(preparation.migrate(start.choices, around))
        await prepare.do(preparation.compile_texts(around))

    await _together(files(), tables_and_texts())


async def _together(*jobs: Coroutine[None, None, None]) -> None:
    """Run jobs side by side; the first failure ends the others and is raised as it is."""
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _on_the_network_of(node: Kept, start: Start, around: Surroundings) -> Surroundings:
    """Pin the network of the demonstration: the one that its own node forges."""
    await start.watch.wait_until_up(node, patience_seconds=NODE_PATIENCE_SECONDS)
    address = f"{around.common['TERAA_NODE_URL']}/api/node/configuration"
    try:
        async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
            answer = await client.get(address)
            nethash = str(answer.raise_for_status().json()["data"]["nethash"])
    except (httpx.HTTPError, KeyError, ValueError) as error:
        raise Refusal(
            _("The development node does not answer; {log} says why.").format(
                log=start.places.logs / "devnet.log"
            )
        ) from error
    common = {**around.common, "TERAA_NODE_NETHASH": nethash}
    return Surroundings(common=common, keys=around.keys, owner=around.owner)


async def _load(start: Start, around: Surroundings) -> None:
    prepare = preparation.Preparation(start.places, starter=start.watch.starter, say=start.say)
    if start.choices.demo:
        await prepare.do(preparation.load_demo(around))
    await prepare.do(preparation.agent_config(start.choices, start.places, around))


async def _links(start: Start, around: Surroundings) -> dict[str, Any]:
    links = preparation.demo_links if start.choices.demo else preparation.first_links
    prepare = preparation.Preparation(start.places, starter=start.watch.starter, say=start.say)
    return read_links(await prepare.output_of(links(around)))


async def _wait_until_open(start: Start, started: list[Kept]) -> None:
    """Return when every part is up and ``/healthz`` agrees; after a while, say what is missing."""
    choices, places = start.choices, start.places
    deadline = time.monotonic() + OPENING_PATIENCE_SECONDS
    bundle = str(places.tls / "trusted.pem") if choices.lan else certifi.where()
    address = f"{choices.scheme}://127.0.0.1:{choices.port}/healthz"
    client = httpx.AsyncClient(
        timeout=5.0, trust_env=False, verify=ssl.create_default_context(cafile=bundle)
    )
    async with client:
        while time.monotonic() < deadline:
            if all(kept.state == "up" for kept in started):
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(address)).status_code == httpx.codes.OK:
                        return
            await asyncio.sleep(0.1)
    late = [name for name, state in start.watch.states().items() if state != "up"]
    start.say(
        _("Not everything is up: {parts}. {address} and {logs} say more.").format(
            parts=", ".join(late) or "/healthz", address=address, logs=places.logs
        )
    )
