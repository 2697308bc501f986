"""The coordinator in the back office: files in, orders entered and closed, files out, the sheet."""

from __future__ import annotations

import datetime
import re

import pypdfium2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from pos.amap.models import (
    Basket,
    Catalog,
    Distribution,
    Export,
    Household,
    ImportFile,
    OrderLine,
)
from pos.amap.states import DistributionState
from teraa.common.clock import now
from teraa.venues.models import Role
from tests import make
from tests.pos.amap.cast import Amap, amap
from tests.pos.amap.files import CAMAP_PRODUCTS, MEMBERS, ORDERS, sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def farm() -> Amap:
    return amap(at=now())


def office(farm: Amap, role: str = Role.COORDINATOR) -> Client:
    user = make.user(is_staff=True)
    make.staff(farm.venue, role=role, user=user)
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def bring(farm: Amap, browser: Client, kind: str, name: str, **fields: object):
    return browser.post(
        reverse("admin:amap_amapgroup_bring", args=[farm.group.pk]),
        {
            "kind": kind,
            "file": SimpleUploadedFile(name, sample(name)),
            "vat_rate_bp": "550",
            **fields,
        },
        follow=True,
    )


def decide(browser: Client, what: str):
    brought = ImportFile.objects.get(state="preview")
    address = reverse("admin:amap_importfile_preview", args=[brought.pk])
    return browser.post(address, {"do": what}, follow=True)


def desk(farm: Amap) -> str:
    return reverse("admin:amap_distribution_desk", args=[farm.distribution.pk])


def test_a_file_is_looked_at_then_taken_over(farm):
    browser = office(farm)
    page = bring(farm, browser, "members", MEMBERS).content.decode()

    assert 'data-count="new">3 ×' in page
    assert "FICTIVE Zoé / INVENTÉ Axel" in page
    assert not Household.objects.exists()
    page = decide(browser, "apply").content.decode()
    assert "Taken over: 3 new, 0 changed." in page
    assert Household.objects.count() == 3


def test_the_dialect_is_shown_before_anything_is_stored(farm):
    browser = office(farm)
    page = bring(farm, browser, "products", CAMAP_PRODUCTS, catalog=str(farm.catalog.pk))

    assert "CAMAP: VAT rate" in re.sub(r"\s+", " ", page.content.decode())
    decide(browser, "drop")
    assert ImportFile.objects.get().state == "dropped"
    assert farm.catalog.products.count() == 2


def test_a_file_that_cannot_be_read_is_said_on_the_page(farm):
    page = bring(farm, office(farm), "orders", MEMBERS, distribution=str(farm.distribution.pk))

    assert "This file cannot be read" in page.content.decode()
    assert not ImportFile.objects.exists()


def test_orders_are_entered_closed_and_taken_out(farm):
    browser = office(farm)
    household = farm.household("Ana", "UN")
    answer = browser.post(
        reverse("admin:amap_basket_add"),
        {
            "venue": str(farm.venue.pk),
            "distribution": str(farm.distribution.pk),
            "household": str(household.pk),
            "lines-TOTAL_FORMS": "1",
            "lines-INITIAL_FORMS": "0",
            "lines-0-product": str(farm.potatoes.pk),
            "lines-0-quantity": "2.5",
        },
    )
    assert answer.status_code == 302, answer.context["errors"]
    line = OrderLine.objects.get()
    assert (line.label, line.quantity_milli, line.total_cents) == ("Pommes 1 kg", 2500, 475)

    assert "Close orders" in browser.get(desk(farm)).content.decode()
    browser.post(desk(farm), {"do": "close"})
    farm.distribution.refresh_from_db()
    assert farm.distribution.state == DistributionState.READY
    basket = Basket.objects.get()
    assert (basket.number, basket.due.amount_cents) == (1, 475)
    # Amounts stay as they are: the line is shown, and no longer a field.
    page = browser.get(reverse("admin:amap_basket_change", args=[basket.pk])).content.decode()
    assert "Pommes 1 kg" in page
    assert "lines-0-quantity" not in page

    written = browser.post(desk(farm), {"do": "day", "form": "exact"})
    assert written.headers["Content-Type"].startswith("text/csv")
    assert "Export-commandes-" in written.headers["Content-Disposition"]
    assert written.content.splitlines()[0] == sample(ORDERS).splitlines()[0]
    kept = Export.objects.get()
    assert (kept.kind, kept.people, kept.excel) == ("day", 1, False)


