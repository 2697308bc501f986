"""Every text the gate's page shows, by the key its modules ask for; and what an answer is called."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ticketing.states import Reason

# What fills the screen: one word, then what to do. The colour follows from the tone.
ANSWERS: dict[str, tuple[str, Promise, Promise]] = {
    Reason.OK: ("ok", _("Yes"), _("Welcome.")),
    Reason.ALREADY: ("danger", _("No"), _("Already admitted.")),
    Reason.CANCELLED: ("danger", _("No"), _("This ticket was cancelled. Send them to the desk.")),
    Reason.OTHER_EVENT: ("danger", _("No"), _("This ticket is for another event.")),
    Reason.OTHER_VENUE: ("danger", _("No"), _("This ticket is for another venue.")),
    Reason.FORGED: ("danger", _("No"), _("This code was not made here. Keep the ticket in view.")),
    Reason.UNKNOWN: ("danger", _("No"), _("This code is not known. Scan it once more.")),
    Reason.NOT_PAID: ("attention", _("Wait"), _("Not paid yet. Send them to the desk.")),
    Reason.TOO_EARLY: ("attention", _("Wait"), _("The gates are not open yet.")),
}

WORDS: dict[str, Promise] = {
    "sign_on.nobody": _(
        "Nobody has a PIN here yet. A manager adds people in the back office, under Staff."
    ),
    "choose.nothing": _(
        "No event is near. A manager puts events on sale in the back office, under Ticketing."
    ),
    "ready": _("Scan a ticket"),
    "looking": _("Looking…"),
    "inside": _("{inside} of {sold} inside"),
    "number": _("No. {number}"),
    "admitted": _("Admitted on {day} at {hour}, {gate}"),
    "opens": _("The gates open on {day} at {hour}."),
    "silence.title": _("No answer from the server."),
    "silence.advice": _("Nobody was let in by this scan. It is sent again by itself."),
    "camera.on": _("Use the camera"),
    "camera.off": _("Stop the camera"),
    "camera.insecure": _(
        "A browser lends its camera to https addresses only. Open the gate at its https address, or type "
        "the code under the QR."
    ),
    "camera.none": _(
        "This browser gives pages no camera. Use a scanner, or type the code under the QR."
    ),
    "camera.refused": _("The camera may not be used. Allow it for this address, or type the code."),
    "camera.dark": _(
        "The camera gives no picture. Close what else uses it and try again, or type the code."
    ),
    "camera.reader": _(
        "What reads codes did not arrive. Try again when the network is back, or type the code."
    ),
    "torch.on": _("Lamp"),
    "torch.refused": _("The lamp of this camera cannot be switched. Everything else still works."),
}
