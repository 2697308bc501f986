"""What the nodes' webhooks told us lately. Every waiting hint is answered by one look."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass

from django.db import connection

BLOCK_EVENT = "block.applied"
SILENT_AFTER_BLOCKS = 3

# However many wait, what comes back is one row: the newest block spoken of, and by whose hook.
ANSWERED = """
WITH answered AS (
    UPDATE osm_node_hint SET handled_at = %s WHERE handled_at IS NULL
    RETURNING id, peer_id, event, body
)
SELECT (SELECT count(*) FROM answered WHERE event = %s),
       (SELECT body::text FROM answered WHERE event = %s ORDER BY id DESC LIMIT 1)
"""


@dataclass(frozen=True, slots=True)
class Hinted:
    """``block_id`` is the block spoken of last, "" for none; ``blocks`` how many hints of blocks."""

    block_id: str = ""
    blocks: int = 0


def take_hints(at: datetime.datetime) -> Hinted:
    """Answer all that wait."""
    with connection.cursor() as cursor:
        cursor.execute(ANSWERED, [at, BLOCK_EVENT, BLOCK_EVENT])
        blocks, body = cursor.fetchone()
    ids = json.loads(body).get("ids") if body else None
    return Hinted(str(ids[0]) if ids else "", blocks)


class Silence:
    """Whether hooks have gone silent: three blocks came and nobody told us of one."""

    def __init__(self) -> None:
        self._unheard = 0
        self._height: int | None = None

    def note(self, *, height: int, hinted: Hinted) -> bool:
        """After a look that ended at ``height``: whether hooks are silent now."""
        if hinted.blocks:
            self._unheard = 0
        elif self._height is not None and height > self._height:
            self._unheard += height - self._height
        self._height = height
        return self._unheard >= SILENT_AFTER_BLOCKS

    def begin_again(self, height: int) -> None:
        """Blocks before this were made while we did not listen."""
        self._unheard, self._height = 0, height
