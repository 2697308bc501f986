"""What may go wrong at a drawer, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Problem


class DrawerOpen(Problem):
    code = "drawer_shift_open"
    status = 409
    title = _("A shift of this drawer is running already.")
    advice = _("Count and close it before you begin another.")


class DrawerClosed(Problem):
    code = "drawer_shift_closed"
    status = 409
    title = _("No shift of this drawer is running.")
    advice = _("Count what is in the drawer to begin one.")


class CountWrong(Problem):
    code = "drawer_count_wrong"
    status = 422
    title = _("This is no count of notes and coins.")
    advice = _("Say how many there are of each, from 0 to 10,000.")


class MoreLeftThanCounted(Problem):
    code = "drawer_left_too_much"
    status = 422
    title = _("More would be left in the drawer than was counted in it.")
    advice = _("Check what stays in the drawer for the next shift.")


class ReasonMissing(Problem):
    code = "drawer_reason_missing"
    status = 422
    title = _("Say why: cash is never moved without a reason.")
    advice = _("A few words are enough: “change from the bank”, “bread for tonight”.")
