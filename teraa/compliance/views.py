"""The office's page on conformity: what runs here, and the papers about it."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from teraa.common.clock import now
from teraa.common.pdf import pdf_available
from teraa.common.problems import Problem
from teraa.compliance.facts import NAME, software, venue_facts
from teraa.compliance.papers import PAPERS, Signer
from teraa.venues.models import Venue
from teraa.venues.office import venues_seen


class SignerForm(forms.Form):
    """Everything may stay empty: then it is a line to fill in by hand."""

    editor = forms.CharField(label=gettext_lazy("Editor"), max_length=120, required=False)
    siren = forms.CharField(label="SIREN", max_length=20, required=False)
    address = forms.CharField(label=gettext_lazy("Address"), max_length=200, required=False)
    person = forms.CharField(label=gettext_lazy("Who signs"), max_length=120, required=False)
    place = forms.CharField(label=gettext_lazy("Signed at"), max_length=80, required=False)


def _venues(request: HttpRequest) -> list[Venue]:
    """Whose books this user may read. Raises PermissionDenied when there is none."""
    seen = venues_seen(request)
    rows = Venue.objects.order_by("name")
    found = list(rows if seen is None else rows.filter(pk__in=seen))
    if not found and seen is not None:
        raise PermissionDenied
    return found


@require_safe
def compliance(request: HttpRequest) -> HttpResponse:
    """What runs, venue by venue, and the forms of both papers."""
    context = {
        **admin.site.each_context(request),
        "title": _("Conformity"),
        "name": NAME,
        "software": software(),
        "facts": [venue_facts(venue, at=now()) for venue in _venues(request)],
        "form": SignerForm(),
        "can_draw": pdf_available(),
    }
    return TemplateResponse(request, "compliance/office.html", context)


@require_safe
def paper(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """One of the papers as PDF, with the names given; another venue's is not there."""
    venue = next((one for one in _venues(request) if one.slug == slug), None)
    if venue is None or name not in PAPERS:
        raise Http404
    form = SignerForm(request.GET)
    if not form.is_valid():
        return HttpResponse(status=400)
    try:
        content = PAPERS[name](venue, Signer(**form.cleaned_data), at=now())
    except Problem as problem:
        context = {"problem": problem.as_dict()}
        return render(request, "error.html", context, status=problem.status)
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}-{venue.slug}.pdf"'
    return answer
