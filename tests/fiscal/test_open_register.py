"""Registers are opened once, by the venue they belong to, and found again."""

import pytest

from teraa.common import journal, journal_codes
from teraa.common.problems import NotFound
from teraa.fiscal.models import Document
from teraa.fiscal.registers import (
    LaneMismatch,
    NoRegister,
    RegisterExists,
    ensure_register,
    open_register,
    register_for,
)
from teraa.fiscal.sealing import PayeeUnidentified
from tests import make
from tests.fiscal import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]
AT = cast.AT


def test_registers_are_opened_once():
    register = cast.register()
    venue, payee, station = register.venue, register.payee, register.station

    with pytest.raises(RegisterExists):
        cast.register(venue=venue, payee=payee, station=station, name="Bar 2")
    with pytest.raises(RegisterExists):
        cast.register(venue=venue, payee=payee, station=make.station(venue), name="Bar")
    training = cast.register(venue=venue, payee=payee, station=station, name="École", training=True)
    assert register_for(station_id=station.pk, payee_id=payee.pk) == register.pk
    assert register_for(station_id=station.pk, payee_id=payee.pk, training=True) == training.pk


def test_opening_checks_whose_register_it_is():
    venue, payee = (register := cast.register()).venue, register.payee
    stranger = make.payee(make.venue())
    nobody = venue.payees.create(kind="practitioner", name="Sans papiers")

    for problem, fields in [
        (LaneMismatch, {"station_id": None, "lane": "till"}),
        (LaneMismatch, {"lane": "web"}),
        (NotFound, {"payee_id": stranger.pk}),
        (NotFound, {"station_id": make.station(stranger.venue).pk}),
        (PayeeUnidentified, {"payee_id": nobody.pk}),
    ]:
        with pytest.raises(problem):
            open_register(
                **{
                    "venue_id": venue.pk,
                    "payee_id": payee.pk,
                    "station_id": register.station_id,
                    "name": "Autre",
                    "lane": "till",
                    "at": AT,
                }
                | fields
            )


def test_a_till_without_register_is_told_so():
    venue = make.venue()

    with pytest.raises(NoRegister):
        register_for(station_id=make.station(venue).pk, payee_id=make.payee(venue).pk)


def test_the_journal_port_finds_the_stations_register():
    register = cast.register()
    web = cast.register(
        venue=register.venue,
        payee=register.payee,
        station_id=None,
        lane="web",
        name="En ligne",
    )

    journal.record(
        code=journal_codes.LOG_IN,
        venue_id=register.venue_id,
        station_id=register.station_id,
        operator="Ana",
        at=AT,
        values={"staff": "Ana"},
    )
    journal.record(code=journal_codes.SETTING_CHANGED, venue_id=register.venue_id, at=AT, values={})

    here = Document.objects.filter(kind="EVENT").exclude(event_code=260)
    assert {(e.register_id, e.event_code, e.station_label, e.operator_label) for e in here} == {
        (register.pk, 80, register.station.name, "Ana"),
        (web.pk, journal_codes.SETTING_CHANGED, "", ""),
    }


def test_the_journal_port_says_when_there_is_no_register():
    venue = make.venue()

    with pytest.raises(NoRegister):
        journal.record(code=80, venue_id=venue.pk, at=AT, values={})


def test_the_first_collection_for_a_payee_opens_its_register():
    register = cast.register()
    venue, station = register.venue, register.station
    alike = "Les Maraîchers du plateau de Saclay"
    payees = [make.payee(venue, name=name) for name in (f"{alike}, légumes", f"{alike}, œufs")]

    opened = [
        ensure_register(venue_id=venue.pk, payee_id=payee.pk, station_id=station.pk, at=AT)
        for payee in payees
    ]

    assert len({register.pk, *opened}) == 3
    again = ensure_register(venue_id=venue.pk, payee_id=payees[0].pk, station_id=station.pk, at=AT)
    assert again == opened[0]
    stranger = make.payee(make.venue())
    with pytest.raises(NotFound):
        ensure_register(venue_id=venue.pk, payee_id=stranger.pk, station_id=None, at=AT)
