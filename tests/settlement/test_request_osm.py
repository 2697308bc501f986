"""Asking for coins: frozen rate, frozen units, one reference, one address."""

import datetime

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from teraa.common.canonical import sha256_hex
from teraa.common.ids import uuid7
from teraa.common.problems import Invalid, SameKeyOtherBody
from teraa.settlement import operations
from teraa.settlement.models import RateQuote, Tender
from teraa.settlement.osm.models import OsmRequest, WatchedAddress
from teraa.settlement.osm.references import is_reference
from teraa.settlement.problems import (
    AddressTaken,
    NoOsmAddress,
    OsmUnavailable,
    QuoteExpired,
    TooMuch,
    UnknownQuote,
)
from teraa.settlement.queries import osm_state, osm_status, tender_views_of
from tests import make
from tests.settlement import cast
from tests.settlement.cast import OSM

pytestmark = pytest.mark.django_db

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def cursor(at):
    return cast.live_cursor(at)


def test_it_freezes_what_is_asked_for(at, cursor):
    payee = cast.payee()
    due = cast.due(payee, at, 250)
    request = cast.request(due, at)

    assert (request.units, request.amount_cents) == (125 * OSM, 250)
    assert request.address == payee.osm_address
    assert is_reference(request.reference)
    assert (request.state, request.required_confirmations) == ("open", 1)
    [tender] = Tender.objects.filter(due=due)
    assert (tender.kind, tender.state, tender.request_id) == ("osm", "pending", request.pk)
    view = osm_state(request.pk)
    assert (view.wait_s, view.missing_units, view.fee_units) == (8, 125 * OSM, OSM)


def test_it_rounds_up_to_what_a_person_can_type(at, cursor):
    payee = cast.payee()
    quote = cast.quote(payee.venue_id, at, rate_e10=230_000_000)
    request = cast.request(cast.due(payee, at, 100), at, quote_id=quote.pk)
    assert request.units == 4_348_000_000  # 43.478… OSM, by steps of 0.01


def test_it_takes_few_queries(at, cursor, count_queries):
    payee = cast.payee()
    cast.request(cast.due(payee, at), at)  # its address is watched from now on
    due, quote = cast.due(payee, at), cast.quote(payee.venue_id, at)
    with count_queries() as queries:
        operations.request_osm(
            key=uuid7(),
            due_id=due.pk,
            amount_cents=1200,
            quote_id=quote.pk,
            required_confirmations=1,
            expires_at=at + 5 * MINUTE,
            at=at,
        )
    assert len(queries) <= 10
    with count_queries() as queries:
        tender_views_of([due.pk])
    assert len(queries) == 1


def test_the_same_key_again_is_the_same_request(at, cursor):
    due = cast.due(cast.payee(), at)
    quote = cast.quote(due.venue_id, at)
    wanted = {"key": uuid7(), "quote_id": quote.pk, "amount_cents": 1200}
    first = cast.request(due, at, **wanted)

    assert cast.request(due, at, **wanted) == first
    other_quote = cast.quote(due.venue_id, at, rate_e10=250_000_000)
    for other in ({"amount_cents": 1100}, {"quote_id": other_quote.pk}):
        with pytest.raises(SameKeyOtherBody):
            cast.request(due, at, **wanted | other)
    assert OsmRequest.objects.count() == 1


def test_it_refuses_more_than_remains(at, cursor):
    due = cast.due(cast.payee(), at, 1000)
    cast.request(due, at, amount_cents=700)
    with pytest.raises(TooMuch):
        cast.request(due, at, amount_cents=301)
    with pytest.raises(TooMuch):
        operations.add_tender(key=uuid7(), due_id=due.pk, kind="cash", amount_cents=301, at=at)
    cast.request(due, at, amount_cents=300)


def test_it_refuses_an_old_rate_and_that_of_another_venue(at, cursor):
    due = cast.due(cast.payee(), at)
    quote = cast.quote(due.venue_id, at)
    with pytest.raises(QuoteExpired):
        cast.request(due, at + 11 * MINUTE, quote_id=quote.pk)
    with pytest.raises(UnknownQuote):
        cast.request(due, at, quote_id=cast.quote(make.venue().pk, at).pk)
    assert not Tender.objects.exists()


@pytest.mark.parametrize("address", ["", "AGihocTkwDygiFvmg6aG8jThYTic47GzU9", "nonsense"])
def test_it_refuses_a_payee_without_an_address_of_this_network(at, cursor, address):
    due = cast.due(cast.payee(osm_address=address), at)
    with pytest.raises(NoOsmAddress):
        cast.request(due, at)


def test_an_address_belongs_to_its_first_payee_for_ever(at, cursor):
    first = cast.payee()
    cast.request(cast.due(first, at), at)
    address, first.osm_address = first.osm_address, ""
    first.save()
    second = cast.payee(osm_address=address)

    with pytest.raises(AddressTaken):
        cast.request(cast.due(second, at), at)
    watched = WatchedAddress.objects.get(address=address)
    with pytest.raises(IntegrityError), transaction.atomic():
        WatchedAddress.objects.filter(pk=watched.pk).update(payee=second)


