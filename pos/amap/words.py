"""Every text the till shows of baskets, by the key its modules ask for (see pos/words.py)."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, Promise] = {
    "amap.title": _("Baskets"),
    "amap.loading": _("Loading the baskets…"),
    "amap.none": _("No basket is to be handed out. The coordinator closes the orders first."),
    "amap.search": _("Name or basket number"),
    "amap.nobody": _("No basket under “{words}”."),
    "amap.which": _("Distribution"),
    "amap.left.one": _("{count} basket to hand out"),
    "amap.left.other": _("{count} baskets to hand out"),
    "amap.number": _("No. {number}"),
    "amap.state.ordered": _("To hand out"),
    "amap.state.handed_out": _("Handed out"),
    "amap.state.absent": _("Not collected"),
    "amap.owed": _("{amount} to pay"),
    "amap.coming": _("{amount} on its way"),
    "amap.paid": _("Paid"),
    "amap.nothing_owed": _("Nothing to pay here"),
    "amap.collect": _("Take the payment"),
    "amap.code": _("Code {code}"),
    "amap.lines": _("In this basket"),
    "amap.tick": _("Tick what you hand over."),
    "amap.missing.one": _("{count} line will be noted as missing."),
    "amap.missing.other": _("{count} lines will be noted as missing."),
    "amap.missed": _("missing"),
    "amap.hand_out": _("Hand out"),
    "amap.absent": _("Nobody came"),
    "amap.take_back": _("Take it back"),
    "amap.handed": _("{time}, {by} ({till})"),
    "amap.given": _("Basket of {name} handed out"),
}
