"""Signs and posts payments in the dialect of the node under test."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx

from teraa.settlement.osm import transaction_forms_v2, transactions, transactions_v2
from teraa.settlement.osm.addresses import KeyPair, address_of, key_pair
from teraa.settlement.osm.moments import epoch_seconds, parse_epoch
from teraa.settlement.osm.transactions import Transaction
from teraa.settlement.osm.transactions_v2 import Payment, TransactionV2
from tests.conformance.subject import Subject


class Payer:
    """The wallet of one passphrase at the node under test."""

    def __init__(self, subject: Subject, passphrase: str = "") -> None:
        self.subject = subject
        self.keys: KeyPair = key_pair(passphrase or subject.passphrase)
        configuration = subject.data("/node/configuration")
        self.version: int = configuration["version"]
        self.fee = int(configuration["constants"]["fees"]["staticFees"]["transfer"])
        self.epoch = parse_epoch(configuration["constants"]["epoch"])
        self.address = address_of(self.keys.public_key, self.version)
        self._last = 0

    def now(self) -> int:
        """Return the network's seconds, a second later than the last time this was asked."""
        self._last = max(epoch_seconds(datetime.now(UTC), self.epoch), self._last + 1)
        return self._last

    def nonce(self) -> int:
        """Return the nonce to use next: one more than the chain and the pool know of."""
        answer = self.subject.ask(f"/wallets/{self.address}")
        known = int(answer.json()["data"]["nonce"]) if answer.status_code == 200 else 0
        waiting = self.subject.data("/transactions/unconfirmed?limit=100")
        ours = [
            int(one["nonce"]) for one in waiting if one["senderPublicKey"] == self.keys.public_key
        ]
        return max([known, *ours]) + 1

    def transfer(self, address: str, units: int, memo: str = "", **changes: Any) -> dict[str, Any]:
        """Return a signed transfer as a wallet posts it.

        `changes` are fields of the transaction (fee, timestamp, nonce, expiration…), made before
        it is signed.
        """
        keys = changes.pop("keys", self.keys)
        if self.subject.dialect == "2.5":
            made: Transaction | TransactionV2 = transactions.transfer(
                sender_public_key=keys.public_key,
                recipient_id=address,
                amount=units,
                fee=changes.pop("fee", self.fee),
                timestamp=changes.pop("timestamp", None) or self.now(),
                version=self.version,
                vendor_field=memo,
            )
        else:
            made = transactions_v2.transfer(
                sender_public_key=keys.public_key,
                nonce=changes.pop("nonce", None) or self.nonce(),
                recipient_id=address,
                amount=units,
                fee=changes.pop("fee", self.fee),
                network=self.version,
                vendor_field=memo,
            )
        return self.posted(replace(made, **changes), keys)

    def several(self, lines: list[tuple[str, int]], memo: str = "") -> dict[str, Any]:
        """Return a signed multi-payment as a wallet posts it (3.x)."""
        made = transactions_v2.multi_payment(
            sender_public_key=self.keys.public_key,
            nonce=self.nonce(),
            payments=[Payment(address, units) for address, units in lines],
            fee=self.fee,
            network=self.version,
            vendor_field=memo,
        )
        return self.posted(made, self.keys)

    def posted(self, made: Transaction | TransactionV2, keys: KeyPair) -> dict[str, Any]:
        """Return a transaction, signed, as a wallet posts it."""
        if isinstance(made, TransactionV2):
            return transaction_forms_v2.to_post(made.signed(keys))
        return transactions.to_post(made.signed(keys), version=self.version)

    def post(self, *posted: dict[str, Any]) -> httpx.Response:
        """Post transactions and return the answer."""
        answer: httpx.Response = self.subject.ask(
            "/transactions", json={"transactions": list(posted)}
        )
        return answer

    def pay(self, address: str, units: int, memo: str = "") -> str:
        """Pay, be accepted, and return the id."""
        posted = self.transfer(address, units, memo)
        answer = self.post(posted)
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["accept"] == [posted["id"]], answer.text
        return str(posted["id"])
