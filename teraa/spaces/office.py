"""Lines of a back-office form that belong to the venue of the row they hang on."""

from __future__ import annotations

from unfold.forms import PaginationInlineFormSet

from teraa.venues.office import VenueTabularInline


class RowsOfVenue(PaginationInlineFormSet):  # type: ignore[misc]
    """Gives each line its parent's venue before it is checked, so that a foreign row is refused."""

    def full_clean(self) -> None:
        # Not earlier: the forms are made before the parent's own form was read.
        for form in self.forms:
            form.instance.venue_id = getattr(self.instance, "venue_id", None)
        super().full_clean()


class RowsInline(VenueTabularInline):
    """Such lines as a table. They are the parent's: whoever changes it may take them out."""

    formset = RowsOfVenue
    may_delete = True
