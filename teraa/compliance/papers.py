"""The editor's attestation and the file on the ticketing software, as PDF. French: the law reads it.

Neither is a proof by itself: whoever signs answers for it. What only that person can know is left
blank on the paper, or given by them (``Signer``).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import override

from teraa.common.pdf import render_pdf
from teraa.compliance.facts import LICENCE, NAME, software, venue_facts
from teraa.venues import permissions_table
from teraa.venues.models import Role, Venue
from ticketing import dates
from ticketing.models import Event
from ticketing.paper import statement_context
from ticketing.queries import place_of, price_text
from ticketing.statements import statement_of
from ticketing.states import EventState

STYLES: Final = settings.BASE_DIR / "static" / "css"
LANGUAGE: Final = "fr"


# What a role may do, in the words of the papers.
RIGHTS: Final[dict[str, str]] = {
    permissions_table.SELL: "encaisser",
    permissions_table.CANCEL_SALE: "abandonner une vente non payée",
    permissions_table.REFUND: "rembourser",
    permissions_table.TRAIN: "mettre en mode école",
    permissions_table.READ_X: "lire les totaux du jour",
    permissions_table.CLOSE_BOOKS: "clôturer",
    permissions_table.EDIT_CATALOGUE: "changer produits et prix",
    permissions_table.EDIT_VENUE: "régler le lieu, son équipe, ses postes",
    permissions_table.READ_BOOKS: "lire ventes, paiements et documents fiscaux, demander vérifications et archives",
    permissions_table.RESOLVE_MONEY: "attribuer un paiement non reconnu",
    permissions_table.DECIDE_CASES: "décider de remboursements en OSM",
    permissions_table.SEE_BOOKINGS: "voir les réservations",
    permissions_table.RUN_BOOKINGS: "annuler une réservation pour un client",
    permissions_table.EDIT_EVENTS: "séances, tarifs, contingents, mise en vente, annulation d’un billet",
    permissions_table.SCAN: "contrôler l’entrée",
    permissions_table.RUN_BASKETS: "organiser les distributions de l’AMAP",
    permissions_table.HAND_OUT: "remettre les paniers",
    permissions_table.MANAGE_WEBHOOKS: "désigner qui est prévenu hors du lieu",
}


@dataclass(frozen=True)
class Signer:
    """Who signs a paper; what is empty is a line to fill in by hand."""

    editor: str = ""
    address: str = ""
    siren: str = ""
    person: str = ""
    place: str = ""


def attestation(venue: Venue, signer: Signer, *, at: datetime.datetime) -> bytes:
    """The individual attestation of the editor (CGI art. 286 I-3° bis), both parts, as PDF.

    Raises PdfUnavailable.
    """
    return _drawn("compliance/attestation_paper.html", venue, signer, at)


def ticketing_file(venue: Venue, signer: Signer, *, at: datetime.datetime) -> bytes:
    """What is declared about a ticketing software before its first use (CGI ann. IV art. 50 sexies I).

    With facsimiles of a ticket, of a cancellation and of the receipts statement, drawn from this
    venue's last event without anybody's name or code. Raises PdfUnavailable.
    """
    with override(LANGUAGE):
        drawn = facsimiles(venue, at=at)
    return _drawn("compliance/ticketing_paper.html", venue, signer, at, drawn)


PAPERS: Final[dict[str, Callable[..., bytes]]] = {
    "attestation": attestation,
    "ticketing": ticketing_file,
}


def _drawn(
    template: str,
    venue: Venue,
    signer: Signer,
    at: datetime.datetime,
    more: dict[str, Any] | None = None,
) -> bytes:
    with override(LANGUAGE), timezone.override(venue.zone):
        context = {
            "name": NAME,
            "licence": LICENCE,
            "runs": software(),
            "facts": venue_facts(venue, at=at),
            "venue": venue,
            "signer": signer,
            "printed": dates.stamp(at, venue.zone),
            "roles": [
                (
                    Role(role).label,
                    [words for right, words in RIGHTS.items() if right in permissions],
                )
                for role, permissions in permissions_table.ROLE_PERMISSIONS.items()
            ],
            "auditor": Role.AUDITOR.label,
            "language": LANGUAGE,
        }
        html = render_to_string(template, {**context, **(more or {})})
    return render_pdf(html, base=STYLES)


def facsimiles(venue: Venue, *, at: datetime.datetime) -> dict[str, Any]:
    """What the ticket's and the statement's own templates need for the last event; empty without one."""
    sold = Event.objects.filter(venue=venue).exclude(state=EventState.DRAFT)
    event = sold.select_related("venue", "payee").order_by("-starts_at").first()
    rate = event.rates.order_by("number").first() if event is not None else None
    if event is None or rate is None:
        return {}
    statement = statement_of(event, at=at)
    one = SimpleNamespace(
        number="000000",
        operation="000000",
        price=price_text(rate.price_cents),
        sold=f"{dates.stamp(at, venue.zone)} · {venue.name}",
        ticket=SimpleNamespace(category=rate.name, qr=f"{NAME} FAC-SIMILE"),
    )
    shown = SimpleNamespace(
        event=event,
        identity=statement.identity,
        when=dates.long_moment(event.starts_at, venue.zone),
        place=place_of(event, venue),
        order=SimpleNamespace(code="—", name="—", venue=venue),
    )
    return {**statement_context(statement, by="—"), "shown": shown, "one": one, "rate": rate}
