"""Choices of the fiscal room. Nothing here moves: its rows are written once."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Lane(TextChoices):
    TILL = "till", _("Till")
    WEB = "web", _("Web")


class ChainKind(TextChoices):
    """One chain per register and kind of document (research pos-fr F6)."""

    TICKET = "TICKET", _("Ticket")
    EVENT = "EVENT", _("Event")
    CLOSING = "CLOSING", _("Closing")
    ARCHIVE = "ARCHIVE", _("Archive")
    DUPLICATE = "DUPLICATE", _("Duplicate")


class ClosingLevel(TextChoices):
    """What a closing closes (research pos-fr F7): all three are compulsory, in this order."""

    DAY = "day", _("Day (Z)")
    MONTH = "month", _("Month")
    YEAR = "year", _("Year")


class LineKind(TextChoices):
    ITEM = "item", _("Item")
    MODIFIER = "modifier", _("Supplement")
    COMPONENT = "component", _("Component of a formula")
    DISCOUNT = "discount", _("Discount")
    DEPOSIT = "deposit", _("Deposit")
    NON_ITEM = "non_item", _("Amount that is not an item")
    ROUNDING = "rounding", _("Cash rounding")


class TenderKind(TextChoices):
    OSM = "osm", _("OSM")
    CASH = "cash", _("Cash")
    CARD = "card", _("Card")
    CHEQUE = "cheque", _("Cheque")
    TRANSFER = "transfer", _("Bank transfer")
    VOUCHER = "voucher", _("Voucher")
    PREPAID = "prepaid", _("Prepaid credit")
    ACCOUNT = "account", _("On account")
