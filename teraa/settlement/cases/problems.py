"""What can go wrong around cases and refunds, in words for whoever decides."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Problem


class CaseClosed(Problem):
    code = "case_closed"
    status = 409
    title = _("This case is closed.")
    advice = _("Look at it again: somebody, or the chain itself, has dealt with it.")


class NotForThisCase(Problem):
    code = "not_for_this_case"
    status = 409
    title = _("This cannot be done about a case of this kind.")
    advice = _("Choose one of the actions that its page offers.")


class ReasonNeeded(Problem):
    code = "reason_needed"
    status = 422
    title = _("A reason is needed for this.")
    advice = _("Write in a few words why; it is kept with the decision.")


class OtherPayee(Problem):
    """Coins never cross from one payee to another."""

    code = "other_payee"
    status = 409
    title = _("These coins came to another payee’s address.")
    advice = _("Give them back to whoever sent them, and ask for the payment again.")


class CoinsAreSpent(Problem):
    code = "coins_are_spent"
    status = 409
    title = _("These coins already paid something, or are being given back.")
    advice = _("Look at what they were taken for first.")


class NothingOwed(Problem):
    """The due behind a request was paid otherwise, or given up."""

    code = "nothing_owed"
    status = 409
    title = _("Nothing is owed there any more.")
    advice = _("It was paid otherwise or given up: give these coins back instead.")


class NotShort(Problem):
    code = "not_short"
    status = 409
    title = _("No part payment is there to be accepted.")
    advice = _("Look at it again: coins may have come, or gone, in the meantime.")


class NoSurplus(Problem):
    code = "no_surplus"
    status = 409
    title = _("There is no surplus to keep.")
    advice = _("Look at it again: it may have been given back or used.")


class SecondPersonNeeded(Problem):
    """Whoever said it first cannot be the second person as well."""

    code = "second_person_needed"
    status = 409
    title = _("Somebody else must say the same.")
    advice = _("Your word is written down. Ask another manager to open this page and confirm.")


class NothingToRefund(Problem):
    code = "nothing_to_refund"
    status = 409
    title = _("There are no coins here to give back.")
    advice = _(
        "What was paid in cash or by card is given back the same way; what came in OSM may "
        "already be given back."
    )


class TooMuchRefund(Problem):
    code = "too_much_refund"
    status = 422
    title = _("This is more than what can still be given back.")
    advice = _("Choose at most what came and was not given back yet.")


class NoDestination(Problem):
    code = "no_destination"
    status = 409
    title = _("Nobody has said yet where this refund goes.")
    advice = _("Use the address that paid, type one, or make a claim link for the customer.")


class BadDestination(Problem):
    code = "bad_destination"
    status = 422
    title = _("This is not an address to which OSM can be sent.")
    advice = _("Compare it character by character; copying it from the wallet is safest.")


class OwnDestination(Problem):
    code = "own_destination"
    status = 422
    title = _("This is an address of a payee of this house.")
    advice = _("A refund goes to the customer’s own wallet.")


class RefundMoved(Problem):
    code = "refund_moved"
    status = 409
    title = _("This refund is no longer where this can be done.")
    advice = _("Look at it again before going on.")


class RefundSealed(Problem):
    code = "refund_sealed"
    status = 409
    title = _("A ticket says that these coins are given back: they are owed.")
    advice = _("Have the customer say where they go (a claim link), then approve and send them.")


class ClaimSpent(Problem):
    code = "claim_spent"
    status = 410
    title = _("This link has been used, or is no longer valid.")
    advice = _("If the address was not yours, call the place that gave you the link at once.")