def test_a_new_address_leaves_the_old_one_watched(at, cursor):
    payee = cast.payee()
    cast.request(cast.due(payee, at), at)
    payee.osm_address = cast.payee(osm_address="").osm_address or make.ADDRESS
    payee.save()
    request = cast.request(cast.due(payee, at), at)

    assert request.address == make.ADDRESS
    assert WatchedAddress.objects.filter(payee=payee).count() == 2


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"state": "catchup", "reason": "behind"}, "behind"),
        ({"state": "stalled", "reason": "node_silent"}, "node_silent"),
        ({"state": "halted", "reason": "wrong_network"}, "wrong_network"),
        ({"checked_at": None}, "not_running"),
        ({}, "not_running"),
    ],
)
def test_it_says_why_osm_cannot_be_taken(at, fields, reason):
    stale = fields or {"checked_at": at - MINUTE}
    cast.live_cursor(at, **stale)
    due = cast.due(cast.payee(), at)
    with pytest.raises(OsmUnavailable) as refused:
        cast.request(due, at)

    said = refused.value.as_dict()
    assert (said["code"], said["context"]["reason"]) == ("osm_unavailable", reason)
    assert said["context"]["sentence"] in said["title"]
    status = osm_status(due.venue_id, at=at)
    assert (status.available, status.reason_code) == (False, reason)


def test_it_says_when_no_node_ever_answered_or_no_rate_was_decided(at):
    venue = make.venue()
    assert osm_status(venue.pk, at=at).reason_code == "no_network"
    cast.live_cursor(at)
    assert osm_status(venue.pk, at=at).reason_code == "no_rate"
    assert osm_status(at=at).available
    with pytest.raises(OsmUnavailable):
        operations.current_quote(venue_id=venue.pk, at=at)


def test_the_pinned_network_decides(at, settings):
    cast.live_cursor(at)
    settings.TERAA_NODE_NETHASH = "9" * 64
    assert osm_status(at=at).reason_code == "no_network"
    cast.live_cursor(at, network=cast.network(nethash="9" * 64, block_seconds=20))
    assert osm_status(at=at).block_time_s == 20


def test_a_small_request_cannot_pay_itself_by_tolerance(at, cursor):
    due = cast.due(cast.payee(), at, 2)
    request = cast.request(due, at)
    assert request.units == OSM
    assert request.tolerance_units == OSM // 10
    assert due.venue.osm_tolerance_units == OSM


@pytest.mark.parametrize("wrong", [{"required_confirmations": 0}, {"amount_cents": 0}])
def test_it_refuses_what_cannot_be(at, cursor, wrong):
    with pytest.raises(Invalid):
        cast.request(cast.due(cast.payee(), at), at, **wrong)


def test_it_refuses_an_end_that_has_passed(at, cursor):
    with pytest.raises(Invalid):
        cast.request(cast.due(cast.payee(), at), at, expires_at=at)


@pytest.mark.parametrize("changes", [{"units": 1}, {"reference": "OS1"}, {"expires_at": None}])
def test_what_was_asked_for_never_changes(at, cursor, changes):
    request = cast.request(cast.due(cast.payee(), at), at)
    values = {"expires_at": at + 60 * MINUTE} if "expires_at" in changes else changes
    with pytest.raises(IntegrityError), transaction.atomic():
        OsmRequest.objects.filter(pk=request.pk).update(**values)
    with pytest.raises(ProgrammingError), transaction.atomic():
        OsmRequest.objects.filter(pk=request.pk)._raw_delete("default")


def test_the_database_refuses_a_request_at_the_address_of_another_payee(at, cursor):
    venue = make.venue()
    first, second = cast.payee(venue), cast.payee(venue)
    theirs = cast.request(cast.due(first, at), at)
    mine = cast.request(cast.due(second, at), at)
    mine.pk, mine.reference_norm, mine.address = uuid7(), "0S0", theirs.address
    with pytest.raises(IntegrityError), cast.checked():
        mine.save(force_insert=True)


def test_a_quote_is_reused_while_it_lasts_five_more_minutes(at, count_queries):
    venue = make.venue()
    first = cast.quote(venue.pk, at)
    assert (first.valid_until - first.quoted_at, first.source) == (10 * MINUTE, "venue")
    assert first.evidence_sha256 == sha256_hex(first.evidence)
    with count_queries() as queries:
        again = operations.current_quote(venue_id=venue.pk, at=at + 5 * MINUTE)
    assert (again, len(queries)) == (first, 2)
    later = operations.current_quote(venue_id=venue.pk, at=at + 6 * MINUTE)
    assert later != first


def test_a_new_decision_is_quoted_at_once(at):
    venue = make.venue()
    cast.quote(venue.pk, at)
    operations.decide_rate(
        venue_id=venue.pk, rate_e10=250_000_000, valid_from=at + MINUTE, decided_by="conseil"
    )
    assert operations.current_quote(venue_id=venue.pk, at=at).rate_e10 == cast.RATE_E10
    assert operations.current_quote(venue_id=venue.pk, at=at + MINUTE).rate_e10 == 250_000_000
    with pytest.raises(Invalid):
        operations.decide_rate(venue_id=venue.pk, rate_e10=0, valid_from=at, decided_by="x")


def test_a_quote_never_changes(at):
    quote = cast.quote(make.venue().pk, at)
    with pytest.raises(ProgrammingError), transaction.atomic():
        RateQuote.objects.filter(pk=quote.pk).update(rate_e10=1)
