"""F6: one chain a register and kind, its first marked; a tail that is gone is missed by the closing."""

import json

import pytest
from django.db import transaction

from teraa.fiscal.models import Document
from teraa.fiscal.sealing import seal_statement
from teraa.fiscal.states import ChainKind
from teraa.fiscal.verify import verify
from tests.fiscal import cast, closing_cast
from tests.fiscal.closing_cast import AT, DAY, HOUR, close
from tests.fiscal.closing_forger import forging


def something_of_every_kind(register, at):
    closing_cast.eventful_day(register, at)
    with transaction.atomic():
        seal_statement(register_id=register.pk, kind="ARCHIVE", values={"n": 1}, at=at)
    close(register, at + HOUR)


@pytest.mark.django_db
def test_f06_every_register_has_a_chain_a_kind(keys_dir):
    registers = [cast.register(), closing_cast.web()]
    for register in registers:
        for day in range(2):
            something_of_every_kind(register, AT + day * DAY)

    for register in registers:
        for kind in ChainKind.values:
            chain = list(Document.objects.filter(register=register, kind=kind).order_by("sequence"))
            assert len(chain) >= 2, kind
            assert [one.sequence for one in chain] == list(range(1, len(chain) + 1))
            signed = [json.loads(one.payload) for one in chain]
            assert [one["first_in_chain"] for one in signed] == [True] + [False] * (len(chain) - 1)
            assert [one["previous_hash"] for one in signed] == [
                "",
                *(one.hash for one in chain[:-1]),
            ]
    assert verify().faults == []


@pytest.mark.parametrize("kind", ["TICKET", "EVENT", "DUPLICATE"])
def test_f06_a_deleted_tail_is_found_by_the_number_its_closing_recorded(
    live_database, keys_dir, settings, kind
):
    """The head turned back as well, and no mark beside the keys to tell."""
    with forging(live_database) as forger:
        chain = Document.objects.filter(register=forger.register, kind=kind)
        closed = forger.closing("day", 2).chains[kind]["last"]
        forger.delete_tail(kind, chain.count() - closed + 1)
        settings.TERAA_KEYS = None

        (fault, *_) = verify().faults

    assert (fault.kind, fault.code) == ("CLOSING", "closing_tail")
    assert fault.detail == {"chain": kind, "found": str(closed - 1), "expected": str(closed)}
