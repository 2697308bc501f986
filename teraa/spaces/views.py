"""What is taken, for calendars that subscribe to it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_safe

from teraa.common.clock import now
from teraa.spaces import feeds


@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """Whoever knows the secret reads; 404 once it is revoked. Answers 304 when nothing changed."""
    found = feeds.feed_of(secret)
    if found is None:
        raise Http404
    at = now()
    taken = feeds.taken_for(found, at=at)
    etag = feeds.etag_of(found, taken)
    answer: HttpResponse
    if request.headers.get("If-None-Match") == etag:
        answer = HttpResponseNotModified()
    else:
        answer = HttpResponse(
            feeds.calendar_of(found, taken, at=at), content_type="text/calendar; charset=utf-8"
        )
    answer["ETag"] = etag
    answer["Cache-Control"] = "private, max-age=300"
    answer["X-Robots-Tag"] = "noindex"
    return answer
