"""The in-process twin of a development node: a real node on ephemeral loopback ports, in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import threading
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, TypeVar

from teraa.settlement.osm.addresses import address_of_passphrase
from teraa.settlement.osm.blocks import BlockHeader

from .acts import Then
from .faults.switches import Faults
from .machine import UnknownDialect, UnknownProfile
from .profiles import ADDRESS_BYTE, DEMO_PHRASE
from .served import Node, utc_now
from .wallet import DevelopmentWallet

__all__ = ["DevelopmentNode", "Node", "UnknownDialect", "UnknownProfile"]

Result = TypeVar("Result")
_START_SECONDS: Final = 60
_ACT_SECONDS: Final = 300.0


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
        dialect: str = "2.5",
        blocktime: int | None = None,
        data_dir: Path | str | None = None,
        port: int = 0,
        hooks_port: int = 0,
        control_port: int | None = None,
        rate_limit: bool = False,
        locks: bool = False,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._settings: dict[str, Any] = {
            "profile": profile,
            "dialect": dialect,
            "block_time": blocktime,
            "forging": blocktime is not None,
            "rate_limited": rate_limit,
            "locks": locks,
            "clock": clock,
        }
        self._data_dir = Path(data_dir) if data_dir is not None else None
        self._ports = (port, hooks_port)
        self._control_port = control_port
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
        state = self._node.state
        self._ports = (state.port, state.hooks_port)
        if self._control_port is not None:
            self._control_port = state.control_port

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
    def control_url(self) -> str:
        """Where faults are turned on from another process; only with a `control_port`."""
        return f"http://127.0.0.1:{self._control_port}"

    @property
    def dialect(self) -> str:
        """`2.5` or `3.9`."""
        return self._node.dialect

    @property
    def faults(self) -> Faults:
        """The switches of the running node; a node that was started anew has none on."""
        return self._node.faults

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

    def roll_back(
        self,
        count: int,
        then: Then = "nothing",
        *,
        lose: Collection[str] | Literal["all"] = (),
        silent: bool = False,
    ) -> None:
        """Undo the newest blocks: their transactions go back to the pool (acts.Acts.roll_back)."""

        async def undo() -> None:
            self._node.acts.roll_back(count, then=then, lose=lose, silent=silent)

        self._call(undo())

    def restore_snapshot(self, count: int) -> None:
        """Go back `count` blocks as a node restored from an old copy does."""

        async def restore() -> None:
            self._node.acts.restore_snapshot(count)

        self._call(restore())

    def pay_directly(self, address: str, units: int, memo: str = "") -> str:
        """Pay from the demo wallet without HTTP; T14 and T19 change how. Return the id."""

        async def pay() -> str:
            return self._node.payments.pay(address, units, memo)

        return self._call(pay())

    def settle_hooks(self) -> None:
        """Wait until every webhook under way was answered or given up."""
        self._call(self._node.deliveries.idle())

    def _call(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_ACT_SECONDS)

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
            await self._node.start(
                port=port, hooks_port=hooks_port, control_port=self._control_port
            )
            self._started.set_result(None)
            await self._stop.wait()
        finally:
            await self._node.stop()
