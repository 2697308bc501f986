"""Every page about accounts stands in the house's own frame."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from teraa.accounts.models import OutgoingMail
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _stored(settings):
    settings.EMAIL_BACKEND = "teraa.accounts.mail.StoredEmailBackend"


def framed(answer):
    text = answer.content.decode()
    return "css/enter.css" in text and 'id="content"' in text and 'class="site-header"' in text


@pytest.mark.parametrize(
    "name", ["account_login", "account_request_login_code", "account_signup", "account_inactive"]
)
def test_it_shows_strangers_pages_of_ours(name):
    answer = Client().get(reverse(name))
    assert answer.status_code == 200
    assert framed(answer)


def test_it_lets_people_out(client):
    user = make.user(is_staff=True)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert framed(client.get(reverse("account_logout")))
    assert client.post(reverse("account_logout")).status_code == 302
    assert client.get("/office/").status_code == 302


def test_it_asks_for_the_code_it_sent_and_takes_no_other(client):
    user = make.user(is_staff=True)
    page = client.post(reverse("account_request_login_code"), {"email": user.email}, follow=True)
    assert framed(page)
    assert user.email in page.content.decode()
    confirm = reverse("account_confirm_login_code")
    wrong = client.post(confirm, {"code": "WRONG1"})
    assert wrong.status_code == 200
    assert framed(wrong)
    assert client.get("/office/").status_code == 302
    code = re.search(r"^([A-Z0-9-]{6,})$", OutgoingMail.objects.get().text, re.M).group(1)
    assert client.post(confirm, {"code": code}).status_code == 302
    assert client.get("/office/").status_code == 200


def test_it_does_not_tell_who_has_an_account(client):
    page = client.post(
        reverse("account_request_login_code"), {"email": "nobody@example.org"}, follow=True
    )
    assert page.redirect_chain[-1][0] == reverse("account_confirm_login_code")
    [mail] = OutgoingMail.objects.all()
    assert mail.to == ["nobody@example.org"]
    assert not re.search(r"^([A-Z0-9-]{6,})$", mail.text, re.M)
    assert "nobody@example.org" in mail.text


def test_it_opens_no_account_to_whoever_asks(client):
    from teraa.accounts.models import User

    client.post(reverse("account_signup"), {"email": "new@example.org"})
    assert not User.objects.exists()
