"""Network time: whole seconds since an epoch that carries 19 ms."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from teraa.settlement.osm.moments import (
    EPOCH,
    epoch_seconds,
    moment,
    parse_epoch,
    timestamp_json,
)


def test_it_writes_the_three_forms_the_node_writes():
    assert timestamp_json(237377143) == {
        "epoch": 237377143,
        "unix": 1795299704,
        "human": "2026-11-21T22:21:44.019Z",
    }


def test_it_floors_so_that_the_last_18_milliseconds_belong_to_the_second_before():
    assert epoch_seconds(moment(1000)) == 1000
    assert epoch_seconds(moment(1000) - timedelta(milliseconds=1)) == 999


def test_it_counts_the_same_from_any_zone():
    at = moment(5000).astimezone(timezone(timedelta(hours=2)))
    assert epoch_seconds(at) == 5000


def test_it_reads_the_epoch_of_a_configuration():
    assert parse_epoch("2019-05-15T12:16:01.019Z") == EPOCH
    assert parse_epoch("2017-02-21T13:00:00.000Z") == datetime(2017, 2, 21, 13, tzinfo=UTC)
    with pytest.raises(ValueError, match="without a zone"):
        parse_epoch("2019-05-15T12:16:01.019")
