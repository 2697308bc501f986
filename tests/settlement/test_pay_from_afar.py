"""An address for one buyer and one due: it shows what to send and leads on once it is paid."""

import datetime

import pytest
from django.test import Client

from teraa.common.clock import now
from teraa.common.ids import check_character, uuid7
from teraa.settlement import operations
from teraa.settlement.operations.progress import bring_up_to_date
from teraa.settlement.osm.models import OsmRequest
from teraa.settlement.paying import ask_for_osm, pay_path, payment_of, read_invitation
from tests.settlement import cast
from tests.settlement.osm.chain_facts import receive

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def due():
    at = now()
    cast.live_cursor(at)
    payee = cast.payee()
    operations.decide_rate(
        venue_id=payee.venue_id, rate_e10=cast.RATE_E10, valid_from=at - HOUR, decided_by="AG"
    )
    return cast.due(payee, at, 1200, label="Studio A, jeudi", person="Lou")


def path_of(due, *, until=None, confirmations=3):
    until = until or now() + HOUR
    return pay_path(due=due, back="/book/b/x/", confirmations=confirmations, until=until)


def token_of(path):
    return path.removeprefix("/pay/").rstrip("/")


def test_it_shows_both_ways_before_one_is_chosen(due, client):
    page = client.get(path_of(due)).content.decode()

    assert "12,00\N{NO-BREAK SPACE}€" in page
    assert "600,00\N{NO-BREAK SPACE}OSM" in page
    assert due.spoken_code in page
    assert "Studio A, jeudi" in page
    assert not OsmRequest.objects.exists()


def test_it_asks_for_the_coins_once_however_often_it_is_pressed(due, client):
    path = path_of(due)
    for _press in range(2):
        assert client.post(path).status_code == 302
    request = OsmRequest.objects.get()

    page = client.get(path).content.decode()
    assert request.required_confirmations == 3
    assert request.reference in page
    assert request.address in page
    assert 'data-stage="send"' in page


def test_it_tells_each_step_and_leads_back(due, client):
    path = path_of(due, confirmations=1)
    client.post(path)
    stamps = [client.get(f"{path}state/").json()]
    request = OsmRequest.objects.get()
    receive(request, request.units, at=now(), height=1000)
    stamps.append(client.get(f"{path}state/").json())

    assert [one["stage"] for one in stamps] == ["send", "paid"]
    assert stamps[0]["stamp"] != stamps[1]["stamp"]
    assert 'data-back="/book/b/x/"' in client.get(path).content.decode()


def test_it_asks_for_the_rest_when_too_little_came(due, client):
    path = path_of(due)
    client.post(path)
    request = OsmRequest.objects.get()
    receive(request, 200 * cast.OSM, at=now())

    page = client.get(path).content.decode()
    assert 'data-stage="seen"' in page
    assert f'data-units="{400 * cast.OSM}"' in page
    assert request.reference in page

    receive(request, 400 * cast.OSM, at=now())
    page = client.get(path).content.decode()
    assert 'data-stage="seen"' in page
    assert "data-units" not in page


def test_a_shortfall_that_is_tolerated_is_not_asked_for(due, client):
    path = path_of(due)
    client.post(path)
    request = OsmRequest.objects.get()
    receive(request, request.units - request.tolerance_units, at=now())

    page = client.get(path).content.decode()
    assert 'data-stage="seen"' in page
    assert "data-units" not in page


def test_it_says_when_the_chain_is_checked_again(due, client):
    path = path_of(due)
    client.post(path)
    request = OsmRequest.objects.get()
    receipt = receive(request, request.units, at=now(), height=1000)
    transaction = receipt.transaction
    transaction.block, transaction.position, transaction.limbo_since = None, None, now()
    transaction.save()
    bring_up_to_date(request_ids=[request.pk], at=now())

    page = client.get(path, headers={"accept-language": "en"}).content.decode()
    assert "being checked again" in page


def test_it_refuses_to_begin_after_the_hold_has_ended(due, client):
    path = path_of(due, until=now() - datetime.timedelta(seconds=1))

    assert client.post(path).status_code == 410
    assert 'data-stage="over"' in client.get(path).content.decode()
    assert not OsmRequest.objects.exists()


def test_a_request_that_ended_makes_room_for_another(due):
    at = now()
    invitation = read_invitation(token_of(path_of(due, until=at + 3 * HOUR)))
    ask_for_osm(invitation=invitation, at=at)
    first = OsmRequest.objects.get()
    assert first.expires_at < at + HOUR
    operations.cancel_request(request_id=first.pk, by="the buyer", at=at)

    ask_for_osm(invitation=invitation, at=at)

    assert OsmRequest.objects.count() == 2
    assert payment_of(invitation=invitation, at=at).stage == "send"


def test_what_the_till_took_is_paid_here_too(due, client):
    operations.add_tender(key=uuid7(), due_id=due.pk, kind="cash", amount_cents=1200, at=now())

    assert client.get(f"{path_of(due)}state/").json()["stage"] == "paid"
    assert client.post(path_of(due)).status_code == 302
    assert not OsmRequest.objects.exists()


def test_a_forged_address_opens_nothing(due):
    client = Client()
    token = token_of(path_of(due))
    wrong = token[:-1] + ("a" if token[-1] != "a" else "b")

    for path in (f"/pay/{wrong}/", "/pay/x/", f"/pay/{wrong}/state/"):
        assert client.get(path).status_code == 404
        assert client.post(path).status_code in (404, 405)


def test_a_due_has_a_code_that_finds_slips(due):
    assert len(due.code) == 8
    assert due.code[-1] == check_character(due.code[:-1])
    assert due.spoken_code == f"{due.code[:4]}-{due.code[4:]}"
