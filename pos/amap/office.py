"""Pages of the coordinator behind the lists: files in, files out, orders closed, the sheet.

Everything that changes or takes out something is a form that is sent; a link only ever shows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from pos.amap import operations, reports
from pos.amap.cagette.tables import MAX_BYTES, Written
from pos.amap.forms import BringForm
from pos.amap.models import AmapGroup, Catalog, Distribution, ImportFile
from pos.amap.problems import FileRefused
from pos.amap.sentences import FILE_REFUSALS
from pos.amap.states import ImportKind, ImportState
from teraa.common.clock import now
from teraa.common.pdf import pdf_available, render_pdf
from teraa.common.problems import Problem

SHOWN_ROWS = 500
STYLE = "css/amap-sheet.css"


def _row(listed: Any, request: HttpRequest, object_id: str, *, to_change: bool) -> Any:
    """A row of a venue of this user. Raises Http404, PermissionDenied."""
    row = listed.get_object(request, object_id)
    if row is None:
        raise Http404
    may = listed.has_change_permission if to_change else listed.has_view_permission
    if not may(request, row):
        raise PermissionDenied
    return row


def _page(
    listed: Any, request: HttpRequest, template: str, title: Any, **values: Any
) -> TemplateResponse:
    context = {**listed.admin_site.each_context(request), "title": title, **values}
    return TemplateResponse(request, template, context)


def _say(request: HttpRequest, problem: Problem) -> None:
    said = problem.as_dict()
    messages.error(request, f"{said['title']} {said['advice']}")


def download(written: Written, kind: str = "text/csv; charset=utf-8") -> HttpResponse:
    """The file under its own name, accents and all (RFC 6266)."""
    plain = written.name.encode("ascii", "replace").decode().replace('"', "").replace("?", "_")
    named = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(written.name)}"
    return HttpResponse(
        written.data,
        content_type=kind,
        headers={"Content-Disposition": named, "Cache-Control": "no-store"},
    )


def bring(listed: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Bring a file in; or take the members out, as Cagette and CAMAP import them."""
    group: AmapGroup = _row(listed, request, object_id, to_change=True)
    language = get_language() or "fr"
    form = BringForm(group=group, language=language)
    if request.method == "POST":
        if request.POST.get("do") == "members":
            return download(
                operations.export_members(
                    group=group,
                    excel=request.POST.get("form") == "excel",
                    by=str(request.user),
                    at=now(),
                )
            )
        form = BringForm(request.POST, request.FILES, group=group, language=language)
        if form.is_valid():
            try:
                brought = _brought(request, group, form.cleaned_data)
                return HttpResponseRedirect(
                    reverse("admin:amap_importfile_preview", args=[brought.pk])
                )
            except Problem as problem:
                _say(request, problem)
    return _page(
        listed,
        request,
        "amap/office_files.html",
        group.name,
        group=group,
        form=form,
        kinds=ImportKind.choices,
        opts=listed.opts,
    )


def _brought(request: HttpRequest, group: AmapGroup, given: dict[str, Any]) -> ImportFile:
    file = given["file"]
    if file.size > MAX_BYTES:
        raise FileRefused(reason="too_large", why=str(FILE_REFUSALS["too_large"]))
    return operations.bring_file(
        group=group,
        kind=given["kind"],
        name=file.name,
        content=file.read(),
        dialect=given["dialect"],
        catalog=given["catalog"],
        distribution=given["distribution"],
        vat_rate_bp=given["vat_rate_bp"],
        by=str(request.user),
        at=now(),
    )


