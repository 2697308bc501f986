"""How patient a payee is with coins: one row a payee, defaults when there is none."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from teraa.settlement.states import LatePolicy
from teraa.venues.models import Payee, Venue

MOST_CONFIRMATIONS = 1000
BASIS_POINTS = 10_000


class PaymentPolicy(models.Model):
    """A payee's rules for OSM payments. Amounts in cents; see settlement.md §3.7 for the steps.

    ``huge_confirmations`` 0 means one round: as many blocks as the network has delegates.
    """

    payee = models.OneToOneField(
        Payee, models.PROTECT, primary_key=True, related_name="payment_policy"
    )
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="+")
    large_from_cents = models.PositiveBigIntegerField(_("large from (cents)"), default=150_00)
    large_confirmations = models.PositiveIntegerField(
        _("confirmations of a large payment"),
        default=12,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_CONFIRMATIONS)],
    )
    huge_from_cents = models.PositiveBigIntegerField(_("very large from (cents)"), default=500_00)
    huge_confirmations = models.PositiveIntegerField(
        _("confirmations of a very large payment"),
        default=0,
        validators=[MaxValueValidator(MOST_CONFIRMATIONS)],
        help_text=_("0: one round, as many blocks as the network has delegates."),
    )
    late = models.CharField(
        _("coins that come late"), max_length=8, choices=LatePolicy.choices, default=LatePolicy.ASK
    )
    late_drift_bp = models.PositiveIntegerField(
        _("taken when the rate moved by at most (hundredths of a percent)"),
        default=200,
        validators=[MaxValueValidator(BASIS_POINTS)],
    )
    trust_up_to_cents = models.PositiveBigIntegerField(
        _("believed before its block up to (cents)"),
        default=0,
        help_text=_(
            "0: never. Otherwise goods may go as soon as two nodes hold the payment and its sender"
            " has enough; the payee bears the risk that it never comes."
        ),
    )
    trust_total_cents = models.PositiveBigIntegerField(
        _("believed before their blocks, in all at most (cents)"), default=100_00
    )
    by_amount = models.BooleanField(
        _("recognise payments by their exact amount"),
        default=False,
        help_text=_(
            "For wallets that lose the reference: each amount gets a tail of less than 0.0001 OSM"
            " of its own."
        ),
    )

    class Meta:
        db_table = "settlement_payment_policy"
        verbose_name = _("OSM payment rules")
        verbose_name_plural = _("OSM payment rules")
        constraints = [
            models.CheckConstraint(
                condition=Q(huge_from_cents__gte=F("large_from_cents"), large_confirmations__gte=1),
                name="settlement_payment_policy_steps",
            ),
        ]

    def __str__(self) -> str:
        return str(self.payee)

    def confirmations_for(self, *, amount_cents: int, least: int, delegates: int) -> int:
        """How many confirmations a payment of ``amount_cents`` waits for, at least ``least``."""
        if amount_cents > self.huge_from_cents:
            return max(least, self.huge_confirmations or delegates)
        if amount_cents > self.large_from_cents:
            return max(least, self.large_confirmations)
        return least

    def trusts(self, *, amount_cents: int, out_cents: int) -> bool:
        """Whether a payment may be believed before its block while ``out_cents`` are already."""
        return (
            amount_cents <= self.trust_up_to_cents
            and amount_cents + out_cents <= self.trust_total_cents
        )

    def takes_late(self, *, asked_rate_e10: int, rate_e10: int | None) -> bool:
        """Whether late coins are taken by rule: the rate then and now (None: unknown)."""
        if self.late != LatePolicy.ACCEPT or rate_e10 is None:
            return False
        return abs(rate_e10 - asked_rate_e10) * BASIS_POINTS <= asked_rate_e10 * self.late_drift_bp


def policy_of(payee: Payee) -> PaymentPolicy:
    """The payee's rules, its own or the defaults. No query when they came along with it."""
    try:
        return payee.payment_policy
    except PaymentPolicy.DoesNotExist:
        return PaymentPolicy(payee=payee, venue_id=payee.venue_id)
