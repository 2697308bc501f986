"""The one block that ends a start: where to go, what to type, how to stop."""

from __future__ import annotations

import io
import json
from typing import Any

import segno

from teraa.supervisor.addresses import Reach
from teraa.supervisor.choices import Choices
from teraa.supervisor.texts import _

WIDTH = 78


def block(choices: Choices, *, reach: Reach, links: dict[str, Any], docs: str) -> str:
    """Return what is printed once TERAA answers.

    ``links`` is what ``manage.py demo_links`` printed: paths by name, and the PINs. Of a house that is
    no demonstration only a way into the back office, until somebody looks after it.
    """
    base = f"{choices.scheme}://{reach.best if choices.lan else 'localhost'}:{choices.port}"

    def address(path: str) -> str:
        return path if "://" in path else base + path

    rows: list[tuple[str, str]] = [(_("The venue’s page"), address("/"))]
    if "till" in links:
        rows.append((_("A till, enrolled by this link (works once)"), address(links["till"])))
        rows.append((_("PINs at the till"), _pins(links.get("pins", {}))))
    if "gate" in links:
        rows.append((_("A gate, enrolled by this link (works once)"), address(links["gate"])))
    if "office" in links and "demo" not in links:
        rows.append(
            (_("Look after this house: open a venue (works once)"), address(links["office"]))
        )
    else:
        rows.append((_("The back office"), address(links.get("office", "/office/"))))
    if "demo" in links:
        rows.append((_("The demonstration wallet"), address(links["demo"])))
    if choices.lan:
        rows.append((_("On each device first: trust this machine"), address("/trust/")))
    lines = ["", "─" * WIDTH, _("TERAA is open.")]
    for title, value in rows:
        lines += [f"  {title}", f"      {value}"]
    lines += ["  " + _("Ctrl-C stops everything; {docs} says the rest.").format(docs=docs)]
    lines += ["─" * WIDTH]
    if choices.lan:
        lines += ["", _("Scan this with a tablet or phone on the same network:")]
        lines += [_qr(address("/trust/"))]
        if "till" in links:
            lines += [_("and then this, to open a till on it (works once):")]
            lines += [_qr(address(links["till"]))]
    return "\n".join(lines)


def _pins(pins: dict[str, str]) -> str:
    return "   ".join(f"{name} {pin}" for name, pin in pins.items())


def _qr(text: str) -> str:
    drawn = io.StringIO()
    segno.make(text, micro=False).terminal(drawn, compact=True)
    return drawn.getvalue()


def read_links(printed: str) -> dict[str, Any]:
    """Return the links a command printed as its last line."""
    links: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])
    return links
