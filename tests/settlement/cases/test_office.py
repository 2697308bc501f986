"""The back office: an inbox, a story a page, refunds with codes, the explorer and the books."""

from __future__ import annotations

import io
import json
import re

import pypdfium2
import pytest
import zxingcpp
from django.apps import apps
from django.test import Client
from django.urls import reverse

from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.common.journal_codes import BALANCES_ASKED, BOOKS_SIGNED
from teraa.fiscal.models import Document
from teraa.settlement.cases.models import Case, Decision, Refund, Safeguard
from teraa.settlement.cases.operations import make_claim
from teraa.settlement.cases.signed import NotSigned, check_signed
from teraa.settlement.osm import uri
from teraa.settlement.osm.models import BlockCursor, WatchedAddress
from tests import make
from tests.fiscal import cast as fiscal
from tests.settlement.cases.moves import OSM, address, scene

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]


def signed_in(client, venue, role="manager", **fields):
    user = make.user(is_staff=True, **fields)
    make.staff(venue, user=user, role=role)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def of(at):
    """A venue in which everything of this room happened once."""
    of = scene(at)
    _due, request = of.ask()
    of.pays(request, request.units + 30 * OSM)
    refund = of.refund(
        case_id=of.case().pk, variant="custom", units=10 * OSM, to_sender=False, approved=False
    )
    make_claim(refund_id=refund.pk, **of.by())
    Safeguard.objects.create(payee=of.payee, venue=of.payee.venue)
    return of


