"""Managers look after webhooks in the back office; nobody else sees them."""

from __future__ import annotations

import re

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import get_resolver, reverse

from teraa.venues.models import Role
from teraa.webhooks import lanes, sealing
from teraa.webhooks.lanes import Answer
from teraa.webhooks.models import HookDelivery, HookEndpoint
from tests import make
from tests.webhooks import cast

pytestmark = pytest.mark.django_db
SECRET = re.compile(r"whsec_[\w-]{43}")


@pytest.fixture(autouse=True)
def _doors_are_known() -> None:
    assert get_resolver().url_patterns


def someone(venue, role=Role.MANAGER) -> Client:
    user = make.user(is_staff=True)
    make.staff(venue, role=role, user=user)
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def act(browser: Client, row, name: str):
    """Press the button of a dialogue, as unfold does."""
    door = reverse(f"admin:webhooks_{row._meta.model_name}_{name}", args=[row.pk])
    assert browser.get(door).status_code in (200, 302, 403, 404)
    return browser.post(door, {"_form_submitted": "on"})


def test_a_new_endpoint_shows_its_secret_once(at):
    venue = make.venue()
    browser = someone(venue)
    answer = browser.post(
        reverse("admin:webhooks_hookendpoint_add"),
        {
            "venue": str(venue.pk),
            "description": "Comptabilité",
            "url": "http://127.0.0.1:9/hook",
            "wanted": ["due.settled", "due.expired"],
        },
        follow=True,
    )
    endpoint = HookEndpoint.objects.get()
    page = answer.content.decode()

    assert answer.status_code == 200
    assert endpoint.kinds == ["due.expired", "due.settled"]
    assert SECRET.search(page).group() == sealing.unseal(endpoint.secret_sealed)
    change = reverse("admin:webhooks_hookendpoint_change", args=[endpoint.pk])
    again = browser.get(change)
    assert again.status_code == 200
    assert not SECRET.search(again.content.decode())


def test_a_bad_address_is_said_beside_its_field(at, settings):
    settings.TERAA_HOOKS_TO_PRIVATE = False
    venue = make.venue()
    answer = someone(venue).post(
        reverse("admin:webhooks_hookendpoint_add"),
        {"venue": str(venue.pk), "url": "http://10.0.0.1/", "wanted": ["*"]},
    )

    assert answer.status_code == 200
    assert "url" in answer.context["adminform"].form.errors
    assert not HookEndpoint.objects.exists()


def test_an_endpoint_is_changed_tried_rotated_and_turned_off(at):
    endpoint, secret = cast.endpoint(at, url="http://127.0.0.1:9/hook")
    browser = someone(endpoint.venue)
    change = reverse("admin:webhooks_hookendpoint_change", args=[endpoint.pk])
    answer = browser.post(
        change, {"description": "Caisse", "url": "http://127.0.0.1:9/b", "wanted": ["due.*"]}
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    endpoint.refresh_from_db()
    assert (endpoint.description, endpoint.url, endpoint.kinds) == (
        "Caisse",
        "http://127.0.0.1:9/b",
        ["due.*"],
    )

    tried = act(browser, endpoint, "ping")
    delivery = HookDelivery.objects.get()
    assert tried.headers["HX-Redirect"] == f"/office/webhooks/hookdelivery/{delivery.pk}/change/"

    rotated = act(browser, endpoint, "rotate")
    endpoint.refresh_from_db()
    said = " ".join(str(one) for one in get_messages(rotated.wsgi_request))
    assert SECRET.search(said).group() == sealing.unseal(endpoint.secret_sealed) != secret
    assert sealing.unseal(endpoint.previous_sealed) == secret

    act(browser, endpoint, "turn_off")
    endpoint.refresh_from_db()
    assert not endpoint.enabled
    act(browser, endpoint, "turn_on")
    endpoint.refresh_from_db()
    assert endpoint.enabled


def test_a_delivery_shows_what_was_said_and_is_sent_again(at):
    endpoint, _ = cast.endpoint(at)
    cast.tell(endpoint, at, subject="due:shown")
    run = endpoint.pk
    [leased] = lanes.lease(run=run, room=1, troubled=False, at=at)
    lanes.record(leased, Answer(status=404, excerpt="<b>nobody</b>"), run=run, at=at)
    browser = someone(endpoint.venue)
    delivery = HookDelivery.objects.get()

    listed = browser.get(reverse("admin:webhooks_hookdelivery_changelist")).content.decode()
    page = browser.get(
        reverse("admin:webhooks_hookdelivery_change", args=[delivery.pk])
    ).content.decode()
    assert "HTTP 404" in listed
    assert "&lt;b&gt;nobody" in page
    assert "due:shown" in page
    assert "api_version" in page

    act(browser, delivery, "send_again")
    again = HookDelivery.objects.get(attempt=2)
    assert (again.original_id, again.state) == (delivery.pk, "waiting")
    assert "@example.org" in again.asked_by


@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.MANAGER])
def test_nobody_else_sees_them(at, role):
    endpoint, _ = cast.endpoint(at)
    cast.tell(endpoint, at)
    browser = someone(endpoint.venue, role)
    delivery = HookDelivery.objects.get()

    assert browser.get(reverse("admin:webhooks_hookendpoint_changelist")).status_code == 403
    assert browser.get(reverse("admin:webhooks_hookdelivery_changelist")).status_code == 403
    for row, name in ((endpoint, "ping"), (endpoint, "rotate"), (delivery, "send_again")):
        act(browser, row, name)
    endpoint.refresh_from_db()
    assert HookDelivery.objects.count() == 1
    assert endpoint.previous_sealed == ""
