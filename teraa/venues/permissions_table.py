"""Which role may do what. Pure: the table is the documentation, a test prints it."""

from __future__ import annotations

MANAGER = "manager"
CASHIER = "cashier"
DESK = "desk"
GATE = "gate"
TREASURER = "treasurer"
AUDITOR = "auditor"
COORDINATOR = "coordinator"  # of an AMAP

SELL = "sell"  # ring up, take payments, park, print
CANCEL_SALE = "cancel_sale"  # give up a sale that waits for its money
REFUND = "refund"  # give back money of a paid sale
TRAIN = "train"  # switch a till to training and back
READ_X = "read_x"  # totals of the running period
CLOSE_BOOKS = "close_books"  # close a day (Z), a month, a year
EDIT_CATALOGUE = "edit_catalogue"
EDIT_VENUE = "edit_venue"  # venue, payees, staff, stations, devices
READ_BOOKS = "read_books"  # sales, dues, payments, fiscal documents
RESOLVE_MONEY = "resolve_money"  # assign or close what did not match by itself
DECIDE_CASES = "decide_cases"  # what happens to coins that did not match; refunds
SEE_BOOKINGS = "see_bookings"  # who has which space when
RUN_BOOKINGS = "run_bookings"  # cancel a stay for its guest
EDIT_EVENTS = "edit_events"  # events, rates, quotas; put on sale, cancel a ticket
SCAN = "scan"  # admit at a gate
RUN_BASKETS = "run_baskets"  # households, producers, distributions and their files
HAND_OUT = "hand_out"  # find a household at the till, give it its basket
MANAGE_WEBHOOKS = "manage_webhooks"  # which outside addresses are told of what happens

ROLE_PERMISSIONS: dict[str, frozenset[str]] = {
    MANAGER: frozenset(
        {
            SELL,
            CANCEL_SALE,
            REFUND,
            TRAIN,
            READ_X,
            CLOSE_BOOKS,
            EDIT_CATALOGUE,
            EDIT_VENUE,
            READ_BOOKS,
            RESOLVE_MONEY,
            DECIDE_CASES,
            SEE_BOOKINGS,
            RUN_BOOKINGS,
            EDIT_EVENTS,
            SCAN,
            RUN_BASKETS,
            HAND_OUT,
            MANAGE_WEBHOOKS,
        }
    ),
    CASHIER: frozenset({SELL, CANCEL_SALE, HAND_OUT, SEE_BOOKINGS}),
    DESK: frozenset({SELL, CANCEL_SALE, HAND_OUT, SEE_BOOKINGS}),
    GATE: frozenset({SCAN}),
    TREASURER: frozenset({READ_X, CLOSE_BOOKS, READ_BOOKS, RESOLVE_MONEY, SEE_BOOKINGS}),
    AUDITOR: frozenset({READ_X, READ_BOOKS, SEE_BOOKINGS}),
    # Takes what is owed for baskets at the till; sees nobody else’s books.
    COORDINATOR: frozenset({SELL, RUN_BASKETS, HAND_OUT}),
}


def allows(role: str, permission: str) -> bool:
    """Whether ``role`` carries ``permission``; an unknown role carries nothing."""
    return permission in ROLE_PERMISSIONS.get(role, frozenset())
