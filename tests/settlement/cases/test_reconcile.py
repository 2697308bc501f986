"""Books, blocks and nodes tell the same, or the report says where they do not."""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import json
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings

from teraa.settlement.cases.books import csv_rows
from teraa.settlement.cases.operations import keep_surplus
from teraa.settlement.cases.reconciling import reconcile
from teraa.settlement.cases.signed import NotSigned, check_signed, sign_report
from teraa.settlement.osm.models import (
    AddressBalance,
    Allocation,
    BlockCursor,
    NodePeer,
    WatchedAddress,
)
from tests.fiscal import cast as fiscal
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


@pytest.fixture
def signed(at, keys_dir):
    """A signed report of a day, as the text of its file, and the register that signed it."""
    of, request = a_day(at)
    node_says(of, 1000 * OSM + request.units + 16 * OSM)
    register = fiscal.register(
        of.at, venue=of.payee.venue, payee=of.payee, lane="web", station_id=None
    )
    report = report_of(of, at + datetime.timedelta(microseconds=1))
    return sign_report(report, by="Ida", at=of.at), register


def test_a_signed_report_is_checked_with_nothing_but_its_file_and_the_register_s_key(signed):
    text, register = signed
    file = json.loads(text)
    sealed = file["sealed"]

    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(register.public_key))
    key.verify(bytes.fromhex(sealed["signature"]), sealed["payload"].encode())
    told = json.loads(sealed["payload"])["values"]
    canonical = json.dumps(
        file["report"], ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    assert hashlib.sha256(canonical.encode()).hexdigest() == told["sha256"]
    assert told["zero_difference"] is True
    assert file["report"]["books"]["in"][0]["units"].isdigit()
    assert check_signed(text) == json.loads(sealed["payload"])


def recipe_of_the_docs() -> str:
    text = (settings.BASE_DIR / "docs" / "operations.md").read_text()
    section = text[text.index("## Checking a signed reconciliation") :]
    return section.partition("```python\n")[2].partition("```")[0]


def test_the_recipe_of_the_documents_checks_it(signed, tmp_path):
    text, _register = signed
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(text)
    bad.write_text(text.replace('"closing":"', '"closing":"1', 1))

    def run(path):
        command = [sys.executable, "-c", recipe_of_the_docs(), str(path)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert json.loads(text)["sealed"]["number"] in run(good).stdout
    assert "AssertionError" in run(bad).stderr


def _another_figure(file):
    file["report"]["closing"] += "0"


def _another_sum(file):
    file["sealed"]["payload"] = file["sealed"]["payload"].replace("zero_difference", "difference")


def _another_key(file):
    file["sealed"]["public_key"] = "00" * 32


def _nothing_sealed(file):
    del file["sealed"]


def _a_list(file):
    file["report"] = [0.5]


@pytest.mark.parametrize(
    "tamper", [_another_figure, _another_sum, _another_key, _nothing_sealed, _a_list]
)
def test_a_report_that_was_changed_is_not_what_was_signed(signed, tamper):
    file = json.loads(signed[0])
    tamper(file)
    with pytest.raises(NotSigned):
        check_signed(json.dumps(file))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"report": {}, "sealed": []}'])
def test_what_is_no_report_at_all_is_said_so(text):
    with pytest.raises(NotSigned):
        check_signed(text)
