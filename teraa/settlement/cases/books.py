"""The reconciliation report as page, PDF, CSV and signed file."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from teraa.common import journal
from teraa.common.clock import iso_utc, now
from teraa.common.journal_codes import BALANCES_ASKED
from teraa.common.money import osm_decimal
from teraa.common.problems import Problem
from teraa.settlement.cases.office import page, say
from teraa.settlement.cases.paper import books_pdf
from teraa.settlement.cases.reconciling import Report, reconcile
from teraa.settlement.cases.signed import sign_report
from teraa.settlement.osm.availability import availability_of
from teraa.settlement.osm.ingest.balances import ask_for_balances
from teraa.settlement.osm.models import BlockCursor, WatchedAddress
from teraa.venues.office import venues_seen
from teraa.venues.permissions_table import RESOLVE_MONEY

LONGEST = datetime.timedelta(days=400)
DAY = datetime.timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 2015, 2200


@dataclass(frozen=True, slots=True)
class Asked:
    """Which address and which days: ``?address=…&from=2026-11-01&until=2026-11-30``."""

    watched: WatchedAddress | None
    start: datetime.datetime
    end: datetime.datetime
    first_day: datetime.date
    last_day: datetime.date
    choices: list[WatchedAddress]

    @property
    def query(self) -> str:
        pk = self.watched.pk if self.watched else ""
        return f"?address={pk}&from={self.first_day}&until={self.last_day}"


def asked_of(request: HttpRequest) -> Asked:
    """What the form asks for; by default the first address and the present month."""
    seen = venues_seen(request)
    rows = WatchedAddress.objects.select_related("payee", "venue", "network").order_by(
        "payee", "pk"
    )
    choices = list(rows if seen is None else rows.filter(venue__in=seen))
    chosen = request.GET.get("address", "")
    watched = next((one for one in choices if str(one.pk) == chosen), None)
    if watched is None and not chosen and choices:
        watched = choices[0]
    zone = ZoneInfo(watched.venue.zone) if watched else ZoneInfo("UTC")
    today = now().astimezone(zone).date()
    start = day_of(request.GET.get("from", "")) or today.replace(day=1)
    until = min(max(day_of(request.GET.get("until", "")) or today, start), start + LONGEST)
    return Asked(
        watched,
        midnight(start, zone),
        midnight(until + DAY, zone),
        start,
        until,
        choices,
    )


def day_of(text: str) -> datetime.date | None:
    """``2026-12-03``; None for anything else, and for years no report is about."""
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def midnight(day: datetime.date, zone: datetime.tzinfo) -> datetime.datetime:
    """When a day of that zone begins."""
    return datetime.datetime.combine(day, datetime.time(), zone).astimezone(datetime.UTC)


def show_books(listed: Any, request: HttpRequest) -> HttpResponse:
    """Do the books agree with the chain? POST asks the nodes for the balances of now."""
    if not listed.has_view_permission(request):
        raise PermissionDenied
    asked = asked_of(request)
    may_ask = asked.watched is not None and listed.may(request, RESOLVE_MONEY, asked.watched)
    if request.method == "POST":
        return _ask(request, asked, may_ask)
    report = _report(asked)
    return page(
        listed,
        request,
        "cases/office_books.html",
        _("Reconciliation"),
        asked=asked,
        report=report,
        may_ask=may_ask,
        names=names(),
        pdf_url=reverse("admin:cases_case_books_pdf") + asked.query,
        csv_url=reverse("admin:cases_case_books_csv") + asked.query,
        signed_url=reverse("admin:cases_case_books_signed") + asked.query,
    )


def _ask(request: HttpRequest, asked: Asked, may_ask: bool) -> HttpResponse:
    """Let the ingest read what nodes say, write down who wanted it, and show the page again."""
    watched = asked.watched
    if watched is None or not may_ask:
        raise PermissionDenied
    at = now()
    with transaction.atomic():
        ask_for_balances(network=watched.network, at=at)
        _write_down(request, watched, at)
    cursor = BlockCursor.objects.select_related("network").filter(network=watched.network).first()
    state = availability_of(cursor, at=at)
    if state.available:
        messages.success(
            request, _("Every node that is well is asked. Show this page again in ten seconds.")
        )
    else:
        said = _("The balances are read as soon as the chain is followed again. {why}")
        messages.warning(request, said.format(why=state.sentence))
    return HttpResponseRedirect(request.path + asked.query)


def _write_down(request: HttpRequest, watched: WatchedAddress, at: datetime.datetime) -> None:
    """In the venue's journal; while a venue is being set up it has none."""
    journal.record_where_kept(
        code=BALANCES_ASKED,
        venue_id=watched.venue_id,
        at=at,
        values={"address": watched.address, "payee": watched.payee.name},
        operator=str(request.user),
    )


