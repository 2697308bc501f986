"""Names of what the back office shows, for fields whose model gives them none.

A field that leads to another row is called what that row is called. The rest is said here.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NAMES: dict[str, Any] = {
    "abort_requested": _("asked to stop"),
    "args": _("what with"),
    "attempts": _("attempts"),
    "beat_at": _("last sign of life"),
    "body": _("content"),
    "created_at": _("created"),
    "detail": _("detail"),
    "epoch": _("leader’s turn"),
    "event": _("event"),
    "evidence_sha256": _("digest of the evidence"),
    "generator_public_key": _("forger’s public key"),
    "handled_at": _("handled"),
    "id": _("inner number"),
    "key": _("own number"),
    "last_error": _("last error"),
    "lock": _("lock"),
    "next_at": _("next attempt"),
    "number": _("number"),
    "out_index": _("output"),
    "part": _("part"),
    "payload_hash": _("digest of the content"),
    "priority": _("priority"),
    "published_at": _("published"),
    "queue_name": _("queue"),
    "queueing_lock": _("queueing lock"),
    "receipt": _("receipt wanted"),
    "received_at": _("received at"),
    "scheduled_at": _("planned for"),
    "sender_public_key": _("sender’s public key"),
    "serving": _("served"),
    "sha256": _("digest"),
    "slug": _("name in addresses"),
    "state": _("state"),
    "status": _("state"),
    "stored_at": _("stored"),
    "task_name": _("task"),
    "topic": _("topic"),
    "version": _("version"),
    "worker": _("worker"),
}


def unnamed(field: models.Field[object, object]) -> bool:
    """Whether Django made the name up from the attribute's, in English."""
    return not isinstance(field.verbose_name, Promise)


def name_fields() -> None:
    """Name what is still unnamed in every list that is shown.

    Migrations do not see it: they keep what the model itself says.
    """
    for model in admin.site._registry:
        for field in model._meta.fields:
            if not unnamed(field):
                continue
            field.verbose_name = _noun_of(field.related_model) or NAMES.get(field.name, field.name)


def _noun_of(target: object) -> Any:
    """What rows of ``target`` are called, if somebody named them."""
    if not isinstance(target, type) or not issubclass(target, models.Model):
        return None
    noun = target._meta.verbose_name
    return noun if isinstance(noun, Promise) else None
