"""Where pages' static files are served from, compressed once when they are gathered."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedStaticFilesStorage


class GzippedStaticFilesStorage(CompressedStaticFilesStorage):  # type: ignore[misc]
    """gzip only: brotli at its finest would take a minute of a first start for a few kilobytes."""

    def create_compressor(self, **kwargs: Any) -> Compressor:
        return Compressor(use_brotli=False, **kwargs)


class LateModulesMissing(RuntimeError):
    """The modules of npm are not where pages load them from: run ``script/browser-modules``."""


@lru_cache(maxsize=1)
def late_modules() -> dict[str, str]:
    """Modules that pages import only when it comes to it: name → address, version included.

    Raises LateModulesMissing.
    """
    found = finders.find("vendor/late.json")
    if not isinstance(found, str):
        raise LateModulesMissing(LateModulesMissing.__doc__)
    addresses: dict[str, str] = json.loads(Path(found).read_text(encoding="utf-8"))
    return addresses
