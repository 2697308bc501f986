"""What a node is good for: pure."""

import datetime

import pytest

from teraa.settlement.osm.ingest.health import Facts, best_height, health_of, quarantine_for

AT = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)


def ago(seconds):
    return AT - datetime.timedelta(seconds=seconds)


WELL = {"answered_at": ago(1), "height": 100, "tip_moved_at": ago(5)}


@pytest.mark.parametrize(
    ("changes", "health"),
    [
        ({}, "healthy"),
        ({"answered_at": None, "height": None}, "unknown"),
        ({"failing_since": ago(2)}, "healthy"),
        ({"failing_since": ago(3)}, "silent"),
        ({"tip_moved_at": ago(99)}, "healthy"),
        ({"tip_moved_at": ago(101)}, "stale"),
        ({"height": 98}, "healthy"),
        ({"height": 97}, "stale"),
        ({"syncing": True}, "stale"),
        ({"clock_off_s": -30}, "healthy"),
        ({"clock_off_s": 31}, "stale"),
        ({"clock_off_s": -21_600}, "stale"),
        ({"forked_since": ago(599)}, "healthy"),
        ({"forked_since": ago(601)}, "stale"),
        ({"differs_at": 3}, "stale"),
        ({"quarantined_until": ago(-1)}, "quarantined"),
        ({"quarantined_until": ago(0)}, "healthy"),
        ({"disabled": True}, "disabled"),
    ],
)
def test_it_judges_by_what_a_node_said_lately(changes, health):
    found, why = health_of(Facts(**{**WELL, **changes}), best=100, block_seconds=20, at=AT)
    assert found == health
    assert bool(why) == (health not in ("healthy", "unknown"))


def test_a_quick_chain_may_stand_still_for_a_minute():
    facts = Facts(**{**WELL, "tip_moved_at": ago(59)})
    assert health_of(facts, best=100, block_seconds=8, at=AT)[0] == "healthy"
    facts = Facts(**{**WELL, "tip_moved_at": ago(61)})
    assert health_of(facts, best=100, block_seconds=8, at=AT)[0] == "stale"


def test_what_does_not_link_to_our_chain_is_no_height():
    assert best_height([None, 7, 9, None]) == 9
    assert best_height([]) == 0


def test_quarantine_doubles():
    hours = [quarantine_for(lies) / datetime.timedelta(hours=1) for lies in (1, 2, 3)]
    assert hours == [1, 2, 4]
