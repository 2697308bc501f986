"""The order form of an event's page: it works without JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from teraa.common.ids import uuid7
from ticketing.models import Event
from ticketing.operations import LineWanted, OrderWanted
from ticketing.queries import Offer


class OrderForm(forms.Form):
    """So many of each rate, a name and an address. ``key`` makes a double click one order."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )

    def __init__(self, event: Event, offers: Sequence[Offer], data: Any = None) -> None:
        super().__init__(data, initial={"key": uuid7()})
        self.event = event
        self.offers = offers
        for offer in offers:
            counts = [(count, str(count)) for count in range(event.most_per_order + 1)]
            field = forms.TypedChoiceField(
                label=offer.rate.name,
                choices=counts,
                coerce=int,
                initial=0,
                required=False,
                empty_value="0",
            )
            # Offered is what is left; a place that went meanwhile is refused by the sale, in words.
            field.widget.choices = counts[: max(0, offer.left) + 1]
            self.fields[self.field_of(offer)] = field
            self.fields[self.price_of(offer)] = forms.IntegerField(required=False)

    @staticmethod
    def field_of(offer: Offer) -> str:
        return f"rate-{offer.rate.pk}"

    @staticmethod
    def price_of(offer: Offer) -> str:
        """The hidden field that says at which price this page was drawn."""
        return f"price-{offer.rate.pk}"

    def rows(self) -> list[tuple[Offer, forms.BoundField]]:
        """Each rate with its field, for the template."""
        return [(offer, self[self.field_of(offer)]) for offer in self.offers]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors and not any(line.quantity for line in self._lines(values)):
            raise forms.ValidationError(_("Choose at least one ticket."))
        return values

    def _lines(self, values: dict[str, Any]) -> list[LineWanted]:
        return [
            LineWanted(UUID(str(offer.rate.pk)), int(values.get(self.field_of(offer)) or 0))
            for offer in self.offers
        ]

    def wanted(self) -> OrderWanted:
        """What is ordered; the total is that of the prices this page was drawn with."""
        lines = [line for line in self._lines(self.cleaned_data) if line.quantity]
        prices = {
            offer.rate.pk: self.cleaned_data.get(self.price_of(offer)) or 0 for offer in self.offers
        }
        return OrderWanted(
            key=self.cleaned_data["key"],
            event=self.event.slug,
            name=self.cleaned_data["name"],
            email=self.cleaned_data["email"],
            lines=lines,
            total_cents=sum(prices[line.rate] * line.quantity for line in lines),
        )
