"""An order is kept, its bill or note is printed, and the journal knows of both (F3)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from pos.bills import BillKind, bill_page, bills_of
from pos.models import Sale
from pos.operations import (
    Rung,
    SaleWanted,
    announce,
    draft_sale,
    first_sale,
    insert_sale,
    locked_sale,
    open_due_of,
    touch,
)
from pos.practice import refuse_training
from pos.printing import printer_of_till, subject_of
from pos.problems import NotATill, SaleClosed
from pos.queries import taxes_of
from pos.states import SaleState
from teraa.common import journal_codes
from teraa.common.ids import is_uuid7
from teraa.common.problems import Invalid, Problem, SameKeyOtherBody
from teraa.devices.operations import queue_print
from teraa.fiscal.registers import ensure_register
from teraa.fiscal.sealing import seal_event
from teraa.settlement.models import Due
from teraa.venues.authentication import StationSession


class NothingToPay(Problem):
    code = "nothing_to_pay"
    status = 422
    title = _("Nothing is owed for this cart.")
    advice = _("Record it at once; there is nothing to print a bill for.")


@dataclass(frozen=True)
class BillWanted:
    """A bill or a note; ``customer`` is the name a note carries, unless it is refused."""

    key: UUID
    kind: str
    customer: str = ""


def keep_order(*, session: StationSession, wanted: SaleWanted, at: datetime.datetime) -> Rung:
    """Keep a cart on the server until it is paid or given up: what may be shown to a customer.

    Its lines never change: giving it up leaves event 320, another order is another one. The same
    key and body again returns the first. Raises as ``ring_up`` does,
    NothingToPay and NotInTraining.
    """
    refuse_training(session)  # nothing is owed for what is practised
    sale = draft_sale(session=session, wanted=wanted, at=at)
    if not sale.total_cents:
        raise NothingToPay
    if wanted.tenders:
        raise Invalid(fields={"tenders": "none yet"})
    with transaction.atomic():
        if not insert_sale(sale):
            return Rung(first_sale(sale), is_new=False)
        open_due_of(sale, [], session, at)
        _write_down(sale, session, journal_codes.ORDER_KEPT, _shown(sale), at)
        announce(sale, at)
    return Rung(sale, is_new=True)


@transaction.atomic
def print_bill(
    *, session: StationSession, key: UUID, wanted: BillWanted, at: datetime.datetime
) -> Sale:
    """Print the bill or the note of a sale that waits for its money, and write down what it shows.

    The same print key again prints nothing new. Raises NotATill, NotFound, SaleClosed, NoPrinter,
    SameKeyOtherBody.
    """
    if session.staff is None:
        raise NotATill
    if not is_uuid7(wanted.key):
        raise Invalid(fields={"key": "UUIDv7"})
    sale = locked_sale(session=session, key=key)
    printed = bills_of(sale)
    for bill in printed:
        if bill["key"] == str(wanted.key):
            if (bill["kind"], bill["customer"]) != (wanted.kind, wanted.customer.strip()):
                raise SameKeyOtherBody
            return sale
    if sale.state != SaleState.WAITING or sale.due_id is None:
        raise SaleClosed
    printer = printer_of_till(session.station.pk)
    shown = {
        **_shown(sale),
        "key": str(wanted.key),
        "kind": BillKind(wanted.kind).value,
        "customer": wanted.customer.strip(),
        "copy": len(printed) + 1,
        "paid_cents": Due.objects.get(pk=sale.due_id).paid_cents,
    }
    values = _write_down(sale, session, journal_codes.BILL_PRINTED, shown, at)
    queue_print(
        venue_id=sale.venue_id,
        printer_id=printer.pk,
        key=wanted.key,
        page=bill_page(values, language=session.venue.language, width=printer.width_columns),
        # Not the sale's own subject: a bill is no original of its ticket.
        subject=f"pos.bill:{sale.key}",
        at=at,
    )
    sale.bills = len(printed) + 1
    sale.save(update_fields=["bills"])
    touch(sale, at)
    return sale


def _shown(sale: Sale) -> dict[str, Any]:
    return {
        "sale": str(sale.key),
        "lines": [
            {
                "kind": "item",
                "label": line["label"],
                "quantity_milli": line["quantity_milli"],
                "unit_price_cents": line["unit_price_cents"],
                "discount_cents": 0,
                "discount_reason": "",
                "total_cents": line["total_cents"],
                "vat_rate_bp": line["vat_rate_bp"],
                "modifiers": [],
                "components": [],
                "payee_label": "",
                "corrects_document": None,
            }
            for line in sale.cart
        ],
        "taxes": taxes_of(sale),
        "total_cents": sale.total_cents,
    }


def _write_down(
    sale: Sale, session: StationSession, code: int, shown: dict[str, Any], at: datetime.datetime
) -> dict[str, Any]:
    """In the journal of the register in which the sale will be sealed; the signed values."""
    assert session.staff is not None  # noqa: S101  seen by the caller
    sealed = seal_event(
        register_id=ensure_register(
            venue_id=sale.venue_id, payee_id=sale.payee_id, station_id=sale.station_id, at=at
        ),
        code=code,
        values=shown,
        at=at,
        operator_label=session.staff.name,
        station_label=session.station.name,
        subject=subject_of(sale),
    )
    return dict(sealed.values)
