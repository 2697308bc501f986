"""The tables of an archive: what its signed texts say, as CSV with French headings. Pure.

For people and spreadsheets; what counts are the signed texts beside them. Amounts are euros with a
comma, written from the cents without rounding.
"""

from __future__ import annotations

import datetime
import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.utils import translation

from teraa.common import journal_codes
from teraa.fiscal.payloads import number_label
from teraa.fiscal.states import ChainKind

Row = Sequence[str]

_TICKET: Final = ("Caisse", "École", "Numéro", "Document")
HEADINGS: Final[dict[str, Row]] = {
    "tickets.csv": (
        *_TICKET,
        *("Date et heure", "Date et heure UTC", "Jour d’exploitation", "Poste", "Opérateur"),
        *("Vendeur", "SIRET", "N° de TVA", "Objet", "Corrige le document"),
        *("Total TTC", "Cumul perpétuel réel", "Cumul perpétuel absolu"),
        *("Version du logiciel", "Version fiscale", "Empreinte précédente", "Empreinte"),
        *("Clé", "Signature"),
    ),
    "lignes.csv": (
        *_TICKET,
        *("Ligne", "Ligne parente", "Nature", "Libellé", "Quantité", "Unité", "Prix unitaire TTC"),
        *("Remise", "Motif de la remise", "Auteur de la remise", "Total TTC", "Classe de TVA"),
        *("Taux de TVA", "Consommation", "Suppléments", "Composants", "Objet", "Pour le compte de"),
        *("Corrige le document", "Corrige la ligne"),
    ),
    "tva.csv": (*_TICKET, "Taux de TVA", "Base HT", "TVA", "Total TTC"),
    "paiements.csv": (
        *_TICKET,
        *("Rang", "Mode", "Libellé", "Montant", "Reçu", "Rendu", "OSM", "Cours (EUR par OSM)"),
        *("Transactions", "Référence OSM", "Autorisation"),
    ),
    "evenements.csv": (
        *_TICKET,
        *("Date et heure", "Date et heure UTC", "Jour d’exploitation", "Code", "Signification"),
        *("Poste", "Opérateur", "Objet", "Valeurs (JSON)", "Empreinte"),
    ),
    "clotures.csv": (
        *_TICKET,
        *("Date et heure", "Niveau", "N° de clôture", "Premier jour", "Dernier jour"),
        *("Total TTC", "Cumul perpétuel réel", "Cumul perpétuel absolu", "Valeurs (JSON)"),
        "Empreinte",
    ),
    "autres.csv": (
        *_TICKET,
        *("Chaîne", "Date et heure", "Jour d’exploitation", "Opérateur", "Objet"),
        *("Valeurs (JSON)", "Empreinte"),
    ),
}

# What a spreadsheet takes for a formula when a text begins with it.
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")


def rows_of(values: Mapping[str, Any], hash: str, signature: str) -> Iterator[tuple[str, Row]]:
    """(table, row) for everything that one signed text says."""
    kind = values["kind"]
    if kind == ChainKind.TICKET:
        yield from _ticket(values, hash, signature)
    elif kind == ChainKind.EVENT:
        code = values["code"]
        yield (
            "evenements.csv",
            (
                *_place(values),
                *_times(values),
                str(code),
                _meaning(code),
                _text(values["station"]),
                _text(values["operator"]),
                _text(values["subject"]),
                _json(values["values"]),
                hash,
            ),
        )
    elif kind == ChainKind.CLOSING:
        stated = values["values"]
        yield (
            "clotures.csv",
            (
                *_place(values),
                _times(values)[0],
                str(stated.get("level", "")),
                str(stated.get("number", "")),
                str(stated.get("first_day", "")),
                str(stated.get("last_day", "")),
                euros(stated.get("figures", {}).get("total_cents")),
                euros(stated.get("perpetual_real_cents")),
                euros(stated.get("perpetual_absolute_cents")),
                _json(stated),
                hash,
            ),
        )
    else:
        local, _, day = _times(values)
        operator, subject = _text(values["operator"]), _text(values["subject"])
        row = (*_place(values), kind, local, day, operator, subject, _json(values["values"]), hash)
        yield "autres.csv", row


