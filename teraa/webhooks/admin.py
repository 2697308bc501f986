"""Webhooks in the back office: who is told, what was sent, and sending it again."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextInputWidget,
)

from teraa.common.clock import now
from teraa.common.ids import uuid7
from teraa.common.problems import Problem
from teraa.common.targets import check_target, private_allowed
from teraa.venues.admin import show_problem
from teraa.venues.office import VenueForm, VenueModelAdmin
from teraa.venues.permissions_table import MANAGE_WEBHOOKS
from teraa.webhooks import kinds, operations
from teraa.webhooks.models import HookDelivery, HookEndpoint
from teraa.webhooks.states import DeliveryState


def choices_of_kinds() -> list[tuple[str, Any]]:
    """Everything an endpoint may want, in words where there are some."""
    said = {kind.name: kind.description for kind in kinds.registered()}
    all_of_them: dict[str, Any] = {kinds.EVERYTHING: _("everything, also what is yet to come")}
    # A phone is narrower than most of these: they may break, whatever the widget thinks.
    line = '<span class="whitespace-normal">{} — {}</span>'
    return [
        (pattern, format_html(line, pattern, words) if words else pattern)
        for pattern in kinds.patterns()
        for words in [{**said, **all_of_them}.get(pattern)]
    ]


def back_to(row: models.Model) -> HttpResponse:
    """A dialogue is a part of a page fetched by itself: the whole page goes on from here."""
    name = f"admin:webhooks_{row._meta.model_name}_change"
    return HttpResponse(headers={"HX-Redirect": reverse(name, args=[row.pk])})


def show_secret(request: HttpRequest, endpoint: HookEndpoint, secret: str) -> None:
    """The only time it is seen."""
    said = _("The secret of %(name)s, shown this once: %(secret)s")
    words = said % {"name": endpoint, "secret": secret}
    # One word of fifty letters: on a phone it has to break.
    messages.warning(request, format_html('<span class="break-words">{}</span>', words))


class EndpointForm(VenueForm):
    wanted = forms.MultipleChoiceField(
        label=capfirst(_("events")),
        choices=choices_of_kinds,
        initial=[kinds.EVERYTHING],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = HookEndpoint
        fields = ["venue", "description", "url"]
        widgets = {"url": UnfoldAdminTextInputWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding and "wanted" in self.fields:
            self.fields["wanted"].initial = self.instance.kinds

    def clean_url(self) -> str:
        try:
            return str(check_target(self.cleaned_data["url"].strip(), private=private_allowed()))
        except Problem as problem:
            said = problem.as_dict()
            raise forms.ValidationError(f"{said['title']} {said['advice']}") from problem


class ConfirmForm(BaseDialogForm):  # type: ignore[misc]
    """Nothing to fill in: pressing the button is the answer."""


@admin.register(HookEndpoint)
class HookEndpointAdmin(VenueModelAdmin):
    form = EndpointForm
    view_permission = MANAGE_WEBHOOKS
    change_permission = MANAGE_WEBHOOKS
    list_display = ["__str__", "url", "state_label", "wants", "last_success_at", "venue"]
    list_filter = ["venue", "enabled"]
    list_select_related = ["venue"]
    search_fields = ["description", "url"]
    ordering = ["-created_at"]
    fields = [
        *["venue", "description", "url", "wanted", "state", "failures"],
        *["last_attempt_at", "last_success_at", "previous_until", "created_at"],
    ]
    readonly_fields = [
        *["state", "failures", "last_attempt_at", "last_success_at"],
        *["previous_until", "created_at"],
    ]
    actions_detail = ["ping", "rotate", "turn_off", "turn_on"]
    LABELS: ClassVar[dict[str, str]] = {"on": "success", "troubled": "warning", "off": ""}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Of one that is not there yet there is nothing to tell."""
        return [one for one in self.fields if obj is not None or one not in self.readonly_fields]

    @display(description=_("state"), ordering="enabled", label=LABELS)
    def state_label(self, endpoint: HookEndpoint) -> tuple[str, Any]:
        if not endpoint.enabled:
            return "off", _("off")
        return ("troubled", _("does not answer")) if endpoint.failures else ("on", _("on"))

    @display(description=_("state"))
    def state(self, endpoint: HookEndpoint) -> Any:
        if not endpoint.enabled:
            return endpoint.get_disabled_reason_display()
        return _("does not answer") if endpoint.failures else _("on")

    @display(description=_("events"))
    def wants(self, endpoint: HookEndpoint) -> str:
        return ", ".join(endpoint.kinds)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The room's own operations store and journal; a new one shows its secret, once."""
        given: dict[str, Any] = {
            "venue_id": obj.venue_id,
            "url": form.cleaned_data["url"],
            "wanted": form.cleaned_data["wanted"],
            "description": form.cleaned_data["description"],
            "by": str(request.user),
            "at": now(),
        }
        if change:
            operations.change_endpoint(endpoint_id=obj.pk, **given)
        else:
            made, secret = operations.create_endpoint(key=uuid7(), **given)
            obj.pk, obj._state.adding = made.pk, False
            show_secret(request, made, secret)
        obj.refresh_from_db()

    @action(
        description=_("Send a test"),
        url_path="ping",
        permissions=["change"],
        dialog={
            "title": _("Send a test"),
            "description": _("An event of the kind “ping” is sent; see under deliveries."),
            "form_class": ConfirmForm,
            "form_submit_text": _("Send"),
        },
    )
    def ping(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        endpoint = get_object_or_404(self.get_queryset(request), pk=object_id)
        try:
            sent = operations.ping_endpoint(endpoint_id=endpoint.pk, **self._who(request, endpoint))
        except Problem as problem:
            show_problem(request, problem)
            return back_to(endpoint)
        messages.success(request, _("The test is on its way."))
        return back_to(sent)

    @action(
        description=_("New secret"),
        url_path="rotate",
        permissions=["change"],
        dialog={
            "title": _("New secret"),
            "description": _(
                "The present secret goes on signing for a day beside the new one; one that was "
                "replaced before ends now."
            ),
            "form_class": ConfirmForm,
            "form_submit_text": _("Make a secret"),
        },
    )
    def rotate(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        endpoint = get_object_or_404(self.get_queryset(request), pk=object_id)
        rotated, secret = operations.rotate_secret(
            endpoint_id=endpoint.pk, key=uuid7(), **self._who(request, endpoint)
        )
        show_secret(request, rotated, secret)
        return back_to(endpoint)

    def has_turn_off_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_turn(request, object_id, on=False)

    def has_turn_on_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_turn(request, object_id, on=True)

    def _may_turn(self, request: HttpRequest, object_id: Any, *, on: bool) -> bool:
        if not self.may(request, self.change_permission, object_id):
            return False
        rows = HookEndpoint.objects.filter(pk=object_id, enabled=not on)
        return object_id is None or rows.exists()

    @action(
        description=_("Turn off"),
        url_path="off",
        permissions=["turn_off"],
        dialog={
            "title": _("Turn off"),
            "description": _(
                "Nothing more is sent there, and what waits is given up. It can be sent by hand "
                "once the endpoint is on again."
            ),
            "form_class": ConfirmForm,
            "form_submit_text": _("Turn off"),
        },
    )
    def turn_off(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        return self._turn(request, object_id, on=False)

    @action(
        description=_("Turn on"),
        url_path="on",
        permissions=["turn_on"],
        dialog={
            "title": _("Turn on"),
            "description": _("It is told of what happens from now on."),
            "form_class": ConfirmForm,
            "form_submit_text": _("Turn on"),
        },
    )
    def turn_on(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        return self._turn(request, object_id, on=True)

    def _turn(self, request: HttpRequest, object_id: str, *, on: bool) -> HttpResponse:
        endpoint = get_object_or_404(self.get_queryset(request), pk=object_id)
        try:
            operations.change_endpoint(
                endpoint_id=endpoint.pk, enabled=on, **self._who(request, endpoint)
            )
        except Problem as problem:
            show_problem(request, problem)
        else:
            messages.success(request, _("It is on.") if on else _("It is off."))
        return back_to(endpoint)

    @staticmethod
    def _who(request: HttpRequest, endpoint: HookEndpoint) -> dict[str, Any]:
        return {"venue_id": endpoint.venue_id, "by": str(request.user), "at": now()}


@admin.register(HookDelivery)
class HookDeliveryAdmin(VenueModelAdmin):
    """Every attempt as it ended; looked at, sent again, never edited."""

    view_permission = MANAGE_WEBHOOKS
    change_permission = None
    may_add = False
    show_full_result_count = False
    list_display = ["created_at", "kind", "endpoint", "attempt", "state_label", "said", "sent_at"]
    list_filter = ["venue", "state", "endpoint"]
    list_select_related = ["venue", "endpoint", "event"]
    search_fields = ["id", "original_id", "subject", "endpoint__url", "endpoint__description"]
    search_help_text = _("Delivery, subject or address.")
    date_hierarchy = "created_at"
    ordering = ["-created_at", "-pk"]
    fields = [
        *["endpoint", "kind", "subject", "version", "original_id", "attempt", "asked_by"],
        *["state", "said", "excerpt", "created_at", "next_at", "sent_at", "done_at"],
        *["payload", "venue"],
    ]
    readonly_fields = ["kind", "said", "payload"]
    actions_detail = ["send_again"]
    LABELS: ClassVar[dict[str, str]] = {
        DeliveryState.WAITING: "info",
        DeliveryState.SENDING: "info",
        DeliveryState.DELIVERED: "success",
        DeliveryState.FAILED: "warning",
        DeliveryState.GIVEN_UP: "danger",
        DeliveryState.CANCELLED: "",
    }

    @display(description=_("event"), ordering="event__kind")
    def kind(self, delivery: HookDelivery) -> str:
        return delivery.event.kind

    @display(description=_("state"), ordering="state", label=LABELS)
    def state_label(self, delivery: HookDelivery) -> tuple[str, Any]:
        return delivery.state, delivery.get_state_display()

    @display(description=_("outcome"))
    def said(self, delivery: HookDelivery) -> str:
        if delivery.error:
            return str(delivery.get_error_display())
        return f"HTTP {delivery.status}" if delivery.status else ""

    @display(description=_("content"))
    def payload(self, delivery: HookDelivery) -> SafeString:
        text = json.dumps(json.loads(delivery.event.payload), indent=2, ensure_ascii=False)
        return format_html("<pre>{}</pre>", text)

    def has_send_again_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may(request, MANAGE_WEBHOOKS, object_id)

    @action(
        description=_("Send again"),
        url_path="again",
        permissions=["send_again"],
        dialog={
            "title": _("Send again"),
            "description": _(
                "The same event goes out under the same delivery number: a receiver that has it "
                "already knows. What waits is sent at once."
            ),
            "form_class": ConfirmForm,
            "form_submit_text": _("Send again"),
        },
    )
    def send_again(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        delivery = get_object_or_404(self.get_queryset(request), pk=object_id)
        try:
            sent = operations.redeliver(
                venue_id=delivery.venue_id, delivery_id=delivery.pk, by=str(request.user), at=now()
            )
        except Problem as problem:
            show_problem(request, problem)
            return back_to(delivery)
        messages.success(request, _("It is on its way."))
        return back_to(sent)
