"""Books, blocks and nodes tell the same, or the report says where they do not."""

from __future__ import annotations

import csv
import datetime
import io

import pytest

from teraa.settlement.cases.books import csv_rows
from teraa.settlement.cases.operations import keep_surplus
from teraa.settlement.cases.reconciling import reconcile
from teraa.settlement.osm.models import (
    AddressBalance,
    Allocation,
    BlockCursor,
    NodePeer,
    WatchedAddress,
)
from tests.settlement.cases.moves import HOUR, OSM, SECOND, address, scene
from tests.settlement.cases.test_refund import sent
from tests.settlement.osm.chain_facts import block

pytestmark = pytest.mark.django_db


def watched_of(of) -> WatchedAddress:
    return WatchedAddress.objects.get(address=of.payee.osm_address)


def next_block(of) -> None:
    of.at += SECOND
    of.cursor.height += 1
    BlockCursor.objects.filter(pk=of.cursor.pk).update(height=of.cursor.height)
    block(of.cursor.network_id, of.cursor.height, of.at)


def node_says(of, units: int, url: str = "http://a") -> AddressBalance:
    peer, _ = NodePeer.objects.get_or_create(
        network=of.cursor.network, url=url, defaults={"role": "own", "segment": url[-8:]}
    )
    return AddressBalance.objects.create(
        peer=peer,
        watched=watched_of(of),
        height=of.cursor.height,
        block_id=f"{of.cursor.height:064x}",
        balance_units=units,
        read_at=of.at,
    )


def report_of(of, start=None):
    start = start or of.at - datetime.timedelta(days=1)
    return reconcile(watched=watched_of(of), start=start, end=of.at + HOUR)


def lines(report) -> dict[str, int]:
    found = {one.name: one.units for one in [*report.books.lines, *report.books.out]}
    return {name: units for name, units in found.items() if units}


def a_day(at):
    """A payment, a surplus of which a part is kept and a part refunded, coins nobody knows."""
    of = scene(at)
    block(of.cursor.network_id, of.cursor.height - 1, at - datetime.timedelta(days=2))
    block(of.cursor.network_id, of.cursor.height, at)
    node_says(of, 1000 * OSM)
    next_block(of)
    _due, request = of.ask()
    of.pays(request, request.units + 30 * OSM)
    case = of.case(kind="over")
    refund = of.refund(case_id=case.pk, variant="custom", units=20 * OSM)
    keep_surplus(case_id=case.pk, action="keep_tip", reason="merci", **of.by())
    sent(of, refund)
    of.comes(7 * OSM)
    next_block(of)
    return of, request


def test_three_tellings_agree(at):
    of, request = a_day(at)
    node_says(of, 1000 * OSM + request.units + 30 * OSM - 21 * OSM + 7 * OSM)

    report = report_of(of, at + datetime.timedelta(microseconds=1))

    assert report.differences == []
    assert report.is_green
    assert lines(report) == {
        "dues": request.units,
        "surplus": 20 * OSM,
        "kept": 10 * OSM,
        "unknown": 7 * OSM,
        "refunds": 20 * OSM,
        "fees": OSM,
    }
    assert report.opening == 1000 * OSM
    assert report.closing == report.nodes[0].closing


def test_a_coin_that_only_the_node_saw_is_a_difference(at):
    of, request = a_day(at)
    node_says(of, 1000 * OSM + request.units + 16 * OSM + 5)

    report = report_of(of, at + datetime.timedelta(microseconds=1))

    (difference,) = report.differences
    assert (difference.name, difference.units) == ("node", 5)
    assert len(difference.txids) == 3
    assert not report.is_green


def test_two_nodes_stand_side_by_side(at):
    of, request = a_day(at)
    right = 1000 * OSM + request.units + 16 * OSM
    node_says(of, right)
    of.cursor.height -= 2
    node_says(of, 1000 * OSM, "http://b")
    of.cursor.height += 2
    node_says(of, right - OSM, "http://b")

    report = report_of(of, at + datetime.timedelta(microseconds=1))

    assert [one.url for one in report.nodes] == ["http://a", "http://b"]
    assert [(one.url, one.units) for one in report.differences] == [("http://b", -OSM)]


def test_without_a_node_nothing_is_said_to_be_green(at):
    of = scene(at)
    block(of.cursor.network_id, of.cursor.height - 1, at - datetime.timedelta(days=2))
    of.comes(7 * OSM)

    report = report_of(of)

    assert (report.nodes, report.opening, report.closing) == ([], None, None)
    assert report.differences == []
    assert not report.is_green


def test_a_coin_that_stands_nowhere_in_the_books_is_named(at):
    of, _request = a_day(at)
    receipt = of.comes(3 * OSM)
    Allocation.objects.filter(receipt=receipt).update(reversed_at=of.at, reversed_by="nobody")

    report = report_of(of, at + datetime.timedelta(microseconds=1))

    found = {one.name: one for one in report.differences}
    assert found["books_in"].units == 3 * OSM
    assert list(found["books_in"].txids) == [receipt.transaction.txid]


def test_coins_that_left_without_a_refund_stand_by_themselves(at):
    of, _request = a_day(at)
    out = of.leaves(address("a thief"), 2 * OSM)

    report = report_of(of, at + datetime.timedelta(microseconds=1))

    (line,) = [one for one in report.books.out if one.name == "unexplained"]
    assert (line.units, list(line.txids)) == (2 * OSM, [out.transaction.txid])


def test_what_is_before_the_period_is_in_the_opening_balance(at):
    of, request = a_day(at)
    node_says(of, 1000 * OSM + request.units + 16 * OSM)
    of.at += 2 * HOUR
    next_block(of)
    of.comes(4 * OSM)
    next_block(of)

    report = report_of(of, of.at - HOUR)

    assert lines(report) == {"unknown": 4 * OSM}
    assert report.opening == 1000 * OSM + request.units + 16 * OSM


def test_the_file_tells_every_figure_and_every_transaction(at):
    of, request = a_day(at)
    node_says(of, 1000 * OSM + request.units + 16 * OSM)
    report = report_of(of, at + datetime.timedelta(microseconds=1))
    text = io.StringIO()
    csv.writer(text).writerows(csv_rows(report))

    rows = list(csv.reader(io.StringIO(text.getvalue())))

    assert ["books_in", "kept", "", "10", "", "", ""] in rows
    assert ["chain", "fees", "", "-1", "", "", ""] in rows
    assert sum(1 for row in rows if row[0] == "books_out" and len(row[5]) == 64) == 2
