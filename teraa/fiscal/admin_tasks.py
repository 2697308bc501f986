"""Checks and archives in the back office: whoever reads the books asks for them and takes them out."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from teraa.common.clock import now
from teraa.common.problems import Problem
from teraa.fiscal.archives.operations import file_name, path_of
from teraa.fiscal.faults import FAULTS
from teraa.fiscal.models import Archive, Task
from teraa.fiscal.states import TaskKind, TaskState
from teraa.fiscal.tasks import ask_task
from teraa.venues.office import VenueForm, VenueModelAdmin
from teraa.venues.permissions_table import READ_BOOKS

REFRESH_SECONDS = 3


class TaskForm(VenueForm):
    """What one may ask for."""

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        since, until = values.get("since"), values.get("until")
        if since and until and since > until:
            self.add_error("until", ValidationError(_("The last day is before the first.")))
        return values


@admin.register(Task)
class TaskAdmin(VenueModelAdmin):
    """Asked for by whoever may read the books, the auditor too: it changes nothing that was sold."""

    form = TaskForm
    change_permission: ClassVar[str | None] = READ_BOOKS
    list_display = [
        "kind",
        "venue",
        "register",
        "span",
        "state",
        "progress",
        "asked_at",
        "asked_by",
    ]
    list_filter = ["kind", "state", "venue"]
    list_select_related = ["venue", "register"]
    ordering = ["-asked_at"]
    fieldsets = [
        (None, {"fields": ["kind", "venue", "register", "since", "until"]}),
    ]
    done_fieldsets = [
        (None, {"fields": ["kind", "venue", "register", "span", "asked_at", "asked_by"]}),
        (_("Report"), {"fields": ["state", "progress", "started_at", "ended_at", "report"]}),
    ]
    readonly_fields = ["span", "progress", "report"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fieldsets if obj is None else self.done_fieldsets

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Not saved here: asked for, with its job, in one transaction."""
        task = ask_task(
            kind=obj.kind,
            venue_id=obj.venue_id,
            register_id=obj.register_id,
            since=obj.since,
            until=obj.until,
            at=now(),
            by=str(request.user),
        )
        obj.pk = task.pk
        obj.asked_at, obj.asked_by = task.asked_at, task.asked_by

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """To its page, which follows it."""
        messages.success(request, gettext("It has begun. You may leave this page and come back."))
        return HttpResponseRedirect(reverse("admin:fiscal_task_change", args=[obj.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The page of a task that runs looks again by itself, until it has ended."""
        answer: HttpResponse = super().change_view(request, object_id, *args, **kwargs)
        running = Task.objects.filter(state__in=[TaskState.WAITING, TaskState.RUNNING])
        task_id = _uuid(object_id)
        if task_id is not None and running.filter(pk=task_id).exists():
            answer["Refresh"] = str(REFRESH_SECONDS)
        return answer

    @display(description=_("business days"))
    def span(self, task: Task) -> str:
        return (
            "–"
            if task.since is task.until is None
            else f"{task.since or '…'} – {task.until or '…'}"
        )

    @display(description=_("progress"))
    def progress(self, task: Task) -> str:
        if task.state == TaskState.WAITING:
            return gettext("waits its turn")
        if task.state != TaskState.RUNNING:
            return gettext("{done} documents").format(done=task.outcome.get("documents", task.done))
        share = min(100 * task.done // task.total, 100) if task.total else 0
        return gettext("{share} %: {done} of about {total} documents").format(
            share=share, done=task.done, total=task.total
        )

    @display(description=_("report"))
    def report(self, task: Task) -> str | SafeString:
        outcome = task.outcome
        if "problem" in outcome:
            return f"{outcome['problem']['title']} {outcome['problem']['advice']}"
        if task.kind == TaskKind.ARCHIVE:
            return self._archive(task)
        if not outcome:
            return ""
        if outcome["holds"]:
            said = gettext("Every chain holds.")
        else:
            said = gettext(
                "{count} chains do not hold. Keep this page and call whoever looks after"
                " the system."
            ).format(count=len(outcome["faults"]))
        return format_html("<p>{}</p><ul>{}</ul>", said, self._items(outcome))

    def _items(self, outcome: dict[str, Any]) -> SafeString:
        items = [_sentence(fault) for fault in outcome["faults"]]
        if outcome["partial"]:
            items.append(
                gettext("Only these days were verified; what is before them was taken for granted.")
            )
        if not outcome["marks_checked"]:
            items.append(
                gettext("The keys are not on this machine: a deleted end was looked for less well.")
            )
        return format_html_join("", "<li>{}</li>", ((item,) for item in items))

    def _archive(self, task: Task) -> str | SafeString:
        if task.archive_id is None:
            return ""
        if not task.outcome["holds"]:
            return gettext("The archive was written, and does not hold: {wrong}").format(
                wrong=task.outcome["wrong"]
            )
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:fiscal_archive_download", args=[task.archive_id]),
            gettext("Download the archive"),
        )


def _sentence(fault: dict[str, Any]) -> str:
    """A kept fault in the language of whoever reads it, not of the process that found it."""
    said = str(FAULTS.get(fault["code"], fault["sentence"])).format(**fault["detail"])
    where = [fault["register"], fault["chain"]]
    if fault["number"] is not None:
        where.append(f"n° {fault['number']}")
    if fault["document"]:
        where.append(f"({fault['document']})")
    return f"{' '.join(part for part in where if part)}: {said} [{fault['code']}]"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@admin.register(Archive)
class ArchiveAdmin(VenueModelAdmin):
    """Made by tasks, downloaded here by whoever may read the books."""

    change_permission: ClassVar[str | None] = None
    may_add = False
    list_display = ["venue", "register", "since", "until", "reason", "documents", "made_at", "file"]
    list_filter = ["reason", "venue"]
    list_select_related = ["venue", "register"]
    ordering = ["-made_at"]
    fields = [
        *["venue", "register", "since", "until", "reason", "documents", "made_at", "made_by"],
        *["fiscal_version", "size_bytes", "sha256", "manifest_sha256", "file"],
    ]
    readonly_fields = ["file"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "<uuid:archive_id>/download/",
                view(self._download),
                name="fiscal_archive_download",
            ),
            *super().get_urls(),
        ]

    @display(description=_("file"))
    def file(self, archive: Archive) -> SafeString:
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:fiscal_archive_download", args=[archive.pk]),
            _("Download"),
        )

    def _download(self, request: HttpRequest, archive_id: UUID) -> HttpResponse | FileResponse:
        archive = Archive.objects.select_related("venue").filter(pk=archive_id).first()
        if archive is None:
            raise Http404
        if not self.has_view_permission(request, archive):
            raise PermissionDenied
        try:
            stored = path_of(archive)
        except Problem as problem:
            said = problem.as_dict()
            messages.error(request, f"{said['title']} {said['advice']}")
            return HttpResponseRedirect(reverse("admin:fiscal_archive_changelist"))
        return FileResponse(
            stored.open("rb"),
            as_attachment=True,
            filename=file_name(archive),
            content_type="application/zip",
            headers={"Cache-Control": "no-store"},
        )
