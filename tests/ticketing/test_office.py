"""Events are made and put on sale in the back office; buyers' counters are never written back."""

import datetime

import pytest
from django.test import Client

from teraa.common.clock import now
from teraa.venues.models import Role
from tests import make
from tests.ticketing import cast
from ticketing.models import Event, Quota

# What unfold sends when the button of an action's dialogue is pressed.
PRESSED = {"_form_submitted": "on"}


@pytest.fixture
def show(db, keys_dir):
    return cast.show(at=now(), capacity=20)


def office(venue, role=Role.MANAGER):
    user = make.user(is_staff=True)
    make.staff(venue, role=role, user=user)
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def page(event, part="change"):
    return f"/office/ticketing/event/{event.pk}/{part}/"


def form_of(answer, **changes):
    """What the page's form would send back as it stands, with ``changes`` typed in."""
    found = {}
    forms = [answer.context["adminform"].form]
    for inline in answer.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if isinstance(value, datetime.datetime):
                found[f"{bound.html_name}_0"] = value.strftime("%Y-%m-%d")
                found[f"{bound.html_name}_1"] = value.strftime("%H:%M:%S")
            elif value is True:
                found[bound.html_name] = "on"
            elif value is not None and value is not False:
                found[bound.html_name] = str(value)
    return found | changes


def test_a_manager_makes_an_event_with_its_places(show):
    browser = office(show.venue)
    answer = browser.get("/office/ticketing/event/add/")
    made = form_of(
        answer,
        **{
            "venue": str(show.venue.pk),
            "payee": str(show.payee.pk),
            "title": "Bal de printemps",
            "slug": "bal",
            "starts_at_0": "2027-03-20",
            "starts_at_1": "20:00:00",
            "ends_at_0": "2027-03-20",
            "ends_at_1": "23:00:00",
            "quotas-TOTAL_FORMS": "1",
            "quotas-0-name": "Parquet",
            "quotas-0-capacity": "80",
        },
    )
    answer = browser.post("/office/ticketing/event/add/", made)

    assert answer.status_code == 302, answer.context and answer.context["errors"]
    event = Event.objects.get(slug="bal")
    assert event.state == "draft"
    assert event.quotas.get().capacity == 80


def test_more_places_can_be_added_while_people_buy(show):
    browser = office(show.venue)
    answer = browser.get(page(show.event))
    show.order(5, at=now())  # meanwhile
    browser.post(page(show.event), form_of(answer, **{"quotas-0-capacity": "30"}))

    quota = Quota.objects.get()
    assert (quota.capacity, quota.taken) == (30, 5)


def test_fewer_places_than_are_taken_are_refused(show):
    show.order(5, at=now())
    browser = office(show.venue)
    answer = browser.get(page(show.event))
    said = browser.post(
        page(show.event), form_of(answer, **{"quotas-0-capacity": "4"}), follow=True
    )

    assert Quota.objects.get().capacity == 20
    assert "More places than that" in said.content.decode()


def test_what_tickets_say_no_longer_changes_once_on_sale(show):
    browser = office(show.venue)
    answer = browser.get(page(show.event))
    names = {field.name for field in answer.context["adminform"].form}

    assert not names & {"title", "starts_at", "payee", "place", "licence", "session"}
    assert "about" in names


def test_it_is_put_on_sale_and_ended_from_its_page(show):
    draft = cast.show(at=now(), venue=show.venue, payee=show.payee, draft=True)
    browser = office(show.venue)
    assert browser.post(page(draft.event, "sell"), PRESSED).headers["HX-Redirect"]
    draft.event.refresh_from_db()
    assert draft.event.state == "on_sale"

    browser.post(page(draft.event, "end"), PRESSED)
    draft.event.refresh_from_db()
    assert draft.event.state == "ended"


def test_a_ticket_is_cancelled_from_its_page(show):
    ticket = show.sell(1, at=now())[0]
    browser = office(show.venue)
    answer = browser.post(f"/office/ticketing/ticket/{ticket.pk}/cancel/", PRESSED)

    assert answer.headers["HX-Redirect"]
    ticket.refresh_from_db()
    assert ticket.state == "cancelled"


@pytest.mark.parametrize("role", [Role.CASHIER, Role.GATE, Role.TREASURER, Role.AUDITOR])
def test_only_a_manager_changes_events(show, role):
    draft = cast.show(at=now(), venue=show.venue, payee=show.payee, draft=True)
    ticket = show.sell(1, at=now())[0]
    browser = office(show.venue, role)
    for address in (page(draft.event, "sell"), f"/office/ticketing/ticket/{ticket.pk}/cancel/"):
        assert browser.post(address, PRESSED).status_code in (302, 403, 404)
    draft.event.refresh_from_db()
    ticket.refresh_from_db()
    assert (draft.event.state, ticket.state) == ("draft", "valid")
    assert browser.post(page(draft.event), {"title": "x"}).status_code in (302, 403)


def test_orders_that_need_a_refund_are_found(show):
    answer = office(show.venue, Role.TREASURER).get(
        "/office/ticketing/order/?state__exact=paid_without_place"
    )

    assert answer.status_code == 200


@pytest.mark.parametrize("part", ["event", "order", "ticket", "operation", "scan"])
def test_every_list_and_row_can_be_looked_at(show, part):
    ticket = show.sell(1, 0, 1, at=now())[0]
    gate = cast.gate(show.venue)
    scan = cast.scan(gate, show.event, ticket.qr, at=now())
    rows = {
        "event": show.event,
        "order": ticket.order,
        "ticket": ticket,
        "operation": ticket.operations.get(),
        "scan": scan,
    }
    browser = office(show.venue, Role.AUDITOR)
    assert browser.get(f"/office/ticketing/{part}/?q=Ada").status_code == 200
    assert browser.get(f"/office/ticketing/{part}/{rows[part].pk}/change/").status_code == 200
