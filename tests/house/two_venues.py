"""Two venues with something in every table, and everybody who may knock at either.

Everything of a venue carries its word, so that seeing the word says whose data was seen. A new
table that belongs to a venue gets a row in ``furnish``; a test says so when one is missing.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import connection, models
from django.test import Client
from django.utils.text import slugify

from bookings.models import (
    Booking,
    BookingLimit,
    CancellationStep,
    DiscountCode,
    PricePeak,
    SpecialDays,
    WaitingEntry,
)
from bookings.operations import WaitingWanted, hold_space, join_waiting_list
from bookings.wanting import Wanted as BookingWanted
from bookings.wanting import starts_of
from pos.amap.models import (
    AmapGroup,
    Basket,
    Catalog,
    Distribution,
    Household,
    OrderLine,
    Producer,
)
from pos.amap.models import Product as FarmProduct
from pos.amap.operations import bring_file, close_orders, export_day, freeze_line, hand_out
from pos.catalogue import publish_catalogue
from pos.drawer.models import Shift
from pos.drawer.operations import begin_shift
from pos.models import Category, Product, Sale, SaleRefund
from pos.operations import SaleWanted, TenderWanted, ring_up
from pos.pricing import Wanted
from pos.refunding import RefundWanted, TenderBack, refund_sale
from teraa.accounts.models import User
from teraa.common.ids import uuid7
from teraa.devices.models import Printer, PrinterTill
from teraa.devices.profiles import Profile, profile_to_json
from teraa.fiscal.closings.days import close_day
from teraa.fiscal.closings.models import Closing
from teraa.fiscal.drafts import LineDraft, TenderDraft, TicketDraft
from teraa.fiscal.models import Archive, Task
from teraa.fiscal.registers import open_register, register_for
from teraa.fiscal.sealing import seal_ticket
from teraa.settlement import operations as settlement
from teraa.settlement.cases.models import Case, Refund, Safeguard
from teraa.settlement.cases.operations import draft_refund, make_claim
from teraa.settlement.cases.people import Person
from teraa.settlement.models import Collection, Due, PaymentPolicy, Payout, RateFeed, RateReading
from teraa.settlement.osm.addresses import address_of_passphrase
from teraa.settlement.osm.devnet.profiles import ADDRESS_BYTE
from teraa.settlement.osm.models import (
    AddressBalance,
    ChainTransaction,
    DistrustedSender,
    Lease,
    NodePeer,
    OsmRequest,
    WatchedAddress,
)
from teraa.settlement.queries import settled_tenders
from teraa.spaces.feeds import new_secret
from teraa.spaces.models import Feed
from teraa.venues.authentication import SHIFT_COOKIE, STATION_COOKIE, StationSession
from teraa.venues.models import (
    OpeningHours,
    Payee,
    Role,
    Serving,
    Silence,
    StaffMember,
    Station,
    StationKind,
    VatClass,
    VatRate,
    Venue,
)
from teraa.venues.operations import WrongPin, make_enrolment_code, sign_on
from teraa.webhooks.models import HookEndpoint
from teraa.webhooks.operations import create_endpoint, ping_endpoint
from tests import make
from tests.bookings import cast as booking_cast
from tests.settlement.osm.channel import Channel
from tests.spaces import cast as space_cast
from tests.ticketing import cast as ticketing_cast
from ticketing.models import Event, TicketFile

ROOMS = (
    *("accounts", "amap", "bookings", "cases", "devices", "fiscal", "live", "osm", "pos"),
    *("settlement", "spaces", "ticketing", "venues", "webhooks"),
)
PIN = "2580"
OSM = 100_000_000

# Rows that belong to the house or to the chain, not to a venue, and why.
HOUSE_WIDE = {
    "accounts.signinlink": "known by digest, opened by its secret",
    "accounts.outgoingmail": "shown to superusers only",
    "live.outbox": "ids only; shown to superusers only",
    "live.heartbeat": "one row a part of the house",
    "osm.network": "the chain is everybody's",
    "osm.nodepeer": "the chain is everybody's",
    "osm.nodehook": "the chain is everybody's",
    "osm.nodehint": "the chain is everybody's",
    "osm.blockcursor": "the chain is everybody's",
    "osm.block": "the chain is everybody's",
    "venues.enrolmenttries": "known by the digest of a network address",
}

# Rows that only others make a venue's.
INDIRECT: dict[Any, str] = {
    User: "staff_memberships__venue",
    ChainTransaction: "receipts__venue",
}


@dataclass
class House:
    """One venue, furnished, with the keys to all of its doors."""

    word: str
    channel: Channel
    venue: Venue
    payee: Payee
    till: Station
    agent: Station
    product: Product
    drawer_shift: Shift = field(init=False)
    cash_sale: Sale = field(init=False)
    osm_sale: Sale = field(init=False)
    sale_refund: SaleRefund = field(init=False)
    basket: Basket = field(init=False)
    collection: Collection = field(init=False)
    payout: Payout = field(init=False)
    given_back: Payout = field(init=False)
    booking: Booking = field(init=False)
    waiting: WaitingEntry = field(init=False)
    feed_secret: str = field(init=False)
    event: Event = field(init=False)
    case: Case = field(init=False)
    refund: Refund = field(init=False)
    gate: Station = field(init=False)
    endpoint: HookEndpoint = field(init=False)
    closing: Closing = field(init=False)
    people: dict[str, StaffMember] = field(default_factory=dict)
    tills: dict[str, Station] = field(default_factory=dict)
    shifts: dict[str, str] = field(default_factory=dict)

    def wanted(self, *, at: datetime.datetime, **fields: Any) -> SaleWanted:
        given: dict[str, Any] = {
            "key": uuid7(),
            "catalogue_version": 1,
            "serving": "on_site",
            "receipt": "paper",
            "lines": [Wanted(str(self.product.pk), 1)],
            "total_cents": self.product.price_cents,
            "tenders": [TenderWanted(uuid7(), "cash", self.product.price_cents)],
        }
        return SaleWanted(**given | fields)


def furnish(word: str, *, channel: Channel, at: datetime.datetime) -> House:
    """A venue that has lived a little: sales, payments, coins, paper, wrong PINs."""
    venue = make.venue(slug=slugify(word), name=f"{word} lieu", tagline=f"{word} devise")
    OpeningHours.objects.create(
        venue=venue, weekday=0, opens=datetime.time(9), closes=datetime.time(18)
    )
    address = address_of_passphrase(f"house {word}", ADDRESS_BYTE)
    payee = make.payee(venue, name=f"{word} coopérative", osm_address=address)
    till = make.station(venue, payee=payee, name=f"{word} caisse")
    agent = make.station(venue, kind=StationKind.AGENT, name=f"{word} agent")
    house = House(word, channel, venue, payee, till, agent, _catalogue(word, venue, at))
    for station in (None, till):
        open_register(
            venue_id=venue.pk,
            payee_id=payee.pk,
            station_id=station.pk if station else None,
            name=f"{word}-{'T' if station else 'W'}",
            lane="till" if station else "web",
            at=at,
        )
    _hooks(house, at)
    _people(house, at)
    _printer(house)
    _sales(house, channel, at)
    _balances(house, at)
    _bookings(house, at)
    _baskets(house, at)
    _events(house, at)
    _refunds(house, at)
    by = {"operator_label": f"{word} trésorerie", "station_label": till.name}
    house.closing = close_day(
        register_id=register_for(station_id=till.pk, payee_id=payee.pk), at=at, **by
    )
    _archives(house, at)
    return house


def _archives(house: House, at: datetime.datetime) -> None:
    """An archive that is listed, and somebody who asked for it."""
    archive = Archive.objects.create(
        venue=house.venue,
        reason="asked",
        until=at.date(),
        documents=1,
        size_bytes=1,
        sha256="0" * 64,
        manifest_sha256="0" * 64,
        fiscal_version="1.0.0",
        made_at=at,
        made_by=f"{house.word} Ana",
    )
    Task.objects.create(
        venue=house.venue,
        kind="archive",
        state="done",
        asked_at=at,
        asked_by=f"{house.word} Ana",
        ended_at=at,
        outcome={"holds": True, "wrong": "", "documents": 1},
        archive=archive,
    )


def _balances(house: House, at: datetime.datetime) -> None:
    """What our node says this venue's addresses hold."""
    AddressBalance.objects.bulk_create(
        AddressBalance(
            peer=NodePeer.objects.get(),
            watched=watched,
            height=1,
            block_id="0" * 64,
            balance_units=OSM,
            read_at=at,
        )
        for watched in WatchedAddress.objects.filter(venue=house.venue)
    )


