"""What the supervisor says, in the operator's language.

The catalogue is the one the rest of the house uses, read with the standard library because no
Django may be imported here.  It is compiled by the first start, so the very first lines of the
very first start are English and everything after follows ``LANG``.
"""

from __future__ import annotations

import gettext as catalogues
from pathlib import Path

LOCALE = Path(__file__).resolve().parents[2] / "locale"


def _(message: str) -> str:
    """Return ``message`` in the operator's language, or as it is when no catalogue speaks it."""
    return catalogues.translation("django", LOCALE, fallback=True).gettext(message)
