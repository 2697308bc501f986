"""A house without a demonstration: a venue is opened in the office, and its till sells."""

from __future__ import annotations

import json
import re

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from teraa.accounts.models import User
from teraa.accounts.operations import KEEPER
from teraa.common.ids import uuid7
from teraa.fiscal.models import Document, Register
from teraa.venues.models import Payee, StaffMember, Station, Venue
from teraa.venues.vat_table import RATES

pytestmark = pytest.mark.django_db


def first_links(capsys) -> dict[str, str]:
    call_command("first_links")
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def keeper(capsys) -> Client:
    """Who followed the link that the first start prints."""
    browser = Client()
    answer = browser.post(first_links(capsys)["office"])
    assert answer.status_code == 302, answer.content
    return browser


def add(browser: Client, model: str, **values: object) -> None:
    answer = browser.post(reverse(f"admin:{model}_add"), values)
    assert answer.status_code == 302, answer.context["errors"]


def rows(prefix: str, *given: dict[str, object]) -> dict[str, object]:
    """The fields of a list inside a form."""
    fields: dict[str, object] = {
        f"{prefix}-TOTAL_FORMS": len(given),
        f"{prefix}-INITIAL_FORMS": 0,
        f"{prefix}-MIN_NUM_FORMS": 0,
        f"{prefix}-MAX_NUM_FORMS": 1000,
    }
    for place, values in enumerate(given):
        fields |= {f"{prefix}-{place}-{name}": value for name, value in values.items()}
    return fields


def open_venue(browser: Client) -> Venue:
    add(
        browser,
        "venues_venue",
        name="La Fabrique",
        slug="fabrique",
        accent="#1b5e4a",
        language="fr",
        country="FR",
        zone="Europe/Paris",
        day_cutoff="06:00",
        osm_confirmations_till=1,
        osm_request_minutes=15,
        osm_tolerance_units=0,
        note_from_cents=2500,
        **rows("opening_hours"),
    )
    return Venue.objects.get()


def test_the_first_start_lets_somebody_in_until_they_are_somebody(keeper, capsys):
    user = User.objects.get(email=KEEPER)
    assert keeper.get("/office/").status_code == 200
    assert "office" in first_links(capsys), "nobody has said who they are"

    answer = keeper.post(
        reverse("admin:accounts_user_change", args=[user.pk]),
        {"email": "ada@example.org", "name": "Ada", "language": "fr", "is_active": "on",
         "is_staff": "on", "is_superuser": "on"},
    )  # fmt: skip

    assert answer.status_code == 302, answer.content
    assert first_links(capsys) == {}


def test_a_link_opens_the_office_for_whoever_gets_no_mail(capsys):
    call_command("office_link", "ada@example.org", "--keeper")
    browser = Client()

    assert browser.post(capsys.readouterr().out.strip()).status_code == 302
    assert browser.get(reverse("admin:venues_venue_add")).status_code == 200


def test_a_venue_brings_the_rates_of_mainland_france(keeper):
    venue = open_venue(keeper)

    assert venue.vat_rates.count() == len(RATES)
    assert venue.vat_rates.get(vat_class="alcohol", serving="takeaway").rate_bp == 2000
    assert not venue.vat_rates.filter(legal_reference="").exists()


def test_a_venue_opened_in_the_office_sells_a_coffee(keeper, keys_dir):
    venue = open_venue(keeper)
    add(
        keeper,
        "venues_payee",
        venue=venue.pk,
        kind="cooperative",
        name="Coopérative La Fabrique",
        osm_address="",
        active="on",
        **rows(
            "identities",
            {
                "valid_from": "2020-01-01",
                "legal_name": "SCIC La Fabrique",
                "legal_form": "SCIC SA",
                "siret": "73282932000074",
                "vat_id": "FR44732829320",
                "address": "1 rue des Ateliers, 49000 Angers",
            },
        ),
    )
    payee = Payee.objects.get()
    add(keeper, "venues_station", venue=venue.pk, kind="till", name="Bar", payee=payee.pk)
    add(
        keeper, "venues_staffmember", venue=venue.pk, name="Léa", role="cashier",
        office_email="", active="on",
    )  # fmt: skip
    lea, bar = StaffMember.objects.get(), Station.objects.get()
    pressed = {"_form_submitted": "on", "pin": "2580", "again": "2580"}
    keeper.post(reverse("admin:venues_staffmember_set_pin", args=[lea.pk]), pressed)
    add(keeper, "pos_category", venue=venue.pk, name="Boissons", colour="brown", position=1)
    category = venue.categories.get()
    add(
        keeper, "pos_product", venue=venue.pk, category=category.pk, label="Café",
        short_label="Café", price_cents="1,50", vat_class="soft_drink", colour="brown", position=1,
        available="on", active="on",
    )  # fmt: skip
    made = keeper.post(
        reverse("admin:venues_station_make_code", args=[bar.pk]), {"_form_submitted": "on"}
    )
    told = keeper.get(made["HX-Redirect"]).content.decode()
    code = re.search(r"/till/enter/([0-9A-Z-]+)/", told)
    assert code is not None

    till = Client()
    enrolled = till.post("/api/stations/enrol/", {"code": code[1]}, "application/json")
    assert enrolled.status_code in (200, 201), enrolled.content
    signed = till.post(
        "/api/till/sign-on/", {"staff": str(lea.pk), "pin": "2580"}, "application/json"
    )
    assert signed.status_code == 200, signed.content
    catalogue = till.get("/api/pos/catalogue/").json()
    sold = till.post(
        "/api/pos/sales/",
        {
            "key": str(uuid7()),
            "catalogue_version": catalogue["version"],
            "serving": "on_site",
            "receipt": "none",
            "lines": [{"product": str(venue.products.get().pk), "quantity": 1}],
            "total_cents": 150,
            "tenders": [
                {"key": str(uuid7()), "kind": "cash", "amount_cents": 150, "received_cents": 200}
            ],
        },
        "application/json",
    )

    assert sold.status_code == 201, sold.content
    ticket = Document.objects.get(kind="TICKET")
    assert (ticket.total_cents, ticket.sequence) == (150, 1)
    assert ticket.register == Register.objects.get(station=bar)
    assert json.loads(ticket.payload)["payee"]["siret"] == "73282932000074"