def _catalogue(word: str, venue: Venue, at: datetime.datetime) -> Product:
    category = Category.objects.create(venue=venue, name=f"{word} boissons", colour="brown")
    product = Product.objects.create(
        venue=venue,
        category=category,
        label=f"{word} café",
        price_cents=150,
        vat_class=VatClass.SOFT_DRINK,
    )
    publish_catalogue(venue_id=venue.pk, at=at)
    return product


def _hooks(house: House, at: datetime.datetime) -> None:
    """Somebody outside is told of all that follows."""
    told: dict[str, Any] = {"venue_id": house.venue.pk, "by": house.word, "at": at}
    house.endpoint, _secret = create_endpoint(
        key=uuid7(),
        url=f"https://hooks.example/{house.word}",
        wanted=["*"],
        description=f"{house.word} comptabilité",
        **told,
    )
    ping_endpoint(endpoint_id=house.endpoint.pk, **told)


def _people(house: House, at: datetime.datetime) -> None:
    for role in Role.values:
        user = make.user(email=f"{house.word.lower()}.{role}@example.org", is_staff=True)
        member = make.staff(house.venue, name=f"{house.word} {role}", role=role, pin=PIN, user=user)
        station = make.station(house.venue, payee=house.payee, name=f"{house.word} poste {role}")
        open_register(
            venue_id=house.venue.pk,
            payee_id=house.payee.pk,
            station_id=station.pk,
            name=f"{house.word}-{role}",
            lane="till",
            at=at,
        )
        house.people[role], house.tills[role] = member, station
        house.shifts[role] = sign_on(station=station, staff_id=member.pk, pin=PIN, at=at)
    Silence.objects.create(
        venue=house.venue,
        station=house.till,
        key=uuid7(),
        since=at - datetime.timedelta(minutes=3),
        until=at,
    )
    # A wrong PIN leaves its count, an unused code waits.
    with contextlib.suppress(WrongPin):
        sign_on(station=house.till, staff_id=house.people["manager"].pk, pin="1357", at=at)
    make_enrolment_code(station=house.till, at=at)


