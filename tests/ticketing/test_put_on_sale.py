"""An event goes on sale once everything a ticket must say is there, and takes its space."""

import pytest

from teraa.common.problems import NotFound
from teraa.common.states import WrongMove, moves_table
from teraa.spaces.models import Atom, Claim, Resource, ResourceAtom
from teraa.spaces.operations import JustTaken, Need, claim_spaces
from teraa.venues.models import VatRate
from tests.ticketing import cast
from tests.ticketing.cast import MINUTE
from ticketing.models import TicketKey
from ticketing.operations import end_event, put_on_sale
from ticketing.problems import MentionsMissing
from ticketing.states import EVENT_MOVES, ORDER_MOVES, TICKET_MOVES


def hall(venue):
    atom = Atom.objects.create(venue=venue, name="Grande salle")
    resource = Resource.objects.create(venue=venue, name="Grande salle")
    ResourceAtom.objects.create(venue=venue, resource=resource, atom=atom)
    return resource


@pytest.fixture
def draft(db, keys_dir, at):
    show = cast.show(at=at, draft=True)
    show.event.resource = hall(show.venue)
    show.event.save()
    return show


def sell(show, at):
    return put_on_sale(event_id=show.event.pk, venue_id=show.venue.pk, at=at)


def test_it_takes_the_space_from_the_opening_of_the_gates_to_the_end(draft, at):
    event = sell(draft, at)

    assert event.state == "on_sale"
    core = Claim.objects.get(kind="core", live=True)
    assert (core.span.lower, core.span.upper) == (event.entry_at, event.ends_at)
    with pytest.raises(JustTaken):
        claim_spaces(
            venue_id=draft.venue.pk,
            holder="tests.somebody",
            needs=[Need(event.resource_id)],
            starts_at=event.starts_at + 10 * MINUTE,
            ends_at=event.starts_at + 40 * MINUTE,
            at=at,
        )


def test_a_space_that_is_somebody_elses_refuses_the_whole(draft, at):
    claim_spaces(
        venue_id=draft.venue.pk,
        holder="tests.somebody",
        needs=[Need(draft.event.resource_id)],
        starts_at=draft.event.starts_at,
        ends_at=draft.event.ends_at,
        at=at,
    )
    with pytest.raises(JustTaken):
        sell(draft, at)
    draft.event.refresh_from_db()
    assert draft.event.state == "draft"
    assert not TicketKey.objects.exists()


def test_ending_it_before_its_day_gives_the_space_back(draft, at):
    sell(draft, at)
    end_event(event_id=draft.event.pk, venue_id=draft.venue.pk, at=at)

    assert not Claim.objects.filter(live=True).exists()


def test_it_refuses_until_a_ticket_could_say_everything(draft, at):
    VatRate.objects.filter(venue=draft.venue).delete()
    draft.payee.identities.all().delete()
    with pytest.raises(MentionsMissing) as refusal:
        sell(draft, at)

    assert refusal.value.context["missing"].count(",") >= 3
    draft.event.refresh_from_db()
    assert draft.event.state == "draft"


def test_it_refuses_a_second_time_and_another_venues(draft, at):
    elsewhere = cast.show(at=at, draft=True)
    sell(draft, at)

    with pytest.raises(WrongMove):
        sell(draft, at)
    with pytest.raises(NotFound):
        put_on_sale(event_id=draft.event.pk, venue_id=elsewhere.venue.pk, at=at)


def test_a_venue_has_one_key_for_all_its_events(draft, at):
    sell(draft, at)
    cast.show(at=at, venue=draft.venue, payee=draft.payee)

    assert TicketKey.objects.count() == 1


@pytest.mark.parametrize(
    ("moves", "allowed"),
    [
        (EVENT_MOVES, {("draft", "on_sale"), ("on_sale", "ended")}),
        (
            ORDER_MOVES,
            {
                ("hold", "confirmed"),
                ("hold", "expired"),
                ("hold", "cancelled"),
                ("expired", "confirmed"),
                ("expired", "paid_without_place"),
                ("paid_without_place", "confirmed"),
                ("paid_without_place", "refunded"),
            },
        ),
        (TICKET_MOVES, {("valid", "admitted"), ("valid", "cancelled")}),
    ],
)
def test_no_other_move_is_allowed(moves, allowed):
    assert {(a, b) for a, b, may in moves_table(moves) if may} == allowed
