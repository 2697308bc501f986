"""The till's texts: each one asked for is there, each one there is asked for, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po
from django.utils import translation

from pos.words import WORDS

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "static" / "js" / "pos").glob("*.js"))
FRENCH = ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po"

# t("key") and tn("key", count); a key that is put together at run time could not be checked.
ASKED = re.compile(r"""(?<![\w.])(tn?)\(\s*(?:"([^"]+)"|([^)\s]))""")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
FORMS = ("one", "other")


def asked_for() -> Iterator[tuple[str, str, str]]:
    for module in MODULES:
        for call, key, other in ASKED.findall(module.read_text(encoding="utf-8")):
            yield module.name, call, key or f"not a literal: {other}"


def keys_asked_for() -> set[str]:
    keys: set[str] = set()
    for _module, call, key in asked_for():
        keys |= {f"{key}.{form}" for form in FORMS} if call == "tn" else {key}
    return keys


def test_it_finds_the_modules_and_their_questions():
    assert len(MODULES) > 20
    assert len(list(asked_for())) > 100


def test_it_asks_by_literal_keys_only():
    assert [found for found in asked_for() if found[2].startswith("not a literal")] == []


def test_it_has_words_for_every_key_the_modules_ask_for():
    assert sorted(keys_asked_for() - WORDS.keys()) == [], "add them to pos/words.py"


def test_it_keeps_no_word_that_nobody_asks_for():
    assert sorted(WORDS.keys() - keys_asked_for()) == [], "remove them from pos/words.py"


def test_it_fills_the_same_places_in_french():
    with FRENCH.open("rb") as file:
        catalogue = read_po(file, locale="fr")
    wrong = {}
    for key, text in WORDS.items():
        with translation.override("en"):
            english = str(text)
        message = catalogue.get(english)
        french = str(message.string) if message else ""
        if set(PLACEHOLDER.findall(french)) != set(PLACEHOLDER.findall(english)):
            wrong[key] = (english, french)

    assert wrong == {}
