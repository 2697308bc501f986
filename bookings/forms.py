"""What guests type: a search, and who they are. Works with keyboard, phone and without script."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from bookings.pricing import MAX_STAY_MIN
from bookings.searching import Search
from bookings.states import PaysHow
from teraa.common.ids import uuid7
from teraa.common.money import MAX_CENTS
from teraa.spaces.states import Feature

MAX_PEOPLE = 500
LENGTHS = (30, 60, 90, 120, 180, 240, 300, 360, 480, 600)
DAY_MIN = 24 * 60
LONG_LENGTHS = tuple(days * DAY_MIN for days in (1, 2, 3, 4, 5, 6, 7, 14, 21, 28, 31))
USUAL_MINUTES = 120


def length_words(minutes: int) -> str:
    """``90`` → ``1 h 30``, ``2880`` → ``2 days``."""
    if minutes % DAY_MIN == 0:
        days = minutes // DAY_MIN
        return str(ngettext_lazy("%(days)s day", "%(days)s days", days) % {"days": days})
    hours, rest = divmod(minutes, 60)
    if not hours:
        return str(_("%(minutes)s min") % {"minutes": rest})
    if not rest:
        return str(ngettext_lazy("%(hours)s hour", "%(hours)s hours", hours) % {"hours": hours})
    return f"{hours} h {rest:02d}"


class SearchForm(forms.Form):
    """Day, length, people. What is missing or makes no sense becomes the usual."""

    day = forms.DateField(
        label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    minutes = forms.TypedChoiceField(label=_("Length"), coerce=int, choices=())
    people = forms.IntegerField(
        label=_("People"),
        min_value=1,
        max_value=MAX_PEOPLE,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    has = forms.MultipleChoiceField(
        label=_("It must have"), required=False, choices=(), widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self,
        given: Any,
        *,
        today: datetime.date,
        longest: int = 0,
        features: Collection[str] = (),
    ) -> None:
        """``longest``: minutes for which anything is let at all; whole days are offered up to it.
        ``features``: those that anything has.
        """
        self.usual = Search(day=today, minutes=USUAL_MINUTES, people=1)
        days = (length for length in LONG_LENGTHS if length <= longest)
        lengths = sorted({*LENGTHS, *days, _minutes(given.get("minutes"))})
        filled = {
            "day": given.get("day") or today.isoformat(),
            "minutes": str(_minutes(given.get("minutes"))),
            "people": given.get("people") or "1",
            "has": given.getlist("has") if hasattr(given, "getlist") else [],
        }
        super().__init__(filled)
        known = [(one.value, one.label) for one in Feature if one.value in features]
        choice = self.fields["has"]
        assert isinstance(choice, forms.MultipleChoiceField)  # noqa: S101  as declared above
        choice.choices = known
        field = self.fields["minutes"]
        assert isinstance(field, forms.TypedChoiceField)  # noqa: S101  as declared above
        field.choices = [(minutes, length_words(minutes)) for minutes in lengths]

    def wanted(self) -> Search:
        """What to search for, whatever was typed."""
        self.is_valid()
        kept = getattr(self, "cleaned_data", {})
        return Search(
            day=kept.get("day", self.usual.day),
            minutes=kept.get("minutes", self.usual.minutes),
            people=kept.get("people", self.usual.people),
            features=frozenset(kept.get("has", ())),
        )


def _minutes(typed: Any) -> int:
    text = str(typed or "")
    minutes = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else USUAL_MINUTES
    return minutes if 15 <= minutes <= MAX_STAY_MIN else USUAL_MINUTES


class PersonForm(forms.Form):
    """Who it is; the key makes a press on the button count once."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Your name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Your e-mail"),
        max_length=254,
        help_text=_("For the confirmation and the file for your calendar. Nothing else."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )


class WaitingForm(PersonForm):
    """Who waits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = _("We write to it when it is free. Nothing else.")


class GuestForm(PersonForm):
    """Who books, and how they mean to pay."""

    total_cents = forms.IntegerField(min_value=0, max_value=MAX_CENTS, widget=forms.HiddenInput)
    pays = forms.ChoiceField(
        label=_("How you pay"),
        choices=PaysHow.choices,
        initial=PaysHow.OSM,
        widget=forms.RadioSelect,
        required=False,
    )

    def clean_pays(self) -> str:
        return self.cleaned_data["pays"] or PaysHow.OSM


def fresh_key() -> UUID:
    """The key of a form that is shown for the first time."""
    return uuid7()
