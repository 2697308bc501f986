"""News to many sockets: each gets it, and nobody looks through everything for each of them."""

import asyncio

import pytest
from channels.layers import InMemoryChannelLayer, get_channel_layer

from teraa.live.layer import SweptLayer

SOCKETS = 200
HOUR = 3600.0


@pytest.fixture
def sweeps(monkeypatch):
    """How often Channels' own layer looked through everything."""
    counted = []
    sweep = InMemoryChannelLayer._clean_expired

    def counting(layer):
        counted.append(layer)
        sweep(layer)

    monkeypatch.setattr(InMemoryChannelLayer, "_clean_expired", counting)
    return counted


async def told(layer, sockets):
    """What each of so many sockets of a group hears of one piece of news."""
    names = [await layer.new_channel() for _ in range(sockets)]
    for name in names:
        await layer.group_add("venue", name)
    await layer.group_send("venue", {"type": "news", "text": "look again"})
    return [(await layer.receive(name))["text"] for name in names]


def test_everybody_hears_and_everything_is_looked_through_once(sweeps):
    heard = asyncio.run(told(SweptLayer(sweep_seconds=HOUR), SOCKETS))
    assert heard == ["look again"] * SOCKETS
    assert len(sweeps) == 1


def test_who_never_reads_is_forgotten_at_a_sweep():
    async def forgotten():
        layer = SweptLayer(sweep_seconds=0.0, expiry=-1)
        await layer.group_add("venue", "specific.asleep!1")
        await layer.send("specific.asleep!1", {"type": "news"})
        await layer.group_send("another-venue", {"type": "news"})
        return layer.channels, layer.groups["venue"]

    assert asyncio.run(forgotten()) == ({}, {})


def test_the_house_uses_it():
    assert isinstance(get_channel_layer(), SweptLayer)
    assert get_channel_layer().capacity == 1000, "a burst must not fill a slow socket's queue"
