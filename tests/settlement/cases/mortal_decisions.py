"""Somebody who decides about coins and dies where told, see ``tests.mortality``.

    python -m tests.settlement.cases.mortal_decisions

Orders: ``{"act": a name of teraa.settlement.cases.operations, "fields", "person", "at", "die_after"}``.
"""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

import django

from tests.mortality import dying_after, serve


def live(order: dict[str, Any]) -> None:
    from teraa.settlement.cases import operations
    from teraa.settlement.cases.people import Person

    fields = {
        name: UUID(value) if name == "key" or name.endswith("_id") else value
        for name, value in order["fields"].items()
    }
    decide = getattr(operations, order["act"])
    with dying_after(order["die_after"]):
        decide(
            person=Person(*order["person"]),
            at=datetime.datetime.fromisoformat(order["at"]),
            **fields,
        )


if __name__ == "__main__":
    django.setup()
    serve(live)
