"""The menu of the back office: every list under the word people would look for."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from teraa.common.clock import now
from teraa.fiscal.closings.queries import count_past_days
from teraa.fiscal.sources import core_version
from teraa.settlement.cases.queries import open_cases
from teraa.venues.office import venues_seen

CASES = _("Cases and refunds")
FISCAL = _("Fiscal")

# Group → (model, icon of Material Symbols). A test fails when a list stands in none.
GROUPS: tuple[tuple[str | Promise, tuple[tuple[str, str], ...]], ...] = (
    (
        _("Till"),
        (("pos.sale", "receipt_long"),),
    ),
    (
        _("Bookings"),
        (
            ("bookings.booking", "event_available"),
            ("bookings.waitingentry", "hourglass_top"),
            ("bookings.offer", "meeting_room"),
            ("bookings.specialdays", "event_busy"),
            ("bookings.bookinglimit", "front_hand"),
            ("bookings.discountcode", "sell"),
            ("spaces.resource", "space_dashboard"),
            ("spaces.atom", "grid_view"),
            ("spaces.claim", "event_busy"),
            ("spaces.feed", "rss_feed"),
        ),
    ),
    (
        _("Ticketing"),
        (
            ("ticketing.event", "theater_comedy"),
            ("ticketing.order", "shopping_cart"),
            ("ticketing.ticket", "confirmation_number"),
            ("ticketing.scan", "qr_code_scanner"),
            ("ticketing.operation", "format_list_numbered"),
        ),
    ),
    (
        _("Catalogue"),
        (
            ("pos.product", "local_cafe"),
            ("pos.category", "category"),
            ("pos.catalogueversion", "history"),
        ),
    ),
    (
        _("Farm baskets"),
        (
            ("amap.distribution", "event"),
            ("amap.basket", "shopping_basket"),
            ("amap.household", "family_restroom"),
            ("amap.catalog", "menu_book"),
            ("amap.product", "nutrition"),
            ("amap.producer", "agriculture"),
            ("amap.amapgroup", "diversity_3"),
            ("amap.importfile", "upload_file"),
            ("amap.export", "download"),
        ),
    ),
    (
        _("Money"),
        (
            ("drawer.shift", "point_of_sale"),
            ("drawer.movement", "swap_vert"),
            ("settlement.due", "request_quote"),
            ("settlement.tender", "payments"),
            ("settlement.collection", "shopping_bag"),
            ("settlement.payout", "undo"),
            ("settlement.osmrate", "currency_exchange"),
            ("settlement.ratefeed", "rss_feed"),
            ("settlement.ratereading", "show_chart"),
            ("settlement.paymentpolicy", "rule_settings"),
            ("settlement.ratequote", "lock_clock"),
            ("settlement.effect", "bolt"),
        ),
    ),
    (
        CASES,
        (
            ("cases.case", "support"),
            ("cases.refund", "undo"),
            ("cases.decision", "gavel"),
            ("cases.refundclaim", "link"),
            ("cases.safeguard", "shield_person"),
        ),
    ),
    (
        _("OSM network"),
        (
            ("osm.osmrequest", "qr_code_2"),
            ("osm.receipt", "call_received"),
            ("osm.allocation", "rule"),
            ("osm.lease", "handshake"),
            ("osm.distrustedsender", "person_off"),
            ("osm.watchedaddress", "visibility"),
            ("osm.addressbalance", "account_balance_wallet"),
            ("osm.blockcursor", "monitor_heart"),
            ("osm.nodepeer", "dns"),
            ("osm.network", "hub"),
            ("osm.block", "deployed_code"),
            ("osm.chaintransaction", "swap_horiz"),
            ("osm.nodehint", "notifications"),
        ),
    ),
    (
        FISCAL,
        (
            ("fiscal.closing", "event_available"),
            ("fiscal.document", "verified"),
            ("fiscal.register", "point_of_sale"),
            ("fiscal.period", "calendar_today"),
            ("fiscal.task", "fact_check"),
            ("fiscal.archive", "inventory_2"),
        ),
    ),
    (
        _("Place"),
        (
            ("venues.venue", "storefront"),
            ("venues.payee", "account_balance"),
            ("venues.vatrate", "percent"),
            ("venues.staffmember", "badge"),
            ("venues.station", "tablet"),
            ("accounts.user", "person"),
        ),
    ),
    (
        _("Devices"),
        (("devices.printer", "print"), ("devices.printjob", "list_alt")),
    ),
    (
        _("Webhooks"),
        (("webhooks.hookendpoint", "webhook"), ("webhooks.hookdelivery", "outgoing_mail")),
    ),
    (
        _("Machine room"),
        (
            ("live.heartbeat", "favorite"),
            ("live.outbox", "outbox"),
            ("procrastinate.procrastinatejob", "work_history"),
            ("accounts.outgoingmail", "mail"),
        ),
    ),
)

# What an empty list says to do next.
EMPTY: dict[str, str | Promise] = {
    "pos.sale": _("Nothing was rung up yet. Open the till on a tablet and take the first coffee."),
    "ticketing.event": _("Add an event: its title, its date and its organiser, then its rates."),
    "ticketing.order": _("Orders come from the page of an event that is on sale."),
    "ticketing.ticket": _("Tickets are issued when an order is paid."),
    "ticketing.scan": _("Nothing was scanned yet. Enrol a gate under Stations and open its page."),
    "ticketing.operation": _("The first sale of a ticket is operation number 1 of its event."),
    "pos.product": _("Add a first product: its label, its price and its VAT class."),
    "pos.category": _("Add a category first; products stand in categories."),
    "pos.catalogueversion": _("The first version is published with the first product."),
    "amap.distribution": _("Add a distribution: its group, its day, its hours and its place."),
    "amap.basket": _("Baskets come from imported orders, or are entered here one by one."),
    "amap.household": _("Bring the members in from Cagette or CAMAP: open the AMAP group."),
    "amap.catalog": _("Add a producer’s catalogue, then bring its products in."),
    "amap.product": _("Bring products in from Cagette or CAMAP: open the AMAP group."),
    "amap.producer": _("Add the people who grow it."),
    "amap.amapgroup": _("Add the AMAP and say to whom its baskets are paid."),
    "amap.importfile": _("Files are brought in from the page of an AMAP group."),
    "amap.export": _("Who takes a file out is listed here, with the number of people in it."),
    "bookings.booking": _(
        "Nobody has booked yet. Guests do so by themselves on the public page, under Book."
    ),
    "bookings.offer": _("Add a first offer: a space, its hours, its price and who is paid."),
    "spaces.feed": _("Add an address at which a calendar reads what is taken."),
    "bookings.waitingentry": _("Nobody waits: who finds a time taken may ask to be told."),
    "bookings.specialdays": _("Add days on which other hours hold than usual, or none."),
    "bookings.discountcode": _("Add a word that makes stays cheaper, for members say."),
    "bookings.bookinglimit": _("Add how much one person may book in a day, a week or a month."),
    "spaces.resource": _("Add what people ask for: a studio, both studios together, a desk."),
    "spaces.atom": _("Add the smallest things first: Studio A, desk 7, projector 2."),
    "spaces.claim": _("Nothing is taken yet."),
    "drawer.shift": _("Shifts begin at the till: Menu, Drawer, count what is in it."),
    "drawer.movement": _("Cash shows up here as the tills take it, give it back or move it."),
    "settlement.due": _("Dues open by themselves when something waits for its money."),
    "settlement.tender": _("Payments show up here as the tills take them."),
    "settlement.collection": _("When several dues are paid in one go, it is listed here."),
    "settlement.payout": _(
        "What guests who cancelled get back at the till, in cash or by card, is listed here."
    ),
    "osm.addressbalance": _("What the nodes say our addresses hold is read every hour."),
    "settlement.osmrate": _(
        "Decide how many euros an OSM is worth: without a rate no till takes OSM."
    ),
    "settlement.ratefeed": _(
        "Add the address of a service that says what an OSM is worth, if you do not decide it."
    ),
    "settlement.ratereading": _("What a rate feed answers is listed here."),
    "settlement.paymentpolicy": _(
        "Every payee lives by the usual rules. Add some here for one that wants its own."
    ),
    "settlement.ratequote": _("Tills ask for a quote when somebody wants to pay in OSM."),
    "settlement.effect": _("Nothing has happened to a due yet."),
    "cases.case": _("Nothing is wrong with any payment: cases open by themselves."),
    "cases.refund": _("Open a refund from a case, a booking or an order."),
    "cases.decision": _("What people decide about cases and refunds is written down here."),
    "cases.refundclaim": _("Links for customers are made on the page of a refund."),
    "cases.safeguard": _("Two people decide above 50 €; add a payee to change that."),
    "osm.osmrequest": _("Requests for coins show up here when a till shows its QR code."),
    "osm.receipt": _("No coins have come to a payee’s address yet."),
    "osm.allocation": _("Coins that came are listed here with what they paid."),
    "osm.lease": _(
        "A payee’s OSM payment rules may allow small payments to be believed before their block."
    ),
    "osm.distrustedsender": _("Everybody who was believed before a block has paid."),
    "osm.watchedaddress": _("Give a payee an OSM address: it is watched from then on."),
    "osm.blockcursor": _(
        "No node has answered yet. Check the address of the node, then wait a moment."
    ),
    "osm.nodepeer": _("The node is entered by itself once the part that follows the chain runs."),
    "osm.network": _("The network is read from the node when it first answers."),
    "osm.block": _("Blocks are listed here as they are read from the node."),
    "osm.chaintransaction": _(
        "Payments on the chain that touch a payee’s address are listed here."
    ),
    "osm.nodehint": _("The node has called nobody yet; blocks are read all the same."),
    "fiscal.document": _("The first ticket is sealed with the first sale."),
    "fiscal.register": _(
        "A register opens by itself, with the first thing a till records for a payee."
    ),
    "fiscal.period": _("A day opens by itself with its first ticket."),
    "fiscal.closing": _(
        "Nothing was closed yet. A manager closes the day at the till, under Totals of the day."
    ),
    "fiscal.task": _("Add one: have the chains verified, or an archive of some days written."),
    "fiscal.archive": _(
        "Every year is archived by itself. Ask for another one under Checks and archives."
    ),
    "venues.venue": _("Nobody has given you a venue to look after. Ask its manager."),
    "venues.payee": _("Add who is owed: the cooperative first."),
    "venues.vatrate": _("Enter the VAT rates with the date from which they hold."),
    "venues.staffmember": _("Add the people who work here and give each a PIN."),
    "venues.station": _("Add a till, then type its enrolment code on the tablet."),
    "accounts.user": _("Invite somebody: they sign in with a code sent by e-mail."),
    "devices.printer": _("Add a printer: its address on the network and the tills it serves."),
    "devices.printjob": _("Nothing was printed yet. Paper is printed on request only."),
    "webhooks.hookendpoint": _("Add an address to be told of what happens, say your accounting."),
    "webhooks.hookdelivery": _("Nothing was sent yet. Add an endpoint and send a test."),
    "live.heartbeat": _("No part has given a sign of life yet."),
    "live.outbox": _("Nothing waits to be told."),
    "accounts.outgoingmail": _("No mail was written yet."),
    "procrastinate.procrastinatejob": _("No job has run yet: mail and clearing up are jobs."),
}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's sidebar: only lists the user may look at, only groups with something in them."""
    groups: list[dict[str, Any]] = [
        {
            "title": None,
            "items": [
                {"title": gettext("Overview"), "icon": "home", "link": reverse("admin:index")}
            ],
        }
    ]
    for title, lists in GROUPS:
        items = [_item(label, icon) for label, icon in lists if may_look(request, label)]
        if items and title is CASES:
            _count_cases(request, items)
            items += _tools()
        if items and title is FISCAL:
            _count_days(request, items)
            items += _papers()
        if items:
            groups.append({"title": title, "separator": True, "items": items})
    return groups


