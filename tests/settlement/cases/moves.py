"""The cast of these tests: coins that come and go without a chain running, people who decide."""

from __future__ import annotations

import datetime
import hashlib
import itertools
from dataclasses import dataclass
from typing import Any

from teraa.common.ids import uuid7
from teraa.settlement.cases.models import Case, Refund
from teraa.settlement.cases.operations import approve_refund, draft_refund
from teraa.settlement.cases.people import Person
from teraa.settlement.cases.watching import look_at_transactions
from teraa.settlement.models import Due
from teraa.settlement.operations.progress import bring_up_to_date
from teraa.settlement.osm import references
from teraa.settlement.osm.addresses import address_of, key_pair
from teraa.settlement.osm.ingest.matching import Known, match
from teraa.settlement.osm.models import (
    Allocation,
    BlockCursor,
    ChainTransaction,
    OsmRequest,
    Receipt,
    WatchedAddress,
)
from teraa.settlement.osm.transactions import Transaction
from teraa.venues.models import Payee
from tests.settlement import cast
from tests.settlement.osm.chain_facts import block

_numbers = itertools.count(1)
ADA = Person("user:ada", "Ada")
BOB = Person("user:bob", "Bob")
OSM = cast.OSM
CUSTOMER = "a customer of these tests"
SECOND = datetime.timedelta(seconds=1)
HOUR = datetime.timedelta(hours=1)


def address(phrase: str) -> str:
    return address_of(key_pair(phrase).public_key, cast.ADDRESS_BYTE)


