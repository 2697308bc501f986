"""The Z: one a period, counted once, whoever asks however often."""

import datetime

import pytest
from django.db import IntegrityError, connection, transaction

from teraa.common.ids import uuid7
from teraa.fiscal.closings.days import close_days, close_past_days
from teraa.fiscal.closings.ending import By, end_periods
from teraa.fiscal.closings.models import Closing, PeriodEnd
from teraa.fiscal.closings.problems import NothingToClose, PeriodInconsistent
from teraa.fiscal.closings.spans import close_month
from teraa.fiscal.figures import Counted, Figures, read_period
from teraa.fiscal.models import ChainHead, Document
from teraa.fiscal.readings import x_reading
from teraa.fiscal.sealing import UnknownRegister, seal_ticket
from teraa.fiscal.verify import verify
from tests import make
from tests.fiscal import cast, closing_cast
from tests.fiscal.closing_cast import AT, DAY, HOUR, close, events, payload_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]


@transaction.atomic
def insert_and_check(row):
    row.save(force_insert=True)
    connection.check_constraints()


def faults(register):
    return [str(fault) for fault in verify(register_id=register.pk).faults]


def test_it_counts_everything_the_day_held():
    register = cast.register()
    closing_cast.eventful_day(register)

    closing = close(register, AT + HOUR)

    figures = Figures.from_values(closing.figures)
    assert (figures.sales, figures.refunds) == (Counted(4, 960), Counted(1, -180))
    assert (figures.discounts, figures.offered) == (Counted(1, 30), Counted(1, 180))
    assert figures.voids == figures.returned_items == figures.drawer_openings == 1
    assert figures.duplicates == 1
    assert figures.total_cents == closing.total_cents == 780
    assert [(one.kind, one.count, one.amount_cents, one.osm_units) for one in figures.tenders] == [
        ("osm", 1, 500, 25_000_000_000),
        ("cash", 3, 130, None),
        ("card", 1, 150, None),
    ]
    assert [(one.rate_bp, one.total_cents) for one in figures.taxes] == [(1000, 330), (2000, 450)]
    assert (closing.perpetual_real_cents, closing.perpetual_absolute_cents) == (780, 1140)
    assert faults(register) == []


def test_its_signed_text_says_all_of_it():
    register = cast.register()
    closing_cast.eventful_day(register)

    closing = close(register, AT + HOUR)

    payload = payload_of(closing)
    values = payload["values"]
    assert (payload["kind"], payload["sequence"], payload["first_in_chain"]) == ("CLOSING", 1, True)
    assert payload["period"] == {
        "id": str(closing.period_id),
        "number": 1,
        "business_date": "2026-11-19",
    }
    assert payload["operator"] == values["ended_by"] == "Ana"
    assert {
        name: values[name] for name in ("level", "number", "span", "by_itself", "closings")
    } == {
        "level": "day",
        "number": 1,
        "span": "2026-11-19",
        "by_itself": False,
        "closings": [],
    }
    last = {
        kind: Document.objects.filter(register=register, kind=kind).latest("sequence")
        for kind in ("TICKET", "EVENT", "DUPLICATE")
    }
    assert values["chains"] == {
        **{
            kind: {
                "first": 1,
                "last": one.sequence,
                "count": one.sequence,
                "last_hash": one.hash,
            }
            for kind, one in last.items()
        },
        "ARCHIVE": {"first": None, "last": 0, "count": 0, "last_hash": ""},
    }
    assert values["chains"]["TICKET"]["last"] == 5
    assert values["figures"]["tenders"][0]["osm_units"] == "25000000000", "beyond 2⁵³ one day"
    assert values["opened_at"] == "2026-11-19T15:30:00.000Z"
    assert values["ended_at"] == "2026-11-19T16:30:00.000Z"


def test_an_x_before_it_says_the_same():
    register = cast.register()
    closing_cast.eventful_day(register)
    before = x_reading(register_id=register.pk)

    closing = close(register)

    assert before.figures == Figures.from_values(closing.figures)
    assert before.perpetual_real_cents == closing.perpetual_real_cents
    again = x_reading(register_id=register.pk, period_id=closing.period_id)
    assert again.figures == before.figures


def test_its_event_is_the_last_of_the_period():
    register = cast.register()
    cast.seal(register)

    closing = close(register)

    (event,) = events(register)
    assert event["period"]["id"] == str(closing.period_id)
    assert event["sequence"] == closing.chains["EVENT"]["last"]
    assert event["values"] == {
        "level": "day",
        "number": 1,
        "first_day": "2026-11-19",
        "last_day": "2026-11-19",
        "by_itself": False,
    }
    assert (event["operator"], event["station"]) == ("Ana", "Bar")
    assert PeriodEnd.objects.get().event_id.hex == event["document"].replace("-", "")


def test_the_next_sale_opens_the_next_period_of_the_same_day():
    register = cast.register()
    cast.seal(register)
    close(register)

    evening = cast.seal(register, at=AT + HOUR)
    second = close(register, AT + 2 * HOUR)

    assert evening.values["period"] == {
        "id": str(second.period_id),
        "number": 2,
        "business_date": "2026-11-19",
    }
    assert (second.number, second.total_cents, second.perpetual_real_cents) == (2, 180, 360)
    assert second.chains["TICKET"] == {
        "first": 2,
        "last": 2,
        "count": 1,
        "last_hash": evening.hash,
    }
    assert faults(register) == []


