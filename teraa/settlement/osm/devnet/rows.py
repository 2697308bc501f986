"""Finds transactions and blocks as the node's database does, with its order and its guesses.

Orders are positions along the chain: the node orders by the time of the *block*, whatever time a
transaction claims.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from teraa.settlement.osm.blocks import BlockHeader

from .chain import Block, Chain, Placed, height_of, position, sequence_of
from .profiles import own_address

Row = TypeVar("Row")
Order = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of one page. `count` is exact or a guess; `estimate` is None when the search failed."""

    rows: list[Row]
    count: int
    estimate: bool | None


@dataclass(frozen=True, slots=True)
class Search:
    """What to find. A range filter is a mapping with `from` and `to`; lists mean any of them."""

    filters: Mapping[str, Any] = field(default_factory=dict)
    order: Sequence[Order] = ()
    offset: int = 0
    limit: int = 100


EMPTY: Final[Page[Any]] = Page([], 0, None)
"""What the node answers, with status 200, when its search fails inside."""


def parse_order(text: str | None) -> list[Order]:
    """Read `field:asc` or `field:desc`, in any case; anything else is passed over in silence."""
    parts = (text or "").lower().split(":")
    return [(parts[0], parts[1])] if len(parts) == 2 and parts[1] in ("asc", "desc") else []


