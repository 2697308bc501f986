"""HTTP workers that begin warm: ``python -m teraa.serving --interface=wsgi … teraa.wsgi:application``.

The same command line as granian's own. Django and every address are imported before the workers
are forked: a start, and a worker that takes the place of one that died, need a moment instead of
seconds. No connection is opened before the fork.
"""

from __future__ import annotations

import multiprocessing

from django.urls import get_resolver
from granian.cli import entrypoint

from teraa.wsgi import application


def main() -> None:
    """Import what requests will need, then hand over to granian."""
    # Granian forks where that is the platform's way; Python 3.14 changed the default.
    multiprocessing.set_start_method("fork")
    assert application  # noqa: S101  its import has set Django up
    get_resolver().url_patterns  # noqa: B018  imports every room's views
    entrypoint()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