def test_closed_again_it_is_the_same_z():
    register = cast.register()
    cast.seal(register)

    first = close(register)
    again = close(register, AT + HOUR)

    assert first == again
    assert (Closing.objects.count(), PeriodEnd.objects.count()) == (1, 1)
    assert len(events(register)) == 1


def test_the_same_request_closes_nothing_new_after_a_sale():
    register = cast.register()
    cast.seal(register)
    request = {"register_ids": [register.pk], "by": By("Ana"), "request_key": uuid7()}

    first = close_days(at=AT, **request)
    cast.seal(register, at=AT + HOUR)
    again = close_days(at=AT + 2 * HOUR, **request)

    assert first == again
    assert ChainHead.objects.get(register=register, kind="TICKET").period_id is not None
    assert [one.number for one in close_days(at=AT, **request | {"request_key": uuid7()})] == [2]


def test_registers_of_a_till_end_together():
    one = cast.register()
    other = cast.register(
        venue=one.venue, payee=make.payee(one.venue), station=one.station, name="Bar · AMAP"
    )
    cast.seal(one)
    key = uuid7()

    closings = close_days(
        register_ids=[other.pk, one.pk], at=AT, by=By("Ana", "Bar"), request_key=key
    )

    assert {(c.register_id, c.number) for c in closings} == {(one.pk, 1), (other.pk, 1)}
    assert set(PeriodEnd.objects.values_list("request_key", flat=True)) == {key}


def test_a_day_without_a_sale_says_nothing_was_sold():
    register = cast.register()

    closing = close(register)

    assert Figures.from_values(closing.figures) == Figures()
    assert closing.chains["TICKET"] == {"first": None, "last": 0, "count": 0, "last_hash": ""}
    assert (closing.perpetual_real_cents, closing.perpetual_absolute_cents) == (0, 0)
    assert faults(register) == []


def test_perpetual_totals_are_carried_over_an_empty_day():
    register = cast.register()
    cast.seal(register)
    close(register)
    cast.note(register, at=AT + DAY)

    empty = close(register, AT + DAY)

    assert (empty.total_cents, empty.perpetual_real_cents) == (0, 180)
    assert empty.chains["TICKET"]["last"] == 1
    assert faults(register) == []


def test_days_that_ended_by_themselves_get_their_z_in_their_order():
    register = cast.register()
    for number in range(3):
        cast.seal(register, at=AT + number * DAY)

    last = close(register, AT + 2 * DAY)

    closings = list(Closing.objects.filter(register=register).order_by("sequence"))
    assert [one.number for one in closings] == [1, 2, 3]
    assert [one.span for one in closings] == ["2026-11-19", "2026-11-20", "2026-11-21"]
    assert last == closings[-1]
    assert [one.chains["TICKET"]["first"] for one in closings] == [1, 2, 3]
    told = [(event["values"]["number"], event["period"]["number"]) for event in events(register)]
    assert told == [(1, 3), (2, 3), (3, 3)], "the journal cannot go back"
    assert faults(register) == []


def test_past_days_can_be_closed_while_today_goes_on():
    register = cast.register()
    cast.seal(register)
    today = cast.seal(register, at=AT + DAY)

    closings = close_past_days(register_id=register.pk, at=AT + DAY, by=By("Ana"))

    assert [one.number for one in closings] == [1]
    assert cast.seal(register, at=AT + DAY).values["period"] == today.values["period"]
    assert close_past_days(register_id=register.pk, at=AT + DAY, by=By("Ana")) == []
    assert faults(register) == []


def test_a_day_whose_date_is_past_ends_without_opening_another():
    """Closed the morning after: event 50 belongs to the day that ends, and nothing opens."""
    register = cast.register()
    cast.seal(register)

    close(register, AT + DAY)

    assert register.periods.count() == 1
    assert events(register)[0]["period"]["number"] == 1
    assert ChainHead.objects.get(register=register, kind="TICKET").period_id is None
    assert faults(register) == []


def test_an_offline_sale_with_an_old_date_is_counted_once():
    """Odoo (pos-fr 2.11, 5): the last by date, the next by number; counted twice, or never."""
    register = cast.register()
    cast.seal(register, at=AT)
    monday = close(register, AT)

    late = cast.seal(register, at=AT - HOUR)  # sealed after the Z, with a time before it
    cast.seal(register, at=AT + HOUR)
    second = close(register, AT + 2 * HOUR)

    assert late.values["issued_at"] < payload_of(monday)["values"]["ended_at"]
    assert late.values["period"]["number"] == 2
    assert monday.chains["TICKET"]["last"] + 1 == second.chains["TICKET"]["first"] == late.sequence
    assert (monday.total_cents, second.total_cents) == (180, 360)
    assert faults(register) == []


