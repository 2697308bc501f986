"""TERAA Genesis, Palaiseau: the first venue, as a believable week of its café would have it."""

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

_COOPERATIVE = DemoPayee(
    name="TERAA Coopérative",
    kind=PayeeKind.COOPERATIVE,
    phrase="teraa development network merchant cooperative",
    legal_name="TERAA Coopérative",
    legal_form="SCIC SA à capital variable",
    siret="90041827600019",
    vat_id="FR04900418276",
    address="18 avenue du 8-Mai-1945, 91120 Palaiseau",
)
FARMERS = DemoPayee(
    name="AMAP de l’Yvette",
    kind=PayeeKind.PRODUCERS,
    phrase="teraa development network merchant farm baskets",
    legal_name="AMAP de l’Yvette",
    legal_form="Association loi 1901",
    siret="81193045700014",
    address="Maison des associations, 91120 Palaiseau",
)

_PEOPLE = (
    DemoPerson("Camille", Role.MANAGER, pin="1793", email="camille@genesis.example"),
    DemoPerson("Noé", Role.CASHIER, pin="2580"),
    DemoPerson("Inès", Role.TREASURER, pin="4826", email="ines@genesis.example"),
    DemoPerson("Maud", Role.COORDINATOR, pin="6173", email="maud@genesis.example"),
    DemoPerson("Sami", Role.GATE, pin="7359"),
    # No PIN: an auditor reads the books in the back office and never touches a till.
    DemoPerson("Gaël", Role.AUDITOR, email="gael@genesis.example"),
)

_HOT = DemoCategory(
    "Boissons chaudes",
    "brown",
    (
        DemoProduct("Café", 150, VatClass.SOFT_DRINK),
        DemoProduct("Café allongé", 160, VatClass.SOFT_DRINK, "Allongé"),
        DemoProduct("Café noisette", 170, VatClass.SOFT_DRINK, "Noisette"),
        DemoProduct("Café crème", 260, VatClass.SOFT_DRINK, "Crème"),
        DemoProduct("Chocolat chaud", 320, VatClass.SOFT_DRINK, "Chocolat"),
        DemoProduct("Thé vert à la menthe", 280, VatClass.SOFT_DRINK, "Thé menthe"),
        DemoProduct("Infusion tilleul-verveine", 280, VatClass.SOFT_DRINK, "Infusion"),
    ),
)
_COLD = DemoCategory(
    "Boissons fraîches",
    "blue",
    (
        DemoProduct("Sirop à l’eau", 180, VatClass.SOFT_DRINK, "Sirop"),
        DemoProduct("Citronnade maison 30 cl", 320, VatClass.SOFT_DRINK, "Citronnade"),
        DemoProduct("Thé glacé maison 30 cl", 320, VatClass.SOFT_DRINK, "Thé glacé"),
        DemoProduct("Jus de pomme 25 cl", 300, VatClass.SEALED_DRINK, "Jus de pomme"),
        DemoProduct("Eau pétillante 50 cl", 220, VatClass.SEALED_DRINK, "Eau pétillante"),
        DemoProduct("Cola fermier 33 cl", 310, VatClass.SEALED_DRINK, "Cola 33 cl"),
        DemoProduct("Kombucha gingembre 33 cl", 420, VatClass.SEALED_DRINK, "Kombucha"),
    ),
)
_BAR = DemoCategory(
    "Bières et vins",
    "orange",
    (
        DemoProduct("Pression blonde 25 cl", 320, VatClass.ALCOHOL, "Blonde 25 cl"),
        DemoProduct("Pression blonde 50 cl", 590, VatClass.ALCOHOL, "Blonde 50 cl"),
        DemoProduct("IPA de l’Yvette 33 cl", 520, VatClass.ALCOHOL, "IPA 33 cl"),
        DemoProduct("Cidre brut 25 cl", 350, VatClass.ALCOHOL, "Cidre"),
        DemoProduct("Verre de rouge bio 12 cl", 420, VatClass.ALCOHOL, "Rouge bio"),
        DemoProduct("Verre de blanc bio 12 cl", 420, VatClass.ALCOHOL, "Blanc bio"),
    ),
)
_KITCHEN = DemoCategory(
    "À manger",
    "green",
    (
        DemoProduct("Plat du jour", 1150, VatClass.MEAL),
        DemoProduct("Assiette végétarienne", 1050, VatClass.MEAL, "Assiette végé"),
        DemoProduct("Salade de chèvre chaud", 980, VatClass.MEAL, "Chèvre chaud"),
        DemoProduct("Quiche aux poireaux", 650, VatClass.MEAL, "Quiche"),
        DemoProduct("Croque-monsieur", 750, VatClass.MEAL),
        DemoProduct("Sandwich jambon-beurre", 520, VatClass.MEAL, "Jambon-beurre"),
        DemoProduct("Soupe du potager", 480, VatClass.MEAL, "Soupe"),
        DemoProduct("Œuf mayo", 390, VatClass.MEAL),
    ),
)
_SWEET = DemoCategory(
    "Douceurs",
    "pink",
    (
        DemoProduct("Crème brûlée", 550, VatClass.MEAL),
        DemoProduct("Glace artisanale, deux boules", 450, VatClass.MEAL, "Glace 2 boules"),
        # Pastry keeps: 5.5 % when it leaves the place, 10 % when it is eaten there.
        DemoProduct("Tarte aux pommes, la part", 420, VatClass.GROCERY, "Tarte pommes"),
        DemoProduct("Cookie noisettes", 240, VatClass.GROCERY, "Cookie"),
        DemoProduct("Caramels au beurre salé 80 g", 460, VatClass.CONFECTIONERY, "Caramels"),
        DemoProduct("Chocolat au lait 100 g", 430, VatClass.CONFECTIONERY, "Tablette lait"),
    ),
)
_SHOP = DemoCategory(
    "Boutique",
    "violet",
    (
        DemoProduct("Miel du plateau 250 g", 780, VatClass.GROCERY, "Miel 250 g"),
        DemoProduct("Pain de campagne", 420, VatClass.GROCERY),
        DemoProduct("Fanzine « Cœur de réseau »", 500, VatClass.BOOK, "Fanzine Cœur"),
        DemoProduct("Sac en toile TERAA", 1200, VatClass.GOODS, "Sac en toile"),
        DemoProduct("Impression noir et blanc", 20, VatClass.SERVICE, "Impression N&B"),
        DemoProduct("Consigne gobelet 1 €", 100, VatClass.OUT_OF_SCOPE, "Consigne 1 €"),
    ),
)

