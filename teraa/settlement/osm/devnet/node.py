"""A whole development node: files, chain, pool, forger, webhooks and its two loopback ports."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar

from teraa.settlement.osm.addresses import address_of_passphrase, key_pair
from teraa.settlement.osm.blocks import BlockHeader
from teraa.settlement.osm.moments import epoch_seconds

from .acts import Acts, Then
from .api.node_state import NodeState
from .chain import Chain, ChainBroken
from .deliveries import Deliveries
from .events import Events
from .forger import Forger
from .genesis import genesis_of, nethash_of
from .http import LoopbackServer, api_application, hooks_application, listening_socket
from .ledger import LedgerBroken
from .pool import Pool
from .profiles import ADDRESS_BYTE, DEMO_PHRASE, PROFILES
from .storage import DataDirectory, Log, StorageBroken
from .wallet import DevelopmentWallet
from .webhooks import Webhooks

Result = TypeVar("Result")
_NETWORK_FILE: Final = "network.json"
_START_SECONDS: Final = 60


class UnknownProfile(ValueError):
    """There is no profile of that name."""


def utc_now() -> datetime:
    """Return the time of this machine: the clock of a node that is given no other."""
    return datetime.now(UTC)


class Node:
    """A node on the files of one directory. Its methods belong to one event loop.

    `block_time` is in seconds (None: the profile's). With `forging` a block comes every block
    time; without, only when asked. Raises UnknownProfile, storage.StorageTaken, and StorageBroken
    when the directory holds another network's chain or a damaged one.
    """

    def __init__(
        self,
        *,
        profile: str,
        data: Path,
        block_time: int | None = None,
        forging: bool = True,
        rate_limited: bool = False,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        if profile not in PROFILES:
            raise UnknownProfile(f"{profile}: choose one of {', '.join(PROFILES)}")
        self.profile = PROFILES[profile]
        self.block_time = block_time or self.profile.block_time
        self.nethash = nethash_of(profile)
        self._forging = forging
        self._rate_limited = rate_limited
        self._clock = clock
        self._servers: list[LoopbackServer] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.directory = DataDirectory(data)
        try:
            self._open(data)
        except BaseException:
            self.directory.close()
            raise

    @property
    def torn_bytes(self) -> int:
        """How many unfinished bytes a crash had left, and were cut off at this start."""
        return self._block_log.torn_bytes + self._pool_log.torn_bytes

    async def start(self, *, host: str = "127.0.0.1", port: int, hooks_port: int) -> None:
        """Bind both ports (0: any free one), serve, and begin to forge.

        Raises http.NotLoopback for another address than this machine's own, OSError when a port
        is taken.
        """
        with contextlib.ExitStack() as undo:
            listener = undo.enter_context(listening_socket(host, port))
            hooks_listener = undo.enter_context(listening_socket(host, hooks_port))
            undo.pop_all()
        self.state.port = listener.getsockname()[1]
        self.state.hooks_port = hooks_listener.getsockname()[1]
        self._servers = [
            LoopbackServer(api_application(self.state, rate_limited=self._rate_limited), listener),
            LoopbackServer(hooks_application(self.webhooks), hooks_listener),
        ]
        self._tasks = [asyncio.create_task(one.run_until_stopped()) for one in self._servers]
        while not all(one.started for one in self._servers):
            for task in self._tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.001)
        if self._forging:
            self._tasks.append(asyncio.create_task(self.forger.run()))

    async def stop(self) -> None:
        """Stop forging and serving, give up deliveries under way, let go of the directory."""
        for server in self._servers:
            server.stop()
        for task in self._tasks[len(self._servers) :]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.deliveries.stop()
        self._block_log.close()
        self._pool_log.close()
        self.directory.close()

    def now(self) -> int:
        """Return the network's time: whole seconds since its epoch."""
        return epoch_seconds(self._clock())

    def _open(self, data: Path) -> None:
        self._claim_directory(data)
        events = Events()
        self._block_log = Log(data / "blocks.log")
        self._pool_log = Log(data / "pool.log")
        try:
            self.chain = Chain(self.profile, genesis_of(self.profile.name), self._block_log)
        except (ChainBroken, LedgerBroken) as error:
            raise StorageBroken(f"{data}/blocks.log does not add up: {error}") from error
        self.pool = Pool(
            self.chain, self._pool_log, events, block_time=self.block_time, now=self.now
        )
        delegates = [key_pair(phrase) for phrase in self.profile.delegate_phrases()]
        self.forger = Forger(
            self.chain,
            self.pool,
            events,
            keys={keys.public_key: keys for keys in delegates},
            block_time=self.block_time,
            clock=self._clock,
        )
        self.acts = Acts(self.chain, self.pool, self.forger, events)
        self.webhooks = Webhooks(self.directory)
        self.deliveries = Deliveries(self.webhooks, self._clock)
        events.listen(self.deliveries.deliver)
        self.state = NodeState(
            chain=self.chain,
            pool=self.pool,
            nethash=self.nethash,
            block_time=self.block_time,
            now=self.now,
        )

    def _claim_directory(self, data: Path) -> None:
        network = {"profile": self.profile.name, "nethash": self.nethash}
        found = self.directory.read_json(_NETWORK_FILE)
        if found is None:
            self.directory.write_json(_NETWORK_FILE, network)
        elif found != network:
            raise StorageBroken(
                f"{data} holds the chain of another network "
                f"({found.get('profile')}, nethash {str(found.get('nethash'))[:12]}…): "
                "choose its profile or an empty directory"
            )


class DevelopmentNode:
    """The in-process twin for tests: a real node on ephemeral loopback ports, in a thread.

    With `blocktime` None (the default) a block is forged only by `forge()`, and the configuration
    still tells the profile's block time. Without `data_dir` the chain goes with the node; give one
    to see it again. Use it as a context manager.
    """

    def __init__(
        self,
        *,
        profile: str = "manifesto",
        blocktime: int | None = None,
        data_dir: Path | str | None = None,
        port: int = 0,
        hooks_port: int = 0,
        rate_limit: bool = False,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._settings: dict[str, Any] = {
            "profile": profile,
            "block_time": blocktime,
            "forging": blocktime is not None,
            "rate_limited": rate_limit,
            "clock": clock,
        }
        self._data_dir = Path(data_dir) if data_dir is not None else None
        self._ports = (port, hooks_port)
        self._started: Future[None] = Future()
        self._stack = contextlib.ExitStack()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._node: Node
        self._wallets: dict[str, DevelopmentWallet] = {}

    def __enter__(self) -> DevelopmentNode:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the node; it answers when this returns. Raises what Node and its start raise.

        Started again after `stop` it goes on with its chain on the same ports.
        """
        if self._data_dir is None:
            directory = tempfile.TemporaryDirectory(prefix="osm-devnet-")
            self._data_dir = Path(self._stack.enter_context(directory))
        self._started = Future()
        self._thread = threading.Thread(target=self._run, name="osm-devnet", daemon=True)
        self._thread.start()
        self._started.result(_START_SECONDS)
        self._ports = (self._node.state.port, self._node.state.hooks_port)

    def stop(self) -> None:
        """Stop the node: nothing listens any more, its files stay."""
        if self._thread and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
        self._thread = None

    def close(self) -> None:
        """Stop the node for good, with its wallets; forget the files it chose a place for."""
        self.stop()
        for wallet in self._wallets.values():
            wallet.close()
        self._wallets.clear()
        self._stack.close()

    @property
    def url(self) -> str:
        """Where the API answers, without `/api`."""
        return f"http://127.0.0.1:{self._ports[0]}"

    @property
    def hooks_url(self) -> str:
        """Where the webhooks API answers, without `/api`."""
        return f"http://127.0.0.1:{self._ports[1]}"

    @property
    def nethash(self) -> str:
        """The nethash to pin."""
        return self._node.nethash

    @property
    def height(self) -> int:
        """The height of the newest block."""
        return self._node.chain.height

    @property
    def demo_wallet(self) -> DevelopmentWallet:
        """The funded wallet of every development network."""
        return self.wallet(DEMO_PHRASE)

    def wallet(self, phrase: str) -> DevelopmentWallet:
        """Return the wallet of a phrase; it is empty unless somebody paid it."""
        if phrase not in self._wallets:
            self._wallets[phrase] = DevelopmentWallet(self.url, phrase)
        return self._wallets[phrase]

    def address(self, phrase: str) -> str:
        """Return the address of a phrase on this network."""
        return address_of_passphrase(phrase, ADDRESS_BYTE)

    def pay(self, address: str, units: int, vendor_field: str = "", *, forge: bool = False) -> str:
        """Pay `units` (10^-8) from the demo wallet; return the transaction's id.

        With `forge` a block is made at once, so that the payment is confirmed.
        """
        paid = self.demo_wallet.send(address=address, units=units, vendor_field=vendor_field)
        if forge:
            self.forge()
        return paid

    def forge(self, count: int = 1) -> BlockHeader:
        """Forge blocks now and return the header of the last one."""

        async def forge() -> BlockHeader:
            return self._node.forger.forge_on_demand(count)[-1].header

        return self._call(forge())

    def roll_back(self, count: int, then: Then = "nothing") -> None:
        """Undo the newest blocks: their transactions go back to the pool (acts.Acts.roll_back)."""

        async def undo() -> None:
            self._node.acts.roll_back(count, then=then)

        self._call(undo())

    def settle_hooks(self) -> None:
        """Wait until every webhook under way was answered or given up."""
        self._call(self._node.deliveries.idle())

    def _call(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _serve(self) -> None:
        if self._data_dir is None:
            raise RuntimeError("start() chooses the directory first")
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._node = Node(data=self._data_dir, **self._settings)
        try:
            port, hooks_port = self._ports
            await self._node.start(port=port, hooks_port=hooks_port)
            self._started.set_result(None)
            await self._stop.wait()
        finally:
            await self._node.stop()