def _printer(house: House) -> None:
    printer = Printer.objects.create(
        venue=house.venue,
        station=house.agent,
        name=f"{house.word} imprimante",
        target="127.0.0.1:9",
        profile=profile_to_json(Profile()),
        is_default=True,
    )
    PrinterTill.objects.create(printer=printer, station=house.till)


def _sales(house: House, channel: Channel, at: datetime.datetime) -> None:
    settlement.decide_rate(
        venue_id=house.venue.pk,
        rate_e10=200_000_000,
        valid_from=at - datetime.timedelta(days=1),
        decided_by=f"{house.word} assemblée",
    )
    feed = RateFeed.objects.create(
        venue=house.venue, url=f"https://{house.word.lower()}.example/osm", path="eur"
    )
    RateReading.objects.create(
        venue=house.venue,
        feed=feed,
        rate_e10=200_000_000,
        read_at=at - datetime.timedelta(days=2),  # too old to be in force
        body=house.word,
        body_sha256="0" * 64,
    )
    PaymentPolicy.objects.create(venue=house.venue, payee=house.payee)
    quote = settlement.current_quote(venue_id=house.venue.pk, at=at)
    session = StationSession(house.till, house.venue, house.people["manager"], None)
    # Of the till at which the manager knocks.
    own = StationSession(house.tills["manager"], house.venue, house.people["manager"], None)
    house.drawer_shift = begin_shift(session=own, key=uuid7(), count={2000: 3}, at=at)
    house.cash_sale = ring_up(session=session, wanted=house.wanted(at=at), at=at).sale

    returned = ring_up(session=session, wanted=house.wanted(at=at), at=at).sale
    house.sale_refund = refund_sale(
        session=session,
        sale_key=returned.key,
        wanted=RefundWanted(uuid7(), 150, [TenderBack("cash", 150)], f"{house.word} renversé"),
        at=at,
    ).refund

    def osm() -> Sale:
        # Half of it: the rest can still be taken otherwise.
        tender = TenderWanted(uuid7(), "osm", 75, quote=quote.pk)
        return ring_up(session=session, wanted=house.wanted(at=at, tenders=[tender]), at=at).sale

    given_up, paid, house.osm_sale = osm(), osm(), osm()
    settlement.cancel_due(due_id=given_up.due_id, by=f"{house.word} caisse", at=at)
    request = OsmRequest.objects.get(tenders__due_id=paid.due_id)
    channel.node.pay(request.address, request.units, request.reference)
    channel.node.pay(house.payee.osm_address, 3 * OSM, f"{house.word} don")
    channel.node.forge()
    channel.look()
    carried = ChainTransaction.objects.get(receipts__allocations__request=request)
    Lease.objects.create(
        request=request,
        venue=house.venue,
        transaction=carried,
        sender=carried.sender,
        amount_cents=request.amount_cents,
        evidence={"pools": [house.word], "balances": {}, "spending": "0"},
        granted_at=at,
    )
    DistrustedSender.objects.create(
        venue=house.venue, address=carried.sender, reason=house.word, request=request, added_at=at
    )
    due = settlement.open_due(
        venue_id=house.venue.pk,
        payee_id=house.payee.pk,
        subject=f"{house.word}.chose",
        amount_cents=500,
        at=at,
    )
    house.collection = settlement.collect(
        key=uuid7(), venue_id=house.venue.pk, due_ids=[due.pk], kind="cash", at=at
    )
    house.payout, house.given_back = (
        settlement.owe_back(due=Due.objects.get(pk=due.pk), amount_cents=cents, at=at)
        for cents in (100, 200)
    )
    house.given_back, _new = settlement.pay_out(
        key=uuid7(),
        venue_id=house.venue.pk,
        payout_id=house.given_back.pk,
        kind="card",
        authorisation=f"{house.word} 42",
        at=at,
    )
    # What it was paid on, and (in place of what a trade would seal) the paper of what went back.
    for subject, tenders, cents in (
        (
            due.line_subject,
            [TenderDraft.of(one) for one in settled_tenders(due_id=due.pk)],
            500,
        ),
        (house.given_back.line_subject, [TenderDraft(kind="card", amount_cents=200)], 200),
    ):
        line = LineDraft(
            label=f"{house.word} chose",
            quantity_milli=1000,
            unit_price_cents=cents,
            total_cents=cents,
            vat_class="other",
            vat_rate_bp=2000,
            subject=subject,
        )
        seal_ticket(
            register_id=register_for(station_id=house.till.pk, payee_id=house.payee.pk),
            ticket=TicketDraft(lines=[line], tenders=tenders),
            document_id=uuid7(),
            at=at,
        )


