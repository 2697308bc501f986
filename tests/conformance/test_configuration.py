"""What a node says of its network, and whether that holds together."""

from __future__ import annotations

from teraa.settlement.osm import blocks
from teraa.settlement.osm.addresses import address_bytes
from tests.conformance.shapes import CONFIGURATION, MILESTONE, described, shaped


def test_it_describes_its_network_in_the_shape_of_its_dialect(subject):
    found = subject.data("/node/configuration")
    found["constants"].pop("htlcEnabled", None)
    assert shaped(found) == described(CONFIGURATION[subject.dialect])


def test_it_keeps_the_present_milestone_among_the_milestones(subject):
    constants = subject.data("/node/configuration")["constants"]
    crypto = subject.data("/node/configuration/crypto")
    assert constants in crypto["milestones"]
    for one in crypto["milestones"]:
        one.pop("htlcEnabled", None)
        assert shaped(one) == described(MILESTONE[subject.dialect])
    assert set(crypto) == {"network", "milestones", "exceptions", "genesisBlock"}


def test_it_names_its_network_by_the_payload_hash_of_the_first_block(subject):
    nethash = subject.data("/node/configuration")["nethash"]
    crypto = subject.data("/node/configuration/crypto")
    assert crypto["network"]["nethash"] == crypto["genesisBlock"]["payloadHash"] == nethash
    first = subject.data("/blocks/first")
    assert first["payload"]["hash"] == nethash
    assert blocks.from_json(first).computed_id() == first["id"]


def test_its_addresses_carry_the_address_byte(subject):
    version = subject.data("/node/configuration")["version"]
    assert subject.data("/node/configuration/crypto")["network"]["pubKeyHash"] == version
    for one in subject.data("/wallets?limit=3"):
        assert address_bytes(one["address"])[0] == version


def test_it_tells_its_tip_in_three_places(subject):
    status = subject.data("/node/status")
    assert list(status) == ["synced", "now", "blocksCount", "timestamp"]
    assert status["synced"] is True
    syncing = subject.data("/node/syncing")
    assert list(syncing) == ["syncing", "blocks", "height", "id"]
    assert syncing["syncing"] is False
    tip = subject.data("/blockchain")
    assert list(tip) == ["block", "supply"]
    assert status["now"] <= syncing["height"] <= tip["block"]["height"]
    assert isinstance(tip["supply"], str)


def test_it_lists_types_and_fees_flat_in_2_5_and_by_group_in_3(subject):
    types = subject.data("/transactions/types")
    fees = subject.data("/transactions/fees")
    if subject.dialect == "2.5":
        assert types["Transfer"] == 0
        assert types["MultiPayment"] == 7
        assert isinstance(fees["transfer"], int)
    else:
        assert types["1"]["Transfer"] == 0
        assert types["1"]["MultiPayment"] == 6
        assert types["2"]["BridgechainUpdate"] == 5
        assert isinstance(fees["1"]["transfer"], str)


def test_it_answers_under_v2_in_2_5_only(subject):
    expected = 200 if subject.dialect == "2.5" else 404
    assert subject.ask("/v2/blockchain").status_code == expected
