"""Money in the back office: every figure leads to its rows, nobody edits, strangers see nothing."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from teraa.settlement import operations
from teraa.settlement.models import Effect, OsmRate, PaymentPolicy, RateFeed, RateReading
from teraa.settlement.osm.models import (
    AddressBalance,
    ChainTransaction,
    DistrustedSender,
    Lease,
    NodeHint,
    NodePeer,
    OsmRequest,
    WatchedAddress,
)
from tests import make
from tests.settlement import cast
from tests.settlement.osm.chain_facts import receive

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]

MODELS = [
    model
    for label in ("settlement", "osm")
    for model in apps.get_app_config(label).get_models()
    if model.__name__ not in ("NodeHook", "RequestAct")  # parts of other pages
]


def signed_in(client, venue, role="treasurer"):
    user = make.user(is_staff=True)
    make.staff(venue, user=user, role=role)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def request_(at):
    """A venue in whose books something stands in every list."""
    cursor = cast.live_cursor(at)
    payee = cast.payee()
    due = cast.due(payee, at)
    request = cast.request(due, at)
    receive(request, request.units * 2, at=at, height=1000)
    collected = cast.due(payee, at)
    operations.collect(
        key=due.pk, venue_id=payee.venue_id, due_ids=[collected.pk], kind="cash", at=at
    )
    collected.refresh_from_db()
    operations.owe_back(due=collected, amount_cents=100, at=at)
    feed = RateFeed.objects.create(venue_id=payee.venue_id, url="https://rates.example", path="a")
    RateReading.objects.create(
        venue_id=payee.venue_id, feed=feed, rate_e10=1, read_at=at, body="", body_sha256="0" * 64
    )
    PaymentPolicy.objects.create(payee=payee, venue_id=payee.venue_id)
    peer = NodePeer.objects.create(
        network=cursor.network, url="http://node", role="own", segment="5" * 32
    )
    NodeHint.objects.create(peer=peer, event="x", dedupe_key="1", body={}, received_at=at)
    AddressBalance.objects.create(
        peer=peer,
        watched=WatchedAddress.objects.get(address=request.address),
        height=1000,
        block_id="a" * 64,
        balance_units=1,
        read_at=at,
    )
    paid = ChainTransaction.objects.latest("pk")
    Lease.objects.create(
        request=request,
        venue_id=request.venue_id,
        transaction=paid,
        sender=paid.sender,
        amount_cents=request.amount_cents,
        evidence={"pools": ["http://node"], "balances": {}, "spending": "0"},
        granted_at=at,
    )
    DistrustedSender.objects.create(
        venue_id=request.venue_id, address=paid.sender, request=request, added_at=at
    )
    request.refresh_from_db()
    return request


def page_of(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_list_and_page_opens_and_offers_no_change(client, request_, model):
    office = signed_in(client, request_.venue)
    listed = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    row = model.objects.first()
    assert row is not None, f"nothing stands in {model.__name__}: add it to the venue above"

    assert office.get(listed, {"q": "OS"}).status_code == 200
    page = office.get(page_of(row))
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert office.post(page_of(row), {}).status_code == 403
    assert office.post(page_of(row).replace("change", "delete")).status_code in (403, 404)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_another_venue_sees_none_of_it(client, request_, model):
    office = signed_in(client, make.venue())
    row = model.objects.first()
    if not hasattr(row, "venue_id"):
        return  # the chain is everybody's
    listed = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    assert page_of(row) not in office.get(listed).content.decode()
    assert office.get(page_of(row)).status_code in (302, 403, 404)


def test_those_without_the_books_see_nothing(client, request_):
    office = signed_in(client, request_.venue, role="cashier")
    assert office.get(page_of(request_)).status_code in (302, 403, 404)


def test_a_request_leads_to_its_coins_and_its_tenders(client, request_):
    page = signed_in(client, request_.venue).get(page_of(request_)).content.decode()
    transaction = request_.allocations.get().receipt.transaction
    for row in (transaction, request_.tenders.get()):
        assert f'href="{page_of(row)}"' in page


def test_a_rate_is_decided_in_euros_and_kept_as_an_integer(client, at):
    venue = make.venue()
    office = signed_in(client, venue, role="manager")
    answer = office.post(
        reverse("admin:settlement_osmrate_add"),
        {
            "venue": venue.pk,
            "euros_per_osm": "0.0215",
            "source": "venue",
            "valid_from_0": "2026-11-01",
            "valid_from_1": "00:00:00",
            "decided_by": "assemblée générale",
            "evidence": "PV 12",
        },
    )
    assert answer.status_code == 302, answer.content.decode()
    rate = OsmRate.objects.get()
    assert rate.rate_e10 == 215_000_000
    page = office.get(page_of(rate))
    assert b"0.0215" in page.content
    assert b'name="_save"' not in page.content


def test_a_treasurer_accepts_what_came_late(client, at):
    cast.live_cursor(at)
    request = cast.request(cast.due(cast.payee(), at), at)
    operations.cancel_request(request_id=request.pk, by="Ada", at=at)
    receive(request, request.units, at=request.expires_at, height=1000)
    door = reverse("admin:osm_osmrequest_accept_late", args=[request.pk])

    for role, state in (("auditor", "cancelled"), ("treasurer", "settled")):
        signed_in(client, request.venue, role=role)
        client.post(door, {"_form_submitted": "on", "reason": "seen with the customer"})
        assert OsmRequest.objects.get().state == state, role
    assert request.acts.last().reason == "seen with the customer"
    client.post(door, {"_form_submitted": "on", "reason": "again"})
    assert request.acts.count() == 2


def test_a_treasurer_hands_an_effect_over_again(client, request_, at):
    effect = Effect.objects.filter(venue=request_.venue).first()
    Effect.objects.filter(pk=effect.pk).update(next_at=at, attempts=3)
    door = reverse("admin:settlement_effect_replay", args=[effect.pk])

    for role, waits in (("auditor", True), ("treasurer", False)):
        signed_in(client, request_.venue, role=role)
        client.post(door, {"_form_submitted": "on"})
        effect.refresh_from_db()
        assert (effect.next_at is not None) == waits, role


def test_every_table_has_its_list():
    missing = [model.__name__ for model in MODELS if model not in admin.site._registry]
    assert missing == []
