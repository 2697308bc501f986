"""What an OSM is worth: decisions, readings of a feed, and which of them holds."""

import contextlib
import datetime
import http.server
import threading
import time
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from teraa.common.canonical import sha256_hex
from teraa.common.problems import Invalid
from teraa.settlement import feeding, operations
from teraa.settlement.feeds import LARGEST_BODY, NotARate, RateFeed, RateReading, jumps, rate_in
from teraa.settlement.operations.rates import rate_in_force
from teraa.settlement.problems import OsmUnavailable
from teraa.settlement.queries import osm_status
from tests import make
from tests.settlement import cast

pytestmark = pytest.mark.django_db
MINUTE = datetime.timedelta(minutes=1)
BODY = b'{"data": [{"osm": {"eur": 0.0213}}], "asked": "x"}'


def decide(venue, at, rate_e10, source="venue", **fields):
    return operations.decide_rate(
        venue_id=venue.pk,
        rate_e10=rate_e10,
        valid_from=at,
        decided_by="assemblée",
        source=source,
        **fields,
    )


def feed(venue, **fields) -> RateFeed:
    return RateFeed.objects.create(
        **{"venue": venue, "url": "https://rates.example/osm", "path": "data.0.osm.eur"} | fields
    )


def in_force(venue, at) -> tuple[str, int] | None:
    found = rate_in_force(venue_id=venue.pk, at=at)
    return (found.source, found.rate_e10) if found else None


def test_the_first_source_that_holds_is_in_force(at):
    venue, other = make.venue(), make.venue()
    decide(other, at, 999)
    assert in_force(venue, at) is None
    decide(venue, at, 100)
    assert in_force(venue, at) == ("venue", 100)
    decide(venue, at, 200, source="network")
    assert in_force(venue, at) == ("network", 200)
    reading = feeding.read_feed(feed(venue), at=at, fetch=lambda url: BODY)
    assert in_force(venue, at) == ("feed", reading.rate_e10) == ("feed", 213_000_000)
    decide(venue, at, 400, source="manual", valid_until=at + 5 * MINUTE)
    assert in_force(venue, at) == ("manual", 400)

    assert in_force(venue, at + 5 * MINUTE) == ("feed", 213_000_000)
    assert in_force(venue, at + 10 * MINUTE) == ("network", 200)
    assert in_force(venue, at - MINUTE) is None


def test_a_quote_carries_the_evidence_of_its_source(at):
    venue = make.venue()
    reading = feeding.read_feed(feed(venue), at=at, fetch=lambda url: BODY)
    quote = operations.current_quote(venue_id=venue.pk, at=at)

    assert (quote.source, quote.rate_e10, quote.reading, quote.rate) == (
        *("feed", 213_000_000, reading),
        None,
    )
    assert reading.body_sha256 in quote.evidence
    assert quote.evidence_sha256 == sha256_hex(quote.evidence)
    assert operations.current_quote(venue_id=venue.pk, at=at + MINUTE) == quote


def test_without_a_rate_the_till_hears_why(at):
    venue = make.venue()
    cast.live_cursor(at)
    assert osm_status(venue.pk, at=at).reason_code == "no_rate"
    feed(venue)
    status = osm_status(venue.pk, at=at)
    assert (status.available, status.reason_code) == (False, "rate_stale")
    with pytest.raises(OsmUnavailable) as refused:
        operations.current_quote(venue_id=venue.pk, at=at)
    assert refused.value.context["reason"] == "rate_stale"


def test_a_failing_feed_says_why_and_is_tried_again_at_its_time(at):
    venue = make.venue()
    mine = feed(venue)
    asked = []

    def silent(url: str) -> bytes:
        asked.append(url)
        raise feeding.FeedSilent("answered 503")

    assert feeding.read_due_feeds(at=at, fetch=silent) == 0
    assert feeding.read_due_feeds(at=at + MINUTE / 3, fetch=silent) == 0
    mine.refresh_from_db()
    assert (asked, mine.last_error, mine.tried_at) == ([mine.url], "answered 503", at)
    assert feeding.read_due_feeds(at=at + MINUTE / 2, fetch=lambda url: BODY) == 1
    mine.refresh_from_db()
    assert (mine.last_error, RateReading.objects.count()) == ("", 1)
    assert osm_status(venue.pk, at=at).reason_code in ("no_network",)


