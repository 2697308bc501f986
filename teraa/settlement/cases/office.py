"""Pages of the back office behind the lists: a case's story, a refund, the sheet, the explorer.

Everything that changes something is a form that is sent, with a key of its own: sent twice, done
once. A link only ever shows.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.common.money import NotMoney, parse_osm
from teraa.common.problems import Invalid, Malformed, Problem
from teraa.settlement.cases import operations
from teraa.settlement.cases.exploring import explore
from teraa.settlement.cases.models import Case, Refund
from teraa.settlement.cases.operations.claims import claim_path, is_open
from teraa.settlement.cases.paper import sheet_pdf
from teraa.settlement.cases.people import Person
from teraa.settlement.cases.queries import (
    Story,
    link_of,
    refund_story_of,
    refunds_to_send,
    story_of,
)
from teraa.settlement.cases.sources import sender_of, source_of_due
from teraa.settlement.cases.states import Action, RefundState, SenderWarning, Variant
from teraa.settlement.models import Due
from teraa.venues.office import venues_seen
from teraa.venues.permissions_table import DECIDE_CASES

CENT_UNITS = 1_000_000
NEEDS_REASON = (
    Action.ACCEPT_SHORT,
    Action.SETTLE,
    Action.KEEP_TIP,
    Action.KEEP_CREDIT,
    Action.EXPLAIN,
    Action.ACCEPT_AS_SENT,
    Action.ASK_AGAIN,
    Action.CANCEL,
)


def row_of(listed: Any, request: HttpRequest, object_id: str) -> Any:
    """A row of a venue whose books this user may read. Raises Http404, PermissionDenied."""
    try:
        row = listed.get_queryset(request).filter(pk=object_id).first()
    except (ValidationError, ValueError) as error:  # no key at all
        raise Http404 from error
    if row is None:
        raise Http404
    if not listed.has_view_permission(request, row):
        raise PermissionDenied
    return row


def page(
    listed: Any, request: HttpRequest, template: str, title: Any, **values: Any
) -> TemplateResponse:
    """A page inside the back office's frame."""
    context = {**listed.admin_site.each_context(request), "title": title, **values}
    return TemplateResponse(request, template, context)


def say(request: HttpRequest, problem: Problem) -> None:
    """What went wrong, on the page that follows."""
    said = problem.as_dict()
    messages.error(request, f"{said['title']} {said['advice']}")


