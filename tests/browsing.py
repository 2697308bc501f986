"""A real Chromium, at the sizes people use, quiet about the rest of the world."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

FAILURES = Path(__file__).resolve().parents[1] / ".data" / "failures"
TABLET = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}

# A busy machine is not a broken page; what must be quick says so where it is asserted.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-domain-reliability",
]


def chromium_path() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise AssertionError("no chromium: script/test installs it")


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=QUIET)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def page_at(
    browser: Browser,
    *,
    size: dict[str, int] | None = None,
    dark: bool = False,
    language: str = "fr-FR",
) -> Iterator[Page]:
    """A fresh browser context. Any error of the page's own scripts fails the test.

    What was on the screen when a test failed is kept in ``.data/failures/``.
    """
    context = browser.new_context(
        viewport=size or TABLET,  # type: ignore[arg-type]
        color_scheme="dark" if dark else "light",
        locale=language,
        device_scale_factor=1,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    wrong: list[Any] = []
    page.on("pageerror", lambda error: wrong.append(error))  # a bound method cannot carry its mark
    page.on(
        "console",
        lambda message: (
            wrong.append(message.text) if "Content Security Policy" in message.text else None
        ),
    )
    try:
        yield page
    except BaseException:
        FAILURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=FAILURES / f"{time.strftime('%H%M%S')}.png")
        raise
    finally:
        context.close()
    assert not wrong, wrong
