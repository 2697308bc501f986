"""VAT in mainland France: what is sold × how it is served → rate, since when, by which article.

The classes and rates of research pos-fr 2.7. A rate depends on immediate consumption, not on the
place alone; alcohol bears the normal rate wherever it is drunk.
"""

from __future__ import annotations

import datetime

from teraa.venues.models import Serving, VatClass

SINCE = datetime.date(2014, 1, 1)

_SERVED = "CGI art. 279 m (vente à consommer sur place)"
_AT_ONCE = "CGI art. 279 n (vente à emporter pour une consommation immédiate)"
_KEPT = "CGI art. 278-0 bis A 1° (produit alimentaire qui se conserve)"
_NORMAL = "CGI art. 278 (taux normal)"
_ALCOHOL = "CGI art. 278 (taux normal ; boisson alcoolique exclue de l’art. 279 m et n)"
_SWEETS = "CGI art. 278 (taux normal ; confiserie et chocolat exclus de l’art. 278-0 bis A 1°)"
_BOOK = "CGI art. 278-0 bis A 3° (livre)"
_SHOW = "CGI art. 278-0 bis F 1° (droit d’entrée : concert, spectacle de variétés, théâtre)"
_NEW_SHOW = "CGI art. 281 quater (140 premières représentations d’une œuvre nouvelle)"
_EXHIBITION = "CGI art. 279 b ter (droit d’entrée : exposition, foire)"
_PRESS = "CGI art. 298 septies (presse)"
_OUTSIDE = "Hors du champ de la TVA (CGI art. 256 ; consigne rendue, CGI art. 267)"

# (class, served) → (basis points, legal reference); 5.5 % is 550.
RATES: dict[tuple[VatClass, Serving], tuple[int, str]] = {
    (VatClass.SOFT_DRINK, Serving.ON_SITE): (1000, _SERVED),
    (VatClass.SOFT_DRINK, Serving.TAKEAWAY): (1000, _AT_ONCE),
    (VatClass.SEALED_DRINK, Serving.ON_SITE): (1000, _SERVED),
    (VatClass.SEALED_DRINK, Serving.TAKEAWAY): (550, _KEPT),
    (VatClass.ALCOHOL, Serving.ON_SITE): (2000, _ALCOHOL),
    (VatClass.ALCOHOL, Serving.TAKEAWAY): (2000, _ALCOHOL),
    (VatClass.MEAL, Serving.ON_SITE): (1000, _SERVED),
    (VatClass.MEAL, Serving.TAKEAWAY): (1000, _AT_ONCE),
    (VatClass.GROCERY, Serving.ON_SITE): (1000, _SERVED),
    (VatClass.GROCERY, Serving.TAKEAWAY): (550, _KEPT),
    (VatClass.CONFECTIONERY, Serving.ON_SITE): (1000, _SERVED),
    (VatClass.CONFECTIONERY, Serving.TAKEAWAY): (2000, _SWEETS),
    (VatClass.BOOK, Serving.ON_SITE): (550, _BOOK),
    (VatClass.BOOK, Serving.TAKEAWAY): (550, _BOOK),
    (VatClass.SHOW, Serving.ON_SITE): (550, _SHOW),
    (VatClass.SHOW, Serving.TAKEAWAY): (550, _SHOW),
    (VatClass.NEW_SHOW, Serving.ON_SITE): (210, _NEW_SHOW),
    (VatClass.NEW_SHOW, Serving.TAKEAWAY): (210, _NEW_SHOW),
    (VatClass.EXHIBITION, Serving.ON_SITE): (1000, _EXHIBITION),
    (VatClass.EXHIBITION, Serving.TAKEAWAY): (1000, _EXHIBITION),
    (VatClass.PRESS, Serving.ON_SITE): (210, _PRESS),
    (VatClass.PRESS, Serving.TAKEAWAY): (210, _PRESS),
    (VatClass.GOODS, Serving.ON_SITE): (2000, _NORMAL),
    (VatClass.GOODS, Serving.TAKEAWAY): (2000, _NORMAL),
    (VatClass.SERVICE, Serving.ON_SITE): (2000, _NORMAL),
    (VatClass.SERVICE, Serving.TAKEAWAY): (2000, _NORMAL),
    (VatClass.OUT_OF_SCOPE, Serving.ON_SITE): (0, _OUTSIDE),
    (VatClass.OUT_OF_SCOPE, Serving.TAKEAWAY): (0, _OUTSIDE),
}
