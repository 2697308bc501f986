"""Closers that die where they are told, see ``tests.mortality``.

    python -m tests.fiscal.mortal_closings

Orders: ``{"register", "die_after", "what", "at"}``: ``day`` closes the day, ``sell`` seals a ticket,
``overdue`` does a round of the jobs' loop.
"""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

import django

from tests.mortality import dying_after, serve


def live(order: dict[str, Any]) -> None:
    from teraa.fiscal.closings.days import close_day
    from teraa.fiscal.closings.overdue import close_overdue
    from teraa.fiscal.models import Register
    from tests.fiscal import cast

    at = datetime.datetime.fromisoformat(order["at"])
    register = Register.objects.get(pk=UUID(order["register"]))
    with dying_after(order["die_after"]):
        if order["what"] == "day":
            close_day(register_id=register.pk, at=at, operator_label="Ana")
        elif order["what"] == "sell":
            cast.seal(register, at=at)
        else:
            close_overdue(at)


if __name__ == "__main__":
    django.setup()
    serve(live)
