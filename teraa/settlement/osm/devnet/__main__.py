"""`python -m teraa.settlement.osm.devnet`: a development node on loopback until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from .http import NotLoopback, loopback
from .machine import DIALECTS
from .profiles import DEMO_PHRASE, PROFILES
from .served import Node
from .storage import StorageBroken, StorageTaken

_BAD_USE = 2


def main(arguments: list[str] | None = None) -> int:
    """Run a node until SIGTERM or SIGINT. Returns the exit status."""
    asked = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.DEBUG if asked.verbose else logging.INFO,
        format="%(asctime)s %(name)s %(levelname)s %(message)s",
    )
    # uvicorn tells of itself at every start; its warnings are enough.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        asked.bind = loopback(asked.bind)
        return asyncio.run(_run(asked))
    except NotLoopback as error:
        return _refuse(str(error), _BAD_USE)
    except (StorageTaken, StorageBroken) as error:
        return _refuse(str(error), 1)
    except OSError as error:
        return _refuse(f"cannot listen on {asked.bind}: {error}", 1)


async def _run(asked: argparse.Namespace) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    node = Node(
        profile=asked.profile,
        data=asked.data,
        dialect=asked.dialect,
        block_time=asked.blocktime,
        rate_limited=asked.rate_limit,
        locks=asked.locks,
    )
    try:
        await node.start(
            host=asked.bind,
            port=asked.port,
            hooks_port=asked.hooks_port,
            control_port=asked.control_port,
        )
        _introduce(node, asked.bind)
        await stopping.wait()
    finally:
        await node.stop()
    return 0


def _introduce(node: Node, host: str) -> None:
    host = f"[{host}]" if ":" in host else host
    lines = [
        f"profile     {node.profile.name}: a block every {node.block_time} s",
        f"dialect     {node.dialect}",
        f"api         http://{host}:{node.state.port}/api",
        f"webhooks    http://{host}:{node.state.hooks_port}/api/webhooks",
        f"nethash     {node.nethash}",
        f"height      {node.chain.height}",
        f"passphrase  {DEMO_PHRASE}",
    ]
    if node.state.control_port:
        lines.append(f"control     http://{host}:{node.state.control_port}/control (for tests)")
    if node.torn_bytes:
        lines.append(f"note        {node.torn_bytes} unfinished bytes of a crash were cut off")
    print("\n".join(lines), flush=True)


def _refuse(message: str, status: int) -> int:
    print(f"osm devnet: {message}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m teraa.settlement.osm.devnet", description=__doc__
    )
    parser.add_argument("--profile", choices=list(PROFILES), default="manifesto")
    parser.add_argument("--blocktime", type=_seconds, help="seconds between blocks, at least 1")
    parser.add_argument("--port", type=_port, default=4003, help="of the API (0: any free one)")
    parser.add_argument("--hooks-port", type=_port, default=4004, help="of the webhooks API")
    parser.add_argument("--dialect", choices=DIALECTS, default="2.5")
    parser.add_argument(
        "--control-port",
        type=_port,
        help="of the control API: whoever reaches it can make this node lie. For tests, never for "
        "a house (without it nobody listens)",
    )
    parser.add_argument("--data", type=Path, required=True, help="directory that keeps the chain")
    parser.add_argument("--bind", default="127.0.0.1", help="a loopback address")
    parser.add_argument(
        "--rate-limit", action="store_true", help="as the dialect: 300 or 100 a minute"
    )
    parser.add_argument("--locks", action="store_true", help="take HTLC transactions (3.9)")
    parser.add_argument("--verbose", action="store_true", help="log every webhook")
    return parser


def _seconds(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("whole seconds, at least 1")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError("a port number")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
