"""Twists of a JSON answer: what a node in trouble, behind, or lying says instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

ODD_UNITS: Final = "100000000"
HOURS_BEHIND: Final = 21_600
_TIP_PATHS: Final = ("/api/node/syncing", "/api/blockchain", "/api/blocks/last")
_AMOUNTS: Final = ("amount", "fee", "balance")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: path without `/v2`, and its query in order."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]

    def first(self, name: str) -> str | None:
        """Return the first value of a query parameter."""
        return next((value for key, value in self.query if key == name), None)

    @property
    def about_tip(self) -> bool:
        """Whether the answer names the newest block."""
        return self.path in _TIP_PATHS

    @property
    def of_block(self) -> str | None:
        """The id or height that `/blocks/{…}` or its transactions are asked by."""
        parts = self.path.split("/")
        named = len(parts) > 3 and parts[2] == "blocks"
        return parts[3] if named and parts[3] not in ("first", "last", "search") else None

    @property
    def of_transactions(self) -> bool:
        """Whether a block's transactions are asked for."""
        return self.of_block is not None and self.path.endswith("/transactions")


def asked_of(method: str, path: str, query: bytes) -> Asked:
    """Return what a request asks, `/v2` and a slash at the end left out."""
    path = path.replace("/v2", "", 1).rstrip("/")
    return Asked(method, path, tuple(parse_qsl(query.decode("latin-1"), keep_blank_values=True)))


Body = dict[str, Any]
Options = Mapping[str, Any]
Twist = Callable[[Body, Asked, Options], bool]
"""Changes a body in place; says whether it had anything to change."""


def _rows(body: Body) -> list[Any] | None:
    rows = body.get("data")
    return rows if isinstance(rows, list) else None


def _things(body: Body) -> list[dict[str, Any]]:
    data = body.get("data")
    found = data if isinstance(data, list) else [data]
    return [one for one in found if isinstance(one, dict)]


def empty(body: Body, asked: Asked, options: Options) -> bool:
    """What a 2.5 node in trouble says: 200, and nothing."""
    if _rows(body) is None:
        return False
    body["data"] = []
    body["meta"] = {**body.get("meta", {}), "count": 0, "totalCount": 0, "pageCount": 1}
    body["meta"]["next"] = None
    return True


def truncated(body: Body, asked: Asked, options: Options) -> bool:
    """A page without its last rows."""
    rows = _rows(body)
    if not rows:
        return False
    body["data"] = rows[: -int(options.get("rows", 1))]
    return True


def wrong_total(body: Body, asked: Asked, options: Options) -> bool:
    """A total that hides the next page."""
    rows = _rows(body)
    if rows is None or "meta" not in body:
        return False
    body["meta"] |= {"totalCount": options.get("total", len(rows)), "pageCount": 1, "next": None}
    return True


def votes_look_paid(body: Body, asked: Asked, options: Options) -> bool:
    """Votes and registrations with an amount, and somebody else as their recipient."""
    others = [one for one in _things(body) if one.get("type", 0) not in (0, 6)]
    for one in others:
        one["amount"] = ODD_UNITS
        name = "recipient" if "recipient" in one else "recipientId"
        one[name] = options.get("address") or one.get(name)
    return bool(others)


def confirmations(body: Body, asked: Asked, options: Options) -> bool:
    """Confirmations that are stale, or of another count."""
    counted = [one for one in _things(body) if "confirmations" in one]
    for one in counted:
        one["confirmations"] = int(options.get("value", 0))
    return bool(counted)


def float_amounts(body: Body, asked: Asked, options: Options) -> bool:
    """Amounts as JSON numbers."""
    number = options.get("form") == "number"
    changed = False
    for one in _things(body):
        for name in _AMOUNTS:
            if isinstance(one.get(name), str):
                one[name] = int(one[name]) if number else float(one[name])
                changed = True
        forged = one.get("forged")
        if isinstance(forged, dict):
            for name, value in forged.items():
                forged[name] = int(value) if number else float(value)
            changed = True
    return changed


def wrong_nethash(body: Body, asked: Asked, options: Options) -> bool:
    """The configuration of another network."""
    data = body.get("data")
    if not isinstance(data, dict):
        return False
    for part in (data, data.get("network")):
        if isinstance(part, dict) and "nethash" in part:
            part["nethash"] = options.get("nethash") or str(part["nethash"])[::-1]
            return True
    return False


def sender_order(body: Body, asked: Asked, options: Options) -> bool:
    """A block's transactions in another order than asked for."""
    rows = _rows(body)
    if not asked.of_transactions or not rows or len(rows) < 2:
        return False
    rows.reverse()
    return True


def stale_search(body: Body, asked: Asked, options: Options) -> bool:
    """A range of heights without its newest blocks."""
    ranged = asked.path == "/api/blocks/search" or asked.first("height.to") is not None
    rows = _rows(body)
    if not ranged or not rows:
        return False
    newest = sorted(rows, key=lambda one: int(one["height"]))[-int(options.get("rows", 1)) :]
    body["data"] = [one for one in rows if one not in newest]
    return True


def clock_behind(body: Body, asked: Asked, options: Options) -> bool:
    """A node whose clock is hours behind."""
    data = body.get("data")
    if asked.path != "/api/node/status" or not isinstance(data, dict):
        return False
    data["timestamp"] -= int(options.get("seconds", HOURS_BEHIND))
    return True


TWISTS: Final[Mapping[str, Twist]] = {
    "t11_empty_200": empty,
    "truncated_page": truncated,
    "t12_wrong_total": wrong_total,
    "t15_votes_look_paid": votes_look_paid,
    "t16_confirmations": confirmations,
    "t20_float_amounts": float_amounts,
    "t22_wrong_nethash": wrong_nethash,
    "t23_sender_order": sender_order,
    "t24_stale_search": stale_search,
    "clock_behind": clock_behind,
}


def drifted(asked: Asked, options: Options) -> bytes | None:
    """Return the query whose page begins some rows too late; None for a first page."""
    page = int(asked.first("page") or 1)
    if page < 2 or asked.first("offset"):
        return None
    limit = int(asked.first("limit") or 100)
    offset = (page - 1) * limit + int(options.get("by", 1))
    return urlencode([*asked.query, ("offset", str(offset))]).encode()


def without_memo(asked: Asked) -> bytes | None:
    """Return the query without its search by memo; None when there is none."""
    kept = [(key, value) for key, value in asked.query if not key.startswith("vendorField")]
    return None if len(kept) == len(asked.query) else urlencode(kept).encode()