@pytest.mark.parametrize(
    ("form", "name", "start"),
    [("exact", ".csv.csv", b'\n"Fond'), ("excel", ".csv", b"\xef\xbb\xbf\n")],
)
def test_the_cash_desk_comes_in_both_forms(farm, form, name, start):
    farm.basket(farm.household("Ana", "UN"))
    farm.close()
    written = office(farm).post(desk(farm), {"do": "cash_desk", "form": form})

    assert name in written.headers["Content-Disposition"]
    assert written.content.startswith(start)
    assert '"UN Ana";"15"' in written.content.decode()
    assert '"5.5%";"14,22";"15"' in written.content.decode()


def test_one_catalogue_and_the_members_are_taken_out(farm):
    browser = office(farm)
    farm.basket(farm.household("Ana", "UN"))
    catalog = Catalog.objects.get()
    by_member = browser.post(desk(farm), {"do": "catalog", "catalog": str(catalog.pk)})
    members = browser.post(
        reverse("admin:amap_amapgroup_bring", args=[farm.group.pk]), {"do": "members"}
    )

    assert b'"UN Ana";"Panier de saison 1 pi' in by_member.content
    assert members.content.splitlines()[0] == sample(MEMBERS).splitlines()[0]
    assert sorted(Export.objects.values_list("kind", flat=True)) == ["catalog", "members"]


def test_the_treasurer_takes_the_cash_desk_and_no_households(farm):
    farm.basket(farm.household("Ana", "UN"))
    treasurer = office(farm, Role.TREASURER)

    assert treasurer.post(desk(farm), {"do": "cash_desk"}).status_code == 200
    assert treasurer.post(desk(farm), {"do": "day"}).status_code == 403
    assert treasurer.get(reverse("admin:amap_household_changelist")).status_code == 403


def test_the_cashier_sees_nothing_of_it(farm):
    assert office(farm, Role.CASHIER).get(desk(farm)).status_code in (302, 403, 404)


def test_another_venues_coordinator_finds_nothing(farm):
    other = amap(at=now())

    assert office(other).get(desk(farm)).status_code in (302, 404)
    assert office(other).post(desk(farm), {"do": "close"}).status_code in (302, 404)
    farm.distribution.refresh_from_db()
    assert farm.distribution.state == DistributionState.ORDERING


def test_the_sheet_to_sign_is_a_page_and_a_pdf(farm):
    farm.group.sheet_note = "Merci de rapporter les cageots."
    farm.group.save()
    farm.basket(farm.household("Ana", "UN", phone="0199000001"), (farm.potatoes, 2500))
    farm.close()
    browser = office(farm)
    address = reverse("admin:amap_distribution_sheet", args=[farm.distribution.pk])

    page = browser.get(address).content.decode()
    for word in ("UN Ana", "0199000001", "Pommes 1 kg", "2,50", "Signature", "cageots", "No. 1"):
        assert word in page
    made = browser.post(address)
    assert made.headers["Content-Type"] == "application/pdf"
    drawn = pypdfium2.PdfDocument(made.content)[0].get_textpage().get_text_range()
    text = " ".join(drawn.split())
    assert "UN Ana" in text
    assert "Merci de rapporter les cageots" in text
    assert Export.objects.get().people == 1


def test_a_new_distribution_and_household_get_what_they_need(farm):
    browser = office(farm)
    starts = now() + datetime.timedelta(days=7)
    answer = browser.post(
        reverse("admin:amap_distribution_add"),
        {
            "venue": str(farm.venue.pk),
            "group": str(farm.group.pk),
            "starts_at_0": f"{starts:%Y-%m-%d}",
            "starts_at_1": "18:30",
            "ends_at_0": f"{starts:%Y-%m-%d}",
            "ends_at_1": "20:00",
            "place": "Salle",
            "float_cents": "5000",
        },
    )
    assert answer.status_code == 302, answer.context["errors"]
    answer = browser.post(
        reverse("admin:amap_household_add"),
        {
            "venue": str(farm.venue.pk),
            "group": str(farm.group.pk),
            "first_name": "Ana",
            "last_name": "UN",
            "email": "ana@example.org",
            "active": "on",
        },
    )
    assert answer.status_code == 302, answer.context["errors"]

    assert Distribution.objects.count() == 2
    assert Household.objects.get().number == 1
