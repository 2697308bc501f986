"""Balances, usernames and votes: what the confirmed chain says of every wallet.

Amounts are units of 10^-8. Refusals use the node's own sentences, since wallets show them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from teraa.settlement.osm import transactions as kinds
from teraa.settlement.osm.blocks import BlockHeader
from teraa.settlement.osm.transactions_v2 import AnyTransaction, TransactionV2

from .forms import spent_by
from .locks import Locks
from .profiles import own_address

COLD = "Cold wallet is not allowed to send until receiving transaction is confirmed."
INSUFFICIENT = "Insufficient balance in the wallet."
_BECAUSE = "Failed to apply transaction, because "


class LedgerBroken(ValueError):
    """A block would leave the ledger inconsistent: the log is not this network's, or was altered."""


@dataclass(slots=True)
class Wallet:
    """One address. `public_key` is unknown (None) until the wallet has sent something."""

    address: str
    public_key: str | None = None
    balance: int = 0
    username: str | None = None
    vote: str | None = None
    vote_balance: int = 0
    rank: int | None = None
    produced: int = 0
    forged_fees: int = 0
    forged_rewards: int = 0
    nonce: int = 0
    last_height: int | None = None


class Ledger:
    """The wallets of the confirmed chain."""

    def __init__(self) -> None:
        self._by_address: dict[str, Wallet] = {}
        self._by_public_key: dict[str, Wallet] = {}
        self._by_username: dict[str, Wallet] = {}
        self.locks = Locks()
        self._last: BlockHeader | None = None

    def __iter__(self) -> Iterator[Wallet]:
        return iter(self._by_address.values())

    def __len__(self) -> int:
        return len(self._by_address)

    def find(self, name: str) -> Wallet | None:
        """Return the wallet of an address, a public key or a username."""
        return (
            self._by_address.get(name)
            or self._by_public_key.get(name)
            or self._by_username.get(name)
        )

    def by_public_key(self, public_key: str) -> Wallet | None:
        """Return the wallet whose public key the chain has seen."""
        return self._by_public_key.get(public_key)

    def nonce(self, public_key: str) -> int:
        """Return the nonce of the last transaction a key has in a block; 0 before the first."""
        wallet = self._by_public_key.get(public_key)
        return wallet.nonce if wallet else 0

    def delegate(self, name: str) -> Wallet | None:
        """Return the delegate of an address, public key or username."""
        wallet = self.find(name)
        return wallet if wallet and wallet.username else None

    def delegates(self) -> list[Wallet]:
        """Return every registered delegate, oldest registration first."""
        return list(self._by_username.values())

    def ranked(self) -> list[Wallet]:
        """Return the delegates by votes, then by public key."""
        return sorted(
            self._by_username.values(), key=lambda one: (-one.vote_balance, one.public_key or "")
        )

    def rank_delegates(self) -> None:
        """Renew every delegate's rank; the node does so when a round opens, not in between."""
        for rank, wallet in enumerate(self.ranked(), start=1):
            wallet.rank = rank

    def refusal(
        self, transaction: AnyTransaction, *, pending: int = 0, ahead: int = 0
    ) -> str | None:
        """Say, in the node's words, why a transaction cannot be applied, or None.

        `pending` is what the sender's transactions before it already spend (units of 10^-8),
        `ahead` how many they are.
        """
        sender = self._by_address.get(own_address(transaction.sender_public_key))
        balance = (sender.balance if sender else 0) - pending
        if isinstance(transaction, TransactionV2):
            why = self._refusal_2(transaction, balance, ahead)
            if why or sender is None:
                return why or INSUFFICIENT
        if sender is None or (sender.public_key is None and sender.balance == 0):
            return COLD
        if transaction.type == kinds.VOTE and (why := self._vote_refusal(transaction, sender)):
            return why
        registers = transaction.type == kinds.DELEGATE_REGISTRATION
        if registers and (why := self._registration_refusal(transaction, sender)):
            return why
        if balance < spent_by(transaction) + transaction.fee:
            return INSUFFICIENT
        if transaction.second_signature:
            return _BECAUSE + "wallet does not allow second signatures."
        if transaction.signatures:
            return _BECAUSE + "multi signatures are currently not supported."
        return None

    def _refusal_2(self, one: TransactionV2, balance: int, ahead: int) -> str | None:
        nonce = self.nonce(one.sender_public_key) + ahead
        if one.nonce != nonce + 1:
            return (
                f"Cannot apply a transaction with nonce {one.nonce}: "
                f"the sender {one.sender_public_key} has nonce {nonce}."
            )
        if balance < one.spent + one.fee:
            return INSUFFICIENT
        return self.locks.refusal(one, self._last)

    def apply(self, header: BlockHeader, transactions: Sequence[AnyTransaction]) -> None:
        """Book a block: its transactions in order, then reward and fees to its generator.

        Raises LedgerBroken when a transaction cannot be applied; nothing is undone then, so check
        with `refusal` before. The genesis block alone may overdraw: it makes the coins, and its
        premine wallet stays below zero for ever, as on the node.
        """
        for transaction in transactions:
            self._apply_one(transaction, free=header.height == 1)
        self._last = header
        generator = self._known(header.generator_public_key)
        earned = header.reward + header.total_fee
        self._credit(generator, earned)
        if header.height > 1:
            generator.produced += 1
            generator.forged_fees += header.total_fee
            generator.forged_rewards += header.reward
            generator.last_height = header.height

    def _apply_one(self, transaction: AnyTransaction, *, free: bool) -> None:
        if not free and (why := self.refusal(transaction)):
            raise LedgerBroken(f"{transaction.id}: {why}")
        sender = self._known(transaction.sender_public_key)
        cost = spent_by(transaction) + transaction.fee
        sender.nonce += 1
        if transaction.type == kinds.VOTE:
            sender.balance -= cost
            self._book_vote(sender, str((transaction.asset or {})["votes"][0]), cost)
            return
        self._credit(sender, -cost)
        if transaction.type == kinds.DELEGATE_REGISTRATION:
            sender.username = str((transaction.asset or {})["delegate"]["username"])
            self._by_username[sender.username] = sender
        elif isinstance(transaction, TransactionV2):
            for payment in (*transaction.payments, *self.locks.apply(transaction)):
                self._credit(self._at(payment.recipient_id), payment.amount)
        elif transaction.recipient_id is not None:
            self._credit(self._at(transaction.recipient_id), transaction.amount)

    def _book_vote(self, sender: Wallet, vote: str, cost: int) -> None:
        delegate = self._known(vote[1:])
        if vote.startswith("+"):
            sender.vote = vote[1:]
            delegate.vote_balance += sender.balance
        else:
            sender.vote = None
            delegate.vote_balance -= sender.balance + cost

    def _credit(self, wallet: Wallet, units: int) -> None:
        wallet.balance += units
        if wallet.vote:
            self._known(wallet.vote).vote_balance += units

    def _vote_refusal(self, transaction: AnyTransaction, sender: Wallet) -> str | None:
        vote = str((transaction.asset or {})["votes"][0])
        if vote.startswith("+") and sender.vote:
            again = "the sender wallet has already" if _is_v2(transaction) else "the wallet already"
            return _BECAUSE + f"{again} voted."
        if vote.startswith("-"):
            if not sender.vote:
                return _BECAUSE + "the wallet has not voted."
            if sender.vote != vote[1:]:
                return _BECAUSE + "the wallet vote does not match."
        voted = self._by_public_key.get(vote[1:])
        if voted is None or voted.username is None:
            return _BECAUSE + "only delegates can be voted."
        return None

    def _registration_refusal(self, transaction: AnyTransaction, sender: Wallet) -> str | None:
        username = str((transaction.asset or {})["delegate"]["username"])
        if sender.username:
            return _BECAUSE + "the wallet already has a registered username."
        if username in self._by_username:
            return _BECAUSE + f"the username '{username}' is already registered."
        return None

    def _at(self, address: str) -> Wallet:
        return self._by_address.setdefault(address, Wallet(address))

    def _known(self, public_key: str) -> Wallet:
        wallet = self._by_public_key.get(public_key)
        if wallet is None:
            wallet = self._at(own_address(public_key))
            wallet.public_key = public_key
            self._by_public_key[public_key] = wallet
        return wallet


def _is_v2(one: AnyTransaction) -> bool:
    return isinstance(one, TransactionV2)
