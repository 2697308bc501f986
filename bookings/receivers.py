"""What happens to bookings when settlement has news of their dues."""

from __future__ import annotations

from bookings.operations import SUBJECT, look_at_due
from teraa.settlement import effects


def register() -> None:
    """Called once, when applications are ready."""
    for kind in effects.KINDS:
        effects.register(subject=SUBJECT, kind=kind, handler=look_at_due)
