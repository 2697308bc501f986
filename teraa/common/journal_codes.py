"""Codes of the technical event journal (JET): those certified vendors publish, then our own.

Research: pos-fr 2.4. A number is given once and never reused; our own start at 900, and 910 stays
free because the published list uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy as _

# Published
MONTHLY_ARCHIVE = 20
YEARLY_ARCHIVE = 30
LOG_OUT = 40
CLOSING = 50
YEARLY_CLOSING = 60
LOG_IN = 80
CHAIN_BROKEN = 90
DRAWER_COUNT = 170
ITEM_RETURN = 190
SELLER_IDENTITY_CHANGED = 240
JOURNAL_STARTED = 260
SALE_CANCELLED = 320
NOT_AN_ITEM = 910

# Ours
SOFTWARE_STARTED = 900
SOFTWARE_STOPPED = 901
VERSION_CHANGED = 902
SETTING_CHANGED = 903
VAT_CHANGED = 904
PRICE_CHANGED = 905
STAFF_CHANGED = 906
STATION_ENROLLED = 920
STATION_REVOKED = 921
PIN_LOCKED = 922
PIN_SET = 923
DRAWER_OPENED = 930
TRAINING_CHANGED = 931
CLOCK_JUMPED = 932
RECEIPT_REPRINTED = 933  # until copies had a chain of their own (DUPLICATE): seals nothing new
BILL_PRINTED = 934
ORDER_KEPT = 935
CASH_MOVED = 936
PRINTER_FAILED = 940
PAYMENT_UNKNOWN = 941
PAYMENT_FORCED = 942
PAYMENT_DECIDED = 943
PAGE_SENT_AGAIN = 944
RESTORED = 950
IMPORTED = 951
OFFLINE_STARTED = 952
OFFLINE_ENDED = 953
PURGED = 954
BALANCES_ASKED = 960
BOOKS_SIGNED = 961
KEY_RETIRED = 970
KEY_BEGUN = 971

MEANINGS: Final[Mapping[int, object]] = {
    MONTHLY_ARCHIVE: _("monthly archive attempt"),
    YEARLY_ARCHIVE: _("yearly archive attempt"),
    LOG_OUT: _("log out"),
    CLOSING: _("daily or monthly closing"),
    YEARLY_CLOSING: _("yearly closing"),
    LOG_IN: _("log in"),
    CHAIN_BROKEN: _("signature chain verification failed"),
    DRAWER_COUNT: _("drawer count"),
    ITEM_RETURN: _("item returned"),
    SELLER_IDENTITY_CHANGED: _("seller's identity changed"),
    JOURNAL_STARTED: _("journal started"),
    SALE_CANCELLED: _("sale cancelled before payment"),
    NOT_AN_ITEM: _("amount on a ticket that is not an item"),
    SOFTWARE_STARTED: _("software started"),
    SOFTWARE_STOPPED: _("software stopped"),
    VERSION_CHANGED: _("software version changed"),
    SETTING_CHANGED: _("setting changed"),
    VAT_CHANGED: _("VAT rate changed"),
    PRICE_CHANGED: _("price changed"),
    STAFF_CHANGED: _("staff or role changed"),
    STATION_ENROLLED: _("station enrolled"),
    STATION_REVOKED: _("station revoked"),
    PIN_LOCKED: _("PIN locked after wrong tries"),
    PIN_SET: _("PIN set"),
    DRAWER_OPENED: _("drawer opened without a sale"),
    TRAINING_CHANGED: _("training switched on or off"),
    CLOCK_JUMPED: _("clock jumped"),
    RECEIPT_REPRINTED: _("receipt printed again"),
    BILL_PRINTED: _("bill or note printed before payment"),
    ORDER_KEPT: _("order kept before payment"),
    CASH_MOVED: _("cash put in or taken out by hand"),
    PRINTER_FAILED: _("printer failed"),
    PAYMENT_UNKNOWN: _("outcome of a payment unknown"),
    PAYMENT_FORCED: _("payment forced by a person"),
    PAYMENT_DECIDED: _("decision about coins"),
    PAGE_SENT_AGAIN: _("page sent to the printer again by a person"),
    RESTORED: _("restored from a copy"),
    IMPORTED: _("data imported"),
    OFFLINE_STARTED: _("offline period started"),
    OFFLINE_ENDED: _("offline period ended"),
    PURGED: _("archived data purged"),
    BALANCES_ASKED: _("balances of coins asked of the nodes"),
    BOOKS_SIGNED: _("reconciliation of coins signed"),
    KEY_RETIRED: _("key names the one that follows it"),
    KEY_BEGUN: _("key names the one before it"),
}
