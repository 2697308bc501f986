"""JSON over HTTP as every dialect speaks it: bounded, paced, and without a float near money."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

import httpx

from teraa.settlement.osm.dialects.buckets import FIRST_HOLD, TokenBucket
from teraa.settlement.osm.node import NodeNonsense, NodeSilent, NotThere

LARGEST_ANSWER: Final = 16 * 1024 * 1024
LONGEST_ANSWER: Final = 15.0
"""Seconds from the question to the last byte: a node that drips is no better than a silent one."""
TIMEOUT: Final = httpx.Timeout(5.0, connect=2.0)
CUT: Final = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
"""A connection kept open may be closed by the node just as we use it again: by a reset or, as a
node of 3.9 does after every answer, in good order. Only what asks is asked once more."""


class HttpNode:
    """One node at ``url`` (without ``/api``); its webhooks' API lives behind ``hooks_url``."""

    def __init__(
        self,
        url: str,
        hooks_url: str = "",
        *,
        transport: httpx.BaseTransport | None = None,
        bucket: TokenBucket | None = None,
        client: httpx.Client | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.hooks_url = hooks_url.rstrip("/")
        self.bucket = bucket or TokenBucket()
        self.client = client or httpx.Client(
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,
            headers={"Accept": "application/json"},
            limits=httpx.Limits(max_connections=8, max_keepalive_connections=8),
        )

    def close(self) -> None:
        """Close its connections."""
        self.client.close()

    def _data(self, method: str, path: str, **options: Any) -> Any:
        answer = self._json(method, path, **options)
        if not isinstance(answer.get("data"), dict):
            raise NodeNonsense(f"{path}: no data")
        return answer["data"]

    def _rows(self, answer: Mapping[str, Any]) -> list[Any]:
        rows = answer.get("data")
        if not isinstance(rows, list):
            raise NodeNonsense("no list of data")
        return rows

    def _json(
        self,
        method: str,
        path: str,
        *,
        base: str = "",
        body: Any = None,
        parse_float: Any = None,
    ) -> Mapping[str, Any]:
        content = self._send(method, f"{base or self.url}/api/{path}", body)
        try:
            answer = json.loads(
                content, parse_float=parse_float or _refuse_float, parse_constant=_refuse_float
            )
        except (ValueError, RecursionError) as error:
            raise NodeNonsense(f"{path}: {error}") from error
        if not isinstance(answer, dict):
            raise NodeNonsense(f"{path}: not an object")
        return answer

    def _send(self, method: str, url: str, body: Any = None) -> bytes:
        try:
            return self._send_once(method, url, body)
        except CUT as error:
            if method != "GET" and not url.partition("?")[0].endswith("/search"):
                raise NodeSilent(f"{url}: {type(error).__name__} {error}") from error
        try:
            return self._send_once(method, url, body)
        except httpx.HTTPError as error:
            raise NodeSilent(f"{url}: {type(error).__name__} {error}") from error

    def _send_once(self, method: str, url: str, body: Any) -> bytes:
        self.bucket.take()
        ends = time.monotonic() + LONGEST_ANSWER
        try:
            with self.client.stream(method, url, json=body) as answer:
                content = b""
                for piece in answer.iter_bytes():
                    content += piece
                    if len(content) > LARGEST_ANSWER:
                        raise NodeNonsense(f"{url}: an answer beyond {LARGEST_ANSWER} bytes")
                    if time.monotonic() > ends:
                        raise NodeSilent(f"{url}: no whole answer in {LONGEST_ANSWER:.0f} s")
        except CUT:
            raise
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NodeSilent(f"{url}: {type(error).__name__} {error}") from error
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise NotThere(url)
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            self.bucket.hold(seconds_to_wait(answer.headers))
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or answer.is_server_error:
            raise NodeSilent(f"{url}: {answer.status_code}")
        if not answer.is_success:
            raise NodeNonsense(f"{url}: {answer.status_code} {content[:200]!r}")
        return content


def seconds_to_wait(headers: Mapping[str, str]) -> float:
    """How long a 429 asks us to wait, in seconds; a second when it does not say.

    3.9 sends ``Retry-After`` in decimal seconds (``40.037``), 2.5 only the moment, in milliseconds
    since 1970, at which its window ends.
    """
    try:
        if "retry-after" in headers:
            return float(headers["retry-after"])
        if "x-ratelimit-userreset" in headers:
            return int(headers["x-ratelimit-userreset"]) / 1000 - time.time()
    except ValueError:
        return _until(headers.get("retry-after", ""))
    return FIRST_HOLD


def _until(date: str) -> float:
    """``Retry-After`` may be a date, by the standard."""
    try:
        then = parsedate_to_datetime(date)
        return (then - datetime.datetime.now(tz=datetime.UTC)).total_seconds()
    except (ValueError, TypeError):
        return FIRST_HOLD


def text(value: Any) -> str:
    """A value that must be text. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"not text: {value!r}")
    return value


def whole(value: Any) -> int:
    """A value that must be a whole number. Raises TypeError."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"not a whole number: {value!r}")
    return value


def _refuse_float(number: str) -> Any:
    raise ValueError(f"a float in an answer: {number}")
