"""Forms of the back office."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminFileFieldWidget

from pos.amap.cagette.products import CAGETTE, CAMAP
from pos.amap.models import AmapGroup, Catalog, Distribution, OrderLine
from pos.amap.states import DistributionState, ImportKind
from teraa.common.money import format_rate
from teraa.venues.models import VatRate
from teraa.venues.office import VenueForm

MAX_QUANTITY = 100_000


class BringForm(forms.Form):
    """Which file, what is in it, and for which catalogue or distribution."""

    kind = forms.ChoiceField(label=_("What is in it"), choices=ImportKind.choices)
    file = forms.FileField(label=_("CSV file"), widget=UnfoldAdminFileFieldWidget)
    catalog: forms.ModelChoiceField[Catalog] = forms.ModelChoiceField(
        label=_("For which catalogue (products)"), queryset=Catalog.objects.none(), required=False
    )
    dialect = forms.ChoiceField(
        label=_("Dialect (products)"),
        choices=[
            ("", _("Let it be detected")),
            (CAGETTE, _("Cagette")),
            (CAMAP, _("CAMAP")),
        ],
        required=False,
    )
    distribution: forms.ModelChoiceField[Distribution] = forms.ModelChoiceField(
        label=_("For which distribution (orders)"),
        queryset=Distribution.objects.none(),
        required=False,
    )
    vat_rate_bp = forms.TypedChoiceField(
        label=_("VAT rate where the file has none"), coerce=int, initial=550
    )

    def __init__(self, *args: Any, group: AmapGroup, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("catalog", Catalog.objects.filter(group=group, active=True))
        self._offer(
            "distribution",
            Distribution.objects.filter(
                group=group, state=DistributionState.ORDERING
            ).select_related("group"),
        )
        rates = VatRate.objects.filter(venue_id=group.venue_id).values_list("rate_bp", flat=True)
        offered = sorted({0, 550, *rates})
        field: Any = self.fields["vat_rate_bp"]
        field.choices = [(rate, format_rate(rate, language)) for rate in offered]

    def _offer(self, name: str, rows: QuerySet[Any]) -> None:
        field: Any = self.fields[name]
        field.queryset = rows


class LineForm(VenueForm):
    """A quantity as people say it: 2.5 kg, 3 pieces; stored in thousandths."""

    quantity = forms.DecimalField(
        label=_("quantity"),
        min_value=Decimal(0),
        max_value=Decimal(MAX_QUANTITY),
        decimal_places=3,
        widget=UnfoldAdminDecimalFieldWidget,
    )

    class Meta:
        model = OrderLine
        fields = ["product", "quantity"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.quantity_milli is not None:
            self.fields["quantity"].initial = Decimal(self.instance.quantity_milli) / 1000

    def save(self, commit: bool = True) -> Any:
        self.instance.quantity_milli = int(self.cleaned_data["quantity"] * 1000)
        return super().save(commit)
