"""Carries one request to a host nobody can vouch for, and comes back in ten seconds whatever happens.

Requests run in an event loop on a thread of its own: a host that hangs or drips costs a few
kilobytes of memory and no thread. The host's name is looked up first, each of its numbers is
checked (``targets.may_connect``), and the connection goes to a number that passed. Redirects are
not followed, proxies not used, cookies not kept; of an answer no more than a few kilobytes are read.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass

import httpx

from teraa.common.targets import (
    NUMBERS_TRIED,
    BadTarget,
    Resolve,
    check_target,
    host_of,
    may_connect,
    numbers_of,
    port_of,
    request_to,
)
from teraa.webhooks.lanes import Answer
from teraa.webhooks.models import EXCERPT_LENGTH
from teraa.webhooks.states import AttemptError

PATIENCE_SECONDS = 10.0
CONNECT_SECONDS = 3.0
# Once the status is there the delivery is decided; the body is for a person to read.
BODY_SECONDS = 1.0
BODY_BYTES = 4096
GOODBYE_SECONDS = 1.0
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One request, ready to go."""

    url: str
    body: bytes
    headers: Mapping[str, str]


class Courier:
    """Sends parcels side by side; ``send`` returns at once."""

    def __init__(
        self,
        *,
        private: bool,
        patience_seconds: float = PATIENCE_SECONDS,
        resolve: Resolve = numbers_of,
    ) -> None:
        """``private``: whether hosts of private networks and plain HTTP are let through."""
        self._private = private
        self._patience = patience_seconds
        self._resolve = resolve
        self._tls = httpx.create_ssl_context(trust_env=False)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._thread.start()

    def send(self, parcel: Parcel) -> Future[Answer]:
        """Set out with ``parcel``; the future always ends with an Answer."""
        return asyncio.run_coroutine_threadsafe(self._carry(parcel), self._loop)

    def close(self) -> None:
        """Drop whatever is under way."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

    async def _carry(self, parcel: Parcel) -> Answer:
        """An Answer whatever happens: one odd host must not stop everybody's deliveries."""
        try:
            return await self._deliver(parcel)
        except Exception:
            log.exception("a delivery broke in a way nobody thought of")
            return Answer(error=AttemptError.BROKEN)

    async def _deliver(self, parcel: Parcel) -> Answer:
        until = self._loop.time() + self._patience
        try:
            async with asyncio.timeout_at(until):
                url = check_target(parcel.url, private=self._private)
                numbers = await self._passable(url)
        except TimeoutError:
            return Answer(error=AttemptError.TIMEOUT)
        except BadTarget:
            return Answer(error=AttemptError.REFUSED_ADDRESS)
        except (OSError, UnicodeError):
            return Answer(error=AttemptError.UNRESOLVED)
        if not numbers:
            return Answer(error=AttemptError.REFUSED_ADDRESS)
        answer = Answer(error=AttemptError.UNREACHABLE)
        for number in numbers[:NUMBERS_TRIED]:
            answer = await self._try(parcel, url, number, until)
            if answer.error not in (AttemptError.UNREACHABLE, AttemptError.TLS):
                break
        return answer

    async def _passable(self, url: httpx.URL) -> list[str]:
        numbers = await self._look_up(host_of(url), port_of(url))
        return [one for one in numbers if may_connect(one, private=self._private)]

    def _look_up(self, host: str, port: int) -> asyncio.Future[list[str]]:
        """The resolver has no timeout of its own: it gets a thread that may outlive our patience."""
        found: asyncio.Future[list[str]] = self._loop.create_future()

        def settle(numbers: list[str], error: Exception | None) -> None:
            if not found.done():
                if error is not None:
                    found.set_exception(error)
                else:
                    found.set_result(numbers)

        def ask() -> None:
            numbers: list[str] = []
            failure: Exception | None = None
            try:
                numbers = self._resolve(host, port)
            except Exception as error:
                failure = error
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(settle, numbers, failure)

        threading.Thread(target=ask, name="courier resolver", daemon=True).start()
        return found

    async def _try(self, parcel: Parcel, url: httpx.URL, number: str, until: float) -> Answer:
        """One connection to one checked number."""
        transport = httpx.AsyncHTTPTransport(verify=self._tls, trust_env=False)
        limits = httpx.Timeout(self._patience, connect=CONNECT_SECONDS)
        request = request_to(
            number,
            method="POST",
            url=url,
            headers=parcel.headers,
            timeout=limits,
            content=parcel.body,
        )
        try:
            async with asyncio.timeout_at(until + GOODBYE_SECONDS), transport:
                async with asyncio.timeout_at(until):
                    answer = await transport.handle_async_request(request)
                return await self._read(answer, until)
        except (TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout):
            return Answer(error=AttemptError.TIMEOUT)
        except httpx.ConnectTimeout:
            return Answer(error=AttemptError.UNREACHABLE)
        except httpx.ConnectError as error:
            kind = AttemptError.TLS if _is_tls(error) else AttemptError.UNREACHABLE
            return Answer(error=kind)
        except (httpx.HTTPError, OSError, ValueError):
            return Answer(error=AttemptError.BROKEN)

    async def _read(self, answer: httpx.Response, until: float) -> Answer:
        """The status, and of the body what comes at once and fits."""
        body = bytearray()
        end = min(until, self._loop.time() + BODY_SECONDS)
        try:
            async with asyncio.timeout_at(end):
                async for piece in answer.aiter_raw():
                    body += piece[: BODY_BYTES - len(body)]
                    if len(body) >= BODY_BYTES:
                        break
                await answer.aclose()
        except (TimeoutError, httpx.HTTPError, OSError):
            pass  # the status has come: what is missing is only for reading
        return Answer(
            status=answer.status_code,
            excerpt=_readable(bytes(body)),
            retry_after=answer.headers.get("Retry-After", "")[:100],
        )


def _readable(body: bytes) -> str:
    return _UNPRINTABLE.sub(" ", body.decode("utf-8", errors="replace")).strip()[:EXCERPT_LENGTH]


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
