"""What the demonstration page shows: the wallet, what waits, the paper, the mail, the chain."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

from django.conf import settings

from pos.models import Sale
from pos.states import SaleState
from teraa.accounts.models import OutgoingMail
from teraa.common.clock import iso_utc
from teraa.common.problems import Problem
from teraa.demo.wallet import demo_wallet
from teraa.settlement.osm.availability import current_cursor
from teraa.settlement.osm.devnet.profiles import PROFILES
from teraa.settlement.osm.states import RequestState
from teraa.settlement.osm.uri import build
from teraa.settlement.queries import OsmView, tender_views_of

SHOWN_SALES = 20
SHOWN_PAPER = 12
SHOWN_MAILS = 20
PAYABLE = (RequestState.OPEN, RequestState.SEEN, RequestState.CONFIRMING)
PICTURE = re.compile(r"^\d{6}\.png$")


def demo_state() -> dict[str, Any]:
    """Everything the page shows, in JSON values; units are strings (law 3)."""
    return {
        "wallet": _wallet(),
        "waiting": _waiting(),
        "paper": _paper(),
        "mails": _mails(),
        "node": _node(),
    }


def _wallet() -> dict[str, Any]:
    try:
        holding = demo_wallet().holding()
    except Problem as problem:
        return {"problem": problem.as_dict()}
    return {
        "address": holding.address,
        "balance_units": str(holding.balance_units),
        "fee_units": str(holding.fee_units),
        "symbol": holding.symbol,
    }


def _waiting() -> list[dict[str, Any]]:
    """Sales that wait for coins, newest first: what "pay the till" can pay."""
    sales = list(
        Sale.objects.filter(state=SaleState.WAITING, due__isnull=False)
        .select_related("station", "venue")
        .order_by("-created_at")[:SHOWN_SALES]
    )
    views = tender_views_of([sale.due_id for sale in sales if sale.due_id])
    return [
        _payable(sale, tender.amount_cents, tender.osm)
        for sale in sales
        if sale.due_id
        for tender in views[sale.due_id]
        if tender.osm is not None and tender.osm.state in PAYABLE
    ]


def _payable(sale: Sale, amount_cents: int, osm: OsmView) -> dict[str, Any]:
    asked = osm.missing_units or osm.units
    return {
        "sale": str(sale.key),
        "till": sale.station.name,
        "venue": sale.venue.name,
        "amount_cents": amount_cents,
        "units": str(asked),
        "uri": build(address=osm.address, units=asked, vendor_field=osm.reference),
        "state": osm.state,
    }


def paper_path(name: str) -> Path | None:
    """The picture called ``name`` if it is one of the fake printer's and is there."""
    path: Path = settings.TERAA_PAPER_DIR / name
    return path if PICTURE.match(name) and path.is_file() else None


def _paper() -> list[dict[str, Any]]:
    directory: Path = settings.TERAA_PAPER_DIR
    if not directory.is_dir():
        return []
    names = sorted((path.name for path in directory.glob("*.png")), reverse=True)
    found = []
    for name in [name for name in names if PICTURE.match(name)][:SHOWN_PAPER]:
        picture = directory / name
        try:
            made = picture.stat().st_mtime
            text = picture.with_suffix(".txt").read_text(encoding="utf-8")
        except FileNotFoundError:
            continue  # swept away while we looked
        at = datetime.datetime.fromtimestamp(made, tz=datetime.UTC)
        found.append({"url": f"/demo/paper/{name}", "at": iso_utc(at), "text": text})
    return found


def _mails() -> list[dict[str, Any]]:
    return [
        {
            "to": ", ".join(mail.to),
            "subject": mail.subject,
            "at": iso_utc(mail.created_at),
            "text": mail.text,
        }
        for mail in OutgoingMail.objects.order_by("-created_at")[:SHOWN_MAILS]
    ]


def _node() -> dict[str, Any] | None:
    """How far we have read; None before any node answered."""
    cursor = current_cursor()
    if cursor is None:
        return None
    shapes = [one.name for one in PROFILES.values() if one.delegates == cursor.network.delegates]
    return {
        "height": cursor.height,
        "block_time_s": cursor.network.block_seconds,
        "profile": shapes[0] if shapes else "",
        "state": cursor.state,
    }
