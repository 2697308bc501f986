"""QR codes as one SVG path. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import segno

QUIET_ZONE = 4  # modules; what readers are promised by ISO/IEC 18004


@dataclass(frozen=True)
class QrPath:
    """A path on a square of ``size`` modules, quiet zone included."""

    path: str
    size: int


@lru_cache(maxsize=512)
def qr_path(text: str) -> QrPath:
    """The dark modules of ``text`` as horizontal runs."""
    code = segno.make_qr(text, error="m")
    runs = []
    for y, row in enumerate(code.matrix):
        start = None
        for x, dark in enumerate([*row, 0]):
            if dark and start is None:
                start = x
            elif not dark and start is not None:
                runs.append(f"M{start + QUIET_ZONE} {y + QUIET_ZONE}h{x - start}v1h-{x - start}z")
                start = None
    return QrPath("".join(runs), len(code.matrix) + 2 * QUIET_ZONE)
