"""How the secrets of endpoints are kept: sealed by a key made from the server's own.

A digest would not do: we must sign with them. A copy of the database alone opens none of them;
they are shown once, when they are made, and stand in no log, journal or answer after that.
"""

from __future__ import annotations

import base64
import secrets
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PREFIX = "whsec_"
PURPOSE = b"teraa.webhooks.secret"


class Unreadable(ValueError):
    """The server's secret key is another one than when this was sealed."""


def new_secret() -> str:
    """256 random bits; the prefix lets programs that look for leaked secrets know it."""
    return f"{PREFIX}{secrets.token_urlsafe(32)}"


def seal(secret: str) -> str:
    """What is stored of a secret."""
    return (
        _locks(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        .encrypt(secret.encode())
        .decode("ascii")
    )


def unseal(sealed: str) -> str:
    """The secret again. Raises Unreadable."""
    locks = _locks(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    try:
        return locks.decrypt(sealed.encode("ascii")).decode()
    except (InvalidToken, UnicodeError) as error:
        raise Unreadable from error


@cache
def _locks(*keys: str) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    material = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode())
    return base64.urlsafe_b64encode(material)
