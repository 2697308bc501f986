"""Payments that the node itself makes for tests: out of the demo wallet, straight into the pool."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from teraa.settlement.osm import transactions, transactions_v2
from teraa.settlement.osm.addresses import KeyPair, key_pair
from teraa.settlement.osm.transactions_v2 import Payment, TransactionV2

from .chain import Chain
from .examination import least_fee
from .faults.switches import Faults
from .forms import AnyTransaction, post_form
from .pool import Pool
from .profiles import ADDRESS_BYTE, DEMO_PHRASE

OLD_CLAIM_SECONDS = 21_000
BYSTANDER_PHRASE = "teraa development network bystander"


class NotPaid(RuntimeError):
    """The pool refused; the text is its reason."""


def unsigned_payment(
    chain: Chain,
    *,
    sender: KeyPair,
    address: str,
    units: int,
    memo: str,
    timestamp: int,
    nonce: int | None = None,
) -> AnyTransaction:
    """Return an unsigned transfer of `units` (10^-8) in the version the chain takes."""
    fee = chain.profile.fees["transfer"]
    if chain.dialect == "2.5":
        return transactions.transfer(
            sender_public_key=sender.public_key,
            recipient_id=address,
            amount=units,
            fee=fee,
            timestamp=timestamp,
            version=ADDRESS_BYTE,
            vendor_field=memo,
        )
    return transactions_v2.transfer(
        sender_public_key=sender.public_key,
        nonce=chain.ledger.nonce(sender.public_key) + 1 if nonce is None else nonce,
        recipient_id=address,
        amount=units,
        fee=fee,
        network=ADDRESS_BYTE,
        vendor_field=memo,
    )


def signed_with_enough_fee(made: TransactionV2, keys: KeyPair) -> TransactionV2:
    """Return ``made`` signed, with its own fee or the least the pool takes.

    By the size of a payment to several that is more, where a transfer costs little.
    """
    least = least_fee(made.signed(keys))
    return replace(made, fee=max(made.fee, least)).signed(keys)


class Payments:
    """Signs for any phrase. Two of its payments are never the same transaction."""

    def __init__(self, chain: Chain, pool: Pool, faults: Faults) -> None:
        self._chain = chain
        self._pool = pool
        self._faults = faults
        self._last = 0

    def pay(
        self,
        address: str,
        units: int,
        memo: str = "",
        *,
        phrase: str = DEMO_PHRASE,
        claimed_seconds_ago: int = 0,
    ) -> str:
        """Pay `units` (10^-8) out of a phrase's wallet; return the id. Raises NotPaid.

        A version-1 payment may claim to be older than it is; version 2 claims no time.
        """
        keys = key_pair(phrase)
        among_others = self._faults.take("t19_paid_among_others")
        if among_others is not None and self._chain.dialect != "2.5":
            return self.pay_several(
                [
                    (address, units // 2),
                    (self._chain.address_of(key_pair(BYSTANDER_PHRASE).public_key), 1),
                    (address, units - units // 2),
                ],
                memo,
                phrase=phrase,
            )
        old = self._faults.take("t14_old_claims")
        if old is not None:
            claimed_seconds_ago = int(old.get("seconds", OLD_CLAIM_SECONDS))
        made = unsigned_payment(
            self._chain,
            sender=keys,
            address=address,
            units=units,
            memo=memo,
            timestamp=self._moment() - claimed_seconds_ago,
            nonce=self._pool.next_nonce(keys.public_key),
        )
        return self._submit(made.signed(keys))

    def pay_several(
        self, lines: Sequence[tuple[str, int]], memo: str = "", *, phrase: str = DEMO_PHRASE
    ) -> str:
        """Pay several addresses at once (3.9 only); return the id. Raises NotPaid."""
        keys = key_pair(phrase)
        made = transactions_v2.multi_payment(
            sender_public_key=keys.public_key,
            nonce=self._pool.next_nonce(keys.public_key),
            payments=[Payment(address, units) for address, units in lines],
            fee=self._chain.profile.fees["multiPayment"],
            network=ADDRESS_BYTE,
            vendor_field=memo,
        )
        return self._submit(signed_with_enough_fee(made, keys))

    def _moment(self) -> int:
        # Alike payments of one second would have the same id. The pool takes a claim from the
        # future, but a forger that has fallen behind must still find it old enough.
        self._last = max(self._pool.now(), self._last + 1)
        return self._last

    def _submit(self, signed: AnyTransaction) -> str:
        verdict = self._pool.submit([post_form(signed)])
        if signed.id not in verdict.accept:
            raise NotPaid(str(verdict.errors.get(str(signed.id)) or "too many of this wallet"))
        return str(signed.id)


def fresh_phrase() -> str:
    """Return a phrase nobody has used."""
    return f"teraa development network {secrets.token_hex(16)}"
