"""How bytes reach a printer. A driver is a row in this table and a module beside it."""

from __future__ import annotations

from collections.abc import Callable

from teraa.devices.drivers.memory import MemoryDriver
from teraa.devices.drivers.network import NetworkDriver
from teraa.devices.drivers.port import Driver, Interrupted, Unreachable
from teraa.devices.targets import WrongTarget

DRIVERS: dict[str, Callable[[str], Driver]] = {
    "memory": MemoryDriver,
    "network": NetworkDriver,
}


def driver_for(name: str, target: str) -> Driver:
    """Return the driver of this name for this target. Raises WrongTarget."""
    try:
        make = DRIVERS[name]
    except KeyError:
        known = ", ".join(sorted(DRIVERS))
        raise WrongTarget(f"there is no driver {name!r}; known drivers: {known}") from None
    return make(target)


__all__ = ["DRIVERS", "Driver", "Interrupted", "Unreachable", "WrongTarget", "driver_for"]
