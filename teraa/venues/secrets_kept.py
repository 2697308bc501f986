"""How tokens and codes are kept: by digest only. Pure apart from the server's secret."""

from __future__ import annotations

import hashlib
import secrets

from django.utils.crypto import salted_hmac

from teraa.common.ids import crockford, normalise_code

CODE_BITS = 40


def new_token() -> str:
    """256 random bits for a cookie or an ``Authorization`` header."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """What is stored of a token. Looking it up compares digests: nothing to time."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_code() -> str:
    """A short code a person can type, shown as ``XXXX-XXXX``: short-lived, tries are counted."""
    code = crockford(CODE_BITS)
    return f"{code[:4]}-{code[4:]}"


def code_digest(code: str) -> str:
    """What is stored of a short code: keyed, since 40 bits alone could be tried out offline."""
    typed = normalise_code(code)
    return salted_hmac("teraa.venues.enrolment", typed, algorithm="sha256").hexdigest()


def address_digest(address: str) -> str:
    """A visitor's network address as we remember it: enough to count, not to tell who."""
    return salted_hmac("teraa.venues.address", address, algorithm="sha256").hexdigest()
