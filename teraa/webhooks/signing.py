"""The signature a receiver checks (docs/webhooks.md shows how). Pure.

``TERAA-Signature: t=<unix seconds>,v1=<hex>[,v1=<hex>]``: HMAC-SHA256 over ``"<t>.<body>"``, one
``v1`` for each secret in force, so that a receiver may change its secret at leisure. The body is
signed whole: nothing in it, the state least of all, can be changed on the way.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence


def sign(secret: str, *, t: int, body: bytes) -> str:
    """The lower-case hexadecimal HMAC of ``body`` sent at ``t`` (Unix seconds)."""
    return hmac.new(secret.encode(), f"{t}.".encode() + body, hashlib.sha256).hexdigest()


def signature_header(secrets: Sequence[str], *, t: int, body: bytes) -> str:
    """The value of ``TERAA-Signature``, the newest secret's signature first."""
    return ",".join([f"t={t}", *(f"v1={sign(secret, t=t, body=body)}" for secret in secrets)])
