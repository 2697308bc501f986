"""Paper and drawer of a sale: one row in the queue, never a printer in the transaction."""

from __future__ import annotations

import datetime
import json
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from pos.models import Sale
from pos.receipts import receipt_page
from pos.states import ReceiptWish
from teraa.common.ids import uuid7
from teraa.common.paper import Drawer, Page
from teraa.common.problems import Problem, SameKeyOtherBody
from teraa.devices.models import Printer
from teraa.devices.operations import queue_print
from teraa.devices.queries import count_prints, printer_for, subject_printed
from teraa.fiscal.corrections import relations_of
from teraa.fiscal.duplicates import count_copies, hold_register, seal_duplicate
from teraa.fiscal.models import Document
from teraa.venues.authentication import StationSession
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


def printer_of_till(station_id: UUID) -> Printer:
    """Raises NoPrinter."""
    printer = printer_for(station_id=station_id)
    if printer is None:
        raise NoPrinter
    return printer


def print_again(*, sale: Sale, session: StationSession, key: UUID, at: datetime.datetime) -> None:
    """On request: the original if it never was printed, else a duplicate with its number.

    The same key again prints nothing new. Raises SaleNotPaid, NoPrinter.
    """
    if sale.document_id is None:
        raise SaleNotPaid
    print_document(
        document=Document.objects.select_related("register").get(pk=sale.document_id),
        venue=sale.venue,
        station_label=session.station.name,
        printer=printer_of_till(sale.station_id),
        key=key,
        subject=subject_of(sale),
        operator=session.staff.name if session.staff else "",
        at=at,
    )


def print_document(
    *,
    document: Document,
    venue: Venue,
    station_label: str,
    printer: Printer,
    key: UUID,
    subject: str,
    operator: str,
    at: datetime.datetime,
) -> None:
    """Print a sealed ticket: the original if it never was printed, else DUPLICATA n.

    Each copy is a signed document of its own, and that chain is what counts them (F14); only
    whether the original went out is known from the queue, by ``subject``. The same key again
    prints and seals nothing new. Raises SameKeyOtherBody when it printed something else.
    """
    hold_register(document.register_id)
    printed = subject_printed(venue_id=venue.pk, key=key)
    if printed is not None:
        if printed != subject:
            raise SameKeyOtherBody(key=key)
        return
    copy = 0
    if (
        count_prints(venue_id=venue.pk, subject=subject, before_key=key)
        # The queue forgets in time, the chain does not.
        or count_copies(venue_id=venue.pk, document_id=document.pk)
    ):
        copy = seal_duplicate(
            document=document,
            key=key,
            at=at,
            operator_label=operator,
            station_label=station_label,
        ).copy
    with translation.override(venue.language):
        sentences = relations_of(venue_id=venue.pk, document_id=document.pk).sentences()
    page = receipt_page(
        json.loads(document.payload),
        zone=venue.zone,
        signature=document.signature,
        copy=copy,
        language=venue.language,
        width=printer.width_columns,
        sentences=sentences,
    )
    queue_print(
        venue_id=venue.pk, printer_id=printer.pk, key=key, page=page, subject=subject, at=at
    )


def print_correction(
    *,
    document_id: UUID,
    payload: str,
    signature: str,
    venue: Venue,
    station_id: UUID,
    key: UUID,
    subject: str,
    in_cash: bool,
    at: datetime.datetime,
) -> None:
    """The ticket of what was given back, always on paper; cash opens the drawer.

    The rule against needless paper leaves out cancelled and credited operations (Code de
    l'environnement, D541-371). Without a printer the till still gives back.
    """
    printer = printer_for(station_id=station_id)
    if printer is None:
        return
    with translation.override(venue.language):
        sentences = relations_of(venue_id=venue.pk, document_id=document_id).sentences()
    page = receipt_page(
        json.loads(payload),
        zone=venue.zone,
        signature=signature,
        language=venue.language,
        opens_drawer=in_cash and printer.has_drawer,
        width=printer.width_columns,
        sentences=sentences,
    )
    queue_print(
        venue_id=venue.pk, printer_id=printer.pk, key=key, page=page, subject=subject, at=at
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