def page_of(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def text(answer) -> str:
    return answer.content.decode()


@pytest.mark.parametrize(
    "name", [one.__name__ for one in apps.get_app_config("cases").get_models()]
)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_list_and_page_opens(client, of, name, language):
    model = apps.get_model("cases", name)
    office = signed_in(client, of.payee.venue)
    office.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    listed = reverse(f"admin:cases_{name.lower()}_changelist")

    assert office.get(listed, {"q": "R"}).status_code == 200
    assert office.get(page_of(model.objects.first())).status_code == 200


def test_a_case_tells_its_story_and_offers_what_can_be_done(client, of):
    office = signed_in(client, of.payee.venue)
    case = of.case(kind="over")

    page = text(office.get(page_of(case)))

    assert case.request.reference in page
    assert case.request.allocations.get().receipt.transaction.txid in page
    assert 'value="keep_tip"' in page
    assert 'value="refund"' in page
    assert 'value="accept_late"' not in page


def test_a_button_does_what_it_says_once(client, of):
    office = signed_in(client, of.payee.venue, name="Ada")
    case = of.case(kind="over")
    form = {"do": "keep_tip", "reason": "merci", "key": str(uuid7())}

    for _ in range(2):
        assert office.post(page_of(case), form).status_code == 302

    case.refresh_from_db()
    assert (case.resolution, case.closed_by) == ("kept", "Ada")
    assert Decision.objects.filter(case=case).count() == 1


def test_a_refusal_is_said_on_the_page(client, of):
    office = signed_in(client, of.payee.venue)
    case = of.case(kind="over")

    answer = office.post(
        page_of(case), {"do": "keep_tip", "reason": " ", "key": str(uuid7())}, follow=True
    )

    assert "A reason is needed" in text(answer) or "motif" in text(answer)
    case.refresh_from_db()
    assert case.state == "open"


@pytest.mark.parametrize("role", ["treasurer", "auditor"])
def test_who_only_reads_decides_nothing(client, of, role):
    office = signed_in(client, of.payee.venue, role=role)
    case = of.case(kind="over")
    page = office.get(page_of(case))

    assert page.status_code == 200
    assert 'name="do"' not in text(page)
    refused = office.post(page_of(case), {"do": "take", "key": str(uuid7())})
    assert refused.status_code == 403


def test_nobody_sees_another_venues_cases(client, of, at):
    office = signed_in(client, make.venue())
    case, refund = of.case(), Refund.objects.get()
    txid = case.request.allocations.get().receipt.transaction.txid

    assert office.get(page_of(case)).status_code == 404
    assert office.get(page_of(refund)).status_code == 404
    assert office.post(page_of(refund), {"do": "approve", "key": str(uuid7())}).status_code == 404
    due = case.request.tenders.get().due_id
    assert office.get(reverse("admin:cases_refund_of_due", args=[due])).status_code == 404
    explored = text(office.get(reverse("admin:cases_case_explorer"), {"q": txid}))
    assert explored.count(txid) == 1  # what was asked for
    assert of.payee.osm_address not in text(office.get(reverse("admin:cases_case_books")))


def test_a_refund_is_drafted_approved_and_shown_as_a_code(client, of):
    office = signed_in(client, of.payee.venue)
    case = of.case(kind="over")
    draft = {"do": "refund", "variant": "fixed", "amount": "0,20", "to": "sender"}

    answer = office.post(page_of(case), {**draft, "key": str(uuid7())})
    refund = Refund.objects.latest("drafted_at")
    assert answer["Location"] == page_of(refund)
    assert (refund.amount_cents, refund.covers_units) == (20, 10 * OSM)
    office.post(page_of(refund), {"do": "approve", "key": str(uuid7())})

    page = text(office.get(page_of(refund)))
    assert "case-qr" in page
    assert refund.reference in page


def test_an_amount_with_a_slip_is_refused(client, of):
    office = signed_in(client, of.payee.venue)
    case = of.case(kind="over")
    for amount in ("", "0,205", "-1", "dix", "1e3"):
        form = {"do": "refund", "variant": "fixed", "amount": amount, "to": "sender"}
        assert office.post(page_of(case), {**form, "key": str(uuid7())}).status_code == 302

    assert Refund.objects.count() == 1


def test_the_sheet_has_a_code_for_each_refund_that_waits(client, of):
    of.refund(case_id=of.case().pk, variant="custom", units=5 * OSM)
    of.refund(case_id=of.case().pk, variant="custom", units=6 * OSM)
    office = signed_in(client, of.payee.venue)

    assert text(office.get(reverse("admin:cases_refund_sheet"))).count("sheet-qr") == 2
    pdf = office.get(reverse("admin:cases_refund_sheet_pdf"))
    assert pdf["Content-Type"] == "application/pdf"
    page = pypdfium2.PdfDocument(io.BytesIO(pdf.content))[0].render(scale=3).to_pil()
    read = {uri.parse(one.text).units for one in zxingcpp.read_barcodes(page)}
    assert read == {5 * OSM, 6 * OSM}


def test_the_explorer_finds_by_transaction_reference_address_and_block(client, of):
    office = signed_in(client, of.payee.venue)
    refund = of.refund(case_id=of.case().pk, variant="custom", units=5 * OSM)
    out = of.leaves(refund.destination, refund.amount_units, refund.reference)
    request = of.case(kind="over").request
    came = request.allocations.get().receipt.transaction
    explorer = reverse("admin:cases_case_explorer")
    spoken = f"{request.reference[:5].lower()}-{request.reference[5:]}"

    for asked, found in (
        (came.txid, came.txid),
        (came.txid.upper(), came.txid),
        (spoken, came.txid),
        (request.reference, request.reference),
        (refund.reference, out.transaction.txid),
        (of.payee.osm_address, came.txid),
        (came.sender, came.txid),
        (str(of.cursor.height), came.txid),
    ):
        assert found in re.sub(r'value="[^"]*"', "", text(office.get(explorer, {"q": asked})))
    for nothing in ("0" * 64, "rien", "\0", "9" * 40, address("nobody")):
        assert came.txid not in text(office.get(explorer, {"q": nothing}))


def test_the_explorer_asks_the_same_number_of_questions_however_much_is_found(
    client, of, count_queries
):
    office = signed_in(client, of.payee.venue)
    explorer = reverse("admin:cases_case_explorer")
    with count_queries() as few:
        office.get(explorer, {"q": of.payee.osm_address})
    for _ in range(5):
        of.comes(3 * OSM)
    with count_queries() as many:
        office.get(explorer, {"q": of.payee.osm_address})

    assert len(many) <= len(few) + 2


def test_the_books_are_shown_printed_and_written(client, of):
    office = signed_in(client, of.payee.venue, role="treasurer")
    query = {"from": "2026-11-01", "until": "2026-11-30"}

    page = office.get(reverse("admin:cases_case_books"), query)
    assert page.status_code == 200
    assert of.payee.osm_address in text(page)
    pdf = office.get(reverse("admin:cases_case_books_pdf"), query)
    assert pdf.content.startswith(b"%PDF")
    rows = text(office.get(reverse("admin:cases_case_books_csv"), query)).splitlines()
    assert rows[0] == "section,name,node,osm,height,block_or_txid,at"
    assert "books_in,surplus,,30,,," in rows


def asked_at(of):
    return BlockCursor.objects.get(pk=of.cursor.pk).balances_wanted_at


@pytest.mark.parametrize("role", ["manager", "treasurer"])
def test_balances_are_read_now_when_somebody_presses_the_button(client, of, role):
    fiscal.register(of.at, venue=of.payee.venue, payee=of.payee, lane="web", station_id=None)
    office = signed_in(client, of.payee.venue, role=role, name="Ada")
    BlockCursor.objects.update(checked_at=now())
    books = reverse("admin:cases_case_books")
    assert "csrfmiddlewaretoken" in text(office.get(books))

    answer = office.post(books + "?from=2026-11-01&until=2026-11-02", follow=True)

    assert asked_at(of) is not None
    assert "from=2026-11-01" in answer.redirect_chain[0][0], "the same days are shown again"
    event = Document.objects.get(event_code=BALANCES_ASKED)
    assert of.payee.osm_address in event.payload
    assert "Ada" in event.payload


def test_who_only_reads_the_books_asks_no_node(client, of):
    office = signed_in(client, of.payee.venue, role="auditor")
    books = reverse("admin:cases_case_books")

    assert 'method="post" action="?address' not in text(office.get(books))
    assert office.post(books).status_code == 403
    assert asked_at(of) is None


def test_nobody_asks_for_another_venue_s_address(client, of):
    office = signed_in(client, make.venue())
    watched = WatchedAddress.objects.get(payee=of.payee)

    asked = office.post(f"{reverse('admin:cases_case_books')}?address={watched.pk}")
    assert (asked.status_code, asked_at(of)) == (403, None)


def test_a_page_of_somebody_else_cannot_press_it(of):
    office = signed_in(Client(enforce_csrf_checks=True), of.payee.venue)
    assert office.post(reverse("admin:cases_case_books")).status_code == 403
    assert asked_at(of) is None


def test_it_says_so_when_nobody_follows_the_chain(client, of):
    office = signed_in(client, of.payee.venue)
    BlockCursor.objects.update(state="stalled", reason="node_silent")

    page = text(office.post(reverse("admin:cases_case_books"), follow=True))
    assert "as soon as the chain is followed again" in page or "dès que la chaîne" in page
    assert asked_at(of) is not None


def test_the_books_are_signed_for_whoever_reads_them_and_the_journal_keeps_it(client, of):
    register = fiscal.register(
        of.at, venue=of.payee.venue, payee=of.payee, lane="web", station_id=None
    )
    office = signed_in(client, of.payee.venue, role="auditor", name="Ida")
    signed = reverse("admin:cases_case_books_signed") + "?from=2026-11-01&until=2026-11-30"
    assert office.get(signed).status_code == 405

    answer = office.post(signed)

    assert answer["Content-Disposition"].endswith('.signed.json"')
    said = check_signed(text(answer))
    assert (said["code"], said["operator"]) == (BOOKS_SIGNED, "Ida")
    assert json.loads(text(answer))["sealed"]["public_key"] == register.public_key
    kept = Document.objects.get(event_code=BOOKS_SIGNED)
    assert json.loads(text(answer))["sealed"]["payload"] == kept.payload
    with pytest.raises(NotSigned):
        check_signed(text(answer).replace(of.payee.name, "somebody else", 1))


def test_a_venue_without_a_register_is_told_why_nothing_is_signed(client, of):
    office = signed_in(client, of.payee.venue)
    answer = office.post(reverse("admin:cases_case_books_signed"), follow=True)
    assert answer.status_code == 200
    assert "registre" in text(answer) or "register" in text(answer)


def test_a_due_leads_to_a_refund_of_it(client, of):
    office = signed_in(client, of.payee.venue)
    due = of.case().request.tenders.get().due
    page = reverse("admin:cases_refund_of_due", args=[due.pk])
    assert 'value="then"' in text(office.get(page))

    form = {"do": "refund", "variant": "then", "to": "sender", "key": str(uuid7())}
    answer = office.post(page, form)

    refund = Refund.objects.get(due=due)
    assert answer["Location"] == page_of(refund)
    assert (refund.part, refund.amount_cents) == ("credited", 1200)


def test_the_menu_counts_the_open_cases(client, of):
    office = signed_in(client, of.payee.venue)
    of.comes(50 * OSM)

    assert Case.objects.filter(state="open").count() == 2
    menu = text(office.get(reverse("admin:index")))
    after = menu[menu.index('case/?state__exact=open"') :]
    (badge,) = re.findall(r">\s*(\d+)\s*</span>", after)[:1]
    assert badge == "2"
