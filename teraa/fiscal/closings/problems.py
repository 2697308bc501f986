"""Why something cannot be closed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Problem


class NothingToClose(Problem):
    """No register here has anything that could be closed."""

    code = "nothing_to_close"
    status = 409
    title = _("There is nothing to close here.")
    advice = _("A day opens by itself with its first sale.")


class PeriodInconsistent(Problem):
    """What the period holds is not what was written down when it ended: somebody touched it."""

    code = "period_inconsistent"
    status = 409
    title = _("The documents of {register}, period {number}, are not those it ended with.")
    advice = _("Nothing was closed. Run verify_fiscal, which names the first row that differs.")


class SpanNotOver(Problem):
    code = "span_not_over"
    status = 409
    title = _("{span} is not over at this venue.")
    advice = _("A month or a year is closed once its last business day is over.")


class DayUnclosed(Problem):
    code = "day_unclosed"
    status = 409
    title = _("{register}: the day of {day} is not closed yet.")
    advice = _("Close that day first, then the month.")


class EarlierUnclosed(Problem):
    code = "earlier_unclosed"
    status = 409
    title = _("{register}: {span} must be closed first.")
    advice = _("Months and years are closed in their order.")


class NothingInSpan(Problem):
    code = "nothing_in_span"
    status = 409
    title = _("{register} had no day in {span}: it needs no closing.")
    advice = _("Nothing was changed.")
