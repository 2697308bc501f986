"""The receipts statement of a session: counts, numbers and money, from the operations alone."""

import datetime

import pypdfium2
import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from teraa.venues.models import Role
from tests import make
from tests.ticketing import cast
from ticketing.models import Operation, Ticket
from ticketing.operations import cancel_ticket
from ticketing.statements import statement_of


@pytest.fixture
def show(db, keys_dir, at):
    return cast.show(at=at, capacity=500)


def rows(statement):
    return {row.category: row for row in [*statement.paid, *statement.free]}


def test_it_counts_each_category_with_its_first_and_last_number(show, at):
    show.sell(2, at=at)
    show.sell(0, 3, at=at)
    show.sell(1, 0, 2, at=at)
    statement = statement_of(show.event, at=at)

    full, reduced = rows(statement)["Plein tarif"], rows(statement)["Tarif réduit"]
    assert (full.count, full.first_number, full.last_number) == (3, 1, 6)
    assert (full.receipts_cents, full.unit_cents) == (5400, 1800)
    assert (reduced.count, reduced.first_number, reduced.last_number) == (3, 3, 5)
    assert statement.receipts_cents == 5400 + 3600


def test_free_entries_stand_apart(show, at):
    show.sell(1, 0, 2, at=at)
    statement = statement_of(show.event, at=at)

    assert [row.category for row in statement.free] == ["Moins de 12 ans"]
    assert (statement.free_count, statement.paid_count) == (2, 1)


def test_a_cancelled_ticket_stays_in_the_series_and_leaves_the_receipts(show, at):
    tickets = show.sell(3, at=at)
    cancel_ticket(ticket_id=tickets[2].pk, venue_id=show.venue.pk, by="Camille", reason="", at=at)
    row = rows(statement_of(show.event, at=at))["Plein tarif"]

    assert (row.issued, row.cancelled, row.count, row.last_number) == (3, 1, 2, 3)
    assert row.receipts_cents == 3600


def test_a_price_that_changed_between_two_sales_makes_two_rows(show, at):
    show.sell(1, at=at)
    show.full.price_cents = 2000
    show.full.save()
    show.sell(1, at=at)
    statement = statement_of(show.event, at=at)

    assert [(row.unit_cents, row.count) for row in statement.paid] == [(1800, 1), (2000, 1)]


def test_vat_is_taken_out_of_the_total_once(show, at):
    show.sell(3, 1, at=at)
    [row] = statement_of(show.event, at=at).vat

    assert (row.rate_bp, row.total_cents) == (550, 6600)
    assert (row.vat_cents, row.net_cents) == (344, 6256)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    orders=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)).filter(any), max_size=4
    ),
    cancelled=st.sets(st.integers(1, 12), max_size=4),
)
def test_it_always_agrees_with_the_tickets_and_leaves_no_number_out(show, at, orders, cancelled):
    show = cast.show(at=at, venue=show.venue, payee=show.payee)
    for counts in orders:
        show.sell(*counts, at=at)
    for ticket in Ticket.objects.filter(event=show.event, number__in=cancelled):
        cancel_ticket(ticket_id=ticket.pk, venue_id=show.venue.pk, by="T", reason="", at=at)
    statement = statement_of(show.event, at=at)

    issued = Ticket.objects.filter(event=show.event).order_by("number")
    valid = issued.exclude(state="cancelled")
    assert [one.number for one in issued] == list(range(1, len(issued) + 1))
    operations = Operation.objects.filter(event=show.event).order_by("number")
    assert [one.number for one in operations] == list(range(1, len(operations) + 1))
    assert statement.receipts_cents == sum(one.price_cents for one in valid)
    assert statement.paid_count + statement.free_count == len(valid)
    assert statement.operations == len(operations)


# -- in the back office -------------------------------------------------------------------------------


def office(show, role=Role.TREASURER):
    user = make.user(is_staff=True)
    make.staff(show.venue, role=role, user=user)
    browser = Client(headers={"accept-language": "fr"})
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def page_of(show, file=""):
    return f"/office/ticketing/event/{show.event.pk}/statement{file or '/'}"


def test_its_page_says_what_the_law_wants(show, at):
    show.sell(2, 0, 1, at=at)
    page = office(show).get(page_of(show)).content.decode()

    wanted = [
        "n’est pas un billet d’entrée",
        f"SCIC {show.payee.name}",
        show.event.title,
        "séance 1",
        "36,00\u00a0€",
        "Entrées gratuites",
        "Édité le",
    ]
    assert [words for words in wanted if words not in page] == []


def test_its_pdf_says_the_same(show, at):
    show.sell(2, 0, 1, at=at)
    answer = office(show).get(page_of(show, ".pdf"))

    assert answer.headers["Content-Type"] == "application/pdf"
    text = pypdfium2.PdfDocument(answer.content)[0].get_textpage().get_text_bounded()
    for words in (show.event.title, "Plein tarif", "Moins de 12 ans", "TERAA"):
        assert words in text


@pytest.mark.parametrize("role", [Role.CASHIER, Role.GATE])
def test_only_those_with_the_books_see_it(show, role):
    assert office(show, role).get(page_of(show)).status_code in (302, 403, 404)


def test_another_venues_statement_is_not_there(show, at):
    elsewhere = cast.show(at=at)

    assert office(elsewhere).get(page_of(show)).status_code == 404


def test_a_draft_has_none(show, at):
    draft = cast.show(at=at, venue=show.venue, draft=True)

    assert office(show).get(page_of(draft)).status_code == 404


def test_hours_of_printing_are_the_venues(show, at):
    statement = statement_of(show.event, at=at + datetime.timedelta(hours=1))

    assert statement.printed_at == at + datetime.timedelta(hours=1)