def preview(listed: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Each row with its line: new, known, changed or wrong; then take it over or put it aside."""
    brought: ImportFile = _row(listed, request, object_id, to_change=True)
    if request.method == "POST":
        return _decide(request, brought)
    plan, refused = None, None
    if brought.state == ImportState.PREVIEW:
        try:
            plan = operations.plan_import(brought)
        except FileRefused as problem:
            refused = problem.as_dict()
    # What is wrong comes first: it is what one has to do something about.
    rows = sorted(plan.rows, key=lambda row: row.status != "wrong") if plan else []
    return _page(
        listed,
        request,
        "amap/office_preview.html",
        brought.name,
        brought=brought,
        plan=plan,
        refused=refused,
        rows=rows[:SHOWN_ROWS],
        hidden=max(0, len(rows) - SHOWN_ROWS),
        opts=listed.opts,
    )


def _decide(request: HttpRequest, brought: ImportFile) -> HttpResponse:
    back = reverse("admin:amap_importfile_preview", args=[brought.pk])
    try:
        if request.POST.get("do") == "apply":
            done = operations.apply_import(
                import_id=brought.pk, venue_id=brought.venue_id, by=str(request.user), at=now()
            )
            said = gettext("Taken over: %(new)s new, %(changed)s changed.")
            messages.success(request, said % {"new": done.new_rows, "changed": done.changed_rows})
        elif request.POST.get("do") == "drop":
            operations.drop_import(import_id=brought.pk, venue_id=brought.venue_id)
            messages.success(request, gettext("Put aside; nothing was changed."))
            back = reverse("admin:amap_amapgroup_bring", args=[brought.group_id])
    except Problem as problem:
        _say(request, problem)
    return HttpResponseRedirect(back)


def desk(listed: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """One distribution: close its orders, take its files out."""
    distribution: Distribution = _row(listed, request, object_id, to_change=False)
    may_run = listed.has_change_permission(request, distribution)
    if request.method == "POST":
        try:
            done = _do(request, distribution, may_run=may_run)
            if done is not None:
                return done
        except Problem as problem:
            _say(request, problem)
        return HttpResponseRedirect(reverse("admin:amap_distribution_desk", args=[distribution.pk]))
    return _page(
        listed,
        request,
        "amap/office_desk.html",
        _("Distribution"),
        distribution=distribution,
        sheet=reports.sheet(distribution),
        catalogs=reports.catalogs_of(distribution),
        may_run=may_run,
        opts=listed.opts,
    )


def _do(request: HttpRequest, distribution: Distribution, *, may_run: bool) -> HttpResponse | None:
    asked, choice = request.POST.get("do", ""), request.POST.get("form", "exact")
    common: dict[str, Any] = {
        "distribution": distribution,
        "excel": choice == "excel",
        "by": str(request.user),
        "at": now(),
    }
    if asked == "cash_desk":
        # The treasurer's file needs no more than the right to read the books.
        return download(operations.export_cash_desk(doubled=choice == "exact", **common))
    if not may_run:
        raise PermissionDenied
    if asked == "day":
        return download(operations.export_day(**common))
    if asked == "catalog":
        chosen = next(
            (
                one
                for one in reports.catalogs_of(distribution)
                if str(one.pk) == request.POST.get("catalog")
            ),
            None,
        )
        if isinstance(chosen, Catalog):
            return download(operations.export_catalog(catalog=chosen, **common))
    if asked == "close":
        operations.close_orders(
            distribution_id=distribution.pk, venue_id=distribution.venue_id, at=now()
        )
        messages.success(request, gettext("Orders are closed; the tills can hand out."))
    return None


def sheet(listed: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """The sheet to sign, as a page; sent as a form it comes as PDF."""
    distribution: Distribution = _row(listed, request, object_id, to_change=True)
    found = reports.sheet(distribution)
    static: Path = settings.BASE_DIR / "static"
    values = {"sheet": found, "distribution": distribution, "group": distribution.group}
    if request.method == "POST":
        html = render_to_string("amap/sheet.html", {**values, "paper": True, "style": STYLE})
        try:
            written = operations.export_sheet(
                distribution=distribution,
                data=render_pdf(html, base=static),
                people=len(found.rows),
                by=str(request.user),
                at=now(),
            )
            return download(written, "application/pdf")
        except Problem as problem:
            _say(request, problem)
    return TemplateResponse(
        request,
        "amap/sheet.html",
        {**values, "paper": False, "pdf": pdf_available()},
    )
