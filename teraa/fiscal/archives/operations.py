"""Making an archive: read one snapshot, write the file, sign its manifest, list it."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

import teraa
from teraa.common import journal_codes
from teraa.common.clock import business_date, iso_utc
from teraa.common.ids import uuid7
from teraa.common.problems import NotFound, Problem
from teraa.fiscal import keys
from teraa.fiscal.archives import verifier
from teraa.fiscal.archives.writing import ArchiveFile, RegisterRead, Written, write_archive
from teraa.fiscal.key_history import NotIntroduced
from teraa.fiscal.models import Archive, Register
from teraa.fiscal.sealing import SealedDocument, seal_event, seal_statement
from teraa.fiscal.sources import core_version
from teraa.fiscal.states import ArchiveReason, ChainKind
from teraa.venues.models import Venue


class NothingToArchive(Problem):
    code = "nothing_to_archive"
    status = 409
    title = _("There is no register to archive.")
    advice = _("Open a register in the back office first.")


class ArchiveExists(Problem):
    code = "archive_exists"
    status = 409
    title = _("This year was archived already.")
    advice = _("Download that archive; another one can be asked for at any time.")


class KeyChangedMeanwhile(Problem):
    """A register got another key between the reading and the signing: the archive lacks it."""

    code = "key_changed_meanwhile"
    status = 409
    title = _("A register’s key was changed while the archive was written.")
    advice = _("Ask for the archive again.")


class ChainUnreadable(Problem):
    code = "archive_chain_broken"
    status = 409
    title = _("The keys of a register do not follow one another: nothing can be archived.")
    advice = _("Run the verification and show its report to whoever looks after the system.")


class FileMissing(Problem):
    code = "archive_file_missing"
    status = 404
    title = _("The file of this archive is not on this machine.")
    advice = _("Bring it back from a backup, below TERAA_DATA/archives.")


FOLDER: Final = "archives"


def archives_folder() -> Path:
    return Path(settings.TERAA_DATA) / FOLDER


def path_of(archive: Archive) -> Path:
    """Where the file of an archive is kept. Raises FileMissing."""
    path = archives_folder() / f"{archive.pk}.zip"
    if not path.is_file():
        raise FileMissing(archive=archive.pk)
    return path


def file_name(archive: Archive) -> str:
    """What the file is called when it is handed out."""
    since = f"{archive.since}_" if archive.since else ""
    return f"teraa-{archive.venue.slug}-{since}{archive.until}-{archive.pk.hex[-6:]}.zip"


def make_archive(
    *,
    venue_id: UUID,
    at: datetime.datetime,
    by: str,
    register_id: UUID | None = None,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
    reason: str = ArchiveReason.ASKED,
    on_documents: Callable[[int], None] | None = None,
) -> Archive:
    """Archive the business days ``since`` to ``until`` of one register, or of the whole venue.

    Without ``since`` from the first document; without ``until`` to today's. Sales go on: only the
    signing at the end takes the registers, for the few milliseconds of a seal each. Never inside a
    transaction of the caller's. Raises NotFound, NothingToArchive, ArchiveExists,
    KeyChangedMeanwhile, ChainUnreadable, KeysUnavailable.
    """
    venue = Venue.objects.filter(pk=venue_id).first()
    if venue is None:
        raise NotFound
    registers = _registers(venue_id, register_id)
    keys.keys_directory()  # refuse before the long work
    until = until or business_date(at, venue.zone, venue.day_cutoff)
    archive_id = uuid7()
    core = core_version()
    description = {
        "venue": {"id": str(venue.pk), "name": venue.name, "zone": venue.zone},
        "whole_venue": register_id is None,
        "since": since.isoformat() if since else None,
        "until": until.isoformat(),
        "reason": str(reason),
        "made_at": iso_utc(at),
        "made_by": by,
        "software_version": teraa.__version__,
        "fiscal_version": core.version,
        "fiscal_sources_sha256": core.sha256,
        "fiscal_sources_attested": core.attested,
    }
    folder = archives_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft, final = folder / f".{archive_id}.part", folder / f"{archive_id}.zip"
    try:
        with ArchiveFile(draft) as file:
            written = _write_snapshot(file, archive_id, registers, description, on_documents)
            file.settle()
            with transaction.atomic():
                job = _Job(archive_id, venue, register_id, since, until, str(reason), at, by)
                archive = _sign(file, job, registers, written)
                # In its place before the commit: a listed archive has its file. Undone, it is
                # removed below; killed right here, it is a file that nobody lists.
                draft.rename(final)
    except IntegrityError as error:
        final.unlink(missing_ok=True)
        if "fiscal_archive_one_a_year" in str(error):
            raise ArchiveExists(until=until) from error
        raise
    except BaseException:
        final.unlink(missing_ok=True)
        raise
    finally:
        draft.unlink(missing_ok=True)
    return archive


def check_archive(archive: Archive) -> str:
    """Have the archive checked by its own verifier; "" when it holds, else what does not.

    Raises FileMissing.
    """
    try:
        verifier.examine(str(path_of(archive)), lambda *_args, **_values: None)
    except verifier.Wrong as wrong:
        return wrong.sentence("fr")
    return ""


def journal_failure(
    *,
    venue_id: UUID,
    register_id: UUID | None,
    reason: str,
    problem: str,
    at: datetime.datetime,
    by: str,
) -> None:
    """An attempt that came to nothing is an event too (codes 20 and 30)."""
    with transaction.atomic():
        for register in sorted(_registers(venue_id, register_id), key=lambda one: one.id):
            _note(register.id, reason, {"made": False, "problem": problem}, at, by)


@dataclass(frozen=True, slots=True)
class _Job:
    """What is being made, as the signatures and the row say it."""

    id: UUID
    venue: Venue
    register_id: UUID | None
    since: datetime.date | None
    until: datetime.date
    reason: str
    at: datetime.datetime
    by: str


def _registers(venue_id: UUID, register_id: UUID | None) -> list[RegisterRead]:
    found = Register.objects.filter(venue_id=venue_id).order_by("name", "id")
    if register_id is not None:
        found = found.filter(pk=register_id)
    fields = ("id", "name", "lane", "training", "public_key")
    registers = [RegisterRead(*row) for row in found.values_list(*fields)]
    if not registers:
        raise NotFound if register_id is not None else NothingToArchive
    return registers


def _write_snapshot(
    file: ArchiveFile,
    archive_id: UUID,
    registers: list[RegisterRead],
    description: Mapping[str, Any],
    on_documents: Callable[[int], None] | None,
) -> Written:
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            return write_archive(
                file,
                archive=archive_id,
                registers=registers,
                description=description,
                on_documents=on_documents,
            )
        except NotIntroduced as strange:
            raise ChainUnreadable(event=strange.event.id) from strange


def _sign(file: ArchiveFile, job: _Job, registers: list[RegisterRead], written: Written) -> Archive:
    """One ARCHIVE document a register, which signs the manifest; one event; one row."""
    seals = []
    # In the order of their ids, as every transaction that takes several registers.
    for register in sorted(registers, key=lambda one: one.id):
        sealed = seal_statement(
            register_id=register.id,
            kind=ChainKind.ARCHIVE,
            values={
                "archive": str(job.id),
                "manifest_sha256": written.manifest_sha256,
                "since": job.since.isoformat() if job.since else None,
                "until": job.until.isoformat(),
                "reason": job.reason,
                "documents": written.documents,
                "chains": {
                    kind: {name: chain[name] for name in ("first", "last", "last_hash")}
                    for kind, chain in written.chains[register.id].items()
                },
                "fiscal_sources_sha256": core_version().sha256,
            },
            at=job.at,
            operator_label=job.by,
        )
        if sealed.values["key_id"] != written.current_keys[register.id]:
            raise KeyChangedMeanwhile(register=register.name)
        seals.append(_line(sealed))
        _note(
            register.id,
            job.reason,
            {"made": True, "archive": str(job.id), "manifest_sha256": written.manifest_sha256},
            job.at,
            job.by,
        )
    size, sha256 = file.finish(seals)
    return Archive.objects.create(
        id=job.id,
        venue=job.venue,
        register_id=job.register_id,
        reason=job.reason,
        since=job.since,
        until=job.until,
        documents=written.documents,
        size_bytes=size,
        sha256=sha256,
        manifest_sha256=written.manifest_sha256,
        fiscal_version=core_version().version,
        made_at=job.at,
        made_by=job.by[:120],
    )


def _note(
    register_id: UUID, reason: str, values: Mapping[str, Any], at: datetime.datetime, by: str
) -> None:
    yearly = reason == ArchiveReason.YEARLY
    seal_event(
        register_id=register_id,
        code=journal_codes.YEARLY_ARCHIVE if yearly else journal_codes.MONTHLY_ARCHIVE,
        values=values,
        at=at,
        operator_label=by,
    )


def _line(sealed: SealedDocument) -> bytes:
    entry = {"payload": sealed.payload, "hash": sealed.hash, "signature": sealed.signature}
    return f"{json.dumps(entry, ensure_ascii=False)}\n".encode()
