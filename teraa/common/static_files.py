"""Where pages' static files are served from, compressed once when they are gathered."""

from __future__ import annotations

from typing import Any

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedStaticFilesStorage


class GzippedStaticFilesStorage(CompressedStaticFilesStorage):  # type: ignore[misc]
    """gzip only: brotli at its finest would take a minute of a first start for a few kilobytes."""

    def create_compressor(self, **kwargs: Any) -> Compressor:
        return Compressor(use_brotli=False, **kwargs)