def guessed(found: int, *, shown: int, filtered: bool) -> int:
    """Return the total that stands beside a full page: a guess, as the node's planner makes one.

    Recorded guesses were wrong both ways: a filtered list of eight said two, so that `next` was
    null; 40 blocks said 60, so that pages were promised that do not exist. So a filtered list
    says a quarter here, a whole table half as much again.
    """
    return max(found // 4 if filtered else found * 3 // 2, shown)


def find_transactions(chain: Chain, search: Search, *, sequence: str = "desc") -> Page[Placed]:
    """Return a page of transactions, newest first unless told otherwise.

    `sequence` orders those that are equal by then. Two searches fail inside the node and are
    therefore empty: by a `senderId` that has never sent; and by recipient alone when the page
    would be full and the recipient has never sent. (In 2.5: 3.x has mended both.)
    """
    order = list(search.order) or [("timestamp", "desc")]
    filters = dict(search.filters)
    old = chain.dialect == "2.5"
    if "address" in filters:
        filters["addresses"] = [filters.pop("address")]
    if "senderId" in filters:
        sender = chain.ledger.find(filters.pop("senderId"))
        if sender is None or sender.public_key is None:
            return EMPTY
        filters["senderPublicKey"] = sender.public_key
    found = _candidates(chain, filters)
    found = _sorted_positions(chain, found, [*order, ("sequence", sequence)])
    page = found[search.offset : search.offset + search.limit]
    if old and len(page) == search.limit and _recipient_is_cold(chain, filters):
        return EMPTY
    return _page(
        [chain.placed(where) for where in page],
        total=len(found),
        search=search,
        filtered=bool(search.filters),
    )


def find_of_wallet(chain: Chain, address: str, search: Search) -> Page[Placed]:
    """Return a page of what an address sent or received: oldest first unless told otherwise."""
    both = {*chain.positions_sent(address), *chain.positions_received(address)}
    found = _sorted_positions(chain, sorted(both), search.order)
    page = found[search.offset : search.offset + search.limit]
    return _page(
        [chain.placed(where) for where in page], total=len(found), search=search, filtered=True
    )


def find_blocks(chain: Chain, search: Search) -> Page[Block]:
    """Return a page of blocks, newest first unless told otherwise."""
    heights = _heights(chain, search.filters)
    known = [one for one in search.order if one[0] in _BLOCK_KEYS]
    if not search.order:
        known = [("height", "desc")]
    for name, direction in reversed(known):
        if name in ("height", "timestamp"):
            heights = _directed(heights, direction)
            continue
        key = _BLOCK_KEYS[name]
        heights = sorted(
            heights, key=lambda height: key(_header(chain, height)), reverse=direction == "desc"
        )
    page = heights[search.offset : search.offset + search.limit]
    blocks = [block for height in page if (block := chain.at(height))]
    return _page(blocks, total=len(heights), search=search, filtered=bool(search.filters))


def _page(rows: list[Row], *, total: int, search: Search, filtered: bool) -> Page[Row]:
    if len(rows) < search.limit:
        # The node counts nothing here either: it trusts the short page, even beyond the end.
        return Page(rows, search.offset + len(rows), False)
    return Page(rows, guessed(total, shown=len(rows), filtered=filtered), True)


def _candidates(chain: Chain, filters: Mapping[str, Any]) -> Sequence[int]:
    """The positions that match every filter, in the order of the chain."""
    found, rest = _indexed(chain, filters)
    for name, wanted in rest.items():
        read = _TRANSACTION_KEYS[name]
        found = [where for where in found if _matches(read(chain.placed(where)), wanted, name)]
    return found


def _indexed(chain: Chain, filters: Mapping[str, Any]) -> tuple[Sequence[int], Mapping[str, Any]]:
    """Use the narrowest index there is; return its positions and the filters that remain."""
    rest = dict(filters)
    if "id" in rest:
        placed = chain.transaction(rest.pop("id"))
        return ([position(placed.header.height, placed.sequence)] if placed else ()), rest
    if "addresses" in rest:
        found: set[int] = set()
        for address in rest.pop("addresses"):
            found.update(chain.positions_sent(address), chain.positions_received(address))
        return sorted(found), rest
    if "blockId" in rest:
        block_id = str(rest.pop("blockId"))
        at = chain.by_id(block_id) if len(block_id) == 64 else None
        return (chain.positions_in(at.header.height) if at else ()), rest
    if "senderPublicKey" in rest:
        wallet = chain.ledger.by_public_key(str(rest.pop("senderPublicKey")).lower())
        return (chain.positions_sent(wallet.address) if wallet else ()), rest
    if "recipientId" in rest:
        return chain.positions_received(rest.pop("recipientId")), rest
    if "type" in rest:
        return chain.positions_of_type(rest.pop("type")), rest
    return chain.positions(), rest


def _sorted_positions(chain: Chain, found: Sequence[int], order: Sequence[Order]) -> Sequence[int]:
    """Sort by several keys, the first one first; equal rows stay in the order of the chain."""
    order = [one for one in order if one[0] in _ORDER_KEYS or one[0] in ("timestamp", "sequence")]
    if order == [("timestamp", "desc"), ("sequence", "desc")]:
        return found[::-1]
    if order == [("timestamp", "asc"), ("sequence", "asc")]:
        return found
    for name, direction in reversed(order):
        if name == "timestamp":
            found = sorted(found, key=height_of, reverse=direction == "desc")
        elif name == "sequence":
            found = sorted(found, key=sequence_of, reverse=direction == "desc")
        else:
            key = _ORDER_KEYS[name]
            found = sorted(
                found, key=lambda where: key(chain.placed(where)), reverse=direction == "desc"
            )
    return found


def _recipient_is_cold(chain: Chain, filters: Mapping[str, Any]) -> bool:
    people = {"recipientId", "senderPublicKey", "addresses"} & set(filters)
    if people != {"recipientId"}:
        return False
    wallet = chain.ledger.find(filters["recipientId"])
    return wallet is None or wallet.public_key is None


def _heights(chain: Chain, filters: Mapping[str, Any]) -> Sequence[int]:
    rest = dict(filters)
    heights: Sequence[int] = range(1, chain.height + 1)
    if "id" in rest:
        block_id = str(rest.pop("id"))
        block = chain.by_id(block_id) if len(block_id) == 64 else None
        heights = [block.header.height] if block else []
    elif "height" in rest:
        heights = _range_of(rest.pop("height"), chain.height)
    elif "generatorPublicKey" in rest:
        heights = chain.heights_forged(str(rest.pop("generatorPublicKey")).lower())
    for name, wanted in rest.items():
        read = _BLOCK_KEYS[name.lower()]
        heights = [one for one in heights if _matches(read(_header(chain, one)), wanted, name)]
    return heights


def _range_of(wanted: Any, tip: int) -> range:
    if isinstance(wanted, Mapping):
        return range(max(1, wanted.get("from", 1)), min(tip, wanted.get("to", tip)) + 1)
    return range(wanted, wanted + 1) if 1 <= wanted <= tip else range(0)


def _directed(heights: Sequence[int], direction: str) -> Sequence[int]:
    ascending = heights if isinstance(heights, range) else sorted(heights)
    return ascending[::-1] if direction == "desc" else ascending


def _matches(value: Any, wanted: Any, name: str) -> bool:
    if isinstance(wanted, Mapping) and name != "asset":
        low, high = wanted.get("from"), wanted.get("to")
        return (low is None or value >= low) and (high is None or value <= high)
    if name == "vendorFieldHex":
        return wanted.lower() in value
    if name == "vendorField":
        return _like(value, wanted)
    if name == "asset":
        return bool(_contains(value, wanted))
    return bool(value == wanted)


def _like(value: str, pattern: str) -> bool:
    """Compare as SQL's LIKE does with `%`, which 3.x lets through."""
    parts = (re.escape(part) for part in pattern.split("%"))
    return re.fullmatch(".*".join(parts), value, re.DOTALL) is not None


def _contains(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(value, Mapping) and all(
            key in value and _contains(value[key], part) for key, part in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(value, list) and all(
            any(_contains(one, part) for one in value) for part in wanted
        )
    return bool(value == wanted)


def _header(chain: Chain, height: int) -> BlockHeader:
    block = chain.at(height)
    return (block or chain.genesis).header


_TRANSACTION_KEYS: Final[Mapping[str, Callable[[Placed], Any]]] = {
    "type": lambda one: one.transaction.type,
    "version": lambda one: one.transaction.version,
    "blockId": lambda one: one.header.id,
    "senderPublicKey": lambda one: one.transaction.sender_public_key,
    "recipientId": lambda one: (
        one.transaction.recipient_id or own_address(one.transaction.sender_public_key)
    ),
    "timestamp": lambda one: one.header.timestamp,
    "amount": lambda one: one.transaction.amount,
    "fee": lambda one: one.transaction.fee,
    "vendorFieldHex": lambda one: one.transaction.vendor_field.hex(),
    "vendorField": lambda one: one.transaction.memo,
    "nonce": lambda one: getattr(one.transaction, "nonce", 0),
    "typeGroup": lambda one: getattr(one.transaction, "type_group", 1),
    "asset": lambda one: one.transaction.asset,
}
_ORDER_KEYS: Final[Mapping[str, Callable[[Placed], Any]]] = {
    "claimed time": lambda one: getattr(one.transaction, "timestamp", 0),
    "id": lambda one: one.transaction.id,
    "recipientid": lambda one: one.transaction.recipient_id or "~",
    **{
        name.lower(): read
        for name, read in _TRANSACTION_KEYS.items()
        if name not in ("timestamp", "recipientId", "asset")
    },
}
_BLOCK_KEYS: Final[Mapping[str, Callable[[BlockHeader], Any]]] = {
    "id": lambda one: one.id,
    "version": lambda one: one.version,
    "timestamp": lambda one: one.timestamp,
    "height": lambda one: one.height,
    "previousblock": lambda one: one.previous_block,
    "numberoftransactions": lambda one: one.number_of_transactions,
    "totalamount": lambda one: one.total_amount,
    "totalfee": lambda one: one.total_fee,
    "reward": lambda one: one.reward,
    "payloadlength": lambda one: one.payload_length,
    "payloadhash": lambda one: one.payload_hash,
    "generatorpublickey": lambda one: one.generator_public_key,
    "blocksignature": lambda one: one.block_signature,
}
