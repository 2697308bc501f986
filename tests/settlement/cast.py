"""The cast of settlement's tests: a network that is followed, a rate, dues."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from teraa.common.ids import uuid7
from teraa.settlement import operations
from teraa.settlement.models import Due, RateQuote
from teraa.settlement.osm.addresses import address_of_passphrase
from teraa.settlement.osm.models import BlockCursor, Network, OsmRequest
from teraa.settlement.osm.moments import EPOCH
from teraa.settlement.osm.states import CursorState
from teraa.venues.models import Payee, Venue
from tests import make

ADDRESS_BYTE = 115
RATE_E10 = 200_000_000  # 0.02 € an OSM
OSM = 100_000_000
MICROSECOND = datetime.timedelta(microseconds=1)
_numbers = itertools.count(1)


def network(**fields: Any) -> Network:
    number = next(_numbers)
    return Network.objects.create(
        **{
            "nethash": f"{number:064x}",
            "token": "OSMOSE",
            "symbol": "OSM",
            "address_version": ADDRESS_BYTE,
            "dialect": "core2",
            "block_seconds": 8,
            "fee_units": OSM,
            "memo_bytes": 255,
            "delegates": 51,
            "epoch": EPOCH,
            "read_at": EPOCH,
        }
        | fields
    )


def live_cursor(at: datetime.datetime, **fields: Any) -> BlockCursor:
    """A network that has been followed without a gap for an hour, and is for a day to come."""
    return BlockCursor.objects.create(
        **{
            "network": fields.pop("network", None) or network(),
            "height": 1000,
            "block_id": "a" * 64,
            "state": CursorState.LIVE,
            "live_since": at - datetime.timedelta(hours=1),
            "checked_at": at + datetime.timedelta(days=1),
        }
        | fields
    )


def payee(venue: Venue | None = None, **fields: Any) -> Payee:
    """A payee with an address of its own."""
    number = next(_numbers)
    address = address_of_passphrase(f"payee of tests {number}", ADDRESS_BYTE)
    return make.payee(venue or make.venue(), **{"osm_address": address} | fields)


def due(payee: Payee, at: datetime.datetime, amount_cents: int = 1200, **fields: Any) -> Due:
    return operations.open_due(
        **{
            "venue_id": payee.venue_id,
            "payee_id": payee.pk,
            "subject": "tests.thing",
            "amount_cents": amount_cents,
            "at": at,
        }
        | fields
    )


def quote(venue_id: Any, at: datetime.datetime, rate_e10: int = RATE_E10) -> RateQuote:
    """The venue's quote, its rate decided a month ago."""
    operations.decide_rate(
        venue_id=venue_id,
        rate_e10=rate_e10,
        valid_from=at - datetime.timedelta(days=30) + next(_numbers) * MICROSECOND,
        decided_by="assemblée générale",
        evidence="PV du 20 octobre",
    )
    return operations.current_quote(venue_id=venue_id, at=at)


def request(due: Due, at: datetime.datetime, **fields: Any) -> OsmRequest:
    """An OSM request for what remains of a due, at 0.02 € an OSM, open for five minutes."""
    wanted = {
        "key": uuid7(),
        "due_id": due.pk,
        "amount_cents": Due.objects.get(pk=due.pk).remaining_cents,
        "required_confirmations": 1,
        "expires_at": at + datetime.timedelta(minutes=5),
        "at": at,
    } | fields
    if "quote_id" not in wanted:
        wanted["quote_id"] = quote(due.venue_id, at).pk
    return operations.request_osm(**wanted)


@contextmanager
def checked() -> Iterator[None]:
    """What a commit would check is checked at the end of the block, and only it is undone."""
    with transaction.atomic():
        yield
        connection.check_constraints()
