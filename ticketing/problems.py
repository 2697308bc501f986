"""What can go wrong between wanting a ticket and standing inside."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Problem


class NotOnSale(Problem):
    code = "not_on_sale"
    status = 409
    title = _("Tickets for “{event}” are not on sale.")
    advice = _("Look at the list of events for what can be had now.")


class SoldOut(Problem):
    """``left``: how many there are, of the first kind of place that does not suffice."""

    code = "sold_out"
    status = 409
    title = _("There are not enough places left: {left}.")
    advice = _("Take fewer tickets, or try again in some minutes: held places come back.")


class UnknownRate(Problem):
    code = "unknown_rate"
    status = 422
    title = _("A rate of this order does not exist for this event.")
    advice = _("Reload the page of the event and choose again.")


class TooManyTickets(Problem):
    code = "too_many_tickets"
    status = 422
    title = _("An order may hold at most {most} tickets.")
    advice = _("Take fewer, or place a second order.")


class OrderTotalDiffers(Problem):
    code = "order_total_differs"
    status = 422
    title = _("The prices have changed since the page was opened.")
    advice = _("Reload the page of the event, look at the prices and order again.")


class RateWithoutVat(Problem):
    code = "rate_without_vat"
    status = 422
    title = _("“{rate}” has no VAT rate today.")
    advice = _("A manager sets it in the back office, under VAT rates.")


class OrderClosed(Problem):
    code = "order_closed"
    status = 409
    title = _("This order is no longer waiting for its payment.")
    advice = _("Look at its page: it was paid, given up or has expired.")


class MentionsMissing(Problem):
    """The law wants them on every ticket (CGI ann. IV art. 50 sexies B)."""

    code = "mentions_missing"
    status = 409
    title = _("This event cannot go on sale yet. Missing: {missing}.")
    advice = _("Complete it in the back office, then put it on sale.")


class NotAGate(Problem):
    code = "not_a_gate"
    status = 403
    title = _("This station is not a gate.")
    advice = _("Enrol it as a gate in the back office.")


class QuotaTooSmall(Problem):
    code = "quota_too_small"
    status = 409
    title = _("More places than that are sold or held already.")
    advice = _("Choose at least the number of places taken.")
