"""The laws of the channel (settlement.md §3.13), read from the database after every step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from teraa.settlement.cases.models import Case
from teraa.settlement.models import Due, Effect, Tender
from teraa.settlement.osm.derive import AFTER_OUTAGE, LAST_SECOND, QUORUM_FROM
from teraa.settlement.osm.ingest.rebuilding import rebuild_receipts
from teraa.settlement.osm.models import Allocation, BlockCursor, Network, OsmRequest, Receipt
from teraa.settlement.osm.rederive import rederive
from tests.settlement.channel_model.world import Sent, World

DEPTH = 130

# A receipt is given away once, to one request, of the payee whose address it came to.
GIVEN_WRONGLY = """
SELECT receipt.id, 'more than came, or to several'
FROM osm_allocation AS given JOIN osm_receipt AS receipt ON receipt.id = given.receipt_id
WHERE given.reversed_at IS NULL
GROUP BY receipt.id
HAVING sum(given.amount_units) > receipt.amount_units OR count(DISTINCT given.request_id) > 1
UNION ALL
SELECT receipt.id, 'to another payee'
FROM osm_allocation AS given JOIN osm_receipt AS receipt ON receipt.id = given.receipt_id
JOIN osm_watched_address AS watched ON watched.id = receipt.watched_id
JOIN osm_request AS request ON request.id = given.request_id
WHERE given.reversed_at IS NULL AND request.payee_id <> watched.payee_id
"""
BROKEN_LINKS = """
SELECT above.height FROM (
    SELECT height, previous_id, row_number() OVER newest AS place,
        lead(height) OVER newest AS height_below, lead(block_id) OVER newest AS id_below,
        block_id
    FROM osm_block WHERE canonical WINDOW newest AS (ORDER BY height DESC) LIMIT %s
) AS above, osm_block_cursor AS cursor
WHERE (above.height_below IS NOT NULL
        AND (above.height_below, above.id_below) <> (above.height - 1, above.previous_id))
    OR (above.place = 1 AND (above.height, above.block_id) <> (cursor.height, cursor.block_id))
"""
DUES = """
SELECT due.id, due.state, due.version, due.paid_cents, due.amount_cents, count(told.id)
FROM settlement_due AS due
LEFT JOIN settlement_effect AS told ON told.due_id = due.id AND told.kind = 'settled'
GROUP BY due.id
"""
REQUESTS = """
SELECT id, state, version, by_hand, units - tolerance_units, confirmed_units,
    required_confirmations, created_at, expires_at, expired_at
