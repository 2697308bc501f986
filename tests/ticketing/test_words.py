"""What the gate's modules ask for is there, in both languages, and nothing else."""

import re
from pathlib import Path

from ticketing.states import Reason
from ticketing.words import ANSWERS, WORDS

MODULES = Path(__file__).parents[2] / "static" / "js" / "gate"


def test_every_text_the_gate_asks_for_is_there_and_no_other():
    asked = set()
    for module in MODULES.glob("*.js"):
        for call in re.findall(r"\bt\(([^;]*?)\)", module.read_text()):
            asked |= set(re.findall(r'"([a-z_]+(?:\.[a-z_]+)*)"', call))

    assert asked & WORDS.keys() == WORDS.keys()
    assert not {one for one in asked if "." in one} - WORDS.keys()


def test_every_reason_has_its_word_and_only_one_says_yes():
    assert ANSWERS.keys() == set(Reason.values)
    assert [reason for reason, (tone, _w, _s) in ANSWERS.items() if tone == "ok"] == ["ok"]
