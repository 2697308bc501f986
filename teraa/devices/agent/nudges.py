"""Listens on the websocket for word that a job waits. Losing it costs two seconds, never a job."""

from __future__ import annotations

import json
import threading
from typing import Any, Final

import structlog
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from teraa.devices.agent.config import AgentConfig
from teraa.devices.agent.pace import BackOff

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

OPEN_SECONDS: Final = 5.0
SILENCE_SECONDS: Final = 40.0  # the server pings every 15
_TICK: Final = 0.5
_MAX_MESSAGE: Final = 64 * 1024


class Nudges(threading.Thread):
    """Sets `wake` whenever the server says that something changed for this agent."""

    def __init__(
        self, config: AgentConfig, *, wake: threading.Event, stop: threading.Event
    ) -> None:
        super().__init__(name="nudges", daemon=True)
        self._config = config
        self._wake = wake
        self._stop_asked = stop

    def run(self) -> None:
        back_off = BackOff()
        while not self._stop_asked.is_set():
            try:
                self._listen(back_off)
                reason = "silent or closed"
            except (OSError, WebSocketException, ValueError) as error:
                reason = str(error) or type(error).__name__
            if self._stop_asked.is_set():
                return
            wait = back_off.failed()
            log.info("nudges lost, polling goes on", reason=reason, again_in=round(wait, 1))
            self._stop_asked.wait(wait)

    def _listen(self, back_off: BackOff) -> None:
        url = self._config.live_url
        if url is None:
            self._stop_asked.wait()
            return
        with connect(
            url,
            additional_headers={"Authorization": f"Station {self._config.token}"},
            ssl=self._config.trust() if url.startswith("wss:") else None,
            open_timeout=OPEN_SECONDS,
            close_timeout=1,
            max_size=_MAX_MESSAGE,
            proxy=None,
        ) as line:
            silent = 0.0
            while not self._stop_asked.is_set() and silent < SILENCE_SECONDS:
                try:
                    message = line.recv(timeout=_TICK)
                except TimeoutError:
                    silent += _TICK
                    continue
                silent = 0.0
                back_off.succeeded()
                if _concerns_us(message):
                    self._wake.set()


def _concerns_us(message: str | bytes) -> bool:
    try:
        values: Any = json.loads(message)
    except ValueError:
        return False
    if not isinstance(values, dict):
        return False
    # Just connected, or the server itself may have missed something.
    if values.get("type") in {"hello", "look_again"}:
        return True
    return values.get("type") == "changed" and str(values.get("topic", "")).startswith("agent.")
