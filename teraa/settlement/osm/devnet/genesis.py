"""The first block of a profile: the same on every machine, so the nethash is too.

One premine wallet pays the demo wallet, a reserve and every delegate; every delegate registers and
votes for itself. All of it is signed, free of fees and dated at the epoch, as the node's own
generator does. The nethash is the payload hash.
"""

from __future__ import annotations

from functools import cache

from teraa.settlement.osm import transactions
from teraa.settlement.osm.addresses import KeyPair, address_of, key_pair
from teraa.settlement.osm.blocks import GENESIS_PREVIOUS, BlockHeader, payload_hash
from teraa.settlement.osm.transactions import Transaction

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
def genesis_of(profile_name: str) -> Block:
    """Return the genesis block of a profile; making it takes some hundred signatures."""
    profile = PROFILES[profile_name]
    premine = key_pair(PREMINE_PHRASE)
    signed = tuple(_transactions(profile, premine))
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


def nethash_of(profile_name: str) -> str:
    """Return the nethash of a profile: the payload hash of its genesis block."""
    return genesis_of(profile_name).header.payload_hash


def _transactions(profile: Profile, premine: KeyPair) -> list[Transaction]:
    delegates = [key_pair(phrase) for phrase in profile.delegate_phrases()]
    shared = profile.demo_share + profile.delegate_share * len(delegates)
    gifts = [
        (key_pair(DEMO_PHRASE), profile.demo_share),
        (key_pair(RESERVE_PHRASE), profile.premine - shared),
        *((delegate, profile.delegate_share) for delegate in delegates),
    ]
    signed = [
        transactions.transfer(
            sender_public_key=premine.public_key,
            recipient_id=address_of(receiver.public_key, ADDRESS_BYTE),
            amount=amount,
            fee=0,
            timestamp=0,
            version=ADDRESS_BYTE,
        ).signed(premine)
        for receiver, amount in gifts
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


def _id(transaction: Transaction) -> str:
    return transaction.id or transaction.computed_id()
