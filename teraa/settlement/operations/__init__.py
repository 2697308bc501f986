"""Writes of this room: verb first, keyword-only, atomic, named refusals.

Locks are always taken in one order, so that two at once wait and never block each other for good:
a trade's own row, the chain's cursor (ingest only), dues by id, OSM requests by id, tenders.
"""

from teraa.settlement.operations.collections import collect
from teraa.settlement.operations.dues import cancel_due, open_due, relabel_due
from teraa.settlement.operations.payouts import owe_back, pay_out
from teraa.settlement.operations.rates import current_quote, decide_rate, units_today
from teraa.settlement.operations.requests import (
    accept_late,
    cancel_open_requests,
    cancel_request,
    request_osm,
)
from teraa.settlement.operations.tenders import add_tender, tender_exists
from teraa.settlement.queries import SettledTender, settled_tenders

__all__ = [
    "SettledTender",
    "accept_late",
    "add_tender",
    "cancel_due",
    "cancel_open_requests",
    "cancel_request",
    "collect",
    "current_quote",
    "decide_rate",
    "open_due",
    "owe_back",
    "pay_out",
    "relabel_due",
    "request_osm",
    "settled_tenders",
    "tender_exists",
    "units_today",
]
