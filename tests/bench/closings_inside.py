"""Inside a house's own Django: fill a register's day with sealed tickets, close it, time every step.

    python -m tests.bench.closings_inside <documents>

Prints one JSON object. A seller goes on at the same register all the while, as a till would.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

import django

LINES = 3
BATCH = 500
QUIET_S = 3.0
# The same rows read by the plainest query that touches each document and its VAT.
RULER = """
SELECT count(*), sum(tax.total_cents)
  FROM fiscal_document document
  JOIN fiscal_document_tax tax ON tax.document_id = document.id
 WHERE document.period_id = %s
"""


def fill(register: Any, documents: int) -> float:
    """Seal tickets of three lines, a few hundred a transaction; documents a second."""
    from django.db import connection, transaction

    from teraa.common.clock import now
    from teraa.fiscal.sealing import seal_ticket

    ticket = draft()
    started = time.perf_counter()
    for first in range(0, documents, BATCH):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit = off")
            for _ in range(min(BATCH, documents - first)):
                seal_ticket(register_id=register.pk, ticket=ticket, at=now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM fiscal_document WHERE register_id = %s", [register.pk])
    return documents / (time.perf_counter() - started)


def draft() -> Any:
    from teraa.fiscal.drafts import LineDraft, TenderDraft, TicketDraft

    rates = (550, 1000, 2000)
    lines = [
        LineDraft(
            label=f"Article {number}",
            quantity_milli=1000,
            unit_price_cents=100 * (number + 1),
            total_cents=100 * (number + 1),
            vat_class="other",
            vat_rate_bp=rates[number],
        )
        for number in range(LINES)
    ]
    total = sum(line.total_cents for line in lines)
    return TicketDraft(lines=lines, tenders=[TenderDraft(kind="cash", amount_cents=total)])


class Seller(threading.Thread):
    """Sells without a pause until told to stop; ``waits`` are the seconds each sale took."""

    def __init__(self, register: Any) -> None:
        super().__init__()
        self.register = register
        self.waits: list[tuple[float, float]] = []
        self.stop = threading.Event()

    def run(self) -> None:
        from django.db import connection, transaction

        from teraa.common.clock import now
        from teraa.fiscal.sealing import seal_ticket

        ticket = draft()
        while not self.stop.is_set():
            began = time.perf_counter()
            with transaction.atomic():
                seal_ticket(register_id=self.register.pk, ticket=ticket, at=now())
            self.waits.append((began, time.perf_counter() - began))
        connection.close()

    def between(self, first: float, last: float) -> dict[str, float]:
        """How long sales took that were under way then."""
        took = sorted(w for began, w in self.waits if began + w >= first and began <= last)
        if not took:
            return {"sales": 0}
        return {
            "sales": len(took),
            "p50_ms": round(1000 * took[len(took) // 2], 2),
            "longest_ms": round(1000 * took[-1], 2),
        }


def measure(documents: int) -> dict[str, Any]:
    from django.db import connection

    from teraa.common.clock import now
    from teraa.common.ids import uuid7
    from teraa.fiscal.closings import days
    from teraa.fiscal.closings.ending import By, end_periods
    from teraa.fiscal.figures import read_period
    from teraa.fiscal.models import ChainHead
    from teraa.fiscal.registers import open_register
    from teraa.venues.models import Payee, Station

    payee = Payee.objects.filter(identities__isnull=False).order_by("pk").first()
    assert payee is not None
    name = f"Mesure {uuid7().hex[-8:]}"
    station = Station.objects.create(venue_id=payee.venue_id, payee=payee, kind="till", name=name)
    register = open_register(
        venue_id=payee.venue_id,
        payee_id=payee.pk,
        station_id=station.pk,
        name=name,
        lane="till",
        at=now(),
    )
    rate = fill(register, documents)
    period = ChainHead.objects.get(register=register, kind="TICKET").period_id
    assert period is not None
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE fiscal_document, fiscal_document_tax, fiscal_document_line")
    seller = Seller(register)
    seller.start()
    time.sleep(QUIET_S)
    began = time.perf_counter()
    by = By("Mesure", name)
    end_periods(register_ids=[register.pk], at=now(), by=by)
    ended = time.perf_counter()
    (closing,) = days.complete(register_id=register.pk, at=now())
    done = time.perf_counter()
    time.sleep(QUIET_S / 3)
    seller.stop.set()
    seller.join()
    counting = time.perf_counter()
    read_period(period)
    counted = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(RULER, [period])
    ruled = time.perf_counter()
    quiet = seller.between(began - QUIET_S, began)
    closing_while = seller.between(began, done)
    return {
        "documents": closing.chains["TICKET"]["count"],
        "lines": LINES,
        "filled_per_s": round(rate),
        "whole_z_s": round(done - began, 3),
        "end_period_ms": round(1000 * (ended - began), 2),
        "count_and_sign_s": round(done - ended, 3),
        "count_alone_s": round(counted - counting, 3),
        "plain_sum_s": round(ruled - counted, 3),
        "ratio_count_to_plain_sum": round((counted - counting) / max(ruled - counted, 1e-6), 2),
        "sales_before": quiet,
        "sales_while_closing": closing_while,
    }


if __name__ == "__main__":
    django.setup()
    print("MEASURED" + json.dumps(measure(int(sys.argv[1]))))
