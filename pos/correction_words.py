"""What the till says of refunds, bills, notes and training."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

CORRECTION_WORDS = {
    "back.title": _("Give money back"),
    "back.all": _("All of it: {amount}"),
    "back.of": _("Sold: {count} · {amount}"),
    "back.nothing": _("Everything was given back already."),
    "back.why": _("What happened?"),
    "back.reason": _("Reason, in a few words"),
    "back.reason.mistake": _("Rung up by mistake"),
    "back.reason.spilt": _("Spilt or broken"),
    "back.reason.taste": _("Not as expected"),
    "back.reason.wait": _("Never served"),
    "back.how": _("How does the money go back?"),
    "back.other": _("not how it came"),
    "back.other_why": _("Why not the way it came?"),
    "back.card": _("Make the refund on the card terminal first."),
    "back.authorisation": _("Authorisation number of the terminal"),
    "back.osm": _(
        "A manager approves it in the office; the payee’s own wallet then sends the coins."
    ),
    "back.go": _("Give back {amount}"),
    "back.done": _("{amount} given back"),
    "back.done.cash": _("{amount} from the drawer."),
    "back.done.card": _("{amount} by the card terminal."),
    "back.done.osm": _("{amount} in OSM, once it is approved in the office."),
    "back.missing.lines": _("Choose what comes back."),
    "back.missing.reason": _("Say what happened."),
    "back.missing.authorisation": _("Type the authorisation number."),
    "back.given": _("Given back"),
    "back.of_total": _("{part} of {whole}"),
    "bill": _("Bill"),
    "bill.print": _("Print the bill"),
    "bill.note": _("Print a note"),
    "bill.note_short": _("Note"),
    "bill.note_due": _("From {from} on, a note is given before paying."),
    "bill.customer": _("Customer’s name on the note, unless refused"),
    "bill.printed": _("The bill is on its way to the printer."),
    "bill.printed_advice": _("It is no receipt. The journal keeps what it shows."),
    "find.number": _("Find a ticket by its number"),
    "find.none": _("There is no such ticket here."),
    "training.begin": _("Training: practise on this till"),
    "training.end": _("End the training"),
    "training.word": _("TRAINING MODE – NOT VALID"),
    "training.means": _("Nothing counts: no money, no receipt."),
    "training.osm": _("OSM is not practised."),
}
