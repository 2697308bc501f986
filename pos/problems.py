"""What a till refuses to do, and what to do about it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Problem


class UnknownProduct(Problem):
    code = "unknown_product"
    status = 422
    title = _("A product of this cart is not in the catalogue.")
    advice = _("Reload the catalogue and ring the cart up again.")


class NoVatRateNow(Problem):
    code = "no_vat_rate"
    status = 422
    title = _("“{label}” has no VAT rate today.")
    advice = _("A manager sets it in the back office, under VAT rates.")


class WrongTotal(Problem):
    code = "wrong_total"
    status = 422
    title = _("The total of the till and that of the catalogue differ.")
    advice = _("Reload the catalogue, check the cart and take the payment again.")


class WrongTenders(Problem):
    code = "wrong_tenders"
    status = 422
    title = _("The payments do not add up to what is owed.")
    advice = _("Check the amounts and take the payment again.")


class NotEnoughCash(Problem):
    code = "not_enough_cash"
    status = 422
    title = _("The cash received is less than the amount to pay in cash.")
    advice = _("Type what the customer really gave.")


class SaleClosed(Problem):
    code = "sale_closed"
    status = 409
    title = _("This sale is already closed.")
    advice = _("Look at it in the last sales.")


class NotATill(Problem):
    code = "not_a_till"
    status = 403
    title = _("This station does not sell.")
    advice = _("Enrol it as a till in the back office.")


class NothingPaid(Problem):
    code = "nothing_paid"
    status = 409
    title = _("This sale is not paid: there is nothing to give back.")
    advice = _("A sale that still waits for its money is given up instead.")


class GivenBackAlready(Problem):
    """The database refuses a second correction of one line; this is its sentence."""

    code = "given_back_already"
    status = 409
    title = _("This was given back already.")
    advice = _("Look at the sale again: it says what can still be given back.")


class NotThatManySold(Problem):
    code = "not_that_many_sold"
    status = 422
    title = _("More would be given back of “{label}” than was sold.")
    advice = _("Check the quantities.")


class OnlyAsAWhole(Problem):
    code = "only_as_a_whole"
    status = 422
    title = _("This ticket can only be given back as a whole.")
    advice = _("Its lines depend on each other: give everything back, then ring up what is kept.")


class WrongRefundTotal(Problem):
    code = "wrong_refund_total"
    status = 422
    title = _("The till and the tickets differ about what is given back.")
    advice = _("Look at the sale again, then choose once more.")


class CancelReasonNeeded(Problem):
    """A bill that vanishes unexplained is what F3 is about."""

    code = "cancel_reason_needed"
    status = 422
    title = _("The customer was shown a bill: giving it up needs a reason.")
    advice = _("Say in a few words what happened.")


class ReasonNeeded(Problem):
    code = "refund_reason_needed"
    status = 422
    title = _("Giving money back needs a reason.")
    advice = _("Say in a few words what happened.")


class OtherTender(Problem):
    """By default money goes back the way it came (research pos-fr, pitfall 14)."""

    code = "other_tender"
    status = 422
    title = _("This sale was not paid in this way, or not as much of it.")
    advice = _("Give the money back the way it came, or say why not.")


class AuthorisationNeeded(Problem):
    code = "authorisation_needed"
    status = 422
    title = _("What did the card terminal say?")
    advice = _("Make the refund on the terminal first, then type its authorisation number here.")


class NoCoinsCame(Problem):
    code = "no_coins_came"
    status = 422
    title = _("This sale was not paid in OSM: no coins can be given back.")
    advice = _("Give the money back in cash or by card.")
