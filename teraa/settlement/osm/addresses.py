"""Keys and addresses of an ARK Core chain.

An address is base58check over one version byte and the RIPEMD-160 of the 33-byte compressed
public key. There is no SHA-256 in between, unlike Bitcoin. A private key is the SHA-256 of a
passphrase: no salt, no derivation, so a weak phrase is a lost wallet. The platform itself never
holds one; keys are made here for the development node, the demo wallet and tests.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

import base58
from coincurve import PrivateKey
from Crypto.Hash import RIPEMD160

ADDRESS_LENGTH = 34
ADDRESS_BYTES = 21

_PUBLIC_KEY = re.compile(r"0[23][0-9a-f]{64}")


class NotAnAddress(ValueError):
    """The text is no base58check address of 21 bytes."""


class NotAPublicKey(ValueError):
    """The text is no compressed secp256k1 public key in lower-case hex."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key (32 bytes) and its compressed public key (66 hex characters)."""

    private_key: bytes = field(repr=False)
    public_key: str


def key_pair(passphrase: str) -> KeyPair:
    """Return the keys of a passphrase: the private key is the SHA-256 of its UTF-8 bytes."""
    secret = hashlib.sha256(passphrase.encode()).digest()
    return KeyPair(secret, PrivateKey(secret).public_key.format(compressed=True).hex())


def address_of(public_key: str, version: int) -> str:
    """Return the address of a public key (hex) on the network whose address byte is `version`.

    Raises NotAPublicKey when the text is not 33 bytes of hex beginning with 02 or 03.
    """
    if not _PUBLIC_KEY.fullmatch(public_key.lower()):
        raise NotAPublicKey(public_key)
    digest = RIPEMD160.new(bytes.fromhex(public_key)).digest()
    return base58.b58encode_check(bytes([version]) + digest).decode()


def address_of_passphrase(passphrase: str, version: int) -> str:
    """Return the address that a passphrase owns on the network of that address byte."""
    return address_of(key_pair(passphrase).public_key, version)


def wif_of(passphrase: str, version: int) -> str:
    """Return the private key of a passphrase in wallet import format (`version` is the WIF byte)."""
    payload = bytes([version]) + key_pair(passphrase).private_key + b"\x01"
    return base58.b58encode_check(payload).decode()


def address_bytes(address: str) -> bytes:
    """Return the 21 bytes (version, hash) behind an address.

    Raises NotAnAddress for a wrong alphabet, checksum or length.
    """
    # base58 strips surrounding white space by itself; an address with a blank in it is a typo.
    if len(address) > ADDRESS_LENGTH or not address.isascii() or not address.isalnum():
        raise NotAnAddress(address)
    try:
        decoded = base58.b58decode_check(address)
    except ValueError as error:
        raise NotAnAddress(address) from error
    if len(decoded) != ADDRESS_BYTES:
        raise NotAnAddress(address)
    return decoded


def is_address(text: str, version: int) -> bool:
    """Say whether the text is an address of the network whose address byte is `version`."""
    try:
        return address_bytes(text)[0] == version
    except NotAnAddress:
        return False