@dataclass
class Scene:
    """A payee whose wallet is ``phrase``, on a network that is followed at ``cursor``."""

    payee: Payee
    phrase: str
    cursor: BlockCursor
    at: datetime.datetime

    def ask(self, amount_cents: int = 1200, **fields: Any) -> tuple[Due, OsmRequest]:
        due = cast.due(self.payee, self.at, amount_cents)
        return due, cast.request(due, self.at, **fields)

    def pays(
        self, request: OsmRequest, units: int | None = None, *, later: Any = SECOND, **fields: Any
    ) -> Receipt:
        """A customer's transfer with the request's reference."""
        given = {"memo": request.reference, "later": later} | fields
        return self.comes(request.units if units is None else units, **given)

    def comes(
        self, units: int, memo: str = "", *, sender: str = CUSTOMER, later: Any = SECOND, **at: Any
    ) -> Receipt:
        """Coins that come to the payee's address."""
        stored = self.transfer(sender, self.payee.osm_address, units, memo, later=later, **at)
        return stored.receipts.get(direction="in")

    def leaves(self, to: str, units: int, memo: str = "", *, later: Any = SECOND, **at: Any):
        """Coins that the payee's own wallet sends."""
        stored = self.transfer(self.phrase, to, units, memo, later=later, **at)
        return stored.receipts.get(direction="out")

    def transfer(
        self,
        sender: str,
        recipient: str,
        units: int,
        memo: str,
        *,
        later: datetime.timedelta = SECOND,
        in_block: bool = True,
    ) -> ChainTransaction:
        """Store a transfer as the ingest would, in the newest block or in the pool."""
        self.at += later
        network = self.cursor.network
        height = self.cursor.height
        made = Transaction(
            type=0,
            timestamp=next(_numbers),
            sender_public_key=key_pair(sender).public_key,
            amount=units,
            fee=network.fee_units,
            recipient_id=recipient,
            vendor_field=memo.encode(),
        )
        raw = made.signed_bytes(with_signature=False)
        stored = ChainTransaction.objects.create(
            network=network,
            txid=hashlib.sha256(raw).hexdigest(),
            version=1,
            type=0,
            sender=address(sender),
            sender_public_key=made.sender_public_key,
            amount_units=units,
            fee_units=network.fee_units,
            memo=memo.encode(),
            memo_text=memo,
            sender_time=self.at,
            raw=raw,
            first_seen_at=self.at,
            block=block(network.pk, height, self.at) if in_block else None,
            position=made.timestamp if in_block else None,
        )
        for direction, side in (("in", recipient), ("out", address(sender))):
            watched = WatchedAddress.objects.filter(network=network, address=side).first()
            if watched is None:
                continue
            receipt = Receipt.objects.create(
                transaction=stored,
                venue_id=watched.venue_id,
                watched=watched,
                direction=direction,
                amount_units=units,
                stored_at=self.at,
            )
            if direction == "in":
                self._allocate(receipt, memo)
        self.look(stored)
        return stored

    def _allocate(self, receipt: Receipt, memo: str) -> None:
        named = references.find(memo)
        known = {
            one.reference_norm: Known(one.pk, one.address)
            for one in OsmRequest.objects.filter(reference_norm__in=named)
        }
        decided = match(address=receipt.watched.address, references=named, known=known)
        Allocation.objects.create(
            venue_id=receipt.venue_id,
            receipt=receipt,
            kind=decided.kind,
            request_id=decided.request_id,
            amount_units=receipt.amount_units,
            reason=decided.reason,
            created_at=self.at,
        )

    def look(self, stored: ChainTransaction) -> None:
        look_at_transactions(transaction_ids=[stored.pk], at=self.at)
        paid = Allocation.objects.filter(
            receipt__transaction=stored, kind="request", reversed_at__isnull=True
        )
        bring_up_to_date(request_ids=set(paid.values_list("request_id", flat=True)), at=self.at)

    def vanishes(self, stored: ChainTransaction) -> None:
        """A fork took it out of its block and no pool holds it any more."""
        ChainTransaction.objects.filter(pk=stored.pk).update(
            block=None, position=None, gone_at=self.at, limbo_since=None
        )
        self.look(stored)

    def goes_out_of_its_block(self, stored: ChainTransaction) -> None:
        ChainTransaction.objects.filter(pk=stored.pk).update(
            block=None, position=None, limbo_since=self.at
        )
        self.look(stored)

    def returns(self, stored: ChainTransaction) -> None:
        ChainTransaction.objects.filter(pk=stored.pk).update(
            block=block(self.cursor.network_id, self.cursor.height, self.at),
            position=1,
            gone_at=None,
            limbo_since=None,
        )
        self.look(stored)

    def expires(self, request: OsmRequest) -> OsmRequest:
        """Time runs out while the chain is followed."""
        self.at = max(self.at, request.expires_at) + HOUR
        BlockCursor.objects.filter(pk=self.cursor.pk).update(checked_at=self.at)
        bring_up_to_date(request_ids=[request.pk], at=self.at)
        request.refresh_from_db()
        return request

    def case(self, **which: Any) -> Case:
        return Case.objects.get(venue=self.payee.venue, **{"state": "open"} | which)

    def kinds(self) -> list[str]:
        """The kinds of the open cases."""
        rows = Case.objects.filter(venue=self.payee.venue, state="open")
        return sorted(rows.values_list("kind", flat=True))

    def by(self, person: Person = ADA, **fields: Any) -> dict[str, Any]:
        """What every operation is told."""
        self.at += SECOND
        return {
            "venue_id": self.payee.venue_id,
            "person": person,
            "key": uuid7(),
            "at": self.at,
        } | fields

    def refund(self, *, approved: bool = True, **fields: Any) -> Refund:
        """A refund to the sender, approved by as many as it needs."""
        refund = draft_refund(**self.by(), **{"variant": "then"} | fields)
        for person in (ADA, BOB)[: refund.approvals_needed] if approved else ():
            approve_refund(refund_id=refund.pk, **self.by(person))
        refund.refresh_from_db()
        return refund


def scene_of(payee: Payee, at: datetime.datetime, *, phrases: str = "payee of tests") -> Scene:
    """The scene of a payee that another cast made; its wallet's phrase is found by its number."""
    phrase = next(
        f"{phrases} {number}"
        for number in range(1, 10_000)
        if address(f"{phrases} {number}") == payee.osm_address
    )
    cursor = BlockCursor.objects.first() or cast.live_cursor(at)
    return Scene(payee, phrase, cursor, at)


def scene(at: datetime.datetime, cursor: BlockCursor | None = None, venue: Any = None) -> Scene:
    phrase = f"the wallet of payee {next(_numbers)} of cases"
    payee = cast.payee(venue, osm_address=address(phrase))
    followed = cursor or BlockCursor.objects.first() or cast.live_cursor(at)
    made = Scene(payee, phrase, followed, at)
    WatchedAddress.objects.create(
        network=made.cursor.network,
        venue_id=payee.venue_id,
        payee=payee,
        address=payee.osm_address,
        since=at - HOUR,
    )
    return made