def test_a_sale_with_yesterdays_date_after_todays_z_is_counted_once():
    register = cast.register()
    cast.seal(register, at=AT)
    close(register, AT)

    cast.seal(register, at=AT - DAY)
    cast.seal(register, at=AT + HOUR)
    close(register, AT + 2 * HOUR)

    days = Closing.objects.order_by("number")
    assert [(one.number, one.span, one.total_cents) for one in days] == [
        (1, "2026-11-19", 180),
        (2, "2026-11-18", 180),
        (3, "2026-11-19", 180),
    ]
    assert faults(register) == []


def test_a_clock_gone_back_never_dates_a_period_before_the_one_that_was_closed_with_its_month():
    register = cast.register()
    cast.seal(register)
    close(register)
    december = datetime.datetime(2026, 12, 2, 12, tzinfo=datetime.UTC)
    close_month(register_id=register.pk, month=AT.date(), at=december)
    close(register, december)

    late = cast.seal(register, at=AT)

    assert late.values["period"]["business_date"] == "2026-12-01"
    assert late.values["issued_at"] == "2026-11-19T15:30:00.000Z"
    assert faults(register) == []


def test_training_closes_apart_and_is_in_no_real_total():
    """F13, and TiBillet's switch that broke every sale: a register of its own, closed like any."""
    real = cast.register()
    training = cast.register(
        venue=real.venue, payee=real.payee, station=real.station, name="Bar école", training=True
    )
    cast.seal(real)
    cast.seal(training, cast.line(quantity_milli=5000))

    closings = {one: close(one) for one in (real, training)}

    assert closings[real].total_cents == closings[real].perpetual_real_cents == 180
    assert payload_of(closings[training])["register"]["training"] is True
    assert payload_of(closings[real])["register"]["training"] is False
    assert closings[training].total_cents == 900
    assert faults(real) == faults(training) == []


def test_a_due_settled_after_the_z_is_in_the_next_period():
    register = cast.register()
    waiting = cast.ticket(subject="pos.sale:waits")
    close(register)
    with transaction.atomic():
        settled = seal_ticket(register_id=register.pk, ticket=waiting, at=AT + HOUR)

    assert settled.values["period"]["number"] == 2
    assert close(register, AT + 2 * HOUR).total_cents == 180


def test_it_refuses_a_register_that_is_not_there():
    with pytest.raises(UnknownRegister):
        close_days(register_ids=[uuid7()], at=AT, by=By("Ana"))
    with pytest.raises(NothingToClose):
        close_days(register_ids=[], at=AT, by=By("Ana"))


def test_one_refusal_ends_nothing():
    register = cast.register()
    cast.seal(register)

    with pytest.raises(UnknownRegister):
        close_days(register_ids=[register.pk, uuid7()], at=AT, by=By("Ana"))

    assert not PeriodEnd.objects.exists()
    assert ChainHead.objects.get(register=register, kind="TICKET").period_id is not None


def test_it_refuses_to_sign_what_does_not_hold_together(monkeypatch):
    """The end says 1 ticket; somebody slipped another into the ended period behind our back."""
    register = cast.register()
    sold = cast.seal(register)
    end_periods(register_ids=[register.pk], at=AT, by=By("Ana"))
    columns = [f.column for f in Document._meta.fields if f.column not in ("id", "sequence")]
    with connection.cursor() as cursor:
        names = ", ".join(columns)
        cursor.execute(
            f"INSERT INTO fiscal_document (id, sequence, {names})"
            f" SELECT %s, 2, {names.replace('first_in_chain', 'false').replace('previous_hash', 'hash')}"
            " FROM fiscal_document WHERE id = %s",
            [uuid7(), sold.id],
        )

    with pytest.raises(PeriodInconsistent) as refusal:
        close(register)

    assert "Bar" in refusal.value.as_dict()["title"]
    assert not Closing.objects.exists()


def test_the_database_refuses_a_second_z_of_a_period():
    register = cast.register()
    closing = close(register)
    event = Document.objects.get(register=register, event_code=50)
    closing.number, closing.document_id, closing.sequence = 2, event.pk, 2

    with pytest.raises(IntegrityError, match="period_id"), transaction.atomic():
        closing.save(force_insert=True)


def test_the_database_refuses_that_an_ended_period_runs_again():
    register = cast.register()
    closing = close(register)

    with pytest.raises(Exception, match="has ended"), transaction.atomic():
        ChainHead.objects.filter(register=register, kind="TICKET").update(period=closing.period_id)


def test_the_database_refuses_a_z_without_an_end():
    register = cast.register()
    closing = close(register)
    cast.seal(register, at=AT + HOUR)
    running = register.periods.get(number=2)
    event = Document.objects.get(register=register, event_code=50)
    closing.number, closing.document_id, closing.sequence = 2, event.pk, 2
    closing.period_id = running.pk

    with pytest.raises(IntegrityError, match="ended_period"):
        insert_and_check(closing)


def test_the_sum_is_one_statement_whatever_the_documents(count_queries):
    register = cast.register()
    closing_cast.eventful_day(register)
    period = register.periods.get()

    with count_queries() as queries:
        read = read_period(period.pk)

    assert len(queries) == 1
    assert read.ranges["TICKET"].count == 5