def _baskets(house: House, at: datetime.datetime) -> None:
    """An AMAP with two households, one basket handed out and one still there, files in and out."""
    word, of_venue = house.word, {"venue": house.venue}
    group = AmapGroup.objects.create(name=f"{word} AMAP", payee=house.payee, **of_venue)
    of_group = {"group": group, **of_venue}
    producer = Producer.objects.create(name=f"{word} ferme", number=1, **of_group)
    catalog = Catalog.objects.create(
        name=f"{word} légumes", number=1, producer=producer, **of_group
    )
    product = FarmProduct.objects.create(
        name=f"{word} panier", ref="PAN", catalog=catalog, price_cents=1500, **of_venue
    )
    distribution = Distribution.objects.create(
        starts_at=at, ends_at=at + datetime.timedelta(hours=2), place=f"{word} salle", **of_group
    )
    for number in (1, 2):
        household = Household.objects.create(
            number=number,
            first_name="Ana",
            last_name=f"{word} {number}".upper(),
            email=f"{word}.{number}@example.org".lower(),
            **of_group,
        )
        basket = Basket.objects.create(distribution=distribution, household=household, **of_venue)
        line = OrderLine(basket=basket, product=product, quantity_milli=1000)
        freeze_line(line).save()
    close_orders(distribution_id=distribution.pk, venue_id=house.venue.pk, at=at)
    house.basket, given = distribution.baskets.order_by("number")
    session = StationSession(house.till, house.venue, house.people["manager"], None)
    hand_out(session=session, basket_id=given.pk, key=uuid7(), missing=[], at=at)
    by = f"{word} coordination"
    export_day(distribution=distribution, excel=False, by=by, at=at)
    content = f"a;b;c\nEva;{word};{word}@example.org\n".encode()
    bring_file(group=group, kind="members", name=f"{word}.csv", content=content, by=by, at=at)


