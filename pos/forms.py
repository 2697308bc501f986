"""What people type in the back office about the catalogue."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from pos.models import Product
from teraa.common.money import MAX_CENTS
from teraa.venues.office import VenueForm

_EUROS = re.compile(r"^(\d{1,7})(?:[.,](\d{1,2}))?$")


class EurosField(forms.CharField):
    """Euros as people type them ("1,50", "1.5", "2 €"), held as cents. No float is involved."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, int):
            return value
        separator = "," if (get_language() or "fr").startswith("fr") else "."
        return f"{value // 100}{separator}{value % 100:02d}"

    def to_python(self, value: Any) -> Any:
        typed = super().to_python(value)
        if not typed:
            return None
        match = _EUROS.match("".join(typed.replace("€", "").split()))
        cents = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else None
        if cents is None or cents > MAX_CENTS:
            raise ValidationError(_("Write a price in euros, for instance 1,50."), code="price")
        return cents

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True


class ProductForm(VenueForm):
    price_cents = EurosField(
        label=_("Price, VAT included (€)"), help_text=_("Tills take the new price at once.")
    )

    class Meta:
        model = Product
        fields = "__all__"
