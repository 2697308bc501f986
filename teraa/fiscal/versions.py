"""The journal knows which fiscal core sealed: a core that changed, or was modified, is an event."""

from __future__ import annotations

import datetime
import json
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from teraa.common import journal_codes
from teraa.fiscal.sealing import seal_event
from teraa.fiscal.sources import CoreVersion, core_version

# The journal's first event says it, and every later one that is about the core.
_KNOWN: Final = """
SELECT register.id, known.values
  FROM fiscal_register register
  LEFT JOIN LATERAL (
      SELECT document.payload::jsonb -> 'values' AS values
        FROM fiscal_document document
       WHERE document.register_id = register.id
         AND document.kind = 'EVENT'
         AND document.event_code = ANY(%(codes)s)
         AND document.payload::jsonb -> 'values' ? 'fiscal_version'
       ORDER BY document.sequence DESC
       LIMIT 1
  ) AS known ON true
 ORDER BY register.id
"""

_noted: set[CoreVersion] = set()


def core_values(core: CoreVersion) -> dict[str, Any]:
    """What an event says about the core that runs."""
    return {
        "fiscal_version": core.version,
        "fiscal_sources_sha256": core.sha256,
        "fiscal_sources_attested": core.attested,
    }


def note_core(*, core: CoreVersion, at: datetime.datetime) -> int:
    """Seal a VERSION_CHANGED event in every register whose journal knows another core; how many.

    Its values hold the old and the new version and hash, and whether the new one is the attested
    one; ``modified_core`` says when it is not. Raises KeysUnavailable, PayeeUnidentified.
    """
    with connection.cursor() as cursor:
        codes = [journal_codes.JOURNAL_STARTED, journal_codes.VERSION_CHANGED]
        cursor.execute(_KNOWN, {"codes": codes})
        known = [(register, _read(values)) for register, values in cursor.fetchall()]
    stale = [
        (register, was) for register, was in known if not was.items() >= core_values(core).items()
    ]
    for register_id, was in stale:
        _note(register_id, was, core, at)
    return len(stale)


def _note(register_id: UUID, was: dict[str, Any], core: CoreVersion, at: datetime.datetime) -> None:
    with transaction.atomic():
        seal_event(
            register_id=register_id,
            code=journal_codes.VERSION_CHANGED,
            values={
                "what": "fiscal core",
                **core_values(core),
                "modified_core": not core.attested,
                "previous_fiscal_version": was.get("fiscal_version"),
                "previous_fiscal_sources_sha256": was.get("fiscal_sources_sha256"),
            },
            at=at,
        )


def note_core_once(*, at: datetime.datetime) -> int:
    """The same for the core of this process, once in its life; nothing where there are no keys."""
    core = core_version()
    if settings.TERAA_KEYS is None or core in _noted:
        return 0
    changed = note_core(core=core, at=at)
    _noted.add(core)
    return changed


def _read(values: Any) -> dict[str, Any]:
    known = json.loads(values) if isinstance(values, str) else values
    return known if isinstance(known, dict) else {}
