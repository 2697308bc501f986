"""Two venues, furnished once a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from teraa.common.clock import now
from teraa.settlement.osm.devnet.node import DevelopmentNode
from tests.conftest import own_database
from tests.database import EphemeralCluster
from tests.house.knocking import one_transaction
from tests.house.two_venues import House, furnish
from tests.settlement.osm.channel import following

OURS, THEIRS = "Nôtre", "Zorglub"


@pytest.fixture(scope="module")
def houses(
    cluster: EphemeralCluster,
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[House, House]]:
    """Furnished once, in a database of their own: every request of these tests is put back.

    Each in a transaction of its own: thousands of savepoints in one make PostgreSQL look through
    all of them at every row that they locked.
    """
    place = tmp_path_factory.mktemp("house")
    kept_apart = override_settings(TERAA_DATA=place, TERAA_KEYS=place / "keys", TERAA_DEMO=False)
    with own_database(cluster, django_db_blocker), kept_apart, DevelopmentNode() as node:
        on_its_chain = override_settings(TERAA_NODE_URL=node.url, TERAA_NODE_NETHASH=node.nethash)
        with on_its_chain, following(node) as channel:
            with one_transaction():
                ours = furnish(OURS, channel=channel, at=now())
                theirs = furnish(THEIRS, channel=channel, at=now())
            yield ours, theirs