def test_a_rate_that_jumps_is_not_believed_while_the_last_one_is(at):
    mine = feed(make.venue(), most_jump_percent=20)
    read = feeding.read_feed
    assert read(mine, at=at, fetch=lambda url: BODY)
    wild = b'{"data": [{"osm": {"eur": 2.13}}]}'
    assert read(mine, at=at + MINUTE, fetch=lambda url: wild) is None
    mine.refresh_from_db()
    assert "jumped" in mine.last_error
    assert read(mine, at=at + 11 * MINUTE, fetch=lambda url: wild).rate_e10 == 21_300_000_000


def test_feeds_that_are_switched_off_are_not_asked(at):
    feed(make.venue(), enabled=False)
    assert feeding.read_due_feeds(at=at, fetch=lambda url: pytest.fail("asked")) == 0


def test_a_venue_has_one_feed_in_use(at):
    venue = make.venue()
    feed(venue)
    feed(venue, enabled=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        feed(venue)


def test_readings_never_change_and_old_ones_are_forgotten_unless_a_quote_needs_them(at):
    venue = make.venue()
    mine = feed(venue)
    first = feeding.read_feed(mine, at=at, fetch=lambda url: BODY)
    operations.current_quote(venue_id=venue.pk, at=at)
    feeding.read_feed(mine, at=at + MINUTE, fetch=lambda url: BODY)
    with pytest.raises((IntegrityError, ProgrammingError)), transaction.atomic():
        RateReading.objects.update(rate_e10=1)

    assert feeding.forget_old_readings(at + datetime.timedelta(days=29)) == 0
    assert feeding.forget_old_readings(at + datetime.timedelta(days=31)) == 1
    assert RateReading.objects.get() == first


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate_e10": 0},
        {"rate_e10": 1, "source": "feed"},
        {"rate_e10": 1, "source": "manual"},
        {"rate_e10": 1, "source": "venue", "valid_until": MINUTE},
        {"rate_e10": 1, "source": "manual", "valid_until": -MINUTE},
    ],
)
def test_it_refuses_decisions_that_cannot_be(at, wrong):
    if "valid_until" in wrong:
        wrong = wrong | {"valid_until": at + wrong["valid_until"]}
    with pytest.raises(Invalid):
        decide(make.venue(), at, **wrong)


# -- reading an answer -----------------------------------------------------------------------------


@given(st.integers(1, 10**14))
def test_it_reads_what_was_written_exactly(rate_e10):
    whole, rest = divmod(rate_e10, 10**10)
    for body in (f'{{"a": {whole}.{rest:010d}}}', f'{{"a": "{whole}.{rest:010d}"}}'):
        assert rate_in(body.encode(), path="a", inverted=False) == rate_e10


def test_it_reads_osm_per_euro_too():
    assert rate_in(b'{"a": 50}', path="a", inverted=True) == 200_000_000


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"not json", b"[]", b"{}", b'{"a": {}}', b'{"a": null}', b'{"a": true}'),
        *(b'{"a": 0}', b'{"a": -1}', b'{"a": "abc"}', b'{"a": NaN}', b'{"a": "Infinity"}'),
        *(b'{"a": 1e400}', b'{"a": "1e999999"}', b'{"a": 1e-20}', b"\xff\xfe", b"[" * 30_000),
        b'{"a": "' + b"1" * LARGEST_BODY + b'"}',
    ],
)
def test_it_refuses_what_is_no_rate(body):
    for inverted in (False, True):
        with pytest.raises(NotARate):
            rate_in(body, path="a", inverted=inverted)


@given(st.integers(1, 10**12), st.integers(1, 10**12), st.integers(1, 1000))
def test_a_jump_is_judged_in_integers(before, now, percent):
    assert jumps(before_e10=before, now_e10=now, most_percent=percent) == (
        abs(now - before) * 100 > before * percent
    )


# -- over a real socket ----------------------------------------------------------------------------


@contextmanager
def serving(answer):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/osm"
    finally:
        server.shutdown()
        server.server_close()