def _count_cases(request: HttpRequest, items: list[dict[str, Any]]) -> None:
    """Lead to what waits, and say how many (one query)."""
    inbox = items[0]
    inbox["link"] += "?state__exact=open"
    waiting = open_cases(venue_ids=venues_seen(request)).count()
    if waiting:
        inbox["badge"] = waiting
        inbox["badge_variant"] = "danger"


def _count_days(request: HttpRequest, items: list[dict[str, Any]]) -> None:
    """Say how many past days nobody closed, and lead to the page that closes them."""
    waiting = count_past_days(venue_ids=venues_seen(request), at=now())
    if waiting:
        items[0] |= {
            "link": reverse("admin:fiscal_closing_to_close"),
            "badge": waiting,
            "badge_variant": "warning",
        }


def _tools() -> list[dict[str, Any]]:
    """Pages that are no lists."""
    return [
        {
            "title": gettext("Refunds to send"),
            "icon": "qr_code_2",
            "link": reverse("admin:cases_refund_sheet"),
        },
        {
            "title": gettext("Chain explorer"),
            "icon": "travel_explore",
            "link": reverse("admin:cases_case_explorer"),
        },
        {
            "title": gettext("Reconciliation"),
            "icon": "balance",
            "link": reverse("admin:cases_case_books"),
        },
    ]


