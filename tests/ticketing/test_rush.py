"""Everybody at once: as many tickets as places, and one admission a ticket."""

from __future__ import annotations

import threading
from collections import Counter

import httpx
import psycopg
import pytest
from django.db import IntegrityError, connections, transaction
from django.db.models import F

from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.fiscal.registers import ensure_register
from teraa.venues.authentication import SHIFT_COOKIE, STATION_COOKIE
from teraa.venues.models import Role, StationKind
from teraa.venues.operations import sign_on
from tests import make
from tests.ticketing import cast
from tests.ticketing.serving import web
from ticketing.models import Order, Quota, Scan, Ticket

BUYERS, SEATS, GATES = 60, 20, 16


def at_once(count, work):
    """Run ``work(number)`` in ``count`` threads that start together; their answers in any order."""
    answers, start = [], threading.Barrier(count)

    def run(number):
        start.wait(60)
        try:
            answers.append(work(number))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return answers


def test_sixty_buyers_for_twenty_seats_get_exactly_twenty(live_database, keys_dir):
    show = cast.show(at=now(), capacity=SEATS)
    bodies = [
        {
            "key": str(uuid7()),
            "event": show.event.slug,
            "name": f"Buyer {number}",
            "email": f"buyer{number}@example.org",
            "lines": [{"rate": str(show.full.pk), "quantity": 1}],
            "total_cents": 1800,
        }
        for number in range(BUYERS)
    ]
    with web(live_database, keys=keys_dir) as address, httpx.Client(timeout=60) as client:
        url = f"{address}/api/ticketing/{show.venue.slug}/orders/"
        answers = at_once(BUYERS, lambda number: client.post(url, json=bodies[number]))
        # Who did not hear the answer asks again, and gets the one there was.
        again = client.post(url, json=bodies[0])

    assert Counter(one.status_code for one in answers) == {201: SEATS, 409: BUYERS - SEATS}
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"sold_out"}
    assert again.status_code in (200, 409)
    assert Order.objects.filter(state="hold").count() == SEATS
    assert show.left() == 0


def test_free_seats_get_an_unbroken_series_whoever_is_first(live_database, keys_dir):
    show = cast.show(at=now(), capacity=SEATS)

    def order(number):
        try:
            return show.order(0, 0, 1, at=now(), name=f"Buyer {number}").state
        except Exception as refusal:
            return getattr(refusal, "code", repr(refusal))

    answers = at_once(30, order)

    assert Counter(answers) == {"confirmed": SEATS, "sold_out": 30 - SEATS}
    numbers = Ticket.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, SEATS + 1))


@pytest.mark.parametrize("guarded", [True, False])
def test_a_seller_who_looks_and_then_writes_would_oversell(
    live_database, owner_connection: psycopg.Connection, keys_dir, guarded
):
    """The negative control: this is the race; only the database's check stops this seller."""
    show = cast.show(at=now(), capacity=1)
    if not guarded:
        owner_connection.execute(
            "ALTER TABLE ticketing_quota DROP CONSTRAINT ticketing_quota_not_oversold"
        )
    looked = threading.Barrier(8)

    def sell(_number):
        quota = Quota.objects.get(pk=show.quota.pk)
        looked.wait(60)
        if quota.taken >= quota.capacity:
            return "sold_out"
        try:
            with transaction.atomic():
                Quota.objects.filter(pk=quota.pk).update(taken=F("taken") + 1)
        except IntegrityError:
            return "refused by the database"
        return "sold"

    answers = Counter(at_once(8, sell))

    expected = {"sold": 1, "refused by the database": 7} if guarded else {"sold": 8}
    assert answers == expected


def test_sixteen_gates_admit_one_ticket_once(live_database, keys_dir):
    show = cast.show(at=now())
    ensure_register(
        venue_id=show.venue.pk, payee_id=make.payee(show.venue).pk, station_id=None, at=now()
    )
    ticket = show.sell(1, at=now())[0]
    cookies = [_gate(show) for _ in range(GATES)]
    with web(live_database, keys=keys_dir) as address:
        clients = [httpx.Client(cookies=one, timeout=60) for one in cookies]
        tokens = [client.get(f"{address}/api/ticketing/gate/").json()["csrf"] for client in clients]

        def scan(number):
            body = {"key": str(uuid7()), "event": str(show.event.pk), "code": ticket.qr}
            return clients[number].post(
                f"{address}/api/ticketing/scans/",
                json=body,
                headers={"X-CSRFToken": tokens[number], "Origin": address},
            )

        answers = at_once(GATES, scan)

    assert {one.status_code for one in answers} == {200}
    reasons = Counter(one.json()["reason"] for one in answers)
    assert reasons == {"ok": 1, "already_admitted": GATES - 1}
    assert Scan.objects.filter(reason="ok").count() == 1
    # Those who came second all say who was first.
    first = Scan.objects.get(reason="ok")
    seen = {one.json()["shown"]["gate"] for one in answers if not one.json()["admitted"]}
    assert seen == {first.station.name}


def _gate(show):
    station = make.station(show.venue, kind=StationKind.GATE)
    staff = make.staff(show.venue, role=Role.GATE, pin="2468")
    shift = sign_on(station=station, staff_id=staff.pk, pin="2468", at=now())
    return {STATION_COOKIE: station.token, SHIFT_COOKIE: shift}


def test_one_scan_sent_many_times_at_once_is_one_scan(live_database, keys_dir):
    at = now()
    show = cast.show(at=at)
    good, gate = show.sell(1, at=at)[0], cast.gate(show.venue)
    for code, reason in ((good.qr, "ok"), ("nothing known", "unknown")):
        key = uuid7()

        def scan(_number, code=code, key=key):
            return cast.scan(gate, show.event, code, at=at, key=key)

        answers = at_once(8, scan)
        assert {one.reason for one in answers} == {reason}
        assert len({one.pk for one in answers}) == 1
    assert Scan.objects.count() == 2