def answer_with(status, body=b"", **headers):
    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def private(settings):
    """As in a demonstration: this machine may be asked, without TLS."""
    settings.TERAA_HOOKS_TO_PRIVATE = True


@pytest.fixture
def strict(settings):
    """As in service."""
    settings.TERAA_HOOKS_TO_PRIVATE = False


@pytest.mark.usefixtures("private")
def test_it_fetches_over_http():
    with serving(answer_with(200, BODY)) as url:
        assert feeding.fetch_over_http(url) == BODY


@pytest.mark.parametrize(
    "answer",
    [
        answer_with(503),
        answer_with(302, Location="http://127.0.0.1:1/"),
        answer_with(200, b"x" * (LARGEST_BODY + 1)),
    ],
    ids=["an error", "a redirect", "too much"],
)
@pytest.mark.usefixtures("private")
def test_it_takes_no_other_answer(answer):
    with serving(answer) as url, pytest.raises(feeding.FeedSilent):
        feeding.fetch_over_http(url)


@pytest.mark.usefixtures("private")
def test_a_closed_port_and_a_wrong_address_are_silence():
    for url in ("http://127.0.0.1:1/", "nonsense", "http://[/"):
        with pytest.raises(feeding.FeedSilent):
            feeding.fetch_over_http(url)


@pytest.mark.usefixtures("private")
def test_it_connects_to_the_number_it_looked_at_whatever_the_name_says_later():
    """The name would lead nowhere if anybody looked it up a second time."""
    asked = []
    hosts = []

    def resolve(host, port):
        asked.append((host, port))
        return ["127.0.0.2", "127.0.0.1"]

    def answer(handler):
        hosts.append(handler.headers["Host"])
        answer_with(200, BODY)(handler)

    with serving(answer) as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        body = feeding.fetch_over_http(f"http://once.invalid:{port}/osm", resolve=resolve)
    assert body == BODY
    assert asked == [("once.invalid", port)]
    assert hosts == [f"once.invalid:{port}"]


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("number", ["127.0.0.1", "10.0.0.7", "::ffff:127.0.0.1", "169.254.169.254"])
def test_a_name_that_leads_inside_is_not_asked(number):
    asked = []
    with serving(asked.append) as url:
        port = url.rpartition(":")[2].partition("/")[0]
        with pytest.raises(feeding.FeedSilent, match="private network"):
            feeding.fetch_over_http(
                f"https://rebound.example:{port}/", resolve=lambda host, port: [number]
            )
    assert asked == []


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(
    "url", ["http://rates.example/osm", "https://127.0.0.1/", "https://[::1]/", "https://ada:b@x/"]
)
def test_an_address_it_would_never_ask_is_refused_before_anybody_looks_it_up(url):
    def resolve(host, port):
        raise AssertionError(f"{host} was looked up")

    with pytest.raises(feeding.FeedSilent, match="refused"):
        feeding.fetch_over_http(url, resolve=resolve)


@pytest.mark.usefixtures("private")
def test_an_answer_that_drips_is_given_up(monkeypatch):
    monkeypatch.setattr(feeding, "PATIENCE_SECONDS", 0.2)

    def drip(handler):
        handler.send_response(200)
        handler.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(50):
                handler.wfile.write(b" ")
                time.sleep(0.05)

    with serving(drip) as url, pytest.raises(feeding.FeedSilent, match="too slowly"):
        feeding.fetch_over_http(url)


@pytest.mark.django_db
@pytest.mark.usefixtures("strict", "keys_dir")
@pytest.mark.parametrize("url", ["http://rates.example/osm", "https://10.0.0.1/osm"])
def test_the_office_refuses_an_address_that_would_never_be_asked(client, url):
    venue = make.venue()
    user = make.user(is_staff=True)
    make.staff(venue, user=user, role="manager")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    form = {
        "venue": venue.pk,
        "path": "data.osm.eur",
        "every_seconds": 30,
        "valid_seconds": 600,
        "most_jump_percent": 20,
    }
    page = reverse("admin:settlement_ratefeed_add")
    client.post(page, {**form, "url": url})
    assert not RateFeed.objects.exists()

    assert client.post(page, {**form, "url": "https://rates.example/osm"}).status_code == 302
    assert RateFeed.objects.get().url == "https://rates.example/osm"
