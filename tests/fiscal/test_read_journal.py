"""The journal in the back office: found by number or word, read whole, never edited."""

import pytest
from django.urls import reverse

from teraa.fiscal.models import Document
from teraa.venues.models import Role
from tests import make
from tests.fiscal import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]


@pytest.fixture
def register():
    return cast.register()


@pytest.fixture
def office(client, register):
    """A treasurer of the register's venue, signed in."""
    user = make.user(is_staff=True)
    make.staff(register.venue, user=user, role=Role.TREASURER)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_document_shows_its_lines_and_its_place(office, register):
    sealed = cast.seal(
        register, cast.line(label="Café <b>œ</b>"), tenders=[cast.osm(180)], operator_label="Ana"
    )

    page = office.get(reverse("admin:fiscal_document_change", args=[sealed.id]))

    text = page.content.decode()
    assert page.status_code == 200
    for said in (
        "Bar-000001",
        "Café &lt;b&gt;œ&lt;/b&gt;",
        sealed.hash,
        "OS4KX2",
        "90012345600017",
    ):
        assert said in text, said
    assert "<b>œ" not in text
    assert 'name="_save"' not in text


@pytest.mark.parametrize("words", ["Bar-000002", "2", "000002", "Latte", "Zoé"])
def test_a_document_is_found(office, register, words):
    cast.seal(register, operator_label="Ana")
    cast.seal(register, cast.line(label="Latte"), operator_label="Zoé")
    cast.seal(register, operator_label="Ana")

    page = office.get(reverse("admin:fiscal_document_changelist"), {"q": words, "kind": "TICKET"})

    assert [d.sequence for d in page.context["cl"].result_list] == [2]


def test_nobody_adds_changes_or_deletes(office, register):
    sealed = cast.seal(register)
    change = reverse("admin:fiscal_document_change", args=[sealed.id])

    assert office.get(reverse("admin:fiscal_document_add")).status_code == 403
    assert office.post(change, {"operator_label": "Autre"}).status_code == 403
    delete = reverse("admin:fiscal_document_delete", args=[sealed.id])
    assert office.post(delete, {"post": "yes"}).status_code == 403


def test_another_venues_journal_is_not_shown(office):
    elsewhere = cast.register(venue=make.venue(), name="Ailleurs")
    sealed = cast.seal(elsewhere)

    listed = office.get(reverse("admin:fiscal_document_changelist"))
    one = office.get(reverse("admin:fiscal_document_change", args=[sealed.id]))

    assert "Ailleurs" not in listed.content.decode()
    assert one.status_code in {302, 403, 404}


def test_registers_show_where_their_chains_stand(office, register):
    sealed = cast.seal(register)

    page = office.get(reverse("admin:fiscal_register_change", args=[register.pk]))

    assert page.status_code == 200
    assert sealed.hash[:16] in page.content.decode()
    assert register.public_key in page.content.decode()


def test_periods_lead_to_their_documents(office, register):
    sealed = cast.seal(register)
    period = Document.objects.get(pk=sealed.id).period

    page = office.get(reverse("admin:fiscal_period_change", args=[period.pk]))
    listed = office.get(
        reverse("admin:fiscal_document_changelist"), {"period__id__exact": str(period.pk)}
    )

    assert f"period__id__exact={period.pk}" in page.content.decode()
    born_in_it = Document.objects.filter(period=period).count()
    assert listed.context["cl"].result_count == born_in_it < Document.objects.count()


def test_the_lists_open(office, register):
    cast.seal(register)

    for name in ("document", "register", "period"):
        assert office.get(reverse(f"admin:fiscal_{name}_changelist")).status_code == 200
