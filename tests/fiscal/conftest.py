"""Somebody who owns the machine, for the tests that look for what he did."""

import datetime

import psycopg
import pytest

from tests.fiscal import cast
from tests.fiscal import forger as forging

AT = cast.AT
DAY = datetime.timedelta(days=1)


@pytest.fixture
def forger(live_database, keys_dir):
    """Five tickets over two days on a register whose guards have been taken away."""
    register = cast.register()
    latte = cast.line(label="Latte", unit_price_cents=380, quantity_milli=2000)
    beer = cast.line(label="Bière", unit_price_cents=450, vat_class="alcohol", vat_rate_bp=2000)
    sold = [
        cast.seal(register),
        cast.seal(register, latte, tenders=[cast.osm(760)]),
        cast.seal(register, cast.line(), beer),
        cast.seal(register, at=AT + DAY),
        cast.seal(register, beer, at=AT + DAY),
    ]
    superuser = live_database.cluster.master_url.rsplit("/", 1)[0] + f"/{live_database.name}"
    with psycopg.connect(superuser, autocommit=True) as master:
        for table in forging.TABLES:
            master.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        yield forging.Forger(master, register, sold)
