"""A development chain in a process of its own, told what to do line by line.

    python -m tests.bench.chain_node

Prints ``{"url", "nethash", "address_byte"}`` first; then answers every order, a JSON list, with a
line: ``["forge", n]``, ``["pay", [[address, units, memo], …]]``, ``["others", n]`` (payments between
strangers), ``["roll_back", n]`` (and as many other blocks, and one more).
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from typing import Any

from teraa.settlement.osm.devnet.node import DevelopmentNode
from teraa.settlement.osm.devnet.profiles import RESERVE_PHRASE
from teraa.settlement.osm.devnet.wallet import DevelopmentWallet

PAYERS = 30
"""So many that none pays often enough to be far ahead of the clock: a wallet of 2.x dates each
transfer a second after its last, and a node takes none from an hour ahead."""
RICH = 200_000 * 10**8


def payers_of(node: DevelopmentNode) -> Iterator[DevelopmentWallet]:
    """Wallets with coins, in turn and for ever."""
    phrases = [f"a payer of the figures {number}" for number in range(PAYERS)]
    for phrase in phrases:
        node.wallet(RESERVE_PHRASE).send(address=node.address(phrase), units=RICH)
    node.forge()
    return itertools.cycle([node.wallet(phrase) for phrase in phrases])


def obey(node: DevelopmentNode, payers: Iterator[DevelopmentWallet], order: list[Any]) -> Any:
    """Do one thing; return what there is to say of it."""
    match order:
        case ["forge", int(count)]:
            return str(node.forge(count).id)
        case ["pay", list(payments)]:
            return [
                next(payers).send(address=address, units=units, vendor_field=memo)
                for address, units, memo in payments
            ]
        case ["others", int(count)]:
            for number in range(count):
                stranger = node.address(f"a stranger of the figures {number % 50}")
                next(payers).send(address=stranger, units=1000 + number)
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
        payers = payers_of(node)
        for line in sys.stdin:
            print(json.dumps(obey(node, payers, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
