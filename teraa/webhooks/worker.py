"""The worker behind ``manage.py hooks``: lease, send, write down, round and round.

The database is spoken to from here only, the network from the courier's thread only. What a
worker holds it either writes down, gives back when it is told to stop, or loses with its life:
then the lease ends by itself.
"""

from __future__ import annotations

import datetime
import logging
from concurrent.futures import FIRST_COMPLETED, Future, wait
from uuid import UUID, uuid4

from teraa.webhooks import lanes, queries
from teraa.webhooks.courier import Courier, Parcel
from teraa.webhooks.lanes import Answer, Leased
from teraa.webhooks.sealing import Unreadable, unseal
from teraa.webhooks.signing import signature_header
from teraa.webhooks.states import AttemptError

# Each lane in flight is a socket, not a thread.
SLOTS = 64
TROUBLED_SLOTS = 64
# How long a look for new work is put off at most while something is under way.
GLANCE_SECONDS = 0.1
LAST_PATIENCE_SECONDS = 2.0
USER_AGENT = "TERAA-Webhooks/1"

log = logging.getLogger(__name__)


class Worker:
    """Keeps up to ``SLOTS`` lanes going, and as many of endpoints that do not answer."""

    def __init__(
        self, courier: Courier, *, slots: int = SLOTS, troubled_slots: int = TROUBLED_SLOTS
    ) -> None:
        self.run: UUID = uuid4()
        self._courier = courier
        self._room = {False: slots, True: troubled_slots}
        self._under_way: dict[Future[Answer], Leased] = {}

    def turn(self, at: datetime.datetime) -> bool:
        """One round; True while anything is under way."""
        self._write_down(at)
        self._set_out(at)
        if not self._under_way:
            return False
        wait(self._under_way, timeout=GLANCE_SECONDS, return_when=FIRST_COMPLETED)
        return True

    def close(self, at: datetime.datetime) -> None:
        """Wait a moment for answers, write them down, give back the rest."""
        wait(self._under_way, timeout=LAST_PATIENCE_SECONDS)
        self._write_down(at)
        lanes.give_back(list(self._under_way.values()), run=self.run)
        self._under_way.clear()
        self._courier.close()

    def counts(self) -> dict[str, int]:
        """For the heartbeat."""
        return {**queries.counts(), "under_way": len(self._under_way)}

    def _set_out(self, at: datetime.datetime) -> None:
        work = lanes.work(at=at)
        if work.left_behind:
            lanes.take_back(at=at)
            work = lanes.work(at=at)
        for troubled, is_any in ((False, work.healthy), (True, work.troubled)):
            used = sum(one.troubled is troubled for one in self._under_way.values())
            room = self._room[troubled] - used if is_any else 0
            for one in lanes.lease(run=self.run, room=room, troubled=troubled, at=at):
                self._under_way[self._send(one, at)] = one

    def _send(self, leased: Leased, at: datetime.datetime) -> Future[Answer]:
        try:
            parcel = parcel_of(leased, at=at)
        except Unreadable:
            log.error("the secret of endpoint %s cannot be read: rotate it", leased.endpoint_id)
            ended: Future[Answer] = Future()
            ended.set_result(Answer(error=AttemptError.NO_SECRET))
            return ended
        return self._courier.send(parcel)

    def _write_down(self, at: datetime.datetime) -> None:
        for future in [one for one in self._under_way if one.done()]:
            # Only forgotten once written: the database may be away for a moment.
            lanes.record(self._under_way[future], future.result(), run=self.run, at=at)
            del self._under_way[future]


def parcel_of(leased: Leased, *, at: datetime.datetime) -> Parcel:
    """The signed request. The delivery's id stays the same in every attempt. Raises Unreadable."""
    body = leased.payload.encode()
    sealed = [one for one in (leased.secret_sealed, leased.previous_sealed) if one]
    signature = signature_header([unseal(one) for one in sealed], t=int(at.timestamp()), body=body)
    return Parcel(
        url=leased.url,
        body=body,
        headers={
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "TERAA-Event": leased.kind,
            "TERAA-Delivery": str(leased.original_id),
            "TERAA-Signature": signature,
        },
    )
