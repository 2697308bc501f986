"""The back office: each user sees and changes what their roles carry, where they carry it."""

import html
import re

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from teraa.accounts.models import OutgoingMail, User
from teraa.common import journal, journal_codes
from teraa.common.problems import Problem
from teraa.live.models import Heartbeat, Outbox
from teraa.venues import operations
from teraa.venues.models import (
    EnrolmentCode,
    OpeningHours,
    Payee,
    PayeeIdentity,
    Role,
    StaffMember,
    Station,
    VatRate,
    Venue,
)
from tests import make

pytestmark = pytest.mark.django_db

OURS = (Venue, Payee, StaffMember, Station, VatRate)


@pytest.fixture(autouse=True)
def _journal(journal_kept):
    """Nothing here asks for a register."""


@pytest.fixture
def here():
    venue = make.venue(name="Ici")
    make.station(venue, name="Bar d’ici")
    return venue


@pytest.fixture
def there():
    venue = make.venue(name="Ailleurs")
    make.station(venue, name="Bar d’ailleurs")
    make.staff(venue, name="Zoé d’ailleurs", pin="2468")
    return venue


def enter(venue=None, role=Role.MANAGER, **fields):
    user = make.user(is_staff=True, **fields)
    if venue is not None:
        make.staff(venue, user=user, role=role, name=f"{role} {user.pk}")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.user = user
    return client


