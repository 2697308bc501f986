"""A development chain in a process of its own, told what to do line by line.

    python -m tests.bench.chain_node

Prints ``{"url", "nethash", "address_byte"}`` first; then answers every order, a JSON list, with a
line: ``["forge", n]``, ``["pay", [[address, units, memo], …]]``, ``["others", n]`` (payments between
strangers), ``["roll_back", n]`` (and as many other blocks, and one more).
"""

from __future__ import annotations

import json
import sys
from typing import Any

from teraa.settlement.osm.devnet.node import DevelopmentNode


def obey(node: DevelopmentNode, order: list[Any]) -> Any:
    """Do one thing; return what there is to say of it."""
    match order:
        case ["forge", int(count)]:
            return str(node.forge(count).id)
        case ["pay", list(payments)]:
            return [node.pay(address, units, memo) for address, units, memo in payments]
        case ["others", int(count)]:
            for number in range(count):
                stranger = node.address(f"a stranger of the figures {number % 50}")
                node.demo_wallet.send(address=stranger, units=1000 + number)
            return count
        case ["roll_back", int(count)]:
            node.roll_back(count, then="other")
            return node.height
        case ["height"]:
            return node.height
    raise ValueError(f"no such order: {order}")


def main() -> None:
    with DevelopmentNode() as node:
        print(json.dumps({"url": node.url, "nethash": node.nethash}), flush=True)
        for line in sys.stdin:
            print(json.dumps(obey(node, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
