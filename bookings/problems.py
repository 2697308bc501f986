"""Refusals a guest can meet."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Problem


class NotBookable(Problem):
    """``reasons``: every rule that is broken, not only the first, as ``{"code", "text"}``."""

    code = "not_bookable"
    status = 422
    title = _("This cannot be booked like that.")
    advice = _("Change what is said below, or choose another space.")


class PriceChanged(Problem):
    """``total_cents`` is what it costs now."""

    code = "price_changed"
    status = 409
    title = _("The price is not the one that was shown.")
    advice = _("Look at the price again, then book.")


class NoVatRateNow(Problem):
    code = "no_vat_rate"
    status = 422
    title = _("“{label}” has no VAT rate today.")
    advice = _("A manager sets it in the back office, under VAT rates.")


class UnknownDiscount(Problem):
    code = "unknown_discount"
    status = 422
    title = _("This discount code does not hold here, or no longer.")
    advice = _("Look at how it is written, or leave it out.")


class DiscountSpent(Problem):
    code = "discount_spent"
    status = 409
    title = _("This discount code has been used as often as it may be.")
    advice = _("Leave it out to book at the full price.")


class TooManyHolds(Problem):
    code = "too_many_holds"
    status = 429
    title = _("Several bookings of yours already wait for their payment.")
    advice = _("Pay for or cancel one of them first, on its own page.")


class TooManyFree(Problem):
    code = "too_many_free"
    status = 429
    title = _("You already have several free bookings ahead.")
    advice = _("Cancel one of them first, on its own page.")


class StillFree(Problem):
    """Nobody need wait: ``starts_at`` can be booked."""

    code = "still_free"
    status = 409
    title = _("It is free: there is nothing to wait for.")
    advice = _("Book it now.")


class TooManyWaiting(Problem):
    code = "too_many_waiting"
    status = 429
    title = _("You already wait for several places.")
    advice = _("Give one of them up first, on its own page.")


class NotCancellable(Problem):
    code = "not_cancellable"
    status = 409
    title = _("This booking can no longer be cancelled here.")
    advice = _("Write to the place or ring it up: people there can help.")


class GivesBackLess(Problem):
    """A rung of the ladder ended between what was shown and the press; ``cents`` come back now."""

    code = "gives_back_less"
    status = 409
    title = _("Less comes back now than when this page was opened.")
    advice = _("Look at the amount again: nothing was cancelled yet.")


class WordNeeded(Problem):
    code = "word_needed"
    status = 422
    title = _("Say why it is cancelled.")
    advice = _("The guest reads it in the mail.")


class WrongShare(Problem):
    code = "wrong_share"
    status = 422
    title = _("More cannot come back than was paid.")
    advice = _("Choose an amount between nothing and all of it.")


class NotHereNow(Problem):
    code = "not_here_now"
    status = 409
    title = _("This stay is not confirmed, or not now.")
    advice = _("Look at its state and its time; what is to be paid is collected first.")


class NotMovable(Problem):
    code = "not_movable"
    status = 409
    title = _("This booking can no longer be moved here.")
    advice = _("Write to the place or ring it up: people there can help.")


class OtherPrice(Problem):
    code = "other_price"
    status = 409
    title = _("It has another price at that time.")
    advice = _("Choose a time of the same price, or let it go and book anew.")
