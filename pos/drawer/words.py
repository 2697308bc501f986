"""What the till's page says of the drawer, by the key its modules ask for."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, Promise] = {
    "drawer.title": _("Drawer"),
    "drawer.none": _(
        "No shift is running. Count what is in the drawer to begin one; sales go on meanwhile."
    ),
    "drawer.begin": _("Begin a shift"),
    "drawer.begin.done": _("Begin with this"),
    "drawer.since": _("Shift {number}, since {time}, begun by {who}"),
    "drawer.float": _("In the drawer at the beginning"),
    "drawer.in": _("Put cash in"),
    "drawer.in.hint": _("change from the bank"),
    "drawer.out": _("Take cash out"),
    "drawer.out.hint": _("bread for tonight"),
    "drawer.open": _("Open the drawer"),
    "drawer.open.hint": _("to change a note"),
    "drawer.open.noted": _("Openings without a sale are noted, with your name and the reason."),
    "drawer.reason": _("Why"),
    "drawer.note": _("A note, if something is to be said"),
    "drawer.count": _("Count and close"),
    "drawer.count.on": _("Go on counting"),
    "drawer.count.done": _("Counted"),
    "drawer.notes": _("Notes"),
    "drawer.coins": _("Coins"),
    "drawer.next": _("Next"),
    "drawer.leave": _("What stays in the drawer?"),
    "drawer.counted": _("Counted"),
    "drawer.to_safe": _("To the safe"),
    "drawer.left": _("Stays in the drawer"),
    "drawer.as_begun": _("As it began"),
    "drawer.all": _("All of it"),
    "drawer.nothing": _("Nothing"),
    "drawer.close": _("Close the shift"),
    "drawer.closed": _("The shift is closed"),
    "drawer.last": _("Shift {number} was closed at {time} by {who}"),
    "drawer.difference": _("Difference"),
}