def _bookings(house: House, at: datetime.datetime) -> None:
    VatRate.objects.create(
        venue=house.venue,
        vat_class=VatClass.SERVICE,
        serving="on_site",
        rate_bp=2000,
        valid_from=make.LONG_AGO,
    )
    (atom,) = space_cast.atoms(house.venue, f"{house.word} atome")
    studio = space_cast.resource(house.venue, f"{house.word} studio", [atom])
    offer = booking_cast.offer(studio, house.payee)
    past = at.date() - datetime.timedelta(days=30)
    SpecialDays.objects.create(
        venue=house.venue,
        offer=offer,
        name=f"{house.word} travaux",
        first_day=past,
        last_day=past,
    )
    BookingLimit.objects.create(
        venue=house.venue,
        offer=offer,
        over="month",
        most_bookings=40,
        message=f"{house.word} : quarante par mois",
    )
    CancellationStep.objects.create(venue=house.venue, offer=offer, minutes_before=60, percent=100)
    PricePeak.objects.create(
        venue=house.venue,
        offer=offer,
        name=f"{house.word} soirée",
        hour_cents=500,
        first_day=past,
        last_day=past,
    )
    DiscountCode.objects.create(
        venue=house.venue, code=house.word.upper()[:20], name=f"{house.word} membres", percent=5
    )
    (start, *_rest) = starts_of(
        offer,
        day=at.date() + datetime.timedelta(days=2),
        minutes=60,
        zone=house.venue.zone,
        at=at,
    )
    wanted = BookingWanted(
        key=uuid7(),
        offer=offer.pk,
        starts_at=start,
        minutes=60,
        people=1,
        name=f"{house.word} invitée",
        email=f"{house.word.lower()}.invitee@example.org",
        total_cents=2000,
        pays="till",
        language="fr",
    )
    house.booking = hold_space(venue=house.venue, wanted=wanted, at=at).booking
    house.waiting = join_waiting_list(
        venue=house.venue,
        wanted=WaitingWanted(
            key=uuid7(),
            offer=offer.pk,
            day=start.astimezone(ZoneInfo(house.venue.zone)).date(),
            starts_at=start,
            minutes=60,
            people=1,
            name=f"{house.word} attend",
            email=f"{house.word.lower()}.attend@example.org",
            language="fr",
        ),
        at=at,
    ).entry
    house.feed_secret, digest = new_secret()
    Feed.objects.create(
        venue=house.venue,
        name=f"{house.word} agenda",
        shows="all",
        secret_sha256=digest,
        created_at=at,
    )


def _events(house: House, at: datetime.datetime) -> None:
    """A concert on sale: two tickets of which one is inside, an order that waits, a file."""
    for serving in Serving.values:
        VatRate.objects.create(
            venue=house.venue,
            vat_class=VatClass.SHOW,
            serving=serving,
            rate_bp=550,
            valid_from=make.LONG_AGO,
        )
    show = ticketing_cast.show(
        at=at,
        venue=house.venue,
        payee=house.payee,
        slug=f"concert-{house.venue.slug}",
        title=f"{house.word} concert",
        place=f"{house.word} salle",
    )
    house.event = show.event
    tickets = show.sell(0, 0, 2, at=at, name=f"{house.word} public")
    show.order(1, at=at, name=f"{house.word} public")
    TicketFile.objects.create(
        order=tickets[0].order, venue=house.venue, pdf=house.word.encode(), made_at=at
    )
    house.gate = make.station(house.venue, kind=StationKind.GATE, name=f"{house.word} porte")
    guard = house.people["gate"]
    house.shifts["at the gate"] = sign_on(station=house.gate, staff_id=guard.pk, pin=PIN, at=at)
    session = StationSession(house.gate, house.venue, guard, None)
    ticketing_cast.scan(session, house.event, tickets[1].qr, at=at)


def _refunds(house: House, at: datetime.datetime) -> None:
    """Coins nobody knows, of which a part is to go back wherever the customer says."""
    house.case = Case.objects.get(venue=house.venue, kind="unknown", state="open")
    by: dict[str, Any] = {
        "venue_id": house.venue.pk,
        "person": Person(f"user:{house.word}", f"{house.word} trésorerie"),
        "at": at,
    }
    house.refund = draft_refund(
        **by,
        key=uuid7(),
        case_id=house.case.pk,
        variant="custom",
        units=OSM,
        to_sender=False,
        reason=f"{house.word} rembourse",
    )
    make_claim(**by, key=uuid7(), refund_id=house.refund.pk)
    Safeguard.objects.create(payee=house.payee, venue=house.venue)


