"""Spoils the answers of a node on their way out: refused, late, cut, twisted, or about other blocks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from teraa.settlement.osm.devnet.api.answers import JsonAnswer, refusal
from teraa.settlement.osm.devnet.api.blocks import block_json
from teraa.settlement.osm.devnet.api.transactions import transaction_json
from teraa.settlement.osm.devnet.chain import Block, Placed
from teraa.settlement.osm.devnet.machine import Machine

from .answers import TWISTS, Asked, asked_of, drifted, without_memo

PAUSE: Final = "teraa.pause"
"""An extension of the scope: how an in-process client waits, since it has no clock to wait by."""
_KEPT_SECONDS: Final = 600


@dataclass(slots=True)
class Answer:
    """A whole answer."""

    status: int = HTTPStatus.OK
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    def with_body(self, body: bytes) -> Answer:
        """Return the answer with another body and its length."""
        headers = [pair for pair in self.headers if pair[0].lower() != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        return Answer(self.status, headers, body)


class FaultyAnswers:
    """Passes requests on to `application` and its answers back, as the machine's switches say.

    With `named` only switches that were turned on for a `path` count.
    """

    def __init__(self, application: ASGIApp, machine: Machine, *, named: bool = False) -> None:
        self._application = application
        self._machine = machine
        self._faults = machine.faults
        self._named = named
        self._kept: dict[str, tuple[int, Answer]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        if self._named and self._faults.options("t01_hooks_forgotten") is not None:
            self._faults.take("t01_hooks_forgotten")
            self._machine.webhooks.clear()
        if not self._faults.spoils_answers:
            await self._application(scope, receive, send)
        else:
            await self._spoil(scope, receive, send)
        if not self._named:
            self._machine.forger.answer_given()

    def _take(self, name: str, asked: Asked) -> Mapping[str, Any] | None:
        return self._faults.take_for(name, asked.path, named=self._named)

    async def _spoil(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = asked_of(scope["method"], scope["path"], scope["query_string"])
        stalled = self._take("stall", asked)
        if stalled is not None:
            await pause(scope, float(stalled.get("seconds", 10)))
        if self._take("status_503", asked) is not None:
            await refusal(503, "Service Unavailable")(scope, receive, send)
            return
        if self._take("t17_rate_limit", asked) is not None:
            await self._too_many(scope, receive, send)
            return
        answer = await self._answered(asked, scope, receive)
        if answer.status == HTTPStatus.OK:
            answer = self._twisted(asked, answer)
        await self._sent(asked, answer, scope, send)

    async def _answered(self, asked: Asked, scope: Scope, receive: Receive) -> Answer:
        other = self._of_other_block(asked)
        if other is not None:
            return other
        seconds = kept_seconds(asked, self._machine.dialect)
        cached = self._take("t10_cached", asked) is not None and seconds > 0
        key = f"{scope['method']} {scope['path']}?{scope['query_string'].decode('latin-1')}"
        if cached:
            at, answer = self._kept.get(key, (0, None))
            if answer is not None and self._machine.now() - at < seconds:
                return answer
        answer = await collected(self._application, self._rewritten(asked, scope), receive)
        if cached:
            self._kept[key] = (self._machine.now(), answer)
        return answer

    def _rewritten(self, asked: Asked, scope: Scope) -> Scope:
        query: bytes | None = None
        drift = self._faults.options("t13_page_drift")
        if drift is not None:
            query = drifted(asked, drift)
            if query is not None:
                self._take("t13_page_drift", asked)
        memo = without_memo(asked)
        if memo is not None and self._take("t21_memo_search", asked) is not None:
            query = memo
        return scope if query is None else {**scope, "query_string": query}

    def _twisted(self, asked: Asked, answer: Answer) -> Answer:
        wanted = [name for name in TWISTS if self._faults.options(name) is not None]
        if not wanted and self._faults.options("equivocating_block") is None:
            return answer
        body = json.loads(answer.body)
        if not isinstance(body, dict):
            return answer
        changed = self._equivocated(asked, body)
        for name in wanted:
            options = self._faults.options(name) or {}
            part = str(options.get("path", ""))
            if part in asked.path and TWISTS[name](body, asked, options):
                self._faults.take(name)
                changed = True
        return answer.with_body(bytes(JsonAnswer(body).body)) if changed else answer

    def _equivocated(self, asked: Asked, body: dict[str, Any]) -> bool:
        if not asked.about_tip or self._faults.options("equivocating_block") is None:
            return False
        self._faults.take("equivocating_block")
        if self._faults.used["equivocating_block"] % 2 == 0:
            return False
        twin = self._machine.forger.twin()
        if asked.path == "/api/blocks/last":
            body["data"] = block_json(self._machine.state, twin, transform=True)
        else:
            data = body["data"]
            data.get("block", data)["id"] = twin.id
        return True

    def _of_other_block(self, asked: Asked) -> Answer | None:
        """An answer about a block that is not on the chain: a twin, or an orphan."""
        name = asked.of_block
        if name is None:
            return None
        block = self._machine.forger.twin_of_id(name)
        orphans = self._faults.options("t10_orphans")
        if block is None and orphans is not None:
            block = self._orphan(name, by_id=bool(orphans.get("ids")))
            if block is not None:
                self._take("t10_orphans", asked)
        return None if block is None else self._about(asked, block)

    def _orphan(self, name: str, *, by_id: bool) -> Block | None:
        orphans = self._machine.acts.orphans
        if name.isdecimal() and len(name) < 20:
            return orphans.get(int(name))
        if by_id:
            return next((one for one in orphans.values() if one.id == name), None)
        return None

    def _about(self, asked: Asked, block: Block) -> Answer:
        state = self._machine.state
        transform = asked.first("transform") != "false"
        content: dict[str, Any] = {"data": block_json(state, block, transform=transform)}
        if asked.of_transactions:
            rows = [
                transaction_json(state, Placed(one, block.header, place), transform=transform)
                for place, one in enumerate(block.transactions)
            ]
            meta = {"count": len(rows), "pageCount": 1, "totalCount": len(rows), "next": None}
            content = {"meta": meta, "data": rows}
        rendered = JsonAnswer(content)
        return Answer(HTTPStatus.OK, list(rendered.raw_headers), bytes(rendered.body))

    async def _too_many(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._machine.dialect == "2.5":
            refused = refusal(429, "Rate limit exceeded")
            refused.headers["x-ratelimit-userlimit"] = "300"
            refused.headers["x-ratelimit-userremaining"] = "-1"
        else:
            refused = refusal(429, "Too Many Requests")
            refused.headers["x-ratelimit-limit"] = "100"
            refused.headers["x-ratelimit-remaining"] = "0"
            refused.headers["retry-after"] = "40.037"
        await refused(scope, receive, send)

    async def _sent(self, asked: Asked, answer: Answer, scope: Scope, send: Send) -> None:
        half = self._take("half_json", asked)
        if half is not None:
            body = answer.body[: len(answer.body) // 2]
            # Cut: the length promises the whole, and the connection ends before.
            answer = (
                Answer(answer.status, answer.headers, body)
                if half.get("cut")
                else (answer.with_body(body))
            )
        drip = self._take("slow_drip", asked)
        start: Message = {
            "type": "http.response.start",
            "status": answer.status,
            "headers": answer.headers,
        }
        await send(start)
        if drip is not None:
            piece = int(drip.get("piece", 64))
            for begin in range(0, len(answer.body), piece):
                part = answer.body[begin : begin + piece]
                await send({"type": "http.response.body", "body": part, "more_body": True})
                await pause(scope, float(drip.get("seconds", 1)))
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.body", "body": answer.body})


async def pause(scope: Scope, seconds: float) -> None:
    """Let time pass on the wire, or be told to an in-process client."""
    passing = (scope.get("extensions") or {}).get(PAUSE)
    if passing is None:
        await asyncio.sleep(seconds)
    else:
        passing(seconds)


async def collected(application: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    """Return what an application answers, whole."""
    answer = Answer()
    pieces: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = list(message["headers"])
        elif message["type"] == "http.response.body":
            pieces.append(message.get("body", b""))

    await application(scope, receive, keep)
    answer.body = b"".join(pieces)
    return answer


def kept_seconds(asked: Asked, dialect: str) -> int:
    """Return how long a node with its cache on keeps an answer: 8 seconds for all of 3.x."""
    path = asked.path.removeprefix("/api/")
    if path.startswith(("node/", "blockchain", "transactions/unconfirmed", "blocks/last")):
        return 0
    if dialect != "2.5":
        return 8 if asked.method == "GET" else 0
    if path.endswith("/search"):
        return 30
    if asked.of_block is not None:
        return _KEPT_SECONDS
    if path.startswith("wallets/") and "/transactions" in path:
        return 30
    if asked.method != "GET":
        return 0
    return 6 if path.startswith("blocks") else 8
