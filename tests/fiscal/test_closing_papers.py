"""The paper of a closing, letter by letter, on rolls of 58 and 80 mm."""

import datetime
from pathlib import Path

import pytest

from teraa.common.paper import page_from_json, page_to_json
from teraa.common.paper_text import page_as_text
from teraa.fiscal.closings.days import close_day
from teraa.fiscal.closings.overdue import close_overdue
from teraa.fiscal.closings.queries import signed_closing
from teraa.fiscal.closings.spans import close_month
from teraa.fiscal.papers import x_page, z_page
from teraa.fiscal.readings import x_reading
from tests import make
from tests.fiscal import cast, closing_cast
from tests.fiscal.closing_cast import AT, DAY, HOUR, payload_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]
PAPERS = Path(__file__).parent / "papers"
SIGNATURE = "0" * 128  # a new key each time: the extract of a real one is looked at apart


@pytest.fixture
def bar():
    venue = make.venue(name="TERAA Genesis")
    payee = make.payee(venue, name="La Genesis")
    register = cast.register(
        venue=venue, payee=payee, station=make.station(venue, payee=payee, name="Bar")
    )
    closing_cast.eventful_day(register)
    return register


def text(closing, **fields):
    payload = payload_of(closing) | {"software_version": "0.0.0", "fiscal_version": "0.0.0"}
    given = {"language": "fr", "width": 32} | fields
    return page_as_text(z_page(payload, signature=SIGNATURE, **given))


def golden(name, text):
    path = PAPERS / f"{name}.txt"
    assert text == path.read_text(encoding="utf-8"), f"{path} should say:\n{text}"


@pytest.mark.parametrize("width", [32, 42, 48])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_z_says_all_of_it(bar, width, language):
    closing = close_day(register_id=bar.pk, at=AT + HOUR, operator_label="Ana")

    said = text(closing, width=width, language=language)

    assert max(len(line) for line in said.splitlines()) <= width
    golden(f"z-{language}-{width}", said)


def test_a_month_says_what_it_adds_up(bar):
    close_day(register_id=bar.pk, at=AT + HOUR, operator_label="Ana")
    december = datetime.datetime(2026, 12, 1, 12, tzinfo=datetime.UTC)
    closing = close_month(
        register_id=bar.pk, month=AT.date(), at=december, operator_label="tresorerie@example.org"
    )

    golden("month-fr-42", text(closing, width=42))


def test_it_says_that_nobody_closed_it(bar):
    close_overdue(AT + DAY)

    assert "nobody did in time" in text(bar.closings.get(), language="en", width=48)


def test_training_says_so_on_every_paper():
    register = cast.register(training=True)
    cast.seal(register)
    reading = x_reading(register_id=register.pk)

    for said in (
        page_as_text(x_page(reading, at=AT, language="en")),
        text(close_day(register_id=register.pk, at=AT), language="en"),
    ):
        assert "TRAINING MODE" in said
        assert "Not a receipt" in said


def test_an_x_and_the_z_after_it_say_the_same_figures(bar):
    x = page_as_text(x_page(x_reading(register_id=bar.pk), at=AT, width=42, language="en"))
    z = text(close_day(register_id=bar.pk, at=AT), width=42, language="en")

    def figures(said):
        end = said.index("Fiscal" if said is x else "Closing no.")
        return said[said.index("Sales (") : end].rstrip()

    assert figures(x) == figures(z)
    assert "€11.40" in figures(z), "perpetual totals included"


def test_its_paper_travels_and_carries_the_extract_of_its_signature(bar):
    closing = close_day(register_id=bar.pk, at=AT)
    signed = signed_closing(venue_id=bar.venue_id, closing_id=closing.pk)

    page = z_page(signed.payload, signature=signed.signature, language="fr", width=48)

    assert page == page_from_json(page_to_json(page))
    extract = "".join(signed.signature[n] for n in (2, 6, 12, 18)).upper()
    assert extract in page_as_text(page)
