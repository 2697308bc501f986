"""An ingest that dies where it is told, see ``tests.mortality``.

    python -m tests.settlement.osm.mortal_ingest

Orders: ``{"url", "nethash", "die_after", "looks"}``.
"""

from __future__ import annotations

from typing import Any

import django

from tests.mortality import dying_after, serve


def live(order: dict[str, Any]) -> None:
    """Look so often, and die before the statement of that number."""
    from teraa.common.clock import now
    from teraa.settlement.osm.ingest.networks import entered_peers
    from teraa.settlement.osm.ingest.peers import Peers
    from teraa.settlement.osm.ingest.worker import Place, Worker

    with dying_after(order["die_after"]):
        peers = Peers(entered_peers([order["url"]], hooks_url=""))
        worker = Worker(peers, Place(order["nethash"], "http://127.0.0.1:9"))
        for _ in range(order["looks"]):
            while worker.turn(now()):
                pass


if __name__ == "__main__":
    django.setup()
    import teraa.settlement.osm.ingest.worker  # noqa: F401 - so that the children need not

    serve(live)
