"""The back office's frame: its menu, its first page, its words for empty lists, its clock."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils.html import escape
from django.utils.translation import override

from pos.operations import TenderWanted, ring_up
from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.office.labels import unnamed
from teraa.office.navigation import EMPTY, GROUPS
from teraa.settlement.operations import current_quote
from teraa.venues.models import Role, Venue
from tests import make
from tests.pos.cast import Bar, bar
from tests.settlement.cast import live_cursor

pytestmark = pytest.mark.django_db

MAY_READ_BOOKS = (Role.MANAGER, Role.TREASURER, Role.AUDITOR)
EDITABLE_BY_MANAGER = ("pos_product", "venues_station", "devices_printer")


@pytest.fixture
def shop(keys_dir) -> Bar:
    return bar(at=now(), name="TERAA Genesis")


@pytest.fixture(autouse=True)
def _doors_are_known() -> None:
    """The lists are put in order when the addresses are first read."""
    assert get_resolver().url_patterns


def someone(venue: Venue, role: str) -> Client:
    user = make.user(is_staff=True)
    make.staff(venue, role=role, user=user)
    return signed_in(user)


def signed_in(user: object) -> Client:
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def listed_models() -> Iterator[str]:
    for _group, lists in GROUPS:
        for label, _icon in lists:
            yield label


def test_every_list_stands_in_the_menu_and_has_words_for_when_it_is_empty():
    registered = {model._meta.label_lower for model in admin.site._registry}
    in_menu = list(listed_models())

    assert registered == set(in_menu), "put the list into GROUPS (teraa/office/navigation.py)"
    assert registered == EMPTY.keys(), "say in EMPTY what an empty list asks for"
    assert len(in_menu) == len(set(in_menu))


@pytest.mark.parametrize("label", sorted(EMPTY))
def test_every_field_that_is_shown_has_a_name_in_both_languages(label):
    """Django makes up English names from attributes; nobody could translate those."""
    model = apps.get_model(label)
    shown = {str(name) for name in _flat(_pages(admin.site._registry[model]))}

    made_up = [one.name for one in model._meta.fields if one.name in shown and unnamed(one)]

    assert not made_up, f"name these in {label} or in NAMES (teraa/office/labels.py): {made_up}"


@pytest.mark.parametrize("label", sorted(EMPTY))
def test_coloured_states_stand_in_lists_only(label):
    """On a page of its own such a state would be printed as a pair."""
    listed = admin.site._registry[apps.get_model(label)]
    on_page = {str(name) for name in _flat(_pages(listed)[2])}

    pairs = [name for name in on_page if getattr(getattr(listed, name, None), "label", None)]

    assert not pairs, f"show the field itself on the page of {label}, not {pairs}"


def _pages(listed: admin.ModelAdmin) -> list[object]:
    fields = listed.fields or [one.name for one in listed.model._meta.fields]
    sets = [part["fields"] for _title, part in listed.fieldsets] if listed.fieldsets else fields
    return [listed.list_display, listed.list_filter, sets, listed.readonly_fields]


def _flat(things: object) -> Iterator[object]:
    for one in things:
        if isinstance(one, list | tuple):
            yield from _flat(one)
        else:
            yield one


@pytest.mark.parametrize("label", sorted(EMPTY))
def test_an_empty_list_says_what_to_do(label):
    meta = apps.get_model(label)._meta
    superuser = signed_in(make.user(is_staff=True, is_superuser=True))
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")

    # A search that finds nothing makes any list empty, but says something else.
    page = superuser.get(address)
    searched = superuser.get(address, {"q": "zzzz"})

    assert page.status_code == searched.status_code == 200
    if not page.context["cl"].result_count:
        with override("en"):
            assert str(escape(EMPTY[label])) in page.content.decode()
    if page.context["cl"].search_fields:
        assert "Nothing matches" in searched.content.decode()


@pytest.mark.parametrize("role", Role.values)
def test_each_role_sees_its_own_lists(shop, role):
    browser = someone(shop.venue, role)
    menu = browser.get("/office/").content.decode()

    assert ("/office/pos/sale/" in menu) is (role in MAY_READ_BOOKS)
    assert ("/office/fiscal/document/" in menu) is (role in MAY_READ_BOOKS)
    assert "/office/live/outbox/" not in menu
    for name in EDITABLE_BY_MANAGER:
        allowed = browser.get(reverse(f"admin:{name}_add")).status_code == 200
        assert allowed is (role == Role.MANAGER), name


def test_treasurers_and_auditors_change_nothing(shop):
    change = reverse("admin:pos_product_change", args=[shop.coffee.pk])
    for role in (Role.TREASURER, Role.AUDITOR):
        browser = someone(shop.venue, role)

        assert browser.get(change).status_code == 200
        assert browser.post(change, {"label": "Thé"}).status_code == 403

    shop.coffee.refresh_from_db()
    assert shop.coffee.label == "Café"


def test_the_first_page_counts_and_leads_to_what_it_counts(shop):
    at = now()
    live_cursor(at)
    ring_up(session=shop.session, wanted=shop.wanted(tenders=shop.tenders(cash=300)), at=at)
    ring_up(session=shop.session, wanted=shop.wanted(tenders=shop.tenders(card=300)), at=at)
    quote = current_quote(venue_id=shop.venue.pk, at=at)
    waiting = [TenderWanted(uuid7(), "osm", 300, quote=quote.pk)]
    ring_up(session=shop.session, wanted=shop.wanted(tenders=waiting), at=at)
    browser = someone(shop.venue, Role.MANAGER)

    (board,) = browser.get("/office/").context["boards"]
    taken, dues, unknown, paper, chain = board.figures

    assert taken.value == "€6.00"
    assert {str(row.label): row.value for row in taken.rows} == {"Cash": "€3.00", "Card": "€3.00"}
    assert dues.value == "€3.00"
    assert unknown.value == "0"
    assert paper.value == "0"
    assert chain.value == "Live"
    counted = {taken.url: 2, dues.url: 1, unknown.url: 0, paper.url: 0}
    counted |= {row.url: 1 for row in taken.rows}
    for url, rows in counted.items():
        page = browser.get(url)
        assert page.status_code == 200, url
        assert page.context["cl"].result_count == rows, url


def test_another_venues_figures_are_not_counted(shop, keys_dir):
    other = bar(at=now(), name="La Grange")
    ring_up(session=other.session, wanted=other.wanted(), at=now())
    browser = someone(shop.venue, Role.MANAGER)

    (board,) = browser.get("/office/").context["boards"]

    assert board.venue == shop.venue
    assert board.figures[0].value == "€0.00"


def test_somebody_of_no_venue_is_told_what_to_ask_for():
    page = signed_in(make.user(is_staff=True)).get("/office/")

    assert page.context["boards"] == []
    assert "Ask a manager" in page.content.decode()


def test_the_back_office_is_entered_by_a_code_not_by_a_password():
    answer = Client().get("/office/", follow=True)

    assert answer.redirect_chain[-1][0] == "/account/login/code/?next=%2Foffice%2F"


def test_somebody_without_the_right_to_enter_is_refused_in_words():
    answer = signed_in(make.user(is_staff=False)).get("/office/", follow=True)

    assert answer.status_code == 403
    assert "<h1>" in answer.content.decode()


def test_times_are_those_of_the_venue(shop):
    shop.venue.zone = "Indian/Reunion"  # UTC+4, no summer time
    shop.venue.save()
    at = datetime.datetime(2026, 11, 19, 15, 30, tzinfo=datetime.UTC)
    ring_up(session=shop.session, wanted=shop.wanted(), at=at)
    page = someone(shop.venue, Role.MANAGER).get("/office/pos/sale/").content.decode()

    assert re.search(r"7:30 p\.m\.", page)


def test_only_the_back_office_has_the_looser_browser_policy():
    make.venue()
    office = Client().get("/office/login/").headers
    front = Client().get("/").headers["Content-Security-Policy"]

    assert "unsafe-eval" not in front
    assert "unsafe-inline" not in front
    superuser = signed_in(make.user(is_staff=True, is_superuser=True))
    policy = superuser.get("/office/").headers["Content-Security-Policy"]
    assert "'unsafe-eval'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "object-src 'none'" in policy
    assert office is not None
