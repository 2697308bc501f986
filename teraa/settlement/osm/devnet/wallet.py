"""A wallet for demos and tests: holds a passphrase, signs, and posts to a node over HTTP.

It is the only thing of ours that holds a key, and its keys are public phrases. It reads the
network's parameters from the node and refuses what it could only guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from types import TracebackType
from typing import Any

import httpx

from teraa.settlement.osm import transaction_forms_v2, transactions, transactions_v2, uri
from teraa.settlement.osm.addresses import address_of, is_address, key_pair
from teraa.settlement.osm.amounts import read_units
from teraa.settlement.osm.devnet.payments import signed_with_enough_fee
from teraa.settlement.osm.moments import epoch_seconds, parse_epoch
from teraa.settlement.osm.transactions_v2 import AnyTransaction, Payment, TransactionV2

_SECONDS = 10.0


class WalletRefused(RuntimeError):
    """The payment was not sent: a link without an amount, a long memo, or the node said no.

    `kind` is the node's error type (`ERR_APPLY`, `ERR_LOW_FEE`…) or "" when it never got there.
    """

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind


class DevelopmentWallet:
    """The wallet of one passphrase at one node (`node_url` without `/api`).

    Network trouble shows as httpx.HTTPError. Close it, or use it as a context manager.
    """

    def __init__(self, node_url: str, passphrase: str) -> None:
        self._client = httpx.Client(
            base_url=f"{node_url.rstrip('/')}/api",
            timeout=_SECONDS,
            trust_env=False,
            # A node of 3.9 announces keep-alive and cuts every connection after its answer.
            limits=httpx.Limits(max_keepalive_connections=0),
            # A development node speaks plain HTTP on loopback: no authority is trusted, and a
            # third of a second of reading their certificates is saved.
            verify=SSLContext(PROTOCOL_TLS_CLIENT),
        )
        self._keys = key_pair(passphrase)
        self._known: dict[str, Any] = {}
        self._last_timestamp = 0

    def __enter__(self) -> DevelopmentWallet:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    @property
    def public_key(self) -> str:
        """The wallet's public key (66 hex)."""
        return self._keys.public_key

    @property
    def address(self) -> str:
        """The wallet's address on the node's network."""
        return address_of(self._keys.public_key, self._network()["version"])

    def balance(self) -> int:
        """Return the confirmed balance in units of 10^-8; 0 for an address the chain never saw."""
        answer = self._client.get(f"/wallets/{self.address}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return 0
        return read_units(answer.raise_for_status().json()["data"]["balance"])

    def transfer_fee(self) -> int:
        """Return what a transfer costs on this network, in units of 10^-8."""
        return int(self._network()["constants"]["fees"]["staticFees"]["transfer"])

    def pay(self, link: str) -> str:
        """Pay an `ark:` link; return the id of the transaction.

        Raises uri.NotAPaymentLink for a link that cannot be read or is of another network,
        WalletRefused when it names no amount or the node refuses.
        """
        wanted = uri.parse(link, self._network()["version"])
        if wanted.units is None:
            raise WalletRefused("The link asks for no amount: enter one and send it yourself.")
        return self.send(
            address=wanted.address, units=wanted.units, vendor_field=wanted.vendor_field
        )

    def send(
        self, *, address: str, units: int, vendor_field: str = "", fee: int | None = None
    ) -> str:
        """Send `units` (10^-8) with a memo; return the id. `fee` defaults to the static one.

        Sending the same twice makes two payments, as a button pressed twice does. Raises
        WalletRefused.
        """
        network = self._network()
        if not is_address(address, network["version"]):
            raise WalletRefused(f"{address} is no address of this network.")
        limit = network["constants"]["vendorFieldLength"]
        if len(vendor_field.encode()) > limit:
            raise WalletRefused(f"The memo is longer than {limit} bytes.")
        paid = self.transfer_fee() if fee is None else fee
        if self.version_two:
            second = transactions_v2.transfer(
                sender_public_key=self.public_key,
                nonce=self.next_nonce(),
                recipient_id=address,
                amount=units,
                fee=paid,
                network=network["version"],
                vendor_field=vendor_field,
            )
            return self.post(second.signed(self._keys))
        unsigned = transactions.transfer(
            sender_public_key=self.public_key,
            recipient_id=address,
            amount=units,
            fee=paid,
            timestamp=self._timestamp(),
            version=network["version"],
            vendor_field=vendor_field,
        )
        return self.post(unsigned.signed(self._keys))

    def send_several(self, lines: Sequence[tuple[str, int]], *, vendor_field: str = "") -> str:
        """Send units (10^-8) to several addresses at once, with one memo; return the id.

        Only where the network has multi-payments. Raises WalletRefused.
        """
        network = self._network()
        if not self.version_two:
            raise WalletRefused("This network has no payments to several at once.")
        made = transactions_v2.multi_payment(
            sender_public_key=self.public_key,
            nonce=self.next_nonce(),
            payments=[Payment(address, units) for address, units in lines],
            fee=int(network["constants"]["fees"]["staticFees"]["multiPayment"]),
            network=network["version"],
            vendor_field=vendor_field,
        )
        return self.post(signed_with_enough_fee(made, self._keys))

    @property
    def version_two(self) -> bool:
        """Whether the network takes version-2 transactions (AIP-11)."""
        return bool(self._network()["constants"].get("aip11"))

    def next_nonce(self) -> int:
        """Return the nonce to sign next: one more than the chain and the pool know of (3.x)."""
        answer = self._client.get(f"/wallets/{self.address}")
        known = 0
        if answer.status_code != httpx.codes.NOT_FOUND:
            known = read_units(answer.raise_for_status().json()["data"]["nonce"])
        waiting = self._client.get("/transactions/unconfirmed", params={"limit": 100})
        ours = [
            read_units(one["nonce"])
            for one in waiting.raise_for_status().json()["data"]
            if one["senderPublicKey"] == self.public_key
        ]
        return max([known, *ours]) + 1

    def vote(self, delegate: str) -> str:
        """Vote: `delegate` is a delegate's public key after `+` (for) or `-` (no more)."""
        network = self._network()
        if self.version_two:
            second = transaction_forms_v2.vote(
                sender_public_key=self.public_key,
                nonce=self.next_nonce(),
                delegate=delegate,
                fee=int(network["constants"]["fees"]["staticFees"]["vote"]),
                network=network["version"],
            )
            return self.post(second.signed(self._keys))
        unsigned = transactions.vote(
            sender_public_key=self.public_key,
            delegate=delegate,
            fee=int(network["constants"]["fees"]["staticFees"]["vote"]),
            timestamp=self._timestamp(),
            version=network["version"],
        )
        return self.post(unsigned.signed(self._keys))

    def register(self, username: str) -> str:
        """Register this wallet as a delegate."""
        network = self._network()
        if self.version_two:
            second = transaction_forms_v2.delegate_registration(
                sender_public_key=self.public_key,
                nonce=self.next_nonce(),
                username=username,
                fee=int(network["constants"]["fees"]["staticFees"]["delegateRegistration"]),
                network=network["version"],
            )
            return self.post(second.signed(self._keys))
        unsigned = transactions.delegate_registration(
            sender_public_key=self.public_key,
            username=username,
            fee=int(network["constants"]["fees"]["staticFees"]["delegateRegistration"]),
            timestamp=self._timestamp(),
            version=network["version"],
        )
        return self.post(unsigned.signed(self._keys))

    def post(self, signed: AnyTransaction) -> str:
        """Post a signed transaction; return its id. Raises WalletRefused with the node's reason.

        The node's status is 200 even for a refusal: what counts is `accept`.
        """
        posted = (
            transaction_forms_v2.to_post(signed)
            if isinstance(signed, TransactionV2)
            else transactions.to_post(signed, version=self._network()["version"])
        )
        body = {"transactions": [posted]}
        answer = self._client.post("/transactions", json=body)
        if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
            raise WalletRefused(answer.json()["message"])
        verdict = answer.raise_for_status().json()
        if signed.id in verdict["data"]["accept"]:
            return str(signed.id)
        reasons = verdict.get("errors", {}).get(signed.id) or [{}]
        # A list of reasons in 2.5, one reason in 3.x.
        reason = reasons[0] if isinstance(reasons, list) else reasons
        raise WalletRefused(
            reason.get("message", "The node took too many transactions of this wallet."),
            reason.get("type", ""),
        )

    def _network(self) -> dict[str, Any]:
        if not self._known:
            answer = self._client.get("/node/configuration").raise_for_status()
            self._known = answer.json()["data"]
        return self._known

    def _timestamp(self) -> int:
        # Two payments of one second that are otherwise alike would have the same id.
        epoch = parse_epoch(self._network()["constants"]["epoch"])
        now = epoch_seconds(datetime.now(UTC), epoch)
        self._last_timestamp = max(now, self._last_timestamp + 1)
        return self._last_timestamp
