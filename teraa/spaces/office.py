"""Lines of a back-office form that belong to the venue of the row they hang on."""

from __future__ import annotations

from typing import Any

from django.forms.models import BaseInlineFormSet

from teraa.venues.office import VenueTabularInline


class RowsOfVenue(BaseInlineFormSet):  # type: ignore[type-arg]
    """Gives each line its parent's venue before it is checked, so that a foreign row is refused."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.instance.venue_id = getattr(self.instance, "venue_id", None)


class RowsInline(VenueTabularInline):
    """Such lines as a table. They are the parent's: whoever changes it may take them out."""

    formset = RowsOfVenue
    may_delete = True
