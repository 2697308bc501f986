"""Times on an ARK Core chain: whole seconds since the network's epoch.

The epoch is the node's (`constants.epoch` of its configuration). On OSMOSE's published networks
it is 2019-05-15T12:16:01.019Z: the 19 ms show in every `human` time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(2019, 5, 15, 12, 16, 1, 19_000, tzinfo=UTC)
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)


def epoch_seconds(at: datetime, epoch: datetime = EPOCH) -> int:
    """Return the whole seconds from the network's epoch to an aware time (floored)."""
    return (at - epoch) // timedelta(seconds=1)


def moment(seconds: int, epoch: datetime = EPOCH) -> datetime:
    """Return the aware UTC time of a number of seconds since the network's epoch."""
    return epoch + timedelta(seconds=seconds)


def timestamp_json(seconds: int, epoch: datetime = EPOCH) -> dict[str, int | str]:
    """Return the `{epoch, unix, human}` object of the node's transformed answers."""
    at = moment(seconds, epoch)
    human = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"epoch": seconds, "unix": (at - _UNIX) // timedelta(seconds=1), "human": human}


def parse_epoch(text: str) -> datetime:
    """Read `constants.epoch` (ISO 8601 with Z). Raises ValueError when it is no time with a zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"an epoch without a zone: {text}")
    return at.astimezone(UTC)
