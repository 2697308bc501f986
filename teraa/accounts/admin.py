"""Every mail the house wrote, and what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from teraa.accounts import mail
from teraa.accounts.models import MailState, OutgoingMail
from teraa.common.clock import now
from teraa.common.problems import Problem
from teraa.live.office import MachineRoomAdmin


@admin.register(OutgoingMail)
class OutgoingMailAdmin(MachineRoomAdmin):
    list_display = ["created_at", "subject", "receivers", "state_label", "attempts"]
    list_filter = ["state"]
    search_fields = ["subject", "to", "text"]
    ordering = ["-created_at"]
    fields = [
        *["state", "to", "sender", "subject", "text"],
        *["created_at", "sent_at", "attempts", "last_error"],
    ]
    actions_detail = ["send_again"]

    @display(description=_("to"))
    def receivers(self, row: OutgoingMail) -> str:
        return ", ".join(row.to)

    @display(
        description=_("state"),
        ordering="state",
        label={
            MailState.SENT: "success",
            MailState.WAITING: "info",
            MailState.KEPT: "warning",
            MailState.FAILED: "danger",
        },
    )
    def state_label(self, row: OutgoingMail) -> tuple[str, str]:
        return row.state, str(row.get_state_display())

    def has_send_again_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_view_permission(request)

    @action(
        description=_("Send again"),
        url_path="send-again",
        permissions=["send_again"],
        dialog={
            "title": _("Send again"),
            "description": _("The mail starts its journey again, unchanged."),
            "form_class": BaseDialogForm,
            "form_submit_text": _("Send again"),
        },
    )
    def send_again(
        self, request: HttpRequest, form: BaseDialogForm, object_id: str
    ) -> HttpResponse:
        row = get_object_or_404(OutgoingMail, pk=object_id)
        try:
            mail.send_again(mail=row, at=now())
        except Problem as problem:
            said = problem.as_dict()
            messages.error(request, f"{said['title']} {said['advice']}")
        else:
            messages.success(request, _("The mail is on its way."))
        back = reverse("admin:accounts_outgoingmail_change", args=[row.pk])
        return HttpResponse(headers={"HX-Redirect": back})
