"""Paper and drawer of a sale: one row in the queue, never a printer in the transaction."""

from __future__ import annotations

import datetime
import json
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pos.models import Sale
from pos.receipts import receipt_page
from pos.states import ReceiptWish
from teraa.common import journal, journal_codes
from teraa.common.ids import uuid7
from teraa.common.paper import Drawer, Page
from teraa.common.problems import Problem
from teraa.devices.models import Printer
from teraa.devices.operations import queue_print
from teraa.devices.queries import count_prints, printer_for
from teraa.fiscal.models import Document
from teraa.venues.models import Venue


class NoPrinter(Problem):
    code = "no_printer"
    status = 409
    title = _("This till has no printer.")
    advice = _("The sale is safe. Choose a printer for the till in the back office, under Devices.")


class SaleNotPaid(Problem):
    code = "sale_not_paid"
    status = 409
    title = _("This sale is not paid yet: there is no receipt to print.")
    advice = _("Wait for the payment, or take another one.")


def subject_of(sale: Sale) -> str:
    """What the queue knows of a receipt: a label, not a link."""
    return f"pos.sale:{sale.key}"


def print_at_once(
    *, sale: Sale, payload: str, signature: str, paid_in_cash: bool, at: datetime.datetime
) -> None:
    """After sealing: the original if paper was asked for, the drawer if cash changed hands.

    A till without a printer still sells: the answer's ``print`` says that there is none.
    """
    if sale.receipt != ReceiptWish.PAPER and not paid_in_cash:
        return
    printer = printer_for(station_id=sale.station_id)
    if printer is None:
        return
    opens_drawer = paid_in_cash and printer.has_drawer
    if sale.receipt == ReceiptWish.PAPER:
        page = _page(sale, printer, payload, signature, copy=0, opens_drawer=opens_drawer)
        _queue(sale, printer, sale.key, page, subject_of(sale), at)
    elif opens_drawer:
        _kick(printer, venue_id=sale.venue_id, key=uuid7(), subject=f"pos.drawer:{sale.key}", at=at)


def open_drawer(*, venue_id: UUID, station_id: UUID, key: UUID, at: datetime.datetime) -> None:
    """Open the drawer of a till that has one; with the same key, once."""
    printer = printer_for(station_id=station_id)
    if printer is not None and printer.has_drawer:
        _kick(printer, venue_id=venue_id, key=key, subject=f"pos.drawer:{key}", at=at)


def _kick(
    printer: Printer, *, venue_id: UUID, key: UUID, subject: str, at: datetime.datetime
) -> None:
    page = Page(width_columns=printer.width_columns, blocks=(Drawer(),))
    queue_print(
        venue_id=venue_id, printer_id=printer.pk, key=key, page=page, subject=subject, at=at
    )


def print_again(*, sale: Sale, key: UUID, operator: str, at: datetime.datetime) -> None:
    """On request: the original if it never was printed, else DUPLICATA n, which leaves its event.

    The same key again prints nothing new. Raises SaleNotPaid, NoPrinter.
    """
    if sale.document_id is None:
        raise SaleNotPaid
    printer = printer_for(station_id=sale.station_id)
    if printer is None:
        raise NoPrinter
    print_document(
        document=Document.objects.get(pk=sale.document_id),
        venue=sale.venue,
        station_id=sale.station_id,
        printer=printer,
        key=key,
        subject=subject_of(sale),
        operator=operator,
        at=at,
    )


def print_document(
    *,
    document: Document,
    venue: Venue,
    station_id: UUID,
    printer: Printer,
    key: UUID,
    subject: str,
    operator: str,
    at: datetime.datetime,
) -> None:
    """Print a sealed ticket: the original if it never was printed, else DUPLICATA n with its event.

    ``subject`` counts the copies; the same key again prints nothing new.
    """
    copy = count_prints(venue_id=venue.pk, subject=subject, before_key=key)
    page = receipt_page(
        json.loads(document.payload),
        zone=venue.zone,
        signature=document.signature,
        copy=copy,
        language=venue.language,
        width=printer.width_columns,
    )
    _job, is_new = queue_print(
        venue_id=venue.pk, printer_id=printer.pk, key=key, page=page, subject=subject, at=at
    )
    if copy and is_new:
        journal.record(
            code=journal_codes.RECEIPT_REPRINTED,
            venue_id=venue.pk,
            station_id=station_id,
            operator=operator,
            at=at,
            values={"document": str(document.pk), "sequence": document.sequence, "copy": copy},
        )


def _page(
    sale: Sale, printer: Printer, payload: str, signature: str, *, copy: int, opens_drawer: bool
) -> Page:
    return receipt_page(
        json.loads(payload),
        zone=sale.venue.zone,
        signature=signature,
        copy=copy,
        language=sale.venue.language,
        opens_drawer=opens_drawer,
        width=printer.width_columns,
    )


def _queue(
    sale: Sale, printer: Printer, key: UUID, page: Page, subject: str, at: datetime.datetime
) -> bool:
    _job, is_new = queue_print(
        venue_id=sale.venue_id, printer_id=printer.pk, key=key, page=page, subject=subject, at=at
    )
    return is_new
