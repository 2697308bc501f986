"""The back office sees venues through its user: rows, choices and rights of theirs and no others.

Every room's admin builds on ``VenueModelAdmin`` (and its inlines)::

    class ProductAdmin(VenueModelAdmin):
        venue_path = "venue"                  # from a row to its venue; the default
        change_permission = EDIT_CATALOGUE    # None: nobody changes it here
        journal_code = PRICE_CHANGED          # None: its changes are not journaled

A superuser (who installs and looks after the machine) sees every venue.
"""

from __future__ import annotations

import datetime
import decimal
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from teraa.common import journal
from teraa.common.clock import now
from teraa.common.journal_codes import PRICE_CHANGED
from teraa.common.problems import Problem
from teraa.venues.models import StaffMember, Venue
from teraa.venues.permissions_table import EDIT_VENUE, READ_BOOKS, ROLE_PERMISSIONS

# Whatever form changes one of these, the journal calls it a price (905).
PRICES = re.compile(r"(^|_)(price|hour|day|fee)_cents$|^vat_(class|rate_bp)$")


def permissions_of(request: HttpRequest) -> dict[UUID, frozenset[str]]:
    """What the signed-in user may do, per venue: from the roles they hold today (one query)."""
    known: dict[UUID, frozenset[str]] | None = getattr(request, "venue_permissions", None)
    if known is None:
        roles = StaffMember.objects.filter(user=request.user.pk, active=True)
        known = {
            venue_id: ROLE_PERMISSIONS.get(role, frozenset())
            for venue_id, role in roles.values_list("venue_id", "role")
        }
        request.venue_permissions = known  # type: ignore[attr-defined]
    return known


def venues_where(request: HttpRequest, permission: str | None) -> set[UUID]:
    """The venues in which the signed-in user carries ``permission``."""
    return {venue for venue, carried in permissions_of(request).items() if permission in carried}


def venues_seen(request: HttpRequest, permission: str | None = READ_BOOKS) -> set[UUID] | None:
    """Venues to filter by; None for a superuser, who needs no filter."""
    if getattr(request.user, "is_superuser", False):
        return None
    return venues_where(request, permission)


def venue_of(row: models.Model, path: str) -> UUID | None:
    """Follow ``path`` (``"venue"``, ``"payee__venue"``) from a row to the id of its venue."""
    if isinstance(row, Venue):
        return row.pk
    *steps, last = path.split("__")
    found: Any = row
    for step in steps:
        found = getattr(found, step, None)
    return getattr(found, f"{last}_id", None) if found is not None else None


class VenueForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses a reference into another venue with a sentence; the database would do it rudely."""

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        own = values.get("venue") or getattr(self.instance, "venue", None)
        if own is not None:
            # add_error takes the value out while we look.
            for name, value in list(values.items()):
                other = (
                    getattr(value, "venue_id", None) if isinstance(value, models.Model) else None
                )
                if other is not None and other != own.pk:
                    self.add_error(name, ValidationError(_("This belongs to another venue.")))
        return values


class _OfVenues:
    """What rows and inlines share: rights by venue, never Django's own permission tables."""

    model: type[models.Model]
    venue_path: ClassVar[str] = "venue"
    view_permission: ClassVar[str] = READ_BOOKS
    change_permission: ClassVar[str | None] = EDIT_VENUE
    may_add: ClassVar[bool] = True
    # What money or history points at is made inactive instead; a room says where it may go.
    may_delete: ClassVar[bool] = False

    def may(self, request: HttpRequest, permission: str | None, obj: Any = None) -> bool:
        """Whether the user carries ``permission`` where ``obj`` is, or anywhere without one."""
        user = request.user
        if permission is None or not (user.is_active and getattr(user, "is_staff", False)):
            return False
        if getattr(user, "is_superuser", False):
            return True
        allowed = venues_where(request, permission)
        if obj is None:
            return bool(allowed)
        if not isinstance(obj, models.Model):  # unfold's detail actions pass the key
            return self.may_key(request, permission, obj)
        # An inline is asked about its parent.
        path = self.venue_path if isinstance(obj, self.model) else venue_path_of(type(obj))
        return path is not None and venue_of(obj, path) in allowed

    def may_key(self, request: HttpRequest, permission: str, key: Any) -> bool:
        found = self.model._base_manager.filter(pk=key).first()
        return found is not None and self.may(request, permission, found)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, self.view_permission, obj) or self.has_change_permission(
            request, obj
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, self.change_permission, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_add and self.may(request, self.change_permission, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_delete and self.may(request, self.change_permission, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows: models.QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return rows.filter(self._seen_by(request))

    def _seen_by(self, request: HttpRequest) -> models.Q:
        if getattr(request.user, "is_superuser", False):
            return models.Q()
        seen = venues_where(request, self.view_permission)
        if self.change_permission:
            seen |= venues_where(request, self.change_permission)
        return models.Q(**{f"{self.venue_path}__in": seen})

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField[Any] | None:
        """Offer only rows of the venues in which this user may make the change."""
        related: Any = db_field.remote_field.model
        offered = kwargs.get("queryset", related._base_manager.all())
        kwargs["queryset"] = offered.filter(self._offered(request, related))
        field: forms.ModelChoiceField[Any] | None = super().formfield_for_foreignkey(  # type: ignore[misc]
            db_field, request, **kwargs
        )
        if related is Venue and field is not None and field.queryset is not None:
            only = list(field.queryset[:2])
            if len(only) == 1:  # most people work for one venue: it need not be asked
                field.initial, field.empty_label = only[0].pk, None
        return field

    def formfield_for_manytomany(
        self, db_field: models.ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.ModelMultipleChoiceField[Any] | None:
        """The same for a list of rows."""
        related: Any = db_field.remote_field.model
        offered = kwargs.get("queryset", related._base_manager.all())
        kwargs["queryset"] = offered.filter(self._offered(request, related))
        field: forms.ModelMultipleChoiceField[Any] | None = super().formfield_for_manytomany(  # type: ignore[misc]
            db_field, request, **kwargs
        )
        return field

    def _offered(self, request: HttpRequest, related: type[models.Model]) -> models.Q:
        venues = venues_seen(request, self.change_permission)
        if venues is None:
            return models.Q()
        path = venue_path_of(related)
        # A row that belongs to no venue (a user, say) is offered by a room that knows how.
        return models.Q(**{f"{path}__in": venues}) if path else models.Q(pk=None)


def venue_path_of(model: type[models.Model]) -> str | None:
    """How rows of ``model`` lead to their venue: as its admin says, or by a field ``venue``."""
    if model is Venue:
        return "pk"
    registered = admin.site._registry.get(model)
    if isinstance(registered, _OfVenues):
        return registered.venue_path
    try:
        model._meta.get_field("venue")
    except FieldDoesNotExist:
        return None
    return "venue"


class VenueModelAdmin(_OfVenues, ModelAdmin):  # type: ignore[misc]
    """A back-office list and form whose rows belong to venues."""

    form = VenueForm
    journal_code: ClassVar[int | None] = None

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        """A row never moves to another venue: what hangs on it would stay behind."""
        fixed = list(super().get_readonly_fields(request, obj))
        if obj is not None and self.venue_path == "venue" and "venue" not in fixed:
            fixed.append("venue")
        return fixed

    def get_ordering(self, request: HttpRequest) -> Sequence[str]:
        """Pages of a list, and of its choices elsewhere, need some order: else that of creation."""
        return super().get_ordering(request) or self.opts.ordering or ("pk",)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Filters by a related row offer only rows this user may see."""
        return [self._only_related(entry) for entry in super().get_list_filter(request)]

    def _only_related(self, entry: Any) -> Any:
        if not isinstance(entry, str):
            return entry
        try:
            field = get_fields_from_path(self.model, entry)[-1]
        except FieldDoesNotExist:
            return entry
        return (entry, admin.RelatedOnlyFieldListFilter) if field.is_relation else entry

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """A refusal becomes a message on the same page; nothing of the form was stored."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Problem as problem:
            said = problem.as_dict()
            self.message_user(request, f"{said['title']} {said['advice']}", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Everything of the form is stored: what changed, in it and in its rows, is one event."""
        super().save_related(request, form, formsets, change)
        rows = [row for formset in formsets for row in _changed_rows(formset)]
        if not change or form.changed_data or rows:
            act = "changed" if change else "added"
            self.record(request, form.instance, act=act, changes=_changes(form), rows=rows)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.record(request, obj, act="deleted")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset:
            self.record(request, row, act="deleted")
        super().delete_queryset(request, queryset)

    def record(
        self,
        request: HttpRequest,
        obj: Any,
        *,
        act: str,
        changes: Mapping[str, Any] | None = None,
        rows: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Journal what was done to ``obj``: with this admin's code, or as a price.

        ``changes`` names the fields, each with what it was and is; ``rows`` are those of the form's
        lists. Of texts only the name of the field is kept: a journal is for ever, and a text may
        hold a secret or somebody's data.
        """
        venue_id = venue_of(obj, self.venue_path)
        changes = dict(changes or {})
        touched = {*changes, *(name for row in rows for name in row["changes"])}
        is_price = any(PRICES.search(name) for name in touched)
        code = PRICE_CHANGED if is_price else self.journal_code
        if code is None or venue_id is None:
            return
        values: dict[str, Any] = {
            "what": str(self.model._meta.model_name),
            "id": str(obj.pk),
            "name": str(obj),
            "act": act,
            "changes": changes,
        }
        journal.record_where_kept(
            code=code,
            venue_id=venue_id,
            at=now(),
            values=values | ({"rows": list(rows)} if rows else {}),
            operator=str(request.user),
        )


def _changed_rows(formset: Any) -> Iterator[dict[str, Any]]:
    gone = list(getattr(formset, "deleted_forms", ()))
    for form in formset.forms:
        if form not in gone and not form.has_changed():
            continue
        is_new = any(form.instance is row for row in formset.new_objects)
        act = "deleted" if form in gone else "added" if is_new else "changed"
        yield {
            "what": str(formset.model._meta.model_name),
            "name": str(form.instance),
            "act": act,
            "changes": {} if act == "deleted" else _changes(form),
        }


def _changes(form: Any) -> dict[str, list[Any]]:
    """Field → what it was and what it is; nothing of texts but that they changed."""
    return {
        name: [
            _said(form.initial.get(name), form.fields[name]),
            _said(form.cleaned_data.get(name), form.fields[name]),
        ]
        for name in sorted(form.changed_data)
    }


def _said(value: Any, field: forms.Field) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str) and isinstance(field, forms.ChoiceField):
        return value
    if isinstance(value, datetime.date | datetime.time | decimal.Decimal | UUID):
        return str(value)
    if isinstance(value, models.Model):
        return str(value.pk)
    return None


class VenueTabularInline(_OfVenues, TabularInline):  # type: ignore[misc]
    """Rows of a form whose parent row belongs to a venue."""

    extra = 0
    form = VenueForm


class VenueStackedInline(_OfVenues, StackedInline):  # type: ignore[misc]
    """The same, one below the other."""

    extra = 0
    form = VenueForm
