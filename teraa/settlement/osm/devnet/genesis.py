"""The first block of a profile: the same on every machine, so the nethash is too.

One premine wallet pays the demo wallet, a reserve and every delegate; every delegate registers and
votes for itself. All of it is signed, free of fees and dated at the epoch, as the node's own
generator does. The nethash is the payload hash.
"""

from __future__ import annotations

from functools import cache

from teraa.settlement.osm import transaction_forms_v2, transactions, transactions_v2
from teraa.settlement.osm.addresses import KeyPair, address_of, key_pair
from teraa.settlement.osm.blocks import GENESIS_PREVIOUS, BlockHeader, payload_hash
from teraa.settlement.osm.transactions import Transaction
from teraa.settlement.osm.transactions_v2 import AnyTransaction, TransactionV2

from .chain import Block
from .profiles import (
    ADDRESS_BYTE,
    DEMO_PHRASE,
    PREMINE_PHRASE,
    PROFILES,
    RESERVE_PHRASE,
    Profile,
)


def delegate_name(number: int) -> str:
    """Return the username of the nth delegate, counted from 1 (`osm_01`)."""
    return f"osm_{number:02d}"


@cache
def genesis_of(profile_name: str, dialect: str = "2.5") -> Block:
    """Return the genesis block of a profile; making it takes some hundred signatures."""
    profile = PROFILES[profile_name]
    premine = key_pair(PREMINE_PHRASE)
    signed: tuple[AnyTransaction, ...] = (
        tuple(_transactions(profile, premine))
        if dialect == "2.5"
        else tuple(_transactions_v2(profile, premine))
    )
    digest = payload_hash(_id(one) for one in signed)
    header = BlockHeader(
        version=0,
        timestamp=0,
        height=1,
        previous_block=GENESIS_PREVIOUS,
        number_of_transactions=len(signed),
        total_amount=sum(one.amount for one in signed),
        total_fee=0,
        reward=0,
        payload_length=32 * len(signed),
        payload_hash=digest,
        generator_public_key=premine.public_key,
    )
    return Block(header.signed(premine), signed)


def nethash_of(profile_name: str, dialect: str = "2.5") -> str:
    """Return the nethash of a profile: the payload hash of its genesis block."""
    return genesis_of(profile_name, dialect).header.payload_hash


def _gifts(profile: Profile, delegates: list[KeyPair]) -> list[tuple[KeyPair, int]]:
    shared = profile.demo_share + profile.delegate_share * len(delegates)
    return [
        (key_pair(DEMO_PHRASE), profile.demo_share),
        (key_pair(RESERVE_PHRASE), profile.premine - shared),
        *((delegate, profile.delegate_share) for delegate in delegates),
    ]


def _transactions_v2(profile: Profile, premine: KeyPair) -> list[TransactionV2]:
    delegates = [key_pair(phrase) for phrase in profile.delegate_phrases()]
    signed = [
        transactions_v2.transfer(
            sender_public_key=premine.public_key,
            nonce=nonce,
            recipient_id=address_of(receiver.public_key, ADDRESS_BYTE),
            amount=amount,
            fee=0,
            network=ADDRESS_BYTE,
        ).signed(premine)
        for nonce, (receiver, amount) in enumerate(_gifts(profile, delegates), start=1)
    ]
    signed += [
        transaction_forms_v2.delegate_registration(
            sender_public_key=keys.public_key,
            nonce=1,
            username=delegate_name(number),
            fee=0,
            network=ADDRESS_BYTE,
        ).signed(keys)
        for number, keys in enumerate(delegates, start=1)
    ]
    signed += [
        transaction_forms_v2.vote(
            sender_public_key=keys.public_key,
            nonce=2,
            delegate=f"+{keys.public_key}",
            fee=0,
            network=ADDRESS_BYTE,
        ).signed(keys)
        for keys in delegates
    ]
    return signed


def _transactions(profile: Profile, premine: KeyPair) -> list[Transaction]:
    delegates = [key_pair(phrase) for phrase in profile.delegate_phrases()]
    signed = [
        transactions.transfer(
            sender_public_key=premine.public_key,
            recipient_id=address_of(receiver.public_key, ADDRESS_BYTE),
            amount=amount,
            fee=0,
            timestamp=0,
            version=ADDRESS_BYTE,
        ).signed(premine)
        for receiver, amount in _gifts(profile, delegates)
    ]
    signed += [
        transactions.delegate_registration(
            sender_public_key=keys.public_key,
            username=delegate_name(number),
            fee=0,
            timestamp=0,
            version=ADDRESS_BYTE,
        ).signed(keys)
        for number, keys in enumerate(delegates, start=1)
    ]
    signed += [
        transactions.vote(
            sender_public_key=keys.public_key,
            delegate=f"+{keys.public_key}",
            fee=0,
            timestamp=0,
            version=ADDRESS_BYTE,
        ).signed(keys)
        for keys in delegates
    ]
    return signed


def _id(transaction: AnyTransaction) -> str:
    return transaction.id or transaction.computed_id()