GENESIS = DemoVenue(
    slug="teraa-genesis",
    name="TERAA Genesis",
    tagline="Un lieu coopératif pour créer, travailler, se soigner et manger ensemble",
    about=(
        "Dans l’ancien hôtel des impôts de Palaiseau, 2 500 m² partagés : studios d’enregistrement "
        "et de tournage, bureaux, ateliers, jardin, cabinets de praticiens, et un café où l’on "
        "vient travailler, déjeuner et rester.\n\n"
        "Le lieu appartient à celles et ceux qui s’en servent. Tout peut s’y régler en OSM, la "
        "monnaie de la chaîne OSMOSE, de la main à la main : personne ne se place entre vous et "
        "le comptoir. Les espèces et la carte sont les bienvenues aussi."
    ),
    street="18 avenue du 8-Mai-1945",
    postcode="91120",
    city="Palaiseau",
    email="bonjour@genesis.example",
    phone="01 99 00 18 45",
    directions=(
        "RER B, gare de Palaiseau, puis huit minutes à pied en remontant l’avenue. "
        "Arceaux à vélos dans la cour ; entrée de plain-pied par le jardin."
    ),
    accent="#0b6e4f",
    hours=(
        DemoHours((0, 1, 2, 3), datetime.time(8, 30), datetime.time(20, 0)),
        DemoHours((4,), datetime.time(8, 30), datetime.time(23, 30)),
        DemoHours((5,), datetime.time(10, 0), datetime.time(1, 0)),
    ),
    payees=(_COOPERATIVE, FARMERS),
    people=_PEOPLE,
    tills=(DemoTill("Bar", "BAR"), DemoTill("Terrasse", "TERRASSE")),
    agent="Agent du comptoir",
    printer="Imprimante du comptoir",
    categories=(_HOT, _COLD, _BAR, _KITCHEN, _SWEET, _SHOP),
    osm_rate_e10=200_000_000,
    decided_by="Conseil coopératif",
    evidence="Décision de démonstration : 0,02 € l’OSM, jusqu’à nouvelle décision.",
)