FROM osm_request
"""
NOT_ALLOWED_TO_ANYBODY = "SELECT forget_receipts()"


@dataclass
class Remembered:
    """What was true once and stays so."""

    versions: dict[UUID, int] = field(default_factory=dict)
    amounts: dict[UUID, int] = field(default_factory=dict)
    settled: set[UUID] = field(default_factory=set)
    expired: set[UUID] = field(default_factory=set)

    def note(self, pk: UUID, state: str, version: int) -> bool:
        """Whether it is newly settled; versions only grow, and what is settled stays so."""
        assert version >= self.versions.get(pk, 0)
        self.versions[pk] = version
        was_settled = pk in self.settled
        assert not was_settled or state == "settled"
        if state == "settled":
            self.settled.add(pk)
        return state == "settled" and not was_settled


def hold(world: World, asked: Iterable[UUID], seen: Remembered) -> None:
    """All laws that hold at any time."""
    nothing_is_credited_twice_or_across_payees()
    what_is_stored_is_what_the_facts_say(asked, world)
    dues_are_settled_once_and_for_good(seen)
    requests_follow_the_chain_and_the_clock(world, seen)
    the_chain_we_hold_is_linked_up_to_the_cursor()
    connection.check_constraints()  # as a commit would


def nothing_is_credited_twice_or_across_payees() -> None:
    assert _rows(GIVEN_WRONGLY) == []


def what_is_stored_is_what_the_facts_say(asked: Iterable[UUID], world: World) -> None:
    # (Nothing is stored when nothing changes.)
    with transaction.atomic(savepoint=False):
        assert rederive(request_ids=asked, at=world.looks[-1].at) == []


def dues_are_settled_once_and_for_good(seen: Remembered) -> None:
    for pk, state, version, paid, amount, told in _rows(DUES):
        seen.note(pk, state, version)
        assert seen.amounts.setdefault(pk, amount) == amount
        assert told == (1 if state == "settled" else 0)
        assert (paid == amount) == (state == "settled")


def requests_follow_the_chain_and_the_clock(world: World, seen: Remembered) -> None:
    for pk, state, version, by_hand, enough, deep, required, made, ends, expired in _rows(REQUESTS):
        if seen.note(pk, state, version) and not by_hand:
            assert deep >= enough
            if world.other is not None and required >= QUORUM_FROM:
                assert _confirmed_by_both(pk, required, world) >= enough, "on the word of one node"
        if expired is not None and pk not in seen.expired:
            seen.expired.add(pk)
            assert expired >= ends + LAST_SECOND
            live_from = world.live_from(expired)
            assert live_from is not None, "it expired while nobody watched"
            assert live_from <= made or expired >= live_from + AFTER_OUTAGE


def the_chain_we_hold_is_linked_up_to_the_cursor() -> None:
    assert _rows(BROKEN_LINKS, DEPTH) == []


# -- at rest -----------------------------------------------------------------------------------------


def nothing_is_lost(world: World, sent: Iterable[Sent]) -> None:
    """Every transfer that is in the chain has its receipt, wholly given to something."""
    there = {
        str(one.id): height
        for height in range(1, world.node.height + 1)
        if (block := world.node.chain.at(height)) is not None
        for one in block.transactions
    }
    found = {
        (txid, place): (height, units, given, in_chain)
        for txid, place, height, units, given, in_chain in _rows(
            """
            SELECT carried.txid, receipt.out_index, block.height, receipt.amount_units,
                (SELECT sum(given.amount_units) FROM osm_allocation AS given
                 WHERE given.receipt_id = receipt.id AND given.reversed_at IS NULL),
                block.canonical
            FROM osm_receipt AS receipt
            JOIN osm_chain_transaction AS carried ON carried.id = receipt.transaction_id
            LEFT JOIN osm_block AS block ON block.id = carried.block_id
            WHERE receipt.direction = 'in'
            """
        )
    }
    ours = {(one.txid, one.place): one for one in sent}
    for key, one in ours.items():
        if one.txid in there:
            assert found.get(key) == (there[one.txid], one.units, one.units, True), key
    assert found.keys() <= ours.keys()


def what_was_paid_in_time_is_settled(world: World) -> None:
    """Money in blocks before the end is never late, whatever kept us from seeing it."""
    rows = _rows(
        """
        SELECT request.id, request.state, tender.state
        FROM osm_request AS request
        JOIN settlement_tender AS tender ON tender.request_id = request.id
        JOIN osm_allocation AS given
            ON given.request_id = request.id AND given.reversed_at IS NULL
        JOIN osm_receipt AS receipt ON receipt.id = given.receipt_id
        JOIN osm_chain_transaction AS carried ON carried.id = receipt.transaction_id
        JOIN osm_block AS block ON block.id = carried.block_id AND block.canonical
        WHERE block.forged_at <= request.expires_at - %s
            AND request.required_confirmations <= %s
            AND NOT EXISTS (SELECT 1 FROM osm_request_act AS act
                            WHERE act.request_id = request.id AND act.kind = 'cancel')
        GROUP BY request.id, tender.id
        HAVING sum(given.amount_units) >= request.units - request.tolerance_units
        """,
        LAST_SECOND,
        world.confirmations_are_counted_to(),
    )
    for _pk, state, tender in rows:
        assert state == "settled"
        assert tender in ("settled", "cancelled")


def what_is_over_has_expired(world: World) -> None:
    """Whoever was not paid is not waited for."""
    live_from = world.looks[-1].live_from
    if live_from is None:
        return
    last = world.looks[-1].at
    over = OsmRequest.objects.filter(state="open", expires_at__lte=last - LAST_SECOND)
    if last >= live_from + AFTER_OUTAGE:
        assert not over.exists()


# -- proofs --------------------------------------------------------------------------------------------


def receipts_come_back_as_they_were(world: World) -> None:
    """Dropped with all that was made of them, and made again from the bytes: the same rows."""
    with transaction.atomic():
        before = books()
        connection.check_constraints()
        _rows(NOT_ALLOWED_TO_ANYBODY)
        assert not Receipt.objects.exists()
        network = Network.objects.get(nethash=world.node.nethash)
        found = rebuild_receipts(network=network, at=world.looks[-1].at)
        assert found.wrong == {}
        assert found.moved == 0
        assert books() == before
        connection.check_constraints()
        transaction.set_rollback(True)


def books() -> dict[str, Any]:
    """All that receipts mean, without the numbers that rows were given."""
    receipts = {
        pk: (txid, place, direction)
        for pk, txid, place, direction in Receipt.objects.values_list(
            "pk", "transaction__txid", "out_index", "direction"
        )
    }
    return {
        "receipts": sorted(
            (receipts[pk], *row)
            for pk, *row in Receipt.objects.values_list(
                "pk", "watched_id", "venue_id", "amount_units", "stored_at"
            )
        ),
        "allocations": sorted(
            (receipts[pk], *map(str, row))
            for pk, *row in Allocation.objects.values_list(
                *["receipt_id", "kind", "request_id", "amount_units", "reason", "created_at"]
            )
        ),
        "cases": sorted(
            (kind, receipts[receipt] if receipt else target, units)
            for kind, receipt, target, units in Case.objects.filter(state="open").values_list(
                "kind", "receipt_id", "target", "units"
            )
        ),
        "requests": list(OsmRequest.objects.order_by("pk").values()),
        "dues": list(Due.objects.order_by("pk").values()),
        "tenders": list(Tender.objects.order_by("pk").values()),
        "effects": Effect.objects.count(),
    }


def shown(asked: Iterable[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """What people see of requests, and what it is made of."""
    columns = ("state", "seen_units", "included_units", "confirmed_units", "surplus_units")
    flags = ("confirmations", "late", "over", "under", "duplicate", "limbo", "reorged", "broken")
    rows = OsmRequest.objects.filter(pk__in=list(asked)).values("pk", *columns, *flags)
    return {row.pop("pk"): row for row in rows}


def cursor_of(world: World) -> BlockCursor:
    return BlockCursor.objects.get(network__nethash=world.node.nethash)


def may_forget_receipts(superuser: Any) -> None:
    """Make the one function by which a test may delete what nobody may.

    In this test's own database, and undone with the transaction that called it; the application's
    role may do no more than call it.
    """
    superuser.execute(
        """
        CREATE FUNCTION forget_receipts() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
        SET session_replication_role = replica AS $$
        BEGIN
            ALTER TABLE osm_receipt DISABLE TRIGGER osm_receipt_refuse_change;
            DELETE FROM cases_case WHERE receipt_id IS NOT NULL;
            DELETE FROM osm_allocation;
            DELETE FROM osm_receipt;
        END $$
        """
    )
    superuser.execute("GRANT EXECUTE ON FUNCTION forget_receipts() TO PUBLIC")


def _confirmed_by_both(pk: UUID, required: int, world: World) -> int:
    """Units that lie ``required`` deep under a block of ours that the other node holds, too."""
    heights: dict[str, int] = dict(
        _rows("SELECT block_id, height FROM osm_block WHERE canonical ORDER BY height")
    )
    shared = max((heights[one] for one in world.told_by_other if one in heights), default=0)
    [(units,)] = _rows(
        """
        SELECT coalesce(sum(given.amount_units), 0)
        FROM osm_allocation AS given JOIN osm_receipt AS receipt ON receipt.id = given.receipt_id
        JOIN osm_chain_transaction AS carried ON carried.id = receipt.transaction_id
        JOIN osm_block AS block ON block.id = carried.block_id AND block.canonical
        WHERE given.request_id = %s AND given.reversed_at IS NULL AND block.height <= %s
        """,
        pk,
        shared - required + 1,
    )
    return int(units)


def _rows(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall()
