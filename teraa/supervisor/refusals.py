"""The one exception that ends a start."""

from __future__ import annotations


class Refusal(Exception):
    """A start that cannot go on.

    Its text is printed as it is, so it says what happened, why, and what to do now.
    """
