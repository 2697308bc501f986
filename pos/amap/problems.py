"""What people can meet here: what happened, why, what to do now."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Problem


class AlreadyHandedOut(Problem):
    code = "already_handed_out"
    status = 409
    title = _("This basket was handed out at {time} by {by} ({till}).")
    advice = _("Ask there before giving a second one. If it was a mistake, take it back first.")


class OrdersStillOpen(Problem):
    code = "orders_still_open"
    status = 409
    title = _("Orders for this distribution are not closed yet.")
    advice = _("The coordinator closes them in the back office, under Distributions.")


class OrdersClosed(Problem):
    code = "orders_closed"
    status = 409
    title = _("Orders for this distribution are closed: amounts stay as they are.")
    advice = _("Choose a distribution whose orders may still change.")


class NothingOrdered(Problem):
    code = "nothing_ordered"
    status = 409
    title = _("Nobody has ordered anything for this distribution.")
    advice = _("Enter or import orders first.")


class FileRefused(Problem):
    """``reason`` is a key of FILE_REFUSALS in sentences.py; ``why`` its sentence."""

    code = "file_refused"
    status = 422
    title = _("This file cannot be read: {why}")
    advice = _("Nothing was stored. Choose another file.")


class ImportHasErrors(Problem):
    code = "import_has_errors"
    status = 409
    title = _("Some rows are wrong, so nothing was taken over.")
    advice = _("Correct them in the file, then bring it again.")


class ImportOver(Problem):
    code = "import_over"
    status = 409
    title = _("This file was already taken over or put aside.")
    advice = _("Bring it again if you need it: what is known changes nothing.")