def url(model, view="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


def row_of(model, venue):
    path = "pk" if model is Venue else "venue"
    return model.objects.filter(**{path: venue.pk}).first()


@pytest.mark.parametrize("model", OURS)
def test_a_manager_sees_their_venue_only(model, here, there):
    make.staff(here)
    manager = enter(here)
    page = manager.get(url(model))
    assert page.status_code == 200
    shown = set(page.context["cl"].queryset.values_list("pk", flat=True))
    assert row_of(model, here).pk in shown
    assert row_of(model, there).pk not in shown
    assert "ailleurs" not in page.content.decode().lower()

    assert manager.get(url(model, "change", row_of(model, here).pk)).status_code == 200
    for view in ("change", "delete", "history"):
        answer = manager.get(url(model, view, row_of(model, there).pk))
        assert answer.status_code in (302, 403), view
        if answer.status_code == 302:
            assert answer.headers["Location"] == reverse("admin:index")


@pytest.mark.parametrize("role", [Role.TREASURER, Role.AUDITOR])
@pytest.mark.parametrize("model", OURS)
def test_who_reads_the_books_looks_and_touches_nothing(role, model, here):
    make.staff(here)
    reader = enter(here, role)
    row = row_of(model, here)
    assert reader.get(url(model)).status_code == 200
    page = reader.get(url(model, "change", row.pk))
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert reader.post(url(model, "change", row.pk), {"name": "changed"}).status_code == 403
    assert reader.get(url(model, "add")).status_code == 403


@pytest.mark.parametrize("role", [Role.CASHIER, Role.DESK, Role.GATE])
@pytest.mark.parametrize("model", OURS)
def test_who_works_at_the_counter_has_no_business_here(role, model, here):
    worker = enter(here, role)
    assert worker.get(url(model)).status_code == 403
    assert worker.get(url(model, "change", row_of(model, here).pk)).status_code in (302, 403)


def test_who_left_sees_nothing(here):
    client = enter(here)
    StaffMember.objects.filter(user=client.user).update(active=False)
    assert client.get(url(Station)).status_code == 403
    assert client.get("/office/").status_code == 200


def test_strangers_are_asked_to_sign_in(here):
    answer = Client().get(url(Station))
    assert answer.status_code == 302
    answer = Client().get(answer.headers["Location"])
    assert answer.headers["Location"].startswith("/account/login/code/")


def test_who_looks_after_the_machine_sees_every_venue(here, there):
    root = enter(is_superuser=True)
    shown = root.get(url(Station)).context["cl"].queryset
    assert {station.venue for station in shown} == {here, there}
    assert root.get(url(Venue, "add")).status_code == 200
    assert enter(here).get(url(Venue, "add")).status_code == 403


def test_choices_are_those_of_ones_own_venues(here, there):
    form = enter(here).get(url(Station, "add")).context["adminform"].form
    assert set(form.fields["venue"].queryset) == {here}
    assert {payee.venue for payee in form.fields["payee"].queryset} == {here}


def test_one_may_manage_two_venues_and_mix_nothing_up(here, there):
    manager = enter(here)
    make.staff(there, user=manager.user, role=Role.MANAGER, name="Deux")
    values = {
        "venue": here.pk,
        "kind": "till",
        "name": "Nouveau poste",
        "payee": there.payees.get().pk,
    }
    page = manager.post(url(Station, "add"), values)
    assert page.status_code == 200
    assert "payee" in page.context["adminform"].form.errors
    assert not Station.objects.filter(name="Nouveau poste").exists()
    assert (
        manager.post(url(Station, "add"), values | {"payee": here.payees.get().pk}).status_code
        == 302
    )
    assert Station.objects.get(name="Nouveau poste").venue == here


def test_a_forged_form_reaches_no_other_venue(here, there):
    manager = enter(here)
    values = {"venue": there.pk, "kind": "gate", "name": "Intrus"}
    assert manager.post(url(Station, "add"), values).status_code == 200
    assert not Station.objects.filter(name="Intrus").exists()
    # A row stays where it is, whatever the form says.
    station = here.stations.get()
    manager.post(
        url(Station, "change", station.pk),
        {"venue": there.pk, "name": "Renommé", "payee": station.payee_id},
    )
    station.refresh_from_db()
    assert (station.venue, station.name) == (here, "Renommé")


def test_every_change_is_journaled_with_its_author(here, journal_kept):
    manager = enter(here)
    station = here.stations.get()
    manager.post(url(Station, "change", station.pk), {"name": "Renommé", "payee": station.payee_id})
    entry = journal_kept[-1]
    assert (entry["code"], entry["venue_id"]) == (journal_codes.SETTING_CHANGED, here.pk)
    assert entry["operator"] == str(manager.user)
    assert entry["values"] == {
        "what": "station",
        "id": str(station.pk),
        "name": "Renommé",
        "act": "changed",
        "changes": {"name": [None, None]},  # of a text only that it changed
    }


def test_a_venue_without_a_register_can_still_be_set_up(here, monkeypatch):
    class NoRegister(Problem):
        code = "no_register"

    def refuse(**entry):
        raise NoRegister()

    monkeypatch.setattr(journal, "_sink", refuse)
    station = here.stations.get()
    answer = enter(here).post(
        url(Station, "change", station.pk), {"name": "Renommé", "payee": station.payee_id}
    )
    assert answer.status_code == 302
    station.refresh_from_db()
    assert station.name == "Renommé"


def test_a_refusal_is_a_sentence_and_stores_nothing(here, monkeypatch):
    class Locked(Problem):
        code = "locked"
        title = "The journal is closed."

    def refuse(**entry):
        raise Locked()

    monkeypatch.setattr(journal, "_sink", refuse)
    station = here.stations.get()
    answer = enter(here).post(
        url(Station, "change", station.pk),
        {"name": "Renommé", "payee": station.payee_id},
        follow=True,
    )
    assert "The journal is closed." in answer.content.decode()
    station.refresh_from_db()
    assert station.name != "Renommé"


def dialog(client, model, pk, action, **values):
    """Press the button of an action's dialogue, as unfold does."""
    return client.post(url(model, action, pk), {"_form_submitted": "on", **values})


def test_a_manager_makes_an_enrolment_code_and_revokes(here):
    manager = enter(here)
    station = here.stations.get()
    for _look in range(2):
        manager.get(url(Station, "make_code", station.pk))
    assert not EnrolmentCode.objects.exists()

    answer = dialog(manager, Station, station.pk, "make_code")
    assert answer.headers["HX-Redirect"] == url(Station, "change", station.pk)
    page = manager.get(answer.headers["HX-Redirect"]).content.decode()
    link = re.search(r"http://testserver(/till/enter/[0-9A-Z]{4}-[0-9A-Z]{4}/)", page).group(1)
    browser = Client()
    assert browser.post(link).headers["Location"] == "/till/"
    assert browser.get("/api/till/").json()["station"]["id"] == str(station.pk)

    dialog(manager, Station, station.pk, "revoke")
    assert browser.get("/api/till/").json()["code"] == "station_revoked"
    again = dialog(manager, Station, station.pk, "revoke")
    page = manager.get(again.headers["HX-Redirect"]).content.decode()
    assert html.escape(str(operations.AlreadyRevoked.title), quote=True) in page


@pytest.mark.parametrize("action", ["make_code", "revoke"])
def test_nobody_else_may(action, here, there):
    station = there.stations.get()
    for client in (enter(here), enter(there, Role.AUDITOR), enter(there, Role.CASHIER)):
        assert dialog(client, Station, station.pk, action).status_code in (302, 403, 404)
    assert not EnrolmentCode.objects.exists()
    station.refresh_from_db()
    assert station.revoked_at is None


def test_a_manager_sets_a_pin_nobody_can_read_afterwards(here):
    manager = enter(here)
    person = make.staff(here, name="Alma")
    dialog(manager, StaffMember, person.pk, "set_pin", pin="1234")
    person.refresh_from_db()
    assert person.pin_hash == ""
    dialog(manager, StaffMember, person.pk, "set_pin", pin="80215")
    person.refresh_from_db()
    assert person.pin_hash
    page = manager.get(url(StaffMember, "change", person.pk)).content.decode()
    assert "80215" not in page
    assert person.pin_hash not in page


def test_a_manager_lets_a_colleague_in_by_their_address(here, there, settings):
    settings.EMAIL_BACKEND = "teraa.accounts.mail.StoredEmailBackend"
    manager = enter(here)
    colleague = make.staff(there, name="Déjà là")
    known = make.user(email="known@example.org")
    StaffMember.objects.filter(pk=colleague.pk).update(user=known)
    person = make.staff(here, name="Alma")
    change = url(StaffMember, "change", person.pk)
    values = {
        "name": "Alma",
        "role": "treasurer",
        "active": "on",
        "office_email": "alma@example.org",
    }
    assert manager.post(change, values).status_code == 302
    person.refresh_from_db()
    assert (person.user.email, person.user.is_staff, person.role) == (
        "alma@example.org",
        True,
        "treasurer",
    )
    [mail] = OutgoingMail.objects.all()
    assert mail.to == ["alma@example.org"]
    assert "http://testserver/office/" in mail.text

    # The page never lists accounts of other venues.
    assert "known@example.org" not in manager.get(change).content.decode()
    # A colleague's own account is not given away.
    answer = manager.post(change, values | {"office_email": manager.user.email}, follow=True)
    assert "office_email" not in str(answer.context["messages"])
    person.refresh_from_db()
    assert person.user.email == "alma@example.org"
    # Taking the address away takes the account away from this venue.
    manager.post(change, values | {"office_email": ""})
    person.refresh_from_db()
    assert person.user is None
    assert User.objects.filter(email="alma@example.org").exists()


def test_an_address_is_changed_by_who_looks_after_the_machine_only(here, there):
    manager, stranger = enter(here), make.user(email="zoe@example.org")
    make.staff(there, user=stranger, name="Zoé")
    listed = set(manager.get(url(User)).context["cl"].queryset)
    assert listed == {manager.user}
    assert manager.get(url(User, "change", stranger.pk)).status_code in (302, 403)
    own = url(User, "change", manager.user.pk)
    assert manager.get(own).status_code == 200
    assert (
        manager.post(own, {"email": "other@example.org", "is_superuser": "on"}).status_code == 403
    )
    manager.user.refresh_from_db()
    assert not manager.user.is_superuser
    assert enter(here, Role.TREASURER).get(url(User)).status_code == 403

    root = enter(is_superuser=True)
    assert root.get(url(User, "change", stranger.pk)).status_code == 200


def test_opening_hours_and_identities_follow_their_parent(here, there, journal_kept):
    manager = enter(here)
    payee = here.payees.get()
    form = {
        "kind": "cooperative",
        "name": payee.name,
        "osm_address": make.ADDRESS,
        "active": "on",
        "identities-TOTAL_FORMS": "2",
        "identities-INITIAL_FORMS": "1",
        "identities-0-id": payee.identities.get().pk,
        "identities-0-payee": payee.pk,
        "identities-0-valid_from": "2020-01-01",
        "identities-0-legal_name": payee.identities.get().legal_name,
        "identities-0-address": "12 rue de la Gare, 91120 Palaiseau",
        "identities-1-payee": payee.pk,
        "identities-1-valid_from": "2027-01-01",
        "identities-1-legal_name": "SCIC Nouvelle",
        "identities-1-address": "ailleurs",
    }
    answer = manager.post(url(Payee, "change", payee.pk), form)
    assert answer.status_code == 302, answer.context["errors"]
    assert PayeeIdentity.objects.filter(payee=payee, legal_name="SCIC Nouvelle").exists()
    codes = {entry["code"] for entry in journal_kept}
    assert codes == {journal_codes.LOG_IN, journal_codes.SELLER_IDENTITY_CHANGED}
    rows = journal_kept[-1]["values"]["rows"]
    assert [row["act"] for row in rows] == ["changed", "added"]
    assert rows[1]["changes"]["valid_from"] == [None, "2027-01-01"]

    typo = manager.post(
        url(Payee, "change", payee.pk), form | {"osm_address": make.ADDRESS[:-1] + "z"}
    )
    assert "osm_address" in typo.context["adminform"].form.errors

    stranger = there.payees.get()
    assert manager.post(url(Payee, "change", stranger.pk), form).status_code in (302, 403)
    assert not PayeeIdentity.objects.filter(payee=stranger, legal_name="SCIC Nouvelle").exists()
    page = manager.get(url(Venue, "change", here.pk))
    assert [type(f.formset.model) for f in page.context["inline_admin_formsets"]]
    assert not OpeningHours.objects.exists()


@pytest.mark.parametrize("model", [*OURS, User, OutgoingMail, Outbox, Heartbeat])
def test_every_list_opens_empty_or_not_and_can_be_searched(model, here):
    root = enter(is_superuser=True)
    assert admin.site._registry[model].search_fields
    for query in ("", "Ici", "nothing has this name"):
        assert root.get(url(model), {"q": query}).status_code == 200


@pytest.mark.parametrize("model", [OutgoingMail, Outbox, Heartbeat])
def test_the_machine_room_is_closed_to_managers(model, here):
    assert enter(here).get(url(model)).status_code == 403
    root = enter(is_superuser=True)
    assert root.get(url(model, "add")).status_code == 403
