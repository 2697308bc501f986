"""References of refunds, in the memo that the payee's wallet sends: ``R``, eight characters, check.

The same alphabet and check as a payer's reference (``OS…``), one letter shorter, so that neither
fits inside the other; and they never meet: ``OS`` is looked for in what comes in, ``R`` in what
goes out. Pure: no Django.
"""

from __future__ import annotations

import re

from teraa.common.ids import check_character, crockford
from teraa.settlement.osm.references import RANDOM_BITS, normalise

PREFIX = "R"
LENGTH = 10

# Overlapping matches on purpose: a memo may run words and reference together.
_CANDIDATE = re.compile(r"(?=(R[0-9A-HJKMNP-TV-Z]{9}))")


def new_reference() -> str:
    """A fresh reference, e.g. ``R7K3M9QX4T``."""
    body = crockford(RANDOM_BITS)
    return f"{PREFIX}{body}{check_character(body)}"


def find(text: str) -> list[str]:
    """Every normalised reference of a refund inside ``text``, each once; wrong checks left out."""
    found: dict[str, None] = {}
    for match in _CANDIDATE.finditer(normalise(text)):
        candidate = match.group(1)
        if check_character(candidate[1:-1]) == candidate[-1]:
            found[candidate] = None
    return list(found)


def is_reference(text: str) -> bool:
    """Whether ``text``, once normalised, is exactly one reference of a refund."""
    return len(normalise(text)) == LENGTH and find(text) == [normalise(text)]
