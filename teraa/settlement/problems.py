"""What can go wrong around money, in words for the person at the till."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Problem


class TooMuch(Problem):
    """More than what no tender holds yet."""

    code = "too_much"
    status = 409
    title = _("This is more than what remains to be paid.")
    advice = _("Take at most the remaining amount; another payment may just have come in.")


class NotEnoughCash(Problem):
    code = "not_enough_cash"
    status = 422
    title = _("The cash received is less than the amount to pay in cash.")
    advice = _("Type what the customer really gave.")


class DueClosed(Problem):
    """Settled or given up: no tender can be added."""

    code = "due_closed"
    status = 409
    title = _("There is nothing left to pay here.")
    advice = _("Look at it again: it was settled or given up in the meantime.")


class PaidOutAlready(Problem):
    code = "paid_out_already"
    status = 409
    title = _("This money was given back already.")
    advice = _("Its ticket says when, how and by whom.")


class MixedPayees(Problem):
    """Dues of different payees never share a payment."""

    code = "mixed_payees"
    status = 422
    title = _("These amounts are owed to different payees.")
    advice = _("Take one payment for each payee.")


class MoneyReceived(Problem):
    code = "money_received"
    status = 409
    title = _("Money was already received for this.")
    advice = _("Give it back first, or take what remains.")


class PaymentSeen(Problem):
    """Coins are on their way or arrived: the request can no longer be withdrawn."""

    code = "payment_seen"
    status = 409
    title = _("An OSM payment for this was already seen.")
    advice = _("Wait until it is confirmed; it cannot be called back.")


class QuoteExpired(Problem):
    code = "quote_expired"
    status = 409
    title = _("The OSM rate shown is no longer valid.")
    advice = _("Ask for the payment again: a fresh rate is used.")


class UnknownQuote(Problem):
    code = "unknown_quote"
    status = 404
    title = _("This OSM rate was never quoted here.")
    advice = _("Ask for the payment again: a fresh rate is used.")


class NoOsmAddress(Problem):
    code = "no_osm_address"
    status = 422
    title = _("{payee} has no OSM address on this network.")
    advice = _("A manager enters it in the back office, under payees. Take another payment.")


class AddressTaken(Problem):
    """An address belongs to one payee for ever: its payments could not be told apart."""

    code = "address_taken"
    status = 409
    title = _("The OSM address of {payee} already received for another payee.")
    advice = _("Give each payee an address of its own in the back office.")


class OsmUnavailable(Problem):
    """OSM cannot be taken now; ``sentence`` says why."""

    code = "osm_unavailable"
    status = 503
    title = _("OSM cannot be taken right now. {sentence}")
    advice = _("Take another payment, or wait a moment and try again.")


class NothingLate(Problem):
    code = "nothing_late"
    status = 409
    title = _("No late payment waits on this request.")
    advice = _("Look at it again: somebody may have dealt with it.")
