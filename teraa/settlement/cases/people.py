"""Who decides: the same person at a till and in the back office is one person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from teraa.settlement.cases.models import NAME_LENGTH
from teraa.venues.models import StaffMember


@dataclass(frozen=True, slots=True)
class Person:
    """``key`` tells two people apart; ``name`` is what is written beside what they decided."""

    key: str
    name: str

    @classmethod
    def of_user(cls, user: Any) -> Person:
        """Somebody signed in to the back office."""
        return cls(f"user:{user.pk}", str(user)[:NAME_LENGTH])

    @classmethod
    def of_staff(cls, staff: StaffMember) -> Person:
        """Somebody signed on at a station; with an account, they are that account's person."""
        key = f"user:{staff.user_id}" if staff.user_id else f"staff:{staff.pk}"
        return cls(key, staff.name[:NAME_LENGTH])
