"""The server as the agent sees it: two short HTTP calls."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Final, Literal

import httpx

from teraa.devices.agent.config import AgentConfig

ReportState = Literal["sent", "confirmed", "held", "unknown", "failed"]
TIMEOUT_SECONDS: Final = 5.0
_WORTH_RETRYING: Final = {408, 425, 429}
DETAIL_LENGTH: Final = 500


class ServerAway(Exception):
    """The server cannot be reached or is not well: the same call is worth trying again."""


class Refused(Exception):
    """The server understood and said no: trying again would change nothing."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Job:
    """One leased print job."""

    key: str
    attempt: int
    printer: str
    driver: str
    target: str
    profile: dict[str, Any]
    page: Any


class Server:
    """Leases jobs and takes reports. Safe to call from several threads."""

    def __init__(self, config: AgentConfig) -> None:
        # The server ends what an earlier run of this agent had leased: it can only be dead.
        self._run = str(uuid.uuid4())
        self._client = httpx.Client(
            base_url=config.server,
            headers={"Authorization": f"Station {config.token}"},
            timeout=TIMEOUT_SECONDS,
            verify=config.trust(),
            # The server is in the house or named by its address: no proxy stands in between.
            trust_env=False,
        )

    def lease(self, maximum: int) -> list[Job]:
        """Take at most so many jobs. Raises ServerAway, Refused."""
        answer = self._post("/api/agent/lease/", {"max": maximum, "run": self._run})
        try:
            return [_job(values) for values in answer["jobs"]]
        except (KeyError, TypeError, ValueError) as error:
            raise ServerAway(f"the lease cannot be read: {error!r}") from error

    def report(self, key: str, attempt: int, state: ReportState, detail: str = "") -> None:
        """Say what became of a job. Raises ServerAway, Refused."""
        body = {"state": state, "attempt": attempt, "detail": detail[:DETAIL_LENGTH]}
        self._post(f"/api/agent/jobs/{key}/report/", body)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        try:
            response = self._client.post(path, json=body)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise ServerAway(str(error) or type(error).__name__) from error
        if response.status_code >= 500 or response.status_code in _WORTH_RETRYING:
            raise ServerAway(f"the server answered {response.status_code}")
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if response.status_code != 200:
            code = answer.get("code") if isinstance(answer, dict) else None
            raise Refused(response.status_code, str(code or "no_code"))
        return answer


def _job(values: dict[str, Any]) -> Job:
    printer = values["printer"]
    return Job(
        key=str(values["key"]),
        attempt=int(values["attempt"]),
        printer=str(printer["name"]),
        driver=str(printer["driver"]),
        target=str(printer["target"]),
        profile=dict(printer["profile"]),
        page=values["page"],
    )
