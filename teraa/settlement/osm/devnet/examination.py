"""Which transactions the pool takes: the node's checks, in its order and with its words.

2.5 and 3.x refuse the same things for the same reasons and say so quite differently.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from teraa.settlement.osm import transactions, transactions_v2
from teraa.settlement.osm.addresses import address_bytes
from teraa.settlement.osm.transactions import NotATransaction, Transaction, Unserialisable
from teraa.settlement.osm.transactions_v2 import AnyTransaction, TransactionV2

from .chain import Chain, one_per_block
from .forms import from_form
from .profiles import ADDRESS_BYTE, FEE_PER_BYTE, addon_bytes

MAX_PER_SENDER: Final = 300
MAX_AHEAD_SECONDS: Final = 3600
MOST_PAYMENTS: Final = 256
EXCESS: Final = "EXCESS"
_MALFORMED: Final = "Failed to deserialize transaction, because the bytes are malformed."
_SUPPORTED: Final = {
    transactions.TRANSFER,
    transactions.DELEGATE_REGISTRATION,
    transactions.VOTE,
}
_TYPE_LABELS: Final = {
    transactions.DELEGATE_REGISTRATION: "DelegateRegistration",
    transactions.VOTE: "Vote",
}
_LOCKS: Final = {
    transactions_v2.HTLC_LOCK,
    transactions_v2.HTLC_CLAIM,
    transactions_v2.HTLC_REFUND,
}
_SUPPORTED_V2: Final = {*_SUPPORTED, transactions_v2.MULTI_PAYMENT, *_LOCKS}


class Refused(Exception):
    """A transaction is not taken; carries the node's error type and sentence."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


@dataclass(slots=True)
class Verdict:
    """What became of a posted batch, in the node's terms."""

    accept: list[str] = field(default_factory=list)
    excess: list[str] = field(default_factory=list)
    errors: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def note(self, transaction_id: str, kind: str, message: str) -> None:
        """Keep why a transaction was refused."""
        self.errors.setdefault(transaction_id, []).append({"type": kind, "message": message})

    def as_json(self, *, dialect: str) -> dict[str, Any]:
        """Return the answer to the POST; `errors` is left out when there is none.

        Each id has a list of errors in 2.5 and one error in 3.x.
        """
        answer: dict[str, Any] = {
            "data": {
                "accept": self.accept,
                "broadcast": list(self.accept),
                "excess": self.excess,
                "invalid": list(self.errors),
            }
        }
        if self.errors and dialect == "2.5":
            answer["errors"] = self.errors
        elif self.errors:
            answer["errors"] = {name: errors[0] for name, errors in self.errors.items()}
        return answer


class Waiting(Protocol):
    """What an examination has to know of the pool."""

    def holds(self, transaction_id: str) -> bool:
        """Whether it waits already."""

    def count_of(self, public_key: str) -> int:
        """How many of a sender wait."""

    def spent_by(self, public_key: str) -> int:
        """What a sender's waiting transactions spend, fees included (units of 10^-8)."""

    def claims(self, claim: tuple[int, str]) -> bool:
        """Whether something waits that a block may hold once."""

    def now(self) -> int:
        """The network's seconds."""


def least_fee(transaction: AnyTransaction) -> int:
    """Return the lowest fee the pool takes, in units: 3000 a byte of half the wire form, and more.

    HTLC claims and refunds are free.
    """
    if isinstance(transaction, TransactionV2):
        if transaction.type in (transactions_v2.HTLC_CLAIM, transactions_v2.HTLC_REFUND):
            return 0
        name = transactions_v2.TYPE_NAMES[transaction.type]
    else:
        name = transactions.TYPE_NAMES[transaction.type]
    wire = transaction.wire_bytes(version=ADDRESS_BYTE)
    return FEE_PER_BYTE * (2 * addon_bytes(name) + len(wire)) // 2


def examined(data: dict[str, Any], chain: Chain, pool: Waiting) -> AnyTransaction:
    """Return the transaction of a posted element in the chain's dialect. Raises Refused."""
    if chain.dialect == "2.5":
        return _examined_2(data, chain, pool)
    return _examined_3(data, chain, pool)


def _examined_2(data: dict[str, Any], chain: Chain, pool: Waiting) -> Transaction:
    received = str(data["id"])
    now = pool.now()
    if pool.holds(received):
        raise Refused("ERR_DUPLICATE", f"Duplicate transaction {received}")
    if pool.count_of(data["senderPublicKey"]) >= MAX_PER_SENDER:
        raise Refused(EXCESS, "")
    if data["timestamp"] > now + MAX_AHEAD_SECONDS:
        ahead = data["timestamp"] - now
        raise Refused("ERR_FROM_FUTURE", f"Transaction {received} is {ahead} seconds in the future")
    if 0 < (data.get("expiration") or 0) <= chain.height + 1:
        since = chain.height - data["expiration"]
        raise Refused("ERR_EXPIRED", f"Transaction {received} is expired since {since} blocks.")
    if data.get("version", 1) != 1:
        raise Refused("ERR_UNKNOWN", f"Version {data['version']} not supported.")
    try:
        transaction = transactions.from_json(data)
        _check_place(transaction, pool)
        computed = transaction.computed_id()
        verified = transaction.verifies()
    except (NotATransaction, ValueError) as error:
        raise Refused("ERR_UNKNOWN", _MALFORMED) from error
    if not _is_der(transaction.signature or ""):
        raise Refused("ERR_UNKNOWN", _MALFORMED)
    if not verified:
        raise Refused("ERR_BAD_DATA", "Transaction didn't pass the verification process.")
    transaction = transactions.from_json({**data, "id": computed})
    if pool.holds(computed):
        raise Refused("ERR_DUPLICATE", f"Duplicate transaction {computed}")
    sender = transaction.sender_public_key
    if why := chain.ledger.refusal(transaction, pending=pool.spent_by(sender)):
        # The node wraps the sentence in a JSON list, as text.
        raise Refused("ERR_APPLY", f'["{why}"]')
    if transaction.fee < least_fee(transaction):
        raise Refused("ERR_LOW_FEE", "The fee is too low to broadcast and accept the transaction")
    if chain.has_transaction(computed):
        raise Refused("ERR_FORGED", "Already forged.")
    return transaction


