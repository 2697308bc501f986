"""Cases and refunds over HTTP: read by whoever reads the books, decided by managers."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from teraa.common.ids import uuid7
from teraa.fiscal.registers import open_register
from teraa.settlement.cases.models import Refund
from teraa.venues.authentication import SHIFT_COOKIE, STATION_COOKIE
from teraa.venues.operations import sign_on
from tests import make
from tests.settlement.cases.moves import OSM, address, scene

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]


def at_till(of, role: str = "manager") -> Client:
    venue = of.payee.venue
    station = make.station(venue, payee=of.payee)
    open_register(
        venue_id=venue.pk,
        payee_id=of.payee.pk,
        station_id=station.pk,
        name=station.name,
        lane="till",
        at=of.at,
    )
    person = make.staff(venue, role=role, pin="2468")
    client = Client(headers={"accept-language": "en"})
    client.cookies[STATION_COOKIE] = station.token
    client.cookies[SHIFT_COOKIE] = sign_on(
        station=station, staff_id=person.pk, pin="2468", at=of.at
    )
    return client


def post(client, path, **body):
    return client.post(path, json.dumps({"key": str(uuid7())} | body), "application/json")


@pytest.fixture
def of(at):
    of = scene(at)
    _due, request = of.ask()
    of.pays(request, request.units + 30 * OSM)
    of.comes(50 * OSM, "merci")
    return of


def test_the_inbox_is_listed_and_narrowed(of):
    client = at_till(of)

    body = client.get("/api/settlement/cases/").json()
    assert [one["kind"] for one in body["cases"]] == ["unknown", "over"]
    assert body["more"] is False
    assert body["cases"][1]["units"] == str(30 * OSM)
    narrowed = client.get("/api/settlement/cases/", {"kind": "over", "payee": of.payee.pk})
    assert [one["kind"] for one in narrowed.json()["cases"]] == ["over"]
    assert client.get("/api/settlement/cases/?state=closed").json()["cases"] == []
    for wrong in ("state=x", "kind=x", "payee=x", "before=x"):
        assert client.get(f"/api/settlement/cases/?{wrong}").status_code == 422


def test_a_case_tells_what_can_be_done(of):
    case = of.case(kind="over")

    body = at_till(of).get(f"/api/settlement/cases/{case.pk}/").json()

    assert body["case"]["reference"] == case.request.reference
    assert body["left"]["units"] == str(30 * OSM)
    assert body["left"]["sender"] == body["coins"][0]["sender"]
    assert {"keep_tip", "ignore", "explain"} <= set(body["actions"])


def test_a_decision_is_made_once(of):
    client, case = at_till(of), of.case(kind="over")
    path = f"/api/settlement/cases/{case.pk}/decisions/"
    said = {"action": "keep_tip", "reason": "merci", "key": str(uuid7())}

    first, second = post(client, path, **said), post(client, path, **said)

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["case"]["resolution"] == "kept"
    other = post(client, path, **said | {"reason": "autre"})
    assert (other.status_code, other.json()["code"]) == (409, "same_key_other_body")


def test_refusals_have_names(of):
    client, case = at_till(of), of.case(kind="over")
    path = f"/api/settlement/cases/{case.pk}/decisions/"

    assert post(client, path, action="accept_late").json()["code"] == "not_for_this_case"
    assert post(client, path, action="keep_tip").json()["code"] == "reason_needed"
    assert post(client, path, action="assign").status_code == 422
    assert post(client, path, action="give_me_all").status_code == 422
    missing = f"/api/settlement/cases/{uuid7()}/decisions/"
    assert post(client, missing, action="take").status_code == 404


def test_a_refund_goes_from_draft_to_the_wallet(of):
    client, case = at_till(of), of.case(kind="over")
    wanted = {"case": str(case.pk), "variant": "custom", "units": str(7 * OSM), "to": "claim"}

    drafted = post(client, "/api/settlement/refunds/", **wanted)
    assert drafted.status_code == 201
    body = drafted.json()
    assert (body["state"], body["amount_units"], body["link"]) == ("draft", str(7 * OSM), "")
    path = f"/api/settlement/refunds/{body['id']}/decisions/"
    invited = post(client, path, action="invite").json()
    assert invited["claim_path"].startswith("/refund/")
    directed = post(client, path, action="direct", address=address("the customer")).json()
    assert (directed["destination_source"], directed["claim_path"]) == ("typed", "")
    approved = post(client, path, action="approve").json()

    assert approved["state"] == "awaiting_wallet"
    assert approved["link"].startswith(f"ark:{address('the customer')}?amount=7&vendorField=R")
    listed = client.get("/api/settlement/refunds/?state=awaiting_wallet").json()["refunds"]
    assert [one["id"] for one in listed] == [body["id"]]
    read = client.get(f"/api/settlement/refunds/{body['id']}/").json()
    assert (read["approvals"], read["approvals_needed"]) == (1, 1)
    given_up = post(client, path, action="cancel", reason="erreur").json()
    assert given_up["state"] == "cancelled"


def test_a_draft_is_made_once(of):
    client = at_till(of)
    wanted = {
        "key": str(uuid7()),
        "case": str(of.case(kind="over").pk),
        "variant": "surplus",
    }

    first = post(client, "/api/settlement/refunds/", **wanted)
    second = post(client, "/api/settlement/refunds/", **wanted)

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert Refund.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"units": 5},
        {"units": "5.0"},
        {"units": "-5"},
        {"units": "0"},
        {"units": "9" * 30},
        {"variant": "fixed", "cents": 1.5},
        {"variant": "fixed", "cents": "12"},
        {"to": "address"},
        {"case": None},
    ],
)
def test_a_shape_we_do_not_know_is_refused(of, wrong):
    wanted = {"case": str(of.case(kind="over").pk), "variant": "custom", "units": "5"}

    assert post(at_till(of), "/api/settlement/refunds/", **wanted | wrong).status_code == 422
    assert Refund.objects.count() == 0


def test_a_request_is_settled_by_hand(of):
    _due, request = of.ask()
    path = f"/api/settlement/requests/{request.pk}/settle/"

    body = post(at_till(of), path, reason="vu sur son téléphone").json()

    assert (body["state"], body["carried_out"]) == ("settled", True)


@pytest.mark.parametrize(
    ("role", "reads", "decides"),
    [
        ("manager", 200, 200),
        ("treasurer", 200, 403),
        ("auditor", 200, 403),
        ("cashier", 403, 403),
    ],
)
def test_roles(of, role, reads, decides):
    client, case = at_till(of, role), of.case(kind="over")

    assert client.get("/api/settlement/cases/").status_code == reads
    assert client.get("/api/settlement/refunds/").status_code == reads
    path = f"/api/settlement/cases/{case.pk}/decisions/"
    assert post(client, path, action="take").status_code == decides


def test_another_venues_cases_are_not_there(of, at):
    client, case = at_till(scene(at)), of.case(kind="over")
    refund = of.refund(case_id=case.pk, approved=False)

    assert client.get("/api/settlement/cases/").json()["cases"] == []
    assert client.get(f"/api/settlement/cases/{case.pk}/").status_code == 404
    assert client.get(f"/api/settlement/refunds/{refund.pk}/").status_code == 404
    path = f"/api/settlement/refunds/{refund.pk}/decisions/"
    assert post(client, path, action="approve").status_code == 404
    wanted = {"case": str(case.pk), "variant": "then"}
    assert post(client, "/api/settlement/refunds/", **wanted).status_code == 404
