"""Films for Chromium's make-believe camera: grey, or with QR codes in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import segno
from playwright.sync_api import Browser

from tests.browsing import QUIET, chromium_path

WIDTH, HEIGHT = 640, 480
FRAMES_A_SECOND = 10
GREY, DARK, LIGHT, NEUTRAL = 96, 20, 235, 128
Picture = tuple[str, ...]  # the codes in view, side by side; none: an empty wall


def film(path: Path, *scenes: tuple[Picture, float]) -> Path:
    """Write ``scenes`` (what is in view, for how many seconds) as Y4M; a camera plays it in a loop."""
    with path.open("wb") as out:
        out.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_A_SECOND}:1 Ip A1:1 C420jpeg\n".encode())
        colours = bytes([NEUTRAL]) * (WIDTH * HEIGHT // 2)
        for codes, seconds in scenes:
            frame = b"FRAME\n" + _drawn(codes) + colours
            out.write(frame * round(seconds * FRAMES_A_SECOND))
    return path


def _drawn(codes: Sequence[str]) -> bytes:
    rows = [bytearray([GREY]) * WIDTH for _row in range(HEIGHT)]
    room = WIDTH // max(1, len(codes))
    for place, code in enumerate(codes):
        modules = [bytes(row) for row in segno.make(code, micro=False).matrix_iter(border=4)]
        dot = min(room, HEIGHT) * 8 // 10 // len(modules)
        left = place * room + (room - dot * len(modules)) // 2
        top = (HEIGHT - dot * len(modules)) // 2
        for number, modules_of_row in enumerate(modules):
            line = b"".join(bytes([DARK if one else LIGHT]) * dot for one in modules_of_row)
            for y in range(top + number * dot, top + (number + 1) * dot):
                rows[y][left : left + len(line)] = line
    return b"".join(rows)


@contextlib.contextmanager
def with_camera(browser: Browser, shown: Path | None, *, allowed: bool = True) -> Iterator[Browser]:
    """Another Chromium, whose camera sees the film ``shown`` (None: it has no camera)."""
    arguments = [*QUIET]
    if shown is not None:
        arguments += [
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={shown}",
        ]
    if allowed:
        arguments.append("--use-fake-ui-for-media-stream")
    other = browser.browser_type.launch(executable_path=chromium_path(), args=arguments)
    try:
        yield other
    finally:
        other.close()
