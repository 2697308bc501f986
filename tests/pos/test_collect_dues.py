"""A till takes what other trades are owed: found by code, reference or name; one payee a payment."""

import pytest

from pos.collecting import CollectionWanted, collect_at_till, find_dues
from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.devices.models import PrintJob
from teraa.fiscal.drafts import LineDraft, TenderDraft, TicketDraft
from teraa.fiscal.models import Register
from teraa.fiscal.registers import ensure_register
from teraa.fiscal.sealing import seal_ticket
from teraa.settlement import operations as settlement
from teraa.settlement.models import Collection, Due
from teraa.settlement.osm.models import OsmRequest
from tests import make
from tests.devices import cast as devices
from tests.pos import cast
from tests.pos.test_sales_api import browser, post
from tests.settlement import cast as money
from tests.settlement.osm.chain_facts import receive

pytestmark = pytest.mark.django_db
DUES = "/api/pos/dues/"
COLLECTIONS = "/api/pos/collections/"


@pytest.fixture
def at():
    """The interface asks the clock itself."""
    return now()


@pytest.fixture
def bar(keys_dir):
    return cast.bar()


@pytest.fixture
def till(bar, at):
    return browser(bar, at)


@pytest.fixture
def farm(bar):
    """Another payee of the same venue, who has no register at this till yet."""
    return money.payee(bar.venue, name="Les Maraîchers")


def owed(payee, at, cents=1800, **fields):
    return money.due(payee, at, cents, **{"label": "Panier", "person": "Lou Martin"} | fields)


def body_of(*dues, **fields):
    return {"key": str(uuid7()), "dues": [str(due.pk) for due in dues], "kind": "cash"} | fields


def seal(due, at, station):
    """What the trade's receiver does once it is told."""
    tenders = settlement.settled_tenders(due_id=due.pk)
    register = ensure_register(
        venue_id=due.venue_id, payee_id=due.payee_id, station_id=station.pk, at=at
    )
    line = LineDraft(
        label=due.label,
        quantity_milli=1000,
        unit_price_cents=due.amount_cents,
        total_cents=due.amount_cents,
        vat_class="food",
        vat_rate_bp=550,
        subject=due.line_subject,
    )
    return seal_ticket(
        register_id=register,
        ticket=TicketDraft(lines=[line], tenders=[TenderDraft.of(one) for one in tenders]),
        document_id=uuid7(),
        at=at,
    )


def test_dues_are_found_by_code_reference_or_name(till, farm, at):
    money.live_cursor(at)
    first = owed(farm, at)
    second = owed(farm, at, label="Studio A", person="Ada Byron")
    request = money.request(second, at)
    owed(money.payee(make.venue()), at)  # somebody else's venue

    def found(text):
        return [one["id"] for one in till.get(DUES, {"q": text}).json()["dues"]]

    assert found(first.code) == found(first.spoken_code.lower()) == [str(first.pk)]
    assert found(request.reference) == found(f" {request.reference.lower()} ") == [str(second.pk)]
    assert found("martin") == [str(first.pk)]
    assert found("studio") == [str(second.pk)]
    assert sorted(found("")) == sorted([str(first.pk), str(second.pk)])
    assert found("zz%") == []


def test_each_payee_is_paid_apart(till, bar, farm, at):
    theirs, ours = owed(farm, at), owed(bar.payee, at, 500)

    answer = post(till, body_of(theirs, ours), COLLECTIONS)

    assert (answer.status_code, answer.json()["code"]) == (422, "mixed_payees")
    assert not Collection.objects.exists()


def test_cash_settles_opens_the_drawer_and_a_register(till, bar, farm, at):
    first, second = owed(farm, at, 1000), owed(farm, at, 800)
    body = body_of(first, second, received_cents=2000)

    sale = post(till, body, COLLECTIONS).json()
    again = post(till, body, COLLECTIONS).json()

    assert sale == again
    assert (sale["state"], sale["total_cents"], sale["change_cents"]) == ("paid", 1800, 200)
    assert sale["payee"] == "Les Maraîchers"
    assert {due.state for due in Due.objects.filter(payee=farm)} == {"settled"}
    assert Register.objects.filter(payee=farm, station=bar.station).count() == 1
    assert PrintJob.objects.filter(subject__startswith="pos.drawer:").count() <= 1
    assert {effect.kind for due in (first, second) for effect in due.effects.all()} == {"settled"}


def test_the_same_key_with_other_dues_is_refused(till, farm, at):
    first, second = owed(farm, at), owed(farm, at)
    body = body_of(first)
    post(till, body, COLLECTIONS)

    answer = post(till, body | {"dues": [str(second.pk)]}, COLLECTIONS)

    assert (answer.status_code, answer.json()["code"]) == (409, "same_key_other_body")


