"""Effects and relay that die where they are told, see ``tests.mortality``.

    python -m tests.settlement.mortal_deliveries

Orders: ``{"part": "effects" | "relay", "die_after"}``. What the trade ``mortal`` is told of, and what
is published, it writes into the table ``told``, which forgets nothing and refuses nothing.
"""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

import django

from tests.mortality import dying_after, serve


def write_down(kind: str, key: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO told (kind, key) VALUES (%s, %s)", [kind, key])


def hear(*, due_id: UUID, at: datetime.datetime) -> None:
    write_down("effect", str(due_id))


def react(*, topic: str, key: str, version: int, at: datetime.datetime) -> None:
    write_down("news", f"{key} {version}")


def live(order: dict[str, Any]) -> None:
    from teraa.common.clock import now
    from teraa.live.relay import publish_batch
    from teraa.settlement import effects

    with dying_after(order["die_after"]):
        if order["part"] == "effects":
            effects.deliver_all(at=now())
        else:
            while publish_batch(now()):
                pass


if __name__ == "__main__":
    django.setup()
    from teraa.live import topics
    from teraa.settlement import effects as registered

    for kind in registered.KINDS:
        registered.register(subject="mortal", kind=kind, handler=hear)
    topics.register("mortal", react)
    serve(live)
