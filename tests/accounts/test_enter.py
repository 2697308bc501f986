"""A sign-in link opens the back office once."""

import datetime
import threading

import pytest
from django.contrib.auth import get_user
from django.db import connections
from django.test import Client

from teraa.accounts import operations
from teraa.accounts.models import SignInLink, User
from teraa.common.clock import now
from tests import make

MINUTE = datetime.timedelta(minutes=1)


def press(client, secret):
    page = client.get(f"/enter/{secret}/")
    token = str(page.context["csrf_token"])
    return client.post(f"/enter/{secret}/", {"csrfmiddlewaretoken": token})


@pytest.mark.django_db
def test_it_signs_in_when_the_button_is_pressed_not_when_the_link_is_looked_at():
    user = make.user(language="en")
    secret = operations.make_sign_in_link(user=user, at=now(), minutes=10)
    browser = Client(enforce_csrf_checks=True)
    for _preview in range(3):
        assert browser.get(f"/enter/{secret}/").status_code == 200
        assert not get_user(browser).is_authenticated

    answer = press(browser, secret)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/office/")
    assert get_user(browser) == user
    assert browser.cookies["django_language"].value == "en"

    answer = press(Client(enforce_csrf_checks=True), secret)
    assert answer.status_code == 410
    assert answer.context["problem"]["code"] == "link_unusable"


@pytest.mark.django_db
def test_it_goes_where_the_link_was_made_for():
    secret = operations.make_sign_in_link(
        user=make.user(), at=now(), minutes=10, next_path="/office/venues/venue/"
    )
    assert press(Client(), secret).headers["Location"] == "/office/venues/venue/"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["https://elsewhere.example/", "//elsewhere.example", "javascript:x"]
)
def test_it_never_leads_away(path, at):
    with pytest.raises(ValueError, match="not a page of ours"):
        operations.make_sign_in_link(user=make.user(), at=at, minutes=10, next_path=path)


@pytest.mark.django_db
def test_it_stores_no_secret(at):
    secret = operations.make_sign_in_link(user=make.user(), at=at, minutes=10)
    assert secret not in str(SignInLink.objects.get().__dict__)
    assert len(secret) >= 43


@pytest.mark.django_db
def test_it_refuses_unknown_old_and_disabled_links_alike(at):
    user = make.user()
    old = operations.make_sign_in_link(user=user, at=at, minutes=10)
    with pytest.raises(operations.LinkUnusable):
        operations.use_sign_in_link(old, at=at + 10 * MINUTE)
    with pytest.raises(operations.LinkUnusable):
        operations.use_sign_in_link("guessed", at=at)
    User.objects.filter(pk=user.pk).update(is_active=False)
    with pytest.raises(operations.LinkUnusable):
        operations.use_sign_in_link(old, at=at)
    assert SignInLink.objects.get().used_at is None


def test_it_lets_one_of_two_in_who_press_at_once(live_database, at):
    secret = operations.make_sign_in_link(user=make.user(), at=at, minutes=10)
    outcomes, start = [], threading.Barrier(4)

    def use():
        start.wait(20)
        try:
            outcomes.append(operations.use_sign_in_link(secret, at=at).user.email)
        except operations.LinkUnusable:
            outcomes.append(None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(outcomes) == 4
    assert len([email for email in outcomes if email]) == 1


@pytest.mark.django_db
def test_it_forgets_links_a_week_after_they_ended(at):
    operations.make_sign_in_link(user=make.user(), at=at, minutes=10)
    assert operations.prune_links(at + datetime.timedelta(days=7)) == 0
    assert operations.prune_links(at + datetime.timedelta(days=8)) == 1


@pytest.mark.django_db
def test_it_makes_an_office_account_once_whatever_the_capitals():
    first = operations.office_user(email=" Alma@Example.org ", name="Alma")
    assert (first.email, first.is_staff, first.has_usable_password()) == (
        "alma@example.org",
        True,
        False,
    )
    assert operations.office_user(email="alma@example.org") == first
    guest = make.user(email="guest@example.org")
    assert not guest.is_staff
    assert operations.office_user(email="GUEST@example.org") == guest
    guest.refresh_from_db()
    assert guest.is_staff
