"""The first page of the back office: today's figures of each venue, each leading to its rows."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db.models import Count, Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from bookings.opening import day_span
from bookings.queries import figures_of
from teraa.common.clock import business_date, now
from teraa.common.money import format_cents, format_osm
from teraa.devices.models import PrintJob
from teraa.devices.states import AWAY, WAITING, JobState
from teraa.fiscal.models import Document, DocumentTender
from teraa.fiscal.states import ChainKind, TenderKind
from teraa.office.navigation import may_look
from teraa.settlement.cases.queries import open_cases, refunds_to_send
from teraa.settlement.cases.states import CaseKind, CaseState, RefundState
from teraa.settlement.models import Due
from teraa.settlement.queries import node_health
from teraa.settlement.states import DueState
from teraa.venues.models import Venue
from teraa.venues.office import venues_seen

CALM, OK, WAITS, BAD = "calm", "ok", "waiting", "danger"
# A sign with every colour: tone → icon of Material Symbols.
SIGNS = {CALM: "info", OK: "check_circle", WAITS: "hourglass_top", BAD: "error"}


@dataclass(frozen=True)
class Row:
    """One line under a figure; ``url`` leads to the rows it counts."""

    label: str | Promise
    value: str
    url: str | None = None


@dataclass(frozen=True)
class Figure:
    """One card: what it counts, how much, and where its rows are."""

    title: str | Promise
    value: str
    note: str | Promise = ""
    url: str | None = None
    tone: str = CALM
    rows: list[Row] = field(default_factory=list)

    @property
    def sign(self) -> str:
        return SIGNS[self.tone]


@dataclass(frozen=True)
class Board:
    """The figures of one venue."""

    venue: Venue
    day: datetime.date
    figures: list[Figure]


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's dashboard callback."""
    at = now()
    seen = venues_seen(request)
    venues = Venue.objects.order_by("created_at")
    if seen is not None:
        venues = venues.filter(pk__in=seen)
    context["boards"] = [_board(request, venue, at) for venue in venues]
    return context


def _board(request: HttpRequest, venue: Venue, at: datetime.datetime) -> Board:
    day = business_date(at, venue.zone, venue.day_cutoff)
    return Board(
        venue,
        day,
        [
            _takings(request, venue, day),
            _waiting(request, venue),
            _cases(request, venue),
            _paper(request, venue),
            _chain(request, at),
            *_stays(request, venue, at),
        ],
    )


def _rows(request: HttpRequest, label: str, **filters: Any) -> str | None:
    """The address of the list of ``label`` so filtered; None for who may not look at it."""
    if not may_look(request, label):
        return None
    meta = apps.get_model(label)._meta
    listed = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return f"{listed}?{urlencode(filters)}" if filters else listed


def _euros(cents: int) -> str:
    return format_cents(cents, get_language() or "fr")


def _takings(request: HttpRequest, venue: Venue, day: datetime.date) -> Figure:
    """What the tickets of the business day say; training is no money."""
    tickets = Document.objects.filter(
        venue=venue, kind=ChainKind.TICKET, business_date=day, register__training=False
    )
    taken = (
        DocumentTender.objects.filter(document__in=tickets)
        .values_list("kind")
        .annotate(cents=Sum("amount_cents"), units=Sum("osm_units"))
        .order_by("-cents")
    )
    counted = tickets.aggregate(total=Sum("total_cents"), tickets=Count("pk"))
    listed: dict[str, Any] = {
        "venue__id__exact": venue.pk,
        "kind__exact": ChainKind.TICKET,
        "business_date": day.isoformat(),
    }
    return Figure(
        title=_("Taken today"),
        value=_euros(counted["total"] or 0),
        note=ngettext("%(n)s ticket", "%(n)s tickets", counted["tickets"])
        % {"n": counted["tickets"]},
        url=_rows(request, "fiscal.document", **listed),
        rows=[
            Row(
                TenderKind(kind).label,
                _euros(cents)
                if units is None
                else f"{_euros(cents)} · {format_osm(units, get_language() or 'fr')}",
                _rows(request, "fiscal.document", **listed, tenders__kind=kind),
            )
            for kind, cents, units in taken
        ],
    )


def _waiting(request: HttpRequest, venue: Venue) -> Figure:
    states = (DueState.OPEN, DueState.ACCEPTED)
    dues = Due.objects.filter(venue=venue, state__in=states)
    found = dues.aggregate(count=Count("pk"), owed=Sum("amount_cents"), paid=Sum("paid_cents"))
    count = found["count"]
    return Figure(
        title=_("Waiting for money"),
        value=_euros((found["owed"] or 0) - (found["paid"] or 0)),
        note=ngettext("%(n)s due", "%(n)s dues", count) % {"n": count},
        url=_rows(request, "settlement.due", venue__id__exact=venue.pk, state__in=",".join(states)),
        tone=WAITS if count else OK,
    )


