"""The back office keeps venues apart: every list, page, search, action and form of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.forms import ModelChoiceField

from tests.house.doors import every_route
from tests.house.knocking import Knocking
from tests.house.two_venues import House, in_office, owned_models, rows_of

# Thousands of knocks; the common limit is meant for one story.
pytestmark = pytest.mark.timeout(1800)


# What is searched for finds their word and, echoed by a search box, is not their word.
PART_OF_THEIRS = "Zorglu"


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Every refusal would be logged; there are thousands."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def test_the_back_office_keeps_venues_apart(houses):
    ours, theirs = houses
    knock = Knocking(ours, theirs)
    parties = list(in_office(ours))
    for model, shown in list(admin.site._registry.items()):
        foreign = (
            [str(row.pk) for row in rows_of(theirs, model)[:2]] if model in owned_models() else []
        )
        base = f"office/{model._meta.app_label}/{model._meta.model_name}/"
        for route, _pattern in every_route():
            if not route.startswith(base):
                continue
            for party in knock.some_of(parties):
                for url in _office_addresses(route, foreign):
                    knock.ask(party, "GET", url, refused=bool("<path:" in route))
                    if "<path:" in route:
                        for body in ({}, {"post": "yes"}):
                            knock.ask(party, "POST", url, body=body, form=True)
        for party in knock.some_of(parties):
            for name in shown.actions or ():
                chosen = {"action": getattr(name, "__name__", name), "_selected_action": foreign}
                knock.ask(party, "POST", f"/{base}", body=chosen, form=True)

    knock.report()


def _office_addresses(route: str, foreign: list[Any]) -> Iterator[str]:
    if "<path:object_id>" in route:
        for pk in foreign:
            yield "/" + route.replace("<path:object_id>", str(pk))
    else:
        yield f"/{route}"
        yield f"/{route}?q={PART_OF_THEIRS}"


def test_the_other_pages_of_the_back_office_keep_venues_apart(houses):
    ours, theirs = houses
    knock = Knocking(ours, theirs)
    for party in in_office(ours):
        for url in (
            "/office/",
            "/office/jsi18n/",
            f"/office/search/?s={PART_OF_THEIRS}&extended=1",
        ):
            knock.ask(party, "GET", url)
        for app in {model._meta.app_label for model in admin.site._registry}:
            knock.ask(party, "GET", f"/office/{app}/")
        for model in owned_models():
            kind = ContentType.objects.get_for_model(model).pk
            for row in rows_of(theirs, model)[:1]:
                knock.ask(party, "GET", f"/office/r/{kind}/{row.pk}/", refused=True)
            for link in model._meta.concrete_fields:
                if link.is_relation:
                    asked = f"app_label={model._meta.app_label}&model_name={model._meta.model_name}"
                    url = f"/office/autocomplete/?{asked}&field_name={link.name}&term="
                    knock.ask(party, "GET", url)

    knock.report()


def test_no_form_offers_another_venues_rows(houses):
    """A choice that is not offered is not accepted either (ModelChoiceField)."""
    ours, theirs = houses
    found = []
    forms = 0
    for party in in_office(ours):
        for model in admin.site._registry:
            base = f"/office/{model._meta.app_label}/{model._meta.model_name}/"
            own = rows_of(ours, model).first() if model in owned_models() else None
            for url in [f"{base}add/", *([f"{base}{own.pk}/change/"] if own else [])]:
                answer = party.client.get(url)
                if answer.status_code != 200 or "adminform" not in answer.context:
                    continue
                offered = [answer.context["adminform"].form]
                for inline in answer.context["inline_admin_formsets"]:
                    offered += [*inline.formset.forms, inline.formset.empty_form]
                for form in offered:
                    forms += 1
                    found += [
                        f"{party.name}: {url} offers {name}: {row}"
                        for name, row in _foreign_choices(form, theirs)
                    ]

    assert forms > 20
    assert not found, "\n".join(found)


def _foreign_choices(form: Any, theirs: House) -> Iterator[tuple[str, Any]]:
    for name, choice in form.fields.items():
        if isinstance(choice, ModelChoiceField) and choice.queryset is not None:
            model = choice.queryset.model
            # A formset's own hidden key says which of its rows a form is; others it passes over.
            if model in owned_models() and name != form._meta.model._meta.pk.name:
                for row in choice.queryset.filter(pk__in=rows_of(theirs, model)):
                    yield name, row