def _check_place(one: Transaction, pool: Waiting) -> None:
    if one.type not in _SUPPORTED:
        name = transactions.TYPE_NAMES.get(one.type, str(one.type))
        raise Refused(
            "ERR_UNSUPPORTED",
            f"Invalidating transaction of unsupported type '{name[0].upper()}{name[1:]}'",
        )
    for kind, subject in one_per_block(one):
        if not pool.claims((kind, subject)):
            continue
        if subject == one.sender_public_key:
            raise Refused(
                "ERR_PENDING",
                f"Sender {subject} already has a transaction of type "
                f"'{_TYPE_LABELS[one.type]}' in the pool",
            )
        raise Refused("ERR_PENDING", f'Delegate registration for "{subject}" already in the pool')


def _examined_3(data: dict[str, Any], chain: Chain, pool: Waiting) -> TransactionV2:
    try:
        one = from_form(data)
        if not isinstance(one, TransactionV2):
            raise NotATransaction("Read over buffer boundary.")
        one = _with_id(one)
    except Unserialisable as error:
        missing = f"Transaction type Core/{data['type']} does not exist."
        raise Refused("ERR_OTHER", missing) from error
    except (NotATransaction, ValueError) as error:
        why = f"Failed to deserialize transaction, encountered invalid bytes: {error}"
        raise Refused("ERR_BAD_DATA", f"Invalid transaction data: {why}") from error
    if one.type == transactions_v2.MULTI_PAYMENT and not 2 <= len(one.payments) <= MOST_PAYMENTS:
        few = len(one.payments) < 2
        bound = "fewer than 2" if few else f"more than {MOST_PAYMENTS}"
        raise Refused(
            "ERR_BAD_DATA",
            f"Invalid transaction data: data.asset.payments should NOT have {bound} items",
        )
    label = transactions_v2.TYPE_NAMES.get(one.type, str(one.type))
    address = one.sender_id(ADDRESS_BYTE)
    name = f"{address}#{one.nonce} {str(one.id)[-8:]} {label[0].upper()}{label[1:]} v2"
    if one.type not in _SUPPORTED_V2 or (one.type in _LOCKS and not chain.locks_allowed):
        raise Refused("ERR_OTHER", f"Transaction type Core/{one.type} is deactivated.")
    if pool.holds(str(one.id)):
        raise Refused("ERR_DUPLICATE", f"{name} is already in pool")
    if one.fee < least_fee(one):
        raise Refused("ERR_LOW_FEE", f"{name} fee is to low to enter the pool")
    sender = one.sender_public_key
    if pool.count_of(sender) >= MAX_PER_SENDER // 2:
        raise Refused(
            "ERR_EXCEEDS_MAX_COUNT",
            f"{name} exceeds sender's {MAX_PER_SENDER // 2} transactions count limit",
        )
    if 0 < one.expiration <= chain.height + 1:
        raise Refused("ERR_EXPIRED", f"{name} expired at height {one.expiration}")
    if not one.verifies():
        raise Refused("ERR_BAD_DATA", f"{name} didn't passed verification")
    for kind, subject in one_per_block(one):
        if pool.claims((kind, subject)):
            raise Refused(
                "ERR_PENDING", f'Delegate registration for "{subject}" already in the pool'
            )
    refusal = chain.ledger.refusal(one, pending=pool.spent_by(sender), ahead=pool.count_of(sender))
    if refusal:
        raise Refused("ERR_APPLY", f"{name} cannot be applied: {refusal}")
    return one


def _with_id(one: TransactionV2) -> TransactionV2:
    """Return the transaction under the id its bytes have, whatever was posted.

    Raises NotATransaction for an address of another network.
    """
    recipients = [one.recipient_id] if one.recipient_id else []
    for address in [*recipients, *(each.recipient_id for each in one.payments)]:
        _check_network(address)
    return replace(one, id=one.computed_id())


def _check_network(address: str) -> None:
    found = address_bytes(address)[0]
    if found != ADDRESS_BYTE:
        raise NotATransaction(f"Expected address network byte {ADDRESS_BYTE}, but got {found}.")


def _is_der(signature: str) -> bool:
    """Say whether the second byte tells the length of the rest, by which the node cuts its bytes."""
    try:
        content = bytes.fromhex(signature)
    except ValueError:
        return False
    return len(content) > 2 and content[1] == len(content) - 2
