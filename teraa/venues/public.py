"""The venue of a public page: the one its address names, or the house's first."""

from __future__ import annotations

from django.http import Http404

from teraa.common.prepared import Joined
from teraa.venues.models import Venue

_VENUE = Joined(
    "SELECT {columns} FROM venues_venue v WHERE %(slug)s::text IN ('', v.slug)"
    " ORDER BY v.created_at, v.id LIMIT 1",
    v=Venue,
)


def venue_or_404(slug: str = "") -> Venue:
    """Return the venue of ``/lieu/<slug>/…``; of a bare address, the first of the house (one query).

    Raises Http404.
    """
    found = _VENUE.first(slug=slug)
    if found is None:
        raise Http404
    venue: Venue = found["v"]
    return venue