def _cases(request: HttpRequest, venue: Venue) -> Figure:
    """What a person should look at, by kind; what waits for a wallet beside it."""
    listed: dict[str, Any] = {"venue__id__exact": venue.pk, "state__exact": CaseState.OPEN}
    kinds = (
        open_cases(venue_ids=[venue.pk])
        .order_by("kind")
        .values_list("kind")
        .annotate(count=Count("pk"))
    )
    rows = [
        Row(
            CaseKind(kind).label,
            str(count),
            _rows(request, "cases.case", **listed, kind__exact=kind),
        )
        for kind, count in kinds
    ]
    total = sum(int(row.value) for row in rows)
    waiting = refunds_to_send(venue_ids=[venue.pk]).count()
    if waiting:
        to_send = _rows(
            request,
            "cases.refund",
            venue__id__exact=venue.pk,
            state__exact=RefundState.AWAITING_WALLET,
        )
        rows.append(Row(_("Refunds that wait for a wallet"), str(waiting), to_send))
    return Figure(
        title=_("Open cases"),
        value=str(total),
        note=_("Payments that need a person.")
        if total
        else _("Every payment is where it belongs."),
        url=_rows(request, "cases.case", **listed),
        tone=BAD if total else WAITS if waiting else OK,
        rows=rows,
    )


def _paper(request: HttpRequest, venue: Venue) -> Figure:
    stuck_states = (JobState.HELD, JobState.UNKNOWN, JobState.FAILED)
    open_states = (*WAITING, *AWAY, JobState.UNKNOWN, JobState.FAILED)
    jobs = PrintJob.objects.filter(venue=venue)
    found = jobs.aggregate(
        waiting=Count("pk", filter=Q(state__in=open_states)),
        stuck=Count("pk", filter=Q(state__in=stuck_states)),
    )
    tone = BAD if found["stuck"] else WAITS if found["waiting"] else OK
    return Figure(
        title=_("Print queue"),
        value=str(found["waiting"]),
        note=ngettext("%(n)s needs a look", "%(n)s need a look", found["stuck"])
        % {"n": found["stuck"]}
        if found["stuck"]
        else gettext("Nothing is stuck."),
        url=_rows(
            request, "devices.printjob", venue__id__exact=venue.pk, state__in=_joined(open_states)
        ),
        tone=tone,
    )


def _stays(request: HttpRequest, venue: Venue, at: datetime.datetime) -> list[Figure]:
    """Who comes today, for a venue that lets something; what was paid without a place is loud."""
    today = at.astimezone(ZoneInfo(venue.zone)).date()
    found = figures_of(venue_id=venue.pk, day=day_span(today, venue.zone))
    if found is None:
        return []
    listed: dict[str, Any] = {"venue__id__exact": venue.pk}
    begins = dict(
        zip(
            ("starts_at__year", "starts_at__month", "starts_at__day"),
            (today.year, today.month, today.day),
            strict=True,
        )
    )
    lost = _rows(request, "bookings.booking", **listed, state__exact="paid_without_place")
    return [
        Figure(
            title=_("Stays today"),
            value=str(found.stays),
            note=ngettext("%(n)s not paid yet", "%(n)s not paid yet", found.unpaid)
            % {"n": found.unpaid}
            if found.unpaid
            else gettext("Nobody has to pay first."),
            url=_rows(request, "bookings.booking", **listed, **begins),
            tone=BAD if found.lost else WAITS if found.unpaid else OK,
            rows=[Row(_("Paid too late: needs a refund"), str(found.lost), lost)]
            if found.lost
            else [],
        )
    ]


def _chain(request: HttpRequest, at: datetime.datetime) -> Figure:
    """One chain for the whole house; each board shows it, since each venue depends on it."""
    health = node_health(at=at)
    cursor = health["cursor"]
    rows = []
    if cursor:
        rows = [
            Row(_("Read up to block"), str(cursor["height"]), _rows(request, "osm.block")),
            Row(
                _("The node is at"),
                str(max(cursor["height"], cursor["tip_height"])),
                _rows(request, "osm.nodepeer"),
            ),
        ]
    return Figure(
        title=_("OSM network"),
        value=gettext("Live") if health["available"] else gettext("Not available"),
        note=health["sentence"] or (cursor["network"] if cursor else ""),
        url=_rows(request, "osm.blockcursor"),
        tone=OK if health["available"] else BAD,
        rows=rows,
    )


def _joined(states: Iterable[str]) -> str:
    return ",".join(str(state) for state in states)
