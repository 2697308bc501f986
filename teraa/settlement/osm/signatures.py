"""ECDSA over secp256k1 as version-1 transactions and blocks use it: DER, over SHA-256."""

from __future__ import annotations

from coincurve import PrivateKey, PublicKey
from coincurve.ecdsa import cdata_to_der, der_to_cdata, signature_normalize


def sign(message: bytes, private_key: bytes) -> str:
    """Sign the SHA-256 of a message; return DER in hex. The same message gives the same signature.

    (RFC 6979 nonces, low S: the very signatures the node's own library makes.)
    """
    return PrivateKey(private_key).sign(message).hex()


def verifies(message: bytes, signature: str, public_key: str) -> bool:
    """Say whether a DER signature (hex) over the SHA-256 of a message is that key's.

    Malformed hex, DER or key is a plain False. A high S is brought low first, as the node does:
    libsecp256k1 alone would refuse a signature that the chain accepted.
    """
    try:
        _, low = signature_normalize(der_to_cdata(bytes.fromhex(signature)))
        return PublicKey(bytes.fromhex(public_key)).verify(cdata_to_der(low), message)
    except ValueError:
        return False
