"""Schnorr over secp256k1 as version-2 transactions of ARK Core use it.

Not BIP-340: the draft before it. The challenge is SHA-256(r, 33-byte compressed public key, message)
without tags, and of the two points with one x the one whose y is a square is meant. The message is
the SHA-256 of what is signed. 64 bytes: x of the point, then the scalar.
"""

from __future__ import annotations

import hashlib
from typing import Final

from coincurve import PrivateKey, PublicKey

LENGTH: Final = 64
FIELD: Final = 2**256 - 2**32 - 977
ORDER: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141


def sign(message: bytes, private_key: bytes) -> str:
    """Sign the SHA-256 of a message; return 128 hex digits. The same message, the same signature."""
    digest = hashlib.sha256(message).digest()
    keys = PrivateKey(private_key)
    secret = int.from_bytes(private_key, "big")
    nonce = int.from_bytes(hashlib.sha256(private_key + digest).digest(), "big") % ORDER
    x, y = PrivateKey.from_int(nonce).public_key.point()
    if not _is_square(y):
        nonce = ORDER - nonce
    point = x.to_bytes(32, "big")
    challenge = _challenge(point, keys.public_key.format(compressed=True), digest)
    scalar = (nonce + challenge * secret) % ORDER
    return (point + scalar.to_bytes(32, "big")).hex()


def verifies(message: bytes, signature: str, public_key: str) -> bool:
    """Say whether a signature (128 hex) over the SHA-256 of a message is that key's (66 hex).

    Anything malformed is a plain False.
    """
    try:
        content, key = bytes.fromhex(signature), bytes.fromhex(public_key)
        if len(content) != LENGTH or len(key) != 33:
            return False
        point, scalar = content[:32], int.from_bytes(content[32:], "big")
        wanted = int.from_bytes(point, "big")
        if wanted >= FIELD or not 0 < scalar < ORDER:
            return False
        challenge = _challenge(point, key, hashlib.sha256(message).digest())
        signer = PublicKey(key)
        left = PublicKey.from_valid_secret(scalar.to_bytes(32, "big"))
        if challenge:
            right = signer.multiply((ORDER - challenge).to_bytes(32, "big"))
            left = PublicKey.combine_keys([left, right])
        x, y = left.point()
    except ValueError:
        return False
    return x == wanted and _is_square(y)


def _challenge(point: bytes, key: bytes, digest: bytes) -> int:
    return int.from_bytes(hashlib.sha256(point + key + digest).digest(), "big") % ORDER


def _is_square(y: int) -> bool:
    return pow(y, (FIELD - 1) // 2, FIELD) == 1
