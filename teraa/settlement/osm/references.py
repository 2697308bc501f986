"""References that payers put in the vendorField: ``OS``, eight random characters, one check.

Crockford base 32 (40 random bits), no separator: wallets keep ``[A-Z0-9]`` unharmed. The
reference is public for ever and names nobody. Pure: no Django.
"""

from __future__ import annotations

import re
import unicodedata

from teraa.common.ids import check_character, crockford

PREFIX = "OS"
RANDOM_BITS = 40
LENGTH = 11

_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_NOISE = re.compile(r"[\s\-‐‑‒–—_.·]+")
# Overlapping matches on purpose: a memo may run words and reference together.
_CANDIDATE = re.compile(r"(?=(0S[0-9A-HJKMNP-TV-Z]{9}))")


def new_reference() -> str:
    """A fresh reference, e.g. ``OS7K3M9QX4T``."""
    body = crockford(RANDOM_BITS)
    return f"{PREFIX}{body}{check_character(body)}"


def normalise(text: str) -> str:
    """The form in which references are compared: NFKC, capitals, no blanks or dashes, O→0, I/L→1."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text).upper()).translate(_LOOKALIKES)


def is_reference(text: str) -> bool:
    """Whether ``text``, once normalised, is exactly one reference with a right check character."""
    return len(normalise(text)) == LENGTH and find(text) == [normalise(text)]


def find(text: str) -> list[str]:
    """Every normalised reference inside ``text``, in order, each once; wrong checks are left out.

    ``"merci OS7K3M-9QX4T"`` → ``["0S7K3M9QX4T"]`` (when the check character agrees).
    """
    found: dict[str, None] = {}
    for match in _CANDIDATE.finditer(normalise(text)):
        candidate = match.group(1)
        if check_character(candidate[2:-1]) == candidate[-1]:
            found[candidate] = None
    return list(found)
