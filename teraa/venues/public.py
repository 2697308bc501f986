"""The venue of a public page: the one its address names, or the house's first."""

from __future__ import annotations

from django.http import Http404

from teraa.venues.models import Venue


def venue_or_404(slug: str = "") -> Venue:
    """Return the venue of ``/lieu/<slug>/…``; of a bare address, the first of the house (one query).

    Raises Http404.
    """
    venues = Venue.objects.order_by("created_at", "pk")
    venue = venues.filter(slug=slug).first() if slug else venues.first()
    if venue is None:
        raise Http404
    return venue
