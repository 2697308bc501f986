"""Codes of the technical event journal (JET): those certified vendors publish, then our own.

Research: pos-fr 2.4. A number is given once and never reused; our own start at 900, and 910 stays
free because the published list uses it.
"""

from __future__ import annotations

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
RESTORED = 950
IMPORTED = 951
OFFLINE_STARTED = 952
OFFLINE_ENDED = 953
PURGED = 954
BALANCES_ASKED = 960
BOOKS_SIGNED = 961

MEANINGS: dict[int, str] = {
    MONTHLY_ARCHIVE: "monthly archive attempt",
    YEARLY_ARCHIVE: "yearly archive attempt",
    LOG_OUT: "log out",
    CLOSING: "daily or monthly closing",
    YEARLY_CLOSING: "yearly closing",
    LOG_IN: "log in",
    CHAIN_BROKEN: "signature chain verification failed",
    DRAWER_COUNT: "drawer count",
    ITEM_RETURN: "item returned",
    SELLER_IDENTITY_CHANGED: "seller's identity changed",
    JOURNAL_STARTED: "journal started",
    SALE_CANCELLED: "sale cancelled before payment",
    NOT_AN_ITEM: "amount on a ticket that is not an item",
    SOFTWARE_STARTED: "software started",
    SOFTWARE_STOPPED: "software stopped",
    VERSION_CHANGED: "software version changed",
    SETTING_CHANGED: "setting changed",
    VAT_CHANGED: "VAT rate changed",
    PRICE_CHANGED: "price changed",
    STAFF_CHANGED: "staff or role changed",
    STATION_ENROLLED: "station enrolled",
    STATION_REVOKED: "station revoked",
    PIN_LOCKED: "PIN locked after wrong tries",
    PIN_SET: "PIN set",
    DRAWER_OPENED: "drawer opened without a sale",
    TRAINING_CHANGED: "training switched on or off",
    CLOCK_JUMPED: "clock jumped",
    RECEIPT_REPRINTED: "receipt printed again",
    BILL_PRINTED: "bill or note printed before payment",
    ORDER_KEPT: "order kept before payment",
    CASH_MOVED: "cash put in or taken out by hand",
    PRINTER_FAILED: "printer failed",
    PAYMENT_UNKNOWN: "outcome of a payment unknown",
    PAYMENT_FORCED: "payment forced by a person",
    RESTORED: "restored from a copy",
    IMPORTED: "data imported",
    OFFLINE_STARTED: "offline period started",
    OFFLINE_ENDED: "offline period ended",
    PURGED: "archived data purged",
    BALANCES_ASKED: "balances of coins asked of the nodes",
    BOOKS_SIGNED: "reconciliation of coins signed",
}