def show_case(listed: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """The story of one case; POST does what its form says."""
    case: Case = row_of(listed, request, object_id)
    may_decide = listed.may(request, DECIDE_CASES, case)
    if request.method == "POST":
        return _acted(request, may_decide, lambda said: _on_case(request, case, said))
    story = story_of(case, at=now())
    return page(
        listed,
        request,
        "cases/office_case.html",
        case.get_kind_display(),
        story=story,
        may_decide=may_decide,
        buttons=_buttons(story),
        variants=[(one.value, one.label) for one in story.source.variants] if story.source else [],
        key=uuid7(),
        back=reverse("admin:cases_case_changelist") + "?state__exact=open",
    )


def show_refund(listed: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """One refund with its code for the wallet; POST does what its form says."""
    refund: Refund = row_of(listed, request, object_id)
    may_decide = listed.may(request, DECIDE_CASES, refund)
    if request.method == "POST":
        return _acted(request, may_decide, lambda said: _on_refund(request, refund, said))
    story = refund_story_of(refund)
    at = now()
    claim = next((one for one in story.claims if one.used_at is None and not one.ended_at), None)
    if claim is not None:
        claim.refund = refund
    return page(
        listed,
        request,
        "cases/office_refund.html",
        refund.reference,
        story=story,
        refund=refund,
        may_decide=may_decide,
        buttons=[(one.value, one.label, one in NEEDS_REASON) for one in story.actions],
        claim_url=request.build_absolute_uri(claim_path(claim))
        if claim is not None and is_open(claim, at=at)
        else "",
        key=uuid7(),
        back=reverse("admin:cases_refund_changelist"),
    )


def refund_due(listed: Any, request: HttpRequest, due_id: UUID) -> HttpResponse:
    """Open a refund of what paid a due in OSM."""
    due = Due.objects.select_related("payee", "venue").filter(pk=due_id).first()
    seen = venues_seen(request)
    if due is None or (seen is not None and due.venue_id not in seen):
        raise Http404
    may_decide = listed.may(request, DECIDE_CASES, due)
    if request.method == "POST":
        return _acted(request, may_decide, lambda said: _draft(request, due.venue_id, due=due))
    source = problem = None
    sender, warnings = "", list[SenderWarning]()
    try:
        source = source_of_due(due)
        sender, warnings = sender_of(source)
    except Problem as error:
        problem = error.as_dict()
    return page(
        listed,
        request,
        "cases/office_due.html",
        _("Open a refund"),
        due=due,
        source=source,
        sender=sender,
        warnings=warnings,
        problem=problem,
        refunds=Refund.objects.filter(due=due).order_by("drafted_at"),
        variants=[(one.value, one.label) for one in source.variants] if source else [],
        may_decide=may_decide,
        key=uuid7(),
    )


def show_sheet(listed: Any, request: HttpRequest) -> HttpResponse:
    """All refunds that wait for a wallet, one code each, to work through with the wallet in hand."""
    context = sheet_context(request)
    context["pdf_url"] = reverse("admin:cases_refund_sheet_pdf")
    context["back"] = reverse("admin:cases_refund_changelist")
    return render(request, "cases/sheet.html", context)


def print_sheet(listed: Any, request: HttpRequest) -> HttpResponse:
    """The same as PDF; without Pango a message says what to do."""
    try:
        pdf = sheet_pdf(sheet_context(request))
    except Problem as problem:
        context = {"problem": problem.as_dict()}
        return render(request, "error.html", context, status=problem.status)
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer["Content-Disposition"] = 'inline; filename="refunds.pdf"'
    answer["Cache-Control"] = "no-store"
    return answer


def sheet_context(request: HttpRequest) -> dict[str, Any]:
    """What the sheet shows to this user."""
    refunds = list(refunds_to_send(venue_ids=venues_seen(request)))
    return {
        "refunds": [(one, link_of(one)) for one in refunds],
        "printed": now(),
        "by": str(request.user),
    }


def show_explorer(listed: Any, request: HttpRequest) -> HttpResponse:
    """A transaction, a reference or an address, and what we did with it. ``?q=``"""
    if not listed.has_view_permission(request):
        raise PermissionDenied
    asked = request.GET.get("q", "")
    return page(
        listed,
        request,
        "cases/office_explore.html",
        _("Chain explorer"),
        asked=asked,
        found=explore(asked, venue_ids=_seen(request)) if asked.strip() else None,
    )


def _seen(request: HttpRequest) -> Collection[UUID] | None:
    return venues_seen(request)


def _buttons(story: Story) -> list[tuple[str, Any, bool]]:
    """(action, label, whether a reason is asked for) of what a button alone can do."""
    return [
        (one.value, one.label, one in NEEDS_REASON) for one in story.actions if one != Action.ASSIGN
    ]


def _acted(request: HttpRequest, may_decide: bool, act: Any) -> HttpResponse:
    """Do it, say how it went, and show the page again (or the one that ``act`` names)."""
    if not may_decide:
        raise PermissionDenied
    there = request.get_full_path()
    try:
        there = act(_key(request)) or there
    except Problem as problem:
        say(request, problem)
    return HttpResponseRedirect(there)


def _key(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError as error:
        raise Malformed from error


def _by(request: HttpRequest, venue_id: UUID, key: UUID) -> dict[str, Any]:
    return {
        "venue_id": venue_id,
        "person": Person.of_user(request.user),
        "key": key,
        "at": now(),
    }


def _reason(request: HttpRequest) -> str:
    reason = request.POST.get("reason", "")
    if "\0" in reason:
        raise Malformed
    return reason


def _on_case(request: HttpRequest, case: Case, key: UUID) -> str | None:
    by = _by(request, case.venue_id, key)
    said: dict[str, Any] = {**by, "case_id": case.pk}
    reason = _reason(request)
    match request.POST.get("do", ""):
        case "refund":
            return _draft(request, case.venue_id, case=case)
        case Action.ASSIGN:
            operations.assign_receipt(
                **said,
                request_id=_request_id(request),
                receipt_id=_receipt_id(request),
                reason=reason,
            )
        case Action.ACCEPT_LATE:
            operations.accept_late_coins(**said, reason=reason)
        case Action.ACCEPT_SHORT:
            operations.accept_shortfall(**said, reason=reason)
        case Action.SETTLE:
            if case.request_id is None:
                raise Malformed
            operations.settle_by_hand(**by, request_id=case.request_id, reason=reason)
        case (Action.KEEP_TIP | Action.KEEP_CREDIT) as action:
            operations.keep_surplus(**said, action=action, reason=reason)
        case Action.IGNORE:
            operations.ignore_coins(**said, reason=reason)
        case Action.EXPLAIN:
            operations.explain_case(**said, reason=reason)
        case Action.TAKE:
            operations.take_case(**said)
        case (Action.ACCEPT_AS_SENT | Action.ASK_AGAIN) as action:
            _on_mismatch(action, by, case.refund_id, reason)
        case _:
            raise Malformed
    case.refresh_from_db()
    messages.success(request, _said_of(case))
    return None


def _said_of(case: Case) -> str:
    if case.resolution:
        return f"{case.get_kind_display()}: {case.get_resolution_display()}"
    return _("Written down. The case is still open.")


def _request_id(request: HttpRequest) -> UUID:
    """The request chosen, or the one whose reference was typed. Raises Invalid."""
    from teraa.settlement.osm.models import OsmRequest
    from teraa.settlement.osm.references import normalise

    text = request.POST.get("request", "")
    try:
        return UUID(text)
    except ValueError:
        found = OsmRequest.objects.filter(reference_norm=normalise(text.replace("\0", "")))
        pk = found.values_list("pk", flat=True).first()
        if pk is None:
            raise Invalid(fields={"request": text[:40]}) from None
        return pk


def _receipt_id(request: HttpRequest) -> int | None:
    text = request.POST.get("receipt", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _on_mismatch(action: str, by: dict[str, Any], refund_id: UUID | None, reason: str) -> None:
    if refund_id is None:
        raise Malformed
    decide = operations.accept_as_sent if action == Action.ACCEPT_AS_SENT else operations.ask_again
    decide(**by, refund_id=refund_id, reason=reason)


def _on_refund(request: HttpRequest, refund: Refund, key: UUID) -> str | None:
    by = _by(request, refund.venue_id, key)
    said: dict[str, Any] = {**by, "refund_id": refund.pk}
    reason = _reason(request)
    match request.POST.get("do", ""):
        case Action.APPROVE:
            operations.approve_refund(**said, reason=reason)
        case Action.CANCEL:
            operations.cancel_refund(**said, reason=reason)
        case Action.DIRECT:
            operations.direct_refund(**said, address=request.POST.get("address", "")[:64])
        case Action.INVITE:
            operations.make_claim(**said)
        case (Action.ACCEPT_AS_SENT | Action.ASK_AGAIN) as action:
            _on_mismatch(action, by, refund.pk, reason)
        case _:
            raise Malformed
    refund.refresh_from_db()
    messages.success(request, _refund_said(refund))
    return None


def _refund_said(refund: Refund) -> str:
    if refund.state == RefundState.DRAFT and refund.approvals_needed > 1:
        said = refund.decisions.filter(action=Action.APPROVE).count()
        if said:
            return _("Your word is written down. Somebody else must say the same.")
    return f"{refund.reference}: {refund.get_state_display()}"


def _draft(
    request: HttpRequest, venue_id: UUID, *, case: Case | None = None, due: Due | None = None
) -> str:
    """Draft the refund that a form describes; where its page is."""
    post = request.POST
    variant = post.get("variant", "")
    amount = post.get("amount", "").strip()
    refund = operations.draft_refund(
        **_by(request, venue_id, _key(request)),
        case_id=case.pk if case else None,
        due_id=due.pk if due else None,
        variant=variant,
        units=_units(amount) if variant == Variant.CUSTOM else None,
        cents=_cents(amount) if variant == Variant.FIXED else None,
        to_sender=post.get("to") == "sender",
        address=post.get("address", "").strip()[:64] if post.get("to") == "address" else "",
        reason=_reason(request),
    )
    return reverse("admin:cases_refund_change", args=[refund.pk])


def _units(text: str) -> int:
    try:
        return parse_osm(text)
    except NotMoney as error:
        raise Invalid(fields={"amount": text[:40]}) from error


def _cents(text: str) -> int:
    """Cents of a typed amount of euros, read like an amount of OSM with two decimals."""
    units = _units(text)
    if units % CENT_UNITS:
        raise Invalid(fields={"amount": text[:40]})
    return units // CENT_UNITS
