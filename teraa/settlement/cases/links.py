"""What trades put on their own pages: the way to a refund of a due."""

from __future__ import annotations

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from teraa.settlement.models import Due


def refund_link(due: Due, *, is_owed: bool, before: str = " · ") -> SafeString:
    """``Open a refund`` leading to its page in the back office; nothing when none is owed."""
    if not is_owed:
        return SafeString("")
    return format_html(
        '{}<a href="{}">{}</a>',
        before,
        reverse("admin:cases_refund_of_due", args=[due.pk]),
        gettext("Open a refund"),
    )