# -- who knocks ---------------------------------------------------------------------------------


@dataclass
class Party:
    """Somebody with a browser or an agent, and the house they belong to."""

    name: str
    client: Client


def knocking(house: House) -> Iterator[Party]:
    """Everybody of ``house`` who may try its doors, and a stranger."""
    yield Party("anonymous", Client(raise_request_exception=False))
    yield Party("station, nobody signed on", _at_station(house.till.token))  # type: ignore[attr-defined]
    for role in Role.values:
        token = house.tills[role].token  # type: ignore[attr-defined]
        yield Party(f"{role} at a till", _at_station(token, house.shifts[role]))
    yield Party("gate", _at_station(house.gate.token, house.shifts["at the gate"]))  # type: ignore[attr-defined]
    agent = Client(
        raise_request_exception=False,
        headers={"Authorization": f"Station {house.agent.token}"},  # type: ignore[attr-defined]
    )
    yield Party("agent", agent)
    yield from in_office(house)


def in_office(house: House) -> Iterator[Party]:
    """Everybody of ``house`` with an account for the back office, and one who works nowhere."""
    for role in Role.values:
        yield Party(f"{role} in the office", _signed_in(house.people[role].user))
    yield Party("somebody of no venue", _signed_in(make.user(is_staff=True)))


def _at_station(token: str, shift: str = "") -> Client:
    client = Client(raise_request_exception=False)
    client.cookies[STATION_COOKIE] = token
    if shift:
        client.cookies[SHIFT_COOKIE] = shift
    return client


def _signed_in(user: Any) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


# -- what belongs to a venue ----------------------------------------------------------------------


def our_models() -> list[type[models.Model]]:
    """Every model of our own rooms."""
    return [model for label in ROOMS for model in apps.get_app_config(label).get_models()]


def path_to_venue(model: type[models.Model]) -> str | None:
    """How rows of ``model`` lead to their venue; None when they belong to none."""
    if model is Venue:
        return "pk"
    if model in INDIRECT:
        return INDIRECT[model]
    seen: dict[type[models.Model], str] = {model: ""}
    queue = [model]
    while queue:
        present = queue.pop(0)
        for link in present._meta.concrete_fields:
            target = link.related_model
            if not link.is_relation or target in seen or target is None:
                continue
            path = f"{seen[present]}__{link.name}".lstrip("_")
            if target is Venue:
                return path
            if target not in INDIRECT and _label(target) not in HOUSE_WIDE:
                seen[target] = path
                queue.append(target)
    return None


def _label(model: type[models.Model]) -> str:
    return f"{model._meta.app_label}.{model._meta.model_name}"


def rows_of(house: House, model: type[models.Model]) -> models.QuerySet[Any]:
    path = path_to_venue(model)
    assert path is not None, model
    return model._base_manager.filter(**{path: house.venue.pk})


def owned_models() -> list[type[models.Model]]:
    return [model for model in our_models() if _label(model) not in HOUSE_WIDE]


def ids_of(house: House) -> list[str]:
    """Every id by which something of ``house`` could be asked for: keys of rows, keys of tills."""
    found: list[str] = []
    for model in owned_models():
        names = {one.name for one in model._meta.concrete_fields}
        for row in rows_of(house, model)[:2]:
            if not isinstance(row.pk, tuple):
                found.append(str(row.pk))
            if "key" in names:
                found.append(str(row.key))
    return list(dict.fromkeys(found))


def picture_of(house: House) -> dict[str, str]:
    """A digest of each table's rows of ``house``: what must stay as it is."""
    pictures = {}
    with connection.cursor() as cursor:
        for model in owned_models():
            query = rows_of(house, model).order_by("pk").query
            sql, parameters = query.sql_with_params()
            cursor.execute(
                f"SELECT md5(coalesce(string_agg(one::text, ''), '')) FROM ({sql}) one",
                parameters,
            )
            pictures[model._meta.db_table] = cursor.fetchone()[0]
    return pictures


def open_due_of(house: House) -> Due:
    return Due.objects.get(pk=house.osm_sale.due_id)
