"""Duplicates, closings and archives: statements in chains of their own (what they say: elsewhere)."""

import datetime
import json

import pytest
from django.db import transaction

from teraa.fiscal.models import ChainHead, Document, Period
from teraa.fiscal.sealing import PeriodOf, seal_statement
from teraa.fiscal.states import ChainKind
from teraa.fiscal.verify import verify
from tests.fiscal import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]

LATER = cast.AT + datetime.timedelta(days=1)


def state(register, kind, *, at=cast.AT, period=None, **values):
    with transaction.atomic():
        return seal_statement(
            register_id=register.pk,
            kind=kind,
            values=values,
            at=at,
            operator_label="Ana",
            subject="of a test",
            period=period,
        )


@pytest.mark.parametrize("kind", [ChainKind.DUPLICATE, ChainKind.ARCHIVE])
def test_each_kind_has_a_chain_of_its_own(kind):
    register = cast.register()
    cast.seal(register)

    first, second = state(register, kind, copy=1), state(register, kind, copy=2)

    assert (first.sequence, second.sequence) == (1, 2)
    assert second.values["previous_hash"] == first.hash
    assert json.loads(first.payload)["values"] == {"copy": 1}
    assert verify(register_id=register.pk).faults == []


def test_a_closing_is_born_in_the_period_it_closes():
    register = cast.register()
    sold = cast.seal(register)
    ended = Period.objects.get(pk=sold.period_id)
    # The next day has begun when the day before is closed.
    next_day = cast.seal(register, at=LATER)

    sealed = state(
        register,
        ChainKind.CLOSING,
        at=LATER,
        period=PeriodOf(ended.pk, ended.number, ended.business_date),
    )

    assert Document.objects.get(pk=sealed.id).period == ended
    running = ChainHead.objects.get(register=register, kind=ChainKind.TICKET)
    assert running.period_id == next_day.period_id, "the running day goes on"
    assert cast.seal(register, at=LATER).period_id == next_day.period_id


def test_a_statement_opens_a_day_when_none_is_running():
    register = cast.register()

    sealed = state(register, ChainKind.DUPLICATE, at=LATER, copy=1)

    assert sealed.business_date == LATER.date()
