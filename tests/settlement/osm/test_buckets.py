"""How often a node may be asked, and how long it wants to be left alone."""

import datetime

import pytest

from teraa.settlement.osm.dialects.buckets import BURST, LONGEST_HOLD, HeldBack, TokenBucket
from teraa.settlement.osm.dialects.http import seconds_to_wait


class Clock:
    def __init__(self):
        self.at = 1000.0
        self.slept = 0.0

    def __call__(self):
        return self.at

    def sleep(self, seconds):
        self.slept += seconds
        self.at += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.mark.parametrize("per_minute", [90, 250])
def test_it_lets_no_more_through_than_its_rate_and_a_burst(clock, per_minute):
    bucket = TokenBucket(per_minute, clock=clock, sleep=clock.sleep)
    asked = 0
    while clock.at < 1060:
        bucket.take()
        asked += 1
    assert per_minute <= asked <= per_minute + BURST + 1


def test_our_own_node_is_asked_as_often_as_we_like(clock):
    bucket = TokenBucket(None, clock=clock, sleep=clock.sleep)
    for _ in range(10_000):
        bucket.take()
    assert clock.slept == 0


def test_it_leaves_a_node_alone_for_as_long_as_it_was_told(clock):
    bucket = TokenBucket(None, clock=clock, sleep=clock.sleep)
    bucket.hold(40.037)
    with pytest.raises(HeldBack):
        bucket.take()
    clock.at += 39
    bucket.take()
    assert 1 < clock.slept < 1.1, "a short rest is slept away"


@pytest.mark.parametrize("told", [float("nan"), float("inf"), -5, 1e12])
def test_no_answer_silences_us_for_ever(clock, told):
    bucket = TokenBucket(None, clock=clock, sleep=clock.sleep)
    bucket.hold(told)
    clock.at += LONGEST_HOLD
    bucket.take()


def test_a_rate_can_be_changed_later(clock):
    bucket = TokenBucket(250, clock=clock, sleep=clock.sleep)
    bucket.per_minute(90)
    for _ in range(BURST + 90):
        bucket.take()
    assert 59 < clock.slept < 61


def test_it_reads_what_both_dialects_say_with_a_429():
    assert seconds_to_wait({"retry-after": "40.037"}) == 40.037
    then = datetime.datetime.now(tz=datetime.UTC) + datetime.timedelta(seconds=30)
    milliseconds = str(int(then.timestamp() * 1000))
    assert 28 < seconds_to_wait({"x-ratelimit-userreset": milliseconds}) < 31
    assert 27 < seconds_to_wait({"retry-after": then.strftime("%a, %d %b %Y %H:%M:%S GMT")}) < 31
    assert seconds_to_wait({"retry-after": "soon"}) == 1
    assert seconds_to_wait({"x-ratelimit-userreset": "never"}) == 1
    assert seconds_to_wait({}) == 1
