"""Put an event on sale; end it."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from teraa.common import journal, journal_codes
from teraa.common.clock import business_date
from teraa.common.problems import NotFound
from teraa.spaces.operations import Need, claim_spaces, claiming, release_claims
from teraa.venues.models import Serving
from teraa.venues.queries import NoIdentity, identity_on, vat_rates_on
from ticketing.keys import ensure_key
from ticketing.models import Event, Series
from ticketing.problems import MentionsMissing
from ticketing.states import EventState


def holder_of(event: Event) -> str:
    """What the spaces it takes know this event by."""
    return f"ticketing.event:{event.pk}"


def put_on_sale(*, event_id: UUID, venue_id: UUID, at: datetime.datetime, by: str = "") -> Event:
    """Open the sale: mentions checked, the space taken, the series and the venue's key made.

    Raises NotFound, MentionsMissing, JustTaken (the space is somebody else's then), WrongMove,
    KeysUnavailable.
    """

    @transaction.atomic
    def attempt() -> Event:
        event = (
            Event.objects.select_for_update(of=("self",))
            .select_related("venue", "payee")
            .filter(pk=event_id, venue_id=venue_id)
            .first()
        )
        if event is None:
            raise NotFound
        missing = missing_mentions(event, at=at)
        if missing:
            raise MentionsMissing(missing=", ".join(missing))
        event.move(EventState.ON_SALE)
        ensure_key(venue_id=venue_id, at=at)
        Series.objects.create(event=event, venue_id=venue_id)
        if event.resource_id is not None:
            claim_spaces(
                venue_id=venue_id,
                holder=holder_of(event),
                needs=[Need(event.resource_id)],
                starts_at=event.entry_at,
                ends_at=event.ends_at,
                at=at,
                label=event.title,
            )
        _journal(event, "on sale", by, at)
        return event

    return claiming(attempt)


def missing_mentions(event: Event, *, at: datetime.datetime) -> list[str]:
    """What a ticket of this event could not say yet, in the active language; empty when all is there."""
    missing = []
    # Tickets are sold from now on: identity and rates must hold today.
    day = business_date(min(at, event.starts_at), event.venue.zone, event.venue.day_cutoff)
    try:
        identity_on(event.payee_id, day)
    except NoIdentity:
        missing.append(gettext("the organiser’s legal identity"))
    if not (event.place or event.venue.name):
        missing.append(gettext("the place"))
    rates = list(event.rates.filter(active=True))
    if not rates:
        missing.append(gettext("a rate and its quota"))
    known = vat_rates_on(event.venue_id, day)
    missing += [
        gettext("the VAT rate of “{rate}”").format(rate=rate.name)
        for rate in rates
        if (rate.vat_class, Serving.ON_SITE) not in known
    ]
    return missing


@transaction.atomic
def end_event(*, event_id: UUID, venue_id: UUID, at: datetime.datetime, by: str = "") -> Event:
    """Close the sale for good and give the space back if it is still to come. Raises NotFound, WrongMove."""
    event = Event.objects.filter(pk=event_id, venue_id=venue_id).first()
    if event is None:
        raise NotFound
    event.move(EventState.ENDED)
    if at < event.starts_at:
        release_claims(holder=holder_of(event), at=at)
    _journal(event, "ended", by, at)
    return event


def _journal(event: Event, act: str, by: str, at: datetime.datetime) -> None:
    rates = event.rates.filter(active=True).order_by("number")
    journal.record_where_kept(
        code=journal_codes.SETTING_CHANGED,
        venue_id=event.venue_id,
        at=at,
        values={
            "what": "event",
            "id": str(event.pk),
            "name": event.title,
            "act": act,
            "rates": [[one.name, one.price_cents, one.vat_class] for one in rates],
        },
        operator=by,
    )
