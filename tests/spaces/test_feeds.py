"""Calendars subscribe to what is taken; another implementation reads the same."""

import datetime

import pytest
import recurring_ical_events
from django.test import Client
from icalendar import Calendar

from bookings.operations import cancel_booking, move_booking
from teraa.common.clock import now
from teraa.fiscal.models import Document
from teraa.spaces.feeds import calendar_of, etag_of, new_secret, taken_for
from teraa.spaces.models import Feed
from teraa.spaces.operations import Need, claim_spaces
from teraa.venues.models import Role
from tests.bookings import cast
from tests.bookings.test_look_after_bookings import signed_in

THURSDAY = datetime.datetime(2026, 11, 26, 18, tzinfo=datetime.UTC)  # 19:00 in Paris
HOUR = datetime.timedelta(hours=1)
DAY = 24 * HOUR

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]


def feed(venue, resource=None, **fields):
    secret, digest = new_secret()
    made = Feed.objects.create(
        **{
            "venue": venue,
            "resource": resource,
            "name": "Équipe",
            "shows": "all",
            "secret_sha256": digest,
            "created_at": now(),
        }
        | fields
    )
    return made, secret


def read(of, at):
    """Each event as another implementation finds it on its days."""
    calendar = Calendar.from_ical(calendar_of(of, taken_for(of, at=at), at=at))
    events = recurring_ical_events.of(calendar, skip_bad_series=False).between(
        at - 100 * DAY, at + 400 * DAY
    )
    return {
        str(one["UID"]): (
            one["DTSTART"].dt,
            one["DTEND"].dt,
            str(one["SUMMARY"]),
            str(one["STATUS"]),
            int(one["SEQUENCE"]),
        )
        for one in events
    }


def test_it_says_what_is_taken_in_the_venues_time(at):
    house = cast.house()
    booking = house.hold(at).booking
    made, _secret = feed(house.venue)

    (uid,) = told = read(made, at)

    starts, ends, summary, status, sequence = told[uid]
    assert uid == f"{booking.pk}@{house.venue.slug}.teraa"
    assert (starts, ends) == (THURSDAY, THURSDAY + 2 * HOUR)
    assert starts.utcoffset() == HOUR
    assert (summary, status, sequence) == ("Nora Petit · Studio A", "TENTATIVE", 0)


def test_a_move_keeps_the_uid_and_raises_the_sequence_and_an_end_is_told_for_a_month(at):
    house = cast.house()
    booking = house.hold(at, house.desk, total_cents=0).booking
    made, _secret = feed(house.venue)
    ((uid, first),) = read(made, at).items()

    move_booking(venue=house.venue, booking_id=booking.pk, starts_at=THURSDAY + DAY, at=at + HOUR)
    ((same, second),) = read(made, at + HOUR).items()
    cancel_booking(booking_id=booking.pk, at=at + 2 * HOUR)
    ((still, third),) = read(made, at + 2 * HOUR).items()

    assert uid == same == still
    assert (first[0], second[0], third[0]) == (THURSDAY, THURSDAY + DAY, THURSDAY + DAY)
    assert (first[3], second[3], third[3]) == ("CONFIRMED", "CONFIRMED", "CANCELLED")
    assert first[4] < second[4] < third[4]
    assert read(made, at + 31 * DAY) == {}


def test_a_busy_feed_tells_nobodys_name(at):
    house = cast.house()
    house.hold(at)
    made, _secret = feed(house.venue, shows="busy")

    text = calendar_of(made, taken_for(made, at=at), at=at).decode()

    assert "Nora" not in text
    assert "Occupé : Studio A" in text.replace("\u00a0", " ")
    assert "CLASS:PRIVATE" in text


def test_a_feed_of_one_space_has_what_takes_any_part_of_it(at):
    house = cast.house()
    house.hold(at, house.grand, total_cents=7000)
    house.hold(at, house.desk, total_cents=0, email="ada@example.org")
    claim_spaces(
        venue_id=house.venue.pk,
        holder="ticketing.event:concert",
        needs=[Need(house.spaces.b.pk)],
        starts_at=THURSDAY + DAY,
        ends_at=THURSDAY + DAY + HOUR,
        at=at,
        label="Concert",
    )

    def summaries(resource):
        return sorted(one[2] for one in read(feed(house.venue, resource)[0], at).values())

    assert summaries(house.spaces.a) == ["Nora Petit · Grand Studio"]
    assert summaries(house.spaces.b) == ["Concert", "Nora Petit · Grand Studio"]
    assert len(summaries(None)) == 3


def test_holds_past_their_time_and_other_venues_are_not_in_it(at):
    house, other = cast.house(), cast.house()
    house.hold(at)
    other.hold(at)
    made, _secret = feed(house.venue)

    assert len(read(made, at)) == 1
    assert read(made, at + HOUR) == {}


def test_its_tag_changes_with_what_is_told_and_only_then(at):
    house = cast.house()
    made, _secret = feed(house.venue)
    before = etag_of(made, taken_for(made, at=at))
    assert before == etag_of(made, taken_for(made, at=at + HOUR))
    house.hold(at)
    assert before != etag_of(made, taken_for(made, at=at))


def test_its_address_answers_until_it_is_revoked(count_queries):
    house = cast.house()
    at = now()
    start = (at + 3 * DAY).replace(hour=12, minute=0, second=0, microsecond=0)
    house.hold(at, starts_at=start)
    made, secret = feed(house.venue)
    client = Client()
    address = f"/feeds/{secret}/calendar.ics"

    with count_queries() as queries:
        first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    manager = signed_in(house.venue, Role.MANAGER)
    revoked = manager.post(f"/office/spaces/feed/{made.pk}/revoke/", {"_form_submitted": "on"})

    assert (first.status_code, first["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert first["Cache-Control"].startswith("private")
    assert len(queries) == 2
    assert (again.status_code, again.content) == (304, b"")
    assert revoked.status_code == 200
    assert client.get(address).status_code == 404
    assert client.get("/feeds/guess/calendar.ics").status_code == 404
    assert client.post(address).status_code == 405


def test_the_office_shows_its_address_once_and_keeps_no_secret():
    venue = cast.house().venue
    manager = signed_in(venue, Role.MANAGER)

    answer = manager.post(
        "/office/spaces/feed/add/",
        {"venue": str(venue.pk), "name": "Régie", "resource": "", "shows": "busy"},
        follow=True,
    )

    made = Feed.objects.get()
    page = answer.content.decode()
    (address,) = {word for word in page.split() if "/feeds/" in word}
    secret = address.split("/feeds/")[1].split("/")[0]
    assert len(secret) == 43
    assert Client().get(f"/feeds/{secret}/calendar.ics").status_code == 200
    assert secret not in manager.get(f"/office/spaces/feed/{made.pk}/change/").content.decode()
    assert secret not in made.secret_sha256
    journal = Document.objects.filter(kind="EVENT").values_list("payload", flat=True)
    assert any("Régie" in payload for payload in journal)
    assert not any(secret in payload or made.secret_sha256 in payload for payload in journal)