def print_books(listed: Any, request: HttpRequest) -> HttpResponse:
    """The same as PDF; without Pango a message says what to do."""
    report = _report_or_403(listed, request)
    context = {"report": report, "names": names(), "printed": now(), "by": str(request.user)}
    try:
        pdf = books_pdf(context)
    except Problem as problem:
        said = {"problem": problem.as_dict()}
        return render(request, "error.html", said, status=problem.status)
    return _file(pdf, "application/pdf", report, "pdf")


def write_books(listed: Any, request: HttpRequest) -> HttpResponse:
    """The same as CSV (UTF-8, commas, whole OSM with a point)."""
    report = _report_or_403(listed, request)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["section", "name", "node", "osm", "height", "block_or_txid", "at"])
    writer.writerows(csv_rows(report))
    return _file(text.getvalue().encode(), "text/csv; charset=utf-8", report, "csv")


def sign_books(listed: Any, request: HttpRequest) -> HttpResponse:
    """The same as signed JSON. A form that is sent: the venue's journal keeps that it was signed."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    report = _report_or_403(listed, request)
    try:
        with transaction.atomic():
            text = sign_report(report, by=str(request.user), at=now())
    except Problem as problem:
        say(request, problem)
        return HttpResponseRedirect(reverse("admin:cases_case_books") + asked_of(request).query)
    return _file(text.encode(), "application/json", report, "signed.json")


def csv_rows(report: Report) -> Iterator[list[str]]:
    """Every figure of a report, one a line; each transaction of a line is one more."""
    at = [iso_utc(report.start), iso_utc(report.end)]
    yield ["period", report.watched.address, "", "", str(report.first_height), "", at[0]]
    yield [
        *["period", report.watched.address, "", "", str(report.last_height)],
        *[report.last_block_id, at[1]],
    ]
    for name, units in (
        ("in", report.chain.units_in),
        ("out", -report.chain.units_out),
        ("fees", -report.chain.fees),
    ):
        yield ["chain", name, "", _osm(units), "", "", ""]
    for node in report.nodes:
        for name, units in (("opening", node.opening), ("closing", node.closing)):
            yield ["node", name, node.url, _osm(units), str(node.height), node.block_id, ""]
    for section, lines in (("books_in", report.books.lines), ("books_out", report.books.out)):
        for line in lines:
            yield [section, line.name, "", _osm(line.units), "", "", ""]
            for txid in line.txids:
                yield [section, line.name, "", "", "", txid, ""]
    for one in report.differences:
        yield ["difference", one.name, one.url, _osm(one.units), str(one.last_height), "", ""]
        for txid in one.txids:
            yield ["difference", one.name, one.url, "", str(one.last_height), txid, ""]


def names() -> dict[str, str]:
    """What each line is called."""
    return {
        "dues": _("Paid dues"),
        "waiting": _("For requests that are not settled yet"),
        "surplus": _("Not credited: late, too much, twice"),
        "kept": _("Kept: tips, credits"),
        "unknown": _("To be identified"),
        "ignored": _("Left aside"),
        "refunds": _("Refunds"),
        "unexplained": _("Left without a refund that says so"),
        "fees": _("Fees of the network"),
        "node": _("Between two readings of a node"),
        "books_in": _("Coins that came and stand nowhere in the books"),
        "books_out": _("Coins that left and stand nowhere in the books"),
    }


def _osm(units: int) -> str:
    return f"-{osm_decimal(-units)}" if units < 0 else osm_decimal(units)


def _report(asked: Asked) -> Report | None:
    if asked.watched is None:
        return None
    return reconcile(watched=asked.watched, start=asked.start, end=asked.end)


def _report_or_403(listed: Any, request: HttpRequest) -> Report:
    if not listed.has_view_permission(request):
        raise PermissionDenied
    report = _report(asked_of(request))
    if report is None:
        raise PermissionDenied
    return report


def _file(data: bytes, kind: str, report: Report, ending: str) -> HttpResponse:
    name = f"osm-{report.watched.address[:8]}-{report.start:%Y%m%d}-{report.end:%Y%m%d}.{ending}"
    return HttpResponse(
        data,
        content_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )
