"""The X reading: read as often as one likes, per tender and VAT rate, changing nothing."""

import datetime
import json

import pytest

from teraa.common.ids import uuid7
from teraa.common.paper import Columns, Cut, Text, lay_out_columns, page_from_json, page_to_json
from teraa.common.problems import NotFound
from teraa.fiscal.drafts import TenderDraft
from teraa.fiscal.figures import Counted, Figures
from teraa.fiscal.models import ChainHead, Document
from teraa.fiscal.papers import x_page
from teraa.fiscal.readings import x_reading
from teraa.fiscal.sealing import UnknownRegister
from tests import make
from tests.fiscal import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]
AT = cast.AT
DAY = datetime.timedelta(days=1)
BEER = cast.line(label="Bière", unit_price_cents=450, vat_class="alcohol", vat_rate_bp=2000)


def busy_register():
    """Yesterday one coffee; today a coffee in cash, a beer in OSM and cash, one coffee given back."""
    register = cast.register()
    cast.seal(register)
    sold = cast.seal(register, at=AT + DAY)
    cast.seal(
        register,
        *[cast.line(), BEER],
        tenders=[cast.osm(500, 25_000_000_000), TenderDraft(kind="cash", amount_cents=130)],
        at=AT + DAY,
    )
    cast.seal(register, tenders=[cast.osm(180, 9_000_000_000)], at=AT + DAY)
    cast.seal(
        register,
        cast.line(quantity_milli=-1000, corrects_document=sold.id, corrects_position=1),
        at=AT + DAY,
    )
    return register


def test_it_adds_up_the_running_period(count_queries):
    register = busy_register()

    with count_queries() as queries:
        reading = x_reading(register_id=register.pk)

    assert len(queries) <= 3, queries
    assert reading.period.number == 2
    assert reading.period.business_date == datetime.date(2026, 11, 20)
    assert (reading.figures.sales, reading.figures.refunds) == (Counted(3, 990), Counted(1, -180))
    assert (reading.first_sequence, reading.last_sequence) == (2, 5)
    assert reading.figures.total_cents == 180 + 630 + 180 - 180
    assert [(t.kind, t.count, t.amount_cents, t.osm_units) for t in reading.figures.tenders] == [
        ("osm", 2, 680, 34_000_000_000),
        ("cash", 3, 130, None),
    ]
    assert [
        (t.rate_bp, t.base_cents, t.vat_cents, t.total_cents) for t in reading.figures.taxes
    ] == [
        (1000, 328, 32, 360),
        (2000, 375, 75, 450),
    ]
    assert reading.perpetual_real_cents == 180 + 180 + 630 + 180 - 180
    assert reading.perpetual_absolute_cents == 180 + 180 + 630 + 180 + 180


def test_vat_is_what_the_documents_say_not_a_new_rounding():
    register = cast.register()
    for _ in range(3):
        cast.seal(register, cast.line(unit_price_cents=104))

    (tax,) = x_reading(register_id=register.pk).figures.taxes

    assert (tax.total_cents, tax.vat_cents) == (312, 27), "9 + 9 + 9, where 312 at once makes 28"


def test_a_past_period_can_be_read_again():
    register = busy_register()
    first = register.periods.get(number=1)

    reading = x_reading(register_id=register.pk, period_id=first.pk)

    assert reading.figures.sales == Counted(1, 180)
    assert reading.perpetual_real_cents == 180, "as it stood then"


def test_reading_changes_nothing():
    register = busy_register()

    def snapshot():
        heads = ChainHead.objects.filter(register=register).order_by("kind").values()
        return Document.objects.count(), list(heads)

    before = snapshot()

    assert x_reading(register_id=register.pk) == x_reading(register_id=register.pk)
    assert snapshot() == before


def test_a_register_between_two_periods_reads_empty():
    register = cast.register()
    cast.seal(register)
    ChainHead.objects.filter(register=register, kind="TICKET").update(period=None)

    reading = x_reading(register_id=register.pk)

    assert reading.period is None
    assert reading.as_dict()["period"] is None
    assert reading.figures == Figures()
    assert reading.perpetual_real_cents == 180


def test_it_refuses_another_registers_period():
    register, other = cast.register(), cast.register(venue=make.venue())

    with pytest.raises(NotFound):
        x_reading(register_id=register.pk, period_id=other.periods.get().pk)
    with pytest.raises(UnknownRegister):
        x_reading(register_id=uuid7())


def test_its_json_is_exact():
    values = x_reading(register_id=busy_register().pk).as_dict()

    assert json.loads(json.dumps(values)) == values
    assert values["tenders"][0] == {
        "kind": "osm",
        "count": 2,
        "amount_cents": 680,
        "osm_units": "34000000000",
    }
    assert values["period"]["business_date"] == "2026-11-20"
    assert values["counts"] == {
        "sales": 3,
        "refunds": 1,
        **dict.fromkeys(
            ["discounts", "offered", "voids", "returned_items", "drawer_openings", "duplicates"], 0
        ),
    }
    assert values["amounts"] == {"sales": 990, "refunds": -180, "discounts": 0, "offered": 0}


def words(page):
    said = []
    for block in page.blocks:
        if isinstance(block, Text):
            said.append(block.text)
        elif isinstance(block, Columns):
            said += lay_out_columns(block.cells, page.width_columns)
    return "\n".join(said)


@pytest.mark.parametrize("width", [32, 42, 48])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_its_paper_says_all_of_it(width, language):
    register = busy_register()

    page = x_page(x_reading(register_id=register.pk), at=AT + DAY, language=language, width=width)

    assert page == page_from_json(page_to_json(page))
    assert isinstance(page.blocks[-1], Cut)
    said = words(page)
    amounts = ["8,10", "6,80", "340,00", "3,75", "0,75"]
    for amount in amounts if language == "fr" else [a.replace(",", ".") for a in amounts]:
        assert amount in said, said
    assert "20/11/2026 16:30:00" in said, "the venue's clock"
    assert "2 – 5" in said


def test_training_paper_says_so():
    register = cast.register(training=True)
    cast.seal(register)

    page = x_page(x_reading(register_id=register.pk), at=AT, language="en")

    assert "TRAINING MODE" in words(page)
    assert "Not a receipt" in words(page)


def test_an_empty_paper_says_there_is_nothing():
    register = cast.register()
    ChainHead.objects.filter(register=register, kind="TICKET").update(period=None)

    page = x_page(x_reading(register_id=register.pk), at=AT, language="en")

    assert "No period is open" in words(page)