def test_what_the_web_was_waiting_for_is_withdrawn(till, bar, farm, at):
    money.live_cursor(at)
    due = owed(farm, at)
    request = money.request(due, at)

    assert post(till, body_of(due, kind="card"), COLLECTIONS).json()["state"] == "paid"

    request.refresh_from_db()
    assert request.state == "cancelled"


def test_coins_already_seen_are_not_taken_twice(till, farm, at):
    money.live_cursor(at)
    due = owed(farm, at)
    request = money.request(due, at)
    receive(request, request.units, at=at)

    answer = post(till, body_of(due), COLLECTIONS)

    assert (answer.status_code, answer.json()["code"]) == (409, "payment_seen")


def test_osm_pays_several_dues_with_one_request(till, bar, farm, at):
    money.live_cursor(at)
    dues = [owed(farm, at, 1000), owed(farm, at, 800)]
    quote = money.quote(bar.venue.pk, at)
    body = body_of(*dues, kind="osm", quote=str(quote.pk))

    sale = post(till, body, COLLECTIONS).json()
    request = OsmRequest.objects.get()
    assert (sale["state"], sale["tenders"][0]["osm"]["units"]) == ("waiting", str(request.units))
    receive(request, request.units, at=at, height=1000)

    sale = till.get(f"{COLLECTIONS}{sale['key']}/").json()
    assert (sale["state"], len(sale["lines"])) == ("paid", 2)


def test_a_request_is_given_up_to_pay_otherwise(till, bar, farm, at):
    money.live_cursor(at)
    due = owed(farm, at)
    quote = money.quote(bar.venue.pk, at)
    sale = post(till, body_of(due, kind="osm", quote=str(quote.pk)), COLLECTIONS).json()

    given_up = post(till, {}, f"{COLLECTIONS}{sale['key']}/requests/cancel/").json()

    assert given_up["state"] == "cancelled"
    assert post(till, body_of(due), COLLECTIONS).json()["state"] == "paid"


def test_the_ticket_its_trade_sealed_is_printed(till, bar, farm, at):
    devices.printer(bar.venue, tills=[bar.station])
    due = owed(farm, at)
    sale = post(till, body_of(due, kind="card"), COLLECTIONS).json()
    path = f"{COLLECTIONS}{sale['key']}/"
    early = post(till, {"key": str(uuid7())}, f"{path}print/")
    assert (early.status_code, early.json()["code"]) == (409, "not_sealed_yet")

    sealed = seal(due, at, bar.station)

    key = {"key": str(uuid7())}
    printed = [post(till, key, f"{path}print/").json() for _twice in range(2)]
    assert printed[0]["number"] == str(sealed.sequence)
    assert printed[0]["print"] == {"state": "queued"}
    assert PrintJob.objects.filter(subject__startswith="pos.collection:").count() == 1
    post(till, {"key": str(uuid7())}, f"{path}print/")
    assert "DUPLICATA" in str(PrintJob.objects.latest("id").page)


def test_it_refuses_what_is_not_here(till, bar, farm, at):
    stranger = owed(money.payee(make.venue()), at)
    paid = owed(farm, at)
    post(till, body_of(paid), COLLECTIONS)

    for body, status, code in [
        (body_of(stranger), 404, "not_found"),
        (body_of(paid), 409, "due_closed"),
        (body_of(owed(farm, at), received_cents=1), 422, "not_enough_cash"),
        (body_of(owed(farm, at), kind="osm"), 422, "invalid"),
        (body_of(), 422, "invalid"),
        (body_of(owed(farm, at), kind="gold"), 422, "invalid"),
        (body_of(owed(farm, at), key="6f9619ff-8b86-4d11-b42d-00c04fc964ff"), 422, "invalid"),
    ]:
        answer = post(till, body, COLLECTIONS)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body
    assert till.get(f"{COLLECTIONS}{uuid7()}/").status_code == 404


def test_a_payee_that_has_left_is_not_collected_for(till, farm, at):
    due = owed(farm, at)
    farm.active = False
    farm.save()

    answer = post(till, body_of(due), COLLECTIONS)

    assert (answer.status_code, answer.json()["code"]) == (409, "payee_inactive")
    assert "Les Maraîchers" in answer.json()["title"]


def test_finding_dues_takes_few_queries(bar, farm, at, count_queries):
    for _each in range(5):
        owed(farm, at)
    with count_queries() as queries:
        assert len(find_dues(venue_id=bar.venue.pk, text="martin")) == 5
    assert len(queries) == 1


def test_nothing_is_taken_for_a_payee_without_a_legal_identity(bar, at):
    nobody = bar.venue.payees.create(kind="practitioner", name="Sans papiers")
    due = owed(nobody, at)
    wanted = CollectionWanted(key=uuid7(), due_ids=[due.pk], kind="cash")

    with pytest.raises(Exception, match="payee_unidentified"):
        collect_at_till(session=bar.session, wanted=wanted, at=at)
    assert not Collection.objects.exists()
