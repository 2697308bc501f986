"""What somebody who owns the machine could do to closings and to what they close, one act a function."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from teraa.common.canonical import canonical_text, sha256_hex
from teraa.fiscal import keys
from teraa.fiscal.closings.days import close_day
from teraa.fiscal.closings.models import Closing
from teraa.fiscal.closings.spans import close_month, close_year
from teraa.fiscal.models import Document
from tests.fiscal import cast, closing_cast
from tests.fiscal.closing_cast import AT, DAY, HOUR
from tests.fiscal.forger import TABLES

DECEMBER = datetime.datetime(2026, 12, 1, 12, tzinfo=datetime.UTC)
JANUARY = datetime.datetime(2027, 1, 1, 12, tzinfo=datetime.UTC)


@dataclass
class Forger:
    """The machine’s administrator, with the guards taken away and the signing key at hand."""

    master: Any
    register: Any

    def run(self, sql, *values):
        self.master.execute(sql, values)

    def closing(self, level, number):
        return Closing.objects.get(register=self.register, level=level, number=number)

    def sign(self, closing, **changes):
        """Other values, really signed, with the row made to say the same."""
        document = Document.objects.get(pk=closing.pk)
        payload = json.loads(document.payload)
        payload["values"] |= changes
        self.write(document, payload)
        values = payload["values"]
        self.run(
            "UPDATE fiscal_closing SET number = %s, first_day = %s, last_day = %s, chains = %s,"
            " figures = %s, total_cents = %s, perpetual_real_cents = %s,"
            " perpetual_absolute_cents = %s WHERE document_id = %s",
            *[values["number"], values["first_day"], values["last_day"]],
            *[json.dumps(values["chains"]), json.dumps(values["figures"])],
            values["figures"]["total_cents"],
            *[values["perpetual_real_cents"], values["perpetual_absolute_cents"], closing.pk],
        )

    def write(self, document, payload):
        """Sign it, and everything after it in its chain again."""
        key = keys.signing_key(self.register.pk, self.register.key_id)
        later = Document.objects.filter(
            register=self.register, kind=document.kind, sequence__gt=document.sequence
        )
        texts = [payload, *(json.loads(one.payload) for one in later.order_by("sequence"))]
        previous = payload["previous_hash"]
        for one in texts:
            one["previous_hash"] = previous
            text = canonical_text(one)
            hash = sha256_hex(text)
            self.run(
                "UPDATE fiscal_document SET payload = %s, hash = %s, signature = %s,"
                " previous_hash = %s WHERE id = %s",
                *[text, hash, key.sign(text.encode()).hex(), previous, one["document"]],
            )
            previous = hash
        self.run(
            "UPDATE fiscal_chain_head SET last_hash = %s WHERE register_id = %s AND kind = %s",
            *[previous, self.register.pk, document.kind],
        )

    def delete_tail(self, kind, count=1):
        """The last documents of a chain, with its head turned back as if they never were."""
        chain = Document.objects.filter(register=self.register, kind=kind).order_by("-sequence")
        for document in list(chain[:count]):
            for part in ("line", "tax", "tender"):
                self.run(f"DELETE FROM fiscal_document_{part} WHERE document_id = %s", document.pk)
            self.run("DELETE FROM fiscal_document WHERE id = %s", document.pk)
        last = chain.first()
        self.run(
            "UPDATE fiscal_chain_head SET sequence = %s, last_hash = %s, perpetual_real_cents = %s,"
            " perpetual_absolute_cents = %s WHERE register_id = %s AND kind = %s",
            *[last.sequence, last.hash, last.perpetual_real_cents or 0],
            *[last.perpetual_absolute_cents or 0, self.register.pk, kind],
        )


@contextmanager
def forging(live_database: Any) -> Iterator[Forger]:
    """Two closed days of November with their month and year, and a day in January that runs."""
    register = cast.register()
    for number in range(2):
        closing_cast.eventful_day(register, AT + number * DAY)
        close_day(register_id=register.pk, at=AT + number * DAY + HOUR)
    close_month(register_id=register.pk, month=AT.date(), at=DECEMBER)
    close_day(register_id=register.pk, at=DECEMBER)
    close_month(register_id=register.pk, month=DECEMBER.date(), at=JANUARY)
    close_year(register_id=register.pk, year=2026, at=JANUARY)
    cast.seal(register, at=JANUARY)
    superuser = live_database.cluster.master_url.rsplit("/", 1)[0] + f"/{live_database.name}"
    with psycopg.connect(superuser, autocommit=True) as master:
        for table in TABLES:
            master.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        yield Forger(master, register)


def delete_the_tail_of_the_journal(f):
    f.delete_tail("EVENT", 3)


def delete_closed_tickets(f):
    f.delete_tail("TICKET", 3)


def slip_a_ticket_into_a_closed_period(f):
    """The newest ticket, signed anew as one of the second day."""
    document = Document.objects.filter(register=f.register, kind="TICKET").latest("sequence")
    payload = json.loads(document.payload)
    day = f.closing("day", 2)
    payload["period"] = {"id": str(day.period_id), "number": 2, "business_date": day.span}
    f.write(document, payload)
    f.run(
        "UPDATE fiscal_document SET period_id = %s, business_date = %s WHERE id = %s",
        *[day.period_id, day.span, document.pk],
    )


def rename_the_last_ticket(f):
    """Another operator on the last ticket of a closed day, really signed."""
    document = Document.objects.get(register=f.register, kind="TICKET", sequence=5)
    f.write(document, json.loads(document.payload) | {"operator": "Autre"})
    f.run("UPDATE fiscal_document SET operator_label = 'Autre' WHERE id = %s", document.pk)


def changed_chain(f, closing, kind, **changes):
    chains = closing.chains | {kind: closing.chains[kind] | changes}
    f.sign(closing, chains=chains)
    f.run(
        "UPDATE fiscal_period_end SET chains = jsonb_set(chains, %s, to_jsonb(%s::int))"
        " WHERE period_id = %s",
        *[[kind, "sequence"], chains[kind]["last"], closing.period_id],
    )


def skip_a_ticket(f):
    changed_chain(f, f.closing("day", 2), "TICKET", first=7, count=4)


def count_a_ticket_twice(f):
    changed_chain(f, f.closing("day", 2), "TICKET", first=5, count=6)


def say_another_total(f):
    closing = f.closing("day", 1)
    f.sign(closing, figures=closing.figures | {"total_cents": 1})


def say_fewer_openings(f):
    closing = f.closing("day", 1)
    f.sign(closing, figures=closing.figures | {"drawer_openings": 0})


def say_another_perpetual_total(f):
    f.sign(f.closing("day", 2), perpetual_real_cents=1)


def say_another_perpetual_total_of_the_month(f):
    f.sign(f.closing("month", 1), perpetual_absolute_cents=1)


def say_another_total_of_the_month(f):
    closing = f.closing("month", 1)
    f.sign(closing, figures=closing.figures | {"voids": 9})


def leave_a_day_out_of_the_month(f):
    payload = closing_cast.payload_of(f.closing("month", 1))
    f.sign(f.closing("month", 1), closings=payload["values"]["closings"][:1])


def say_other_ranges_of_the_month(f):
    closing = f.closing("month", 1)
    f.sign(closing, chains=closing.chains | {"TICKET": closing.chains["TICKET"] | {"first": 2}})


def stretch_the_month(f):
    f.sign(f.closing("month", 1), last_day="2026-12-01")


def close_february_before_november(f):
    f.sign(f.closing("month", 1), first_day="2027-02-01", last_day="2027-02-28", span="2027-02")


def skip_a_number(f):
    f.sign(f.closing("day", 2), number=7)


def say_another_day(f):
    f.sign(f.closing("day", 2), first_day="2026-11-21", last_day="2026-11-21")


def edit_the_row(f):
    f.run("UPDATE fiscal_closing SET total_cents = 1 WHERE level = 'day' AND number = 1")


def edit_the_rows_figures(f):
    f.run(
        "UPDATE fiscal_closing SET figures = jsonb_set(figures, '{voids}', '0')"
        " WHERE level = 'day' AND number = 1"
    )


def delete_the_row(f):
    f.run("DELETE FROM fiscal_closing WHERE level = 'day' AND number = 2")


def add_a_row(f):
    event = Document.objects.filter(register=f.register, kind="EVENT").latest("sequence")
    names = ", ".join(
        field.column
        for field in Closing._meta.fields
        if field.column not in ("document_id", "number", "sequence", "first_day", "last_day")
    )
    f.run(
        f"INSERT INTO fiscal_closing (document_id, number, sequence, first_day, last_day, {names})"
        f" SELECT %s, 9, 99, '2027-02-01', '2027-02-28', {names} FROM fiscal_closing"
        " WHERE level = 'month' AND number = 1",
        event.pk,
    )


def delete_the_end(f):
    f.run("DELETE FROM fiscal_period_end WHERE number = 2")


def edit_the_end(f):
    f.run(
        "UPDATE fiscal_period_end SET chains = jsonb_set(chains, '{TICKET,sequence}', '4')"
        " WHERE number = 1"
    )


def point_the_end_at_another_event(f):
    f.run(
        "UPDATE fiscal_period_end SET event_id ="
        " (SELECT event_id FROM fiscal_period_end WHERE number = 2) WHERE number = 1"
    )


def let_an_ended_period_run(f):
    f.run(
        "UPDATE fiscal_chain_head SET period_id ="
        " (SELECT period_id FROM fiscal_period_end WHERE number = 2) WHERE kind = 'TICKET'"
    )