def _ticket(values: Mapping[str, Any], hash: str, signature: str) -> Iterator[tuple[str, Row]]:
    place, payee = _place(values), values["payee"]
    yield (
        "tickets.csv",
        (
            *place,
            *_times(values),
            _text(values["station"]),
            _text(values["operator"]),
            _text(payee["legal_name"] or payee["name"]),
            payee["siret"],
            payee["vat_id"],
            _text(values["subject"]),
            values["corrects"] or "",
            euros(values["total_cents"]),
            euros(values["perpetual_real_cents"]),
            euros(values["perpetual_absolute_cents"]),
            values["software_version"],
            values["fiscal_version"],
            values["previous_hash"],
            hash,
            values["key_id"],
            signature,
        ),
    )
    for line in values["lines"]:
        yield (
            "lignes.csv",
            (
                *place,
                str(line["position"]),
                _number(line["parent_position"]),
                line["kind"],
                _text(line["label"]),
                decimal(line["quantity_milli"], 3),
                line["unit"],
                euros(line["unit_price_cents"]),
                euros(line["discount_cents"]),
                _text(line["discount_reason"]),
                _text(line["discount_author"]),
                euros(line["total_cents"]),
                line["vat_class"],
                "" if line["vat_rate_bp"] is None else decimal(line["vat_rate_bp"], 2),
                line["serving"],
                _json(line["modifiers"]) if line["modifiers"] else "",
                _json(line["components"]) if line["components"] else "",
                _text(line["subject"]),
                _text(line["payee_label"]),
                line["corrects_document"] or "",
                _number(line["corrects_position"]),
            ),
        )
    for tax in values["taxes"]:
        amounts = (tax["base_cents"], tax["vat_cents"], tax["total_cents"])
        yield "tva.csv", (*place, decimal(tax["rate_bp"], 2), *map(euros, amounts))
    for tender in values["tenders"]:
        units, rate = tender["osm_units"], tender["osm_rate_e10"]
        yield (
            "paiements.csv",
            (
                *place,
                str(tender["position"]),
                tender["kind"],
                _text(tender["label"]),
                euros(tender["amount_cents"]),
                euros(tender["received_cents"]),
                euros(tender["change_cents"]),
                "" if units is None else decimal(int(units), 8),
                "" if rate is None else decimal(int(rate), 10),
                " ".join(tender["osm_txids"]),
                _text(tender["osm_reference"]),
                _text(tender["authorisation"]),
            ),
        )


def _place(values: Mapping[str, Any]) -> tuple[str, str, str, str]:
    register = values["register"]
    return (
        _text(register["name"]),
        "oui" if register["training"] else "non",
        _text(number_label(register["name"], values["sequence"])),
        values["document"],
    )


def _times(values: Mapping[str, Any]) -> tuple[str, str, str]:
    """When it was issued, on the venue's clock and in UTC, and its business day."""
    at = datetime.datetime.fromisoformat(values["issued_at"])
    local = at + datetime.timedelta(minutes=values["utc_offset_minutes"])
    return f"{local:%Y-%m-%d %H:%M:%S}", values["issued_at"], values["period"]["business_date"]


def decimal(number: int, places: int) -> str:
    """``decimal(-250, 2)`` is ``"-2,50"``: exact, whatever the number."""
    whole, rest = divmod(abs(number), 10**places)
    return f"{'-' if number < 0 else ''}{whole},{rest:0{places}d}"


def euros(cents: int | None) -> str:
    return "" if cents is None else decimal(cents, 2)


def _number(number: int | None) -> str:
    return "" if number is None else str(number)


def _json(values: Any) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _text(text: str) -> str:
    """A text as it is, behind an apostrophe when a spreadsheet would calculate it."""
    return f"'{text}" if text.startswith(_FORMULAS) else text


@functools.cache
def _meaning(code: int) -> str:
    """An archive is in the language of whoever may ask for it by law."""
    with translation.override("fr"):
        return str(journal_codes.MEANINGS.get(code, ""))
