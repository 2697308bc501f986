"""The cash desk of a distribution (E6): no header, blocks apart by empty lines, two number styles."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from pos.amap.cagette.names import day_in_words
from pos.amap.cagette.numbers import money_for_people, raw
from pos.amap.cagette.tables import Writer, Written


@dataclass(frozen=True, slots=True)
class RateTotal:
    """All orders at one rate: basis points, cents without and with VAT."""

    rate_bp: int
    base_cents: int
    total_cents: int


@dataclass(frozen=True, slots=True)
class CashDesk:
    """What a treasurer counts after a distribution; cents.

    ``others`` are ways to pay that Cagette's own file does not know (OSM, cards): they stand
    below its three, and only when there was one, so that the file keeps its form without them.
    """

    float_cents: int
    cash_cents: int
    cheque_cents: int
    transfer_cents: int
    rates: Sequence[RateTotal]
    unpaid: Sequence[tuple[str, int]] = ()
    partly_paid: Sequence[tuple[str, int]] = ()
    credits: Sequence[tuple[str, int]] = ()
    others: Sequence[tuple[str, int]] = ()


def write_cash_desk(
    desk: CashDesk, *, local: datetime.datetime, excel: bool = False, doubled: bool = False
) -> Written:
    """E6. What was taken has a decimal point, what is owed a comma, as over there.

    ``doubled`` gives the file the extension ``.csv.csv`` that Cagette gives it.
    """
    writer = Writer(excel=excel)
    writer.bare()
    writer.values("Fond de caisse avant distribution", raw(desk.float_cents, 2))
    writer.values("Encaissements en liquide", raw(desk.cash_cents, 2))
    writer.values("La caisse doit contenir", raw(desk.float_cents + desk.cash_cents, 2))
    writer.values("Encaissements en chèque", raw(desk.cheque_cents, 2))
    writer.values("Encaissements en virement", raw(desk.transfer_cents, 2))
    for way, cents in desk.others:
        writer.values(f"Encaissements en {way}", raw(cents, 2))
    writer.bare()
    writer.values("Total commande par taux de TVA", "HT", "TTC")
    for rate in desk.rates:
        base, total = money_for_people(rate.base_cents), money_for_people(rate.total_cents)
        writer.values(f"{raw(rate.rate_bp, 2)}%", base, total)
    _people(writer, "Commandes non payées", "Montant impayé", desk.unpaid)
    _people(writer, "Commandes payées partiellement", "Montant manquant", desk.partly_paid)
    _people(writer, "Avoirs", "Montant avoir", desk.credits)
    writer.bare()
    writer.values("Nombre de cotisations saisies", "0")
    writer.values("Montant des cotisations", "0")
    ending = ".csv.csv" if doubled else ".csv"
    return writer.written(f"Encaissements {day_in_words(local)}{ending}")


def _people(writer: Writer, title: str, amount: str, rows: Sequence[tuple[str, int]]) -> None:
    writer.bare()
    writer.values(title)
    writer.values("Membre", amount)
    for name, cents in rows:
        writer.values(name, money_for_people(cents))
