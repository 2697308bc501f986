"""Time runs out, payments come late or vanish: nothing is lost, nothing expires unseen."""

import datetime

from django.db import connection

from teraa.common.ids import uuid7
from teraa.settlement import operations
from teraa.settlement.operations.progress import bring_up_to_date
from teraa.settlement.osm.derive import LAST_SECOND
from teraa.settlement.osm.models import RequestAct
from teraa.settlement.queries import due_state, tender_views, unsettled_surplus
from tests.settlement import cast
from tests.settlement.cast import OSM
from tests.settlement.osm.channel import effects_of


def test_an_expired_request_is_over_and_its_due_says_so(channel):
    due, request = channel.ask(cast.payee())
    channel.pass_time(4.9)
    request.refresh_from_db()
    assert request.state == "open", "the last seconds count"
    channel.pass_time(0.5)

    request.refresh_from_db()
    assert request.state == "expired"
    assert request.expired_at >= request.expires_at + LAST_SECOND
    assert due_state(due.pk).state == "expired"
    assert effects_of(due) == ["expired"]


def test_a_payment_that_comes_too_late_is_kept_and_shown(channel):
    due, request = channel.ask(cast.payee())
    channel.pass_time(6)
    channel.pay(request)
    channel.node.forge()
    channel.look()

    request.refresh_from_db()
    assert (request.state, request.flags) == ("expired", ["late"])
    assert (request.seen_units, request.surplus_units) == (60 * OSM, 60 * OSM)
    assert due_state(due.pk).state == "expired"
    assert list(unsettled_surplus(venue_id=due.venue_id)) == [request]
    assert effects_of(due)[:2] == ["expired", "attention"]


def test_a_late_payment_may_be_accepted_while_its_due_has_room(channel):
    due, request = channel.ask(cast.payee())
    channel.pass_time(6)
    channel.pay(request)
    channel.node.forge()
    channel.look()
    operations.accept_late(request_id=request.pk, by="Ada", at=channel.now)

    request.refresh_from_db()
    assert (request.state, request.flags, request.surplus_units) == ("settled", ["late"], 0)
    assert due_state(due.pk).state == "settled"
    assert effects_of(due)[-1] == "settled"


def test_a_late_payment_stays_surplus_when_the_due_was_paid_otherwise(channel):
    due, request = channel.ask(cast.payee())
    channel.pass_time(6)
    operations.add_tender(key=uuid7(), due_id=due.pk, kind="cash", amount_cents=120, at=channel.now)
    assert due_state(due.pk).state == "settled"
    channel.pay(request)
    channel.node.forge()
    channel.look()
    operations.accept_late(request_id=request.pk, by="Ada", at=channel.now)

    assert [(one.kind, one.state) for one in tender_views(due.pk)] == [
        ("osm", "cancelled"),
        ("cash", "settled"),
    ]
    assert effects_of(due)[-1] == "attention"
    connection.check_constraints()


def test_a_payment_to_a_withdrawn_request_is_kept_and_shown(channel):
    due, request = channel.ask(cast.payee())
    operations.cancel_request(request_id=request.pk, by="Ada", at=channel.now)
    channel.pay(request)
    channel.node.forge()
    channel.look()

    request.refresh_from_db()
    assert (request.state, request.flags) == ("cancelled", ["late"])
    assert effects_of(due) == ["attention"]
    assert RequestAct.objects.filter(request=request).count() == 1


def test_what_vanishes_from_the_pool_counts_no_more(channel):
    due, request = channel.ask(cast.payee())
    channel.pay(request)
    channel.look()
    with channel.wire.lying("/unconfirmed", lambda answer: {**answer, "data": []}):
        channel.look()
        request.refresh_from_db()
        assert request.state == "seen", "a pool may forget for a while"
        for _ in range(24):
            channel.look(later=datetime.timedelta(seconds=14))
    request.refresh_from_db()
    assert (request.state, request.seen_units) == ("open", 0)

    # It was only hidden: the block brings it back.
    channel.node.forge()
    channel.look()
    assert due_state(due.pk).state == "settled"


def test_nothing_expires_while_the_chain_stands_still(channel):
    due, request = channel.ask(cast.payee())
    for _ in range(40):
        channel.look(later=datetime.timedelta(seconds=14))
    assert channel.cursor.reason == "tip_still"
    assert due_state(due.pk).state == "open"

    # The chain moves again: two minutes are left for what was paid meanwhile to be found.
    channel.node.forge()
    channel.look()
    request.refresh_from_db()
    assert (channel.cursor.state, request.state) == ("live", "open")
    channel.pass_time(2.2)
    request.refresh_from_db()
    assert request.state == "expired"


def test_nothing_expires_for_a_night_in_which_nobody_looked(channel):
    due, request = channel.ask(cast.payee())
    channel.pay(request)
    channel.node.forge()
    channel.look(later=datetime.timedelta(hours=8))

    assert due_state(due.pk).state == "settled"
    request.refresh_from_db()
    assert request.flags == []


def test_nothing_expires_while_nobody_watches_whoever_asks(channel):
    """The ingest is gone: its cursor still says live, and the office touches the request."""
    due, request = channel.ask(cast.payee())
    long_after = request.expires_at + datetime.timedelta(minutes=10)

    bring_up_to_date(request_ids=[request.pk], at=long_after)

    request.refresh_from_db()
    assert (request.state, due_state(due.pk).state) == ("open", "open")