def _papers() -> list[dict[str, Any]]:
    return [{"title": gettext("Conformity"), "icon": "gavel", "link": reverse("compliance")}]


def _item(label: str, icon: str) -> dict[str, Any]:
    meta = apps.get_model(label)._meta
    return {
        "title": capfirst(meta.verbose_name_plural),
        "icon": icon,
        "link": reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"),
    }


def may_look(request: HttpRequest, label: str) -> bool:
    """Whether the list of ``label`` exists and the user may see it."""
    shown = admin.site._registry.get(apps.get_model(label))
    return shown is not None and shown.has_view_permission(request)


def say_when_empty() -> None:
    """Give each registered list its words for when it is empty; the template shows them."""
    for label, advice in EMPTY.items():
        listed = admin.site._registry.get(apps.get_model(label))
        if listed is not None:
            listed.empty_advice = advice  # type: ignore[attr-defined]


def environment(request: HttpRequest) -> list[Any] | None:
    """A word beside the title: while this is a demonstration, or when the fiscal core was changed."""
    if settings.TERAA_DEMO:
        return [gettext("Demonstration"), "warning"]
    return None if core_version().attested else [gettext("Modified core"), "danger"]


def icon(request: HttpRequest) -> str:
    return static("img/mark.svg")


def stylesheet(request: HttpRequest) -> str:
    return static("css/office.css")
