"""La Grange aux Communs, Die: a second venue, so that it shows when one sees another's things."""

from __future__ import annotations

import datetime

from teraa.demo.shapes import (
    DemoCategory,
    DemoHours,
    DemoPayee,
    DemoPerson,
    DemoProduct,
    DemoTill,
    DemoVenue,
)
from teraa.venues.models import PayeeKind, Role, VatClass

GRANGE = DemoVenue(
    slug="la-grange-aux-communs",
    name="La Grange aux Communs",
    tagline="Cantine, atelier vélo et bureaux au pied du Vercors",
    about=(
        "Une ancienne grange du Diois remise debout par une cinquantaine de sociétaires : une "
        "cantine le midi, un atelier vélo, six bureaux et une salle pour se réunir."
    ),
    street="4 chemin de la Meyrosse",
    postcode="26150",
    city="Die",
    email="bonjour@grange.example",
    phone="04 99 00 26 15",
    directions="À dix minutes à pied de la gare de Die, en longeant la Meyrosse.",
    accent="#7a3e9d",
    hours=(
        DemoHours((1, 2, 3, 4), datetime.time(9, 0), datetime.time(18, 30)),
        DemoHours((5,), datetime.time(9, 0), datetime.time(13, 0)),
    ),
    payees=(
        DemoPayee(
            name="La Grange aux Communs",
            kind=PayeeKind.COOPERATIVE,
            phrase="teraa development network merchant barn",
            legal_name="La Grange aux Communs",
            legal_form="SCIC SARL à capital variable",
            siret="90277514300012",
            vat_id="FR81902775143",
            address="4 chemin de la Meyrosse, 26150 Die",
        ),
    ),
    people=(
        DemoPerson("Maud", Role.MANAGER, pin="7153", email="maud@grange.example"),
        DemoPerson("Yanis", Role.CASHIER, pin="3697"),
    ),
    tills=(DemoTill("Comptoir", "COMPTOIR"),),
    categories=(
        DemoCategory(
            "Cantine",
            "green",
            (
                DemoProduct("Assiette du jour", 950, VatClass.MEAL),
                DemoProduct("Ravioles du Dauphiné", 890, VatClass.MEAL, "Ravioles"),
                DemoProduct("Café", 130, VatClass.SOFT_DRINK),
                DemoProduct("Clairette de Die, la coupe", 380, VatClass.ALCOHOL, "Clairette"),
            ),
        ),
        DemoCategory(
            "Atelier vélo",
            "slate",
            (
                DemoProduct("Atelier vélo, l’heure", 800, VatClass.SERVICE, "Atelier 1 h"),
                DemoProduct("Chambre à air 700", 600, VatClass.GOODS, "Chambre à air"),
            ),
        ),
    ),
    osm_rate_e10=200_000_000,
    decided_by="Assemblée des sociétaires",
    evidence="Décision de démonstration : 0,02 € l’OSM.",
)
