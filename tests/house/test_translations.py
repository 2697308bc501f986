"""Every text has its French, and the check that says so can fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import gettext, ngettext, override

from teraa.common import texts
from teraa.common.texts import (
    HEADER,
    Text,
    catalogue_path,
    check_catalogue,
    compile_catalogue,
    texts_in,
    write_catalogue,
)


def test_every_text_of_the_house_has_its_french():
    complaints = check_catalogue(settings.BASE_DIR)

    assert not complaints, "\n".join(complaints)


def test_a_compiled_catalogue_is_what_people_read(tmp_path: Path, house):
    house.translate('msgid "Coffee"\nmsgstr "Café"\n')

    assert compile_catalogue(house.catalogue)
    assert not compile_catalogue(house.catalogue)  # the same again changes nothing
    first = house.catalogue.with_suffix(".mo").read_bytes()
    house.catalogue.with_suffix(".mo").unlink()
    compile_catalogue(house.catalogue)

    assert house.catalogue.with_suffix(".mo").read_bytes() == first
    assert "Café".encode() in first


def test_french_is_what_a_french_reader_gets():
    """The compiled file of this very tree, through Django."""
    with override("fr"):
        assert gettext("Nobody is signed in here.") != "Nobody is signed in here."
        assert "Filtrer" in gettext("Apply Filters")
    with override("en"):
        assert gettext("Nobody is signed in here.") == "Nobody is signed in here."
        assert ngettext("%(n)s ticket", "%(n)s tickets", 2) == "%(n)s tickets"


class House:
    """A small tree with the shape of ours."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for room in texts.ROOMS:
            (root / room).mkdir()
        self.catalogue = catalogue_path(root)
        self.catalogue.parent.mkdir(parents=True)
        self.translate("")

    def say(self, source: str, name: str = "pos/words.py") -> None:
        (self.root / name).write_text(source)

    def translate(self, entries: str) -> None:
        self.catalogue.write_text(HEADER + entries)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(texts, "taken_texts", dict)
    return House(tmp_path)


def test_it_names_a_text_without_translation_and_the_file_that_shows_it(house):
    house.say('title = _("Coffee")')

    (complaint,) = check_catalogue(house.root)

    assert "no translation: “Coffee”" in complaint
    assert "pos/words.py" in complaint


@pytest.mark.parametrize(
    ("french", "complaint"),
    [
        ('msgid "{n} coffees"\nmsgstr "{m} cafés"\n', "other placeholders"),
        ('msgid "{n} coffees"\nmsgstr "cafés"\n', "other placeholders"),
        ('msgid "{n} coffees"\nmsgstr "{n} cafés l\'été"\n', "apostrophe"),
        ('msgid "{n} coffees"\nmsgstr "{n} cafés !"\n', "a space that may break"),
        ('msgid "{n} coffees"\nmsgstr "{n} cafés\u202f!"\n', "narrow no-break space"),
        ('msgid "{n} coffees"\nmsgstr "{n} \\"cafés\\""\n', "straight quotation marks"),
        ('#, fuzzy\nmsgid "{n} coffees"\nmsgstr "{n} cafés"\n', "fuzzy"),
        (
            'msgid "{n} coffees"\nmsgstr "{n} cafés"\n\nmsgid "Tea"\nmsgstr "Thé"\n',
            "nothing shows this any more: “Tea”",
        ),
    ],
)
def test_it_names_a_translation_that_is_wrong(house, french, complaint):
    house.say('title = _("{n} coffees")')
    house.translate(french)

    found = check_catalogue(house.root)

    assert len(found) == 1
    assert complaint in found[0]


def test_it_is_content_with_a_right_translation(house):
    house.say('title = _("{n} coffees")')
    house.translate('msgid "{n} coffees"\nmsgstr "{n}\u00a0cafés"\n')

    assert check_catalogue(house.root) == []


def test_it_reads_templates_whatever_stands_around_their_texts(house):
    house.say(
        """{% load i18n %}<p title="it's">don't {% translate "Hello" %} {{ x|default:_("none") }}
              {% blocktranslate count n=items|length trimmed %}
                {{ n }} coffee
              {% plural %}
                {{ n }} coffees
              {% endblocktranslate %}
           {% translate "May" context "month" %}""",
        name="templates/page.html",
    )

    assert texts_in(house.root / "templates" / "page.html") == [
        Text("Hello"),
        Text("none"),
        Text("%(n)s coffee", "%(n)s coffees"),
        Text("May", context="month"),
    ]


def test_it_reads_plurals_and_contexts_in_python(house):
    house.say(
        """
a = ngettext("%(n)s coffee", "%(n)s coffees", n)
b = pgettext_lazy("month", "May")
c = _("two " "halves")
d = _(unknown)
"""
    )

    assert texts_in(house.root / "pos" / "words.py") == [
        Text("%(n)s coffee", "%(n)s coffees"),
        Text("May", context="month"),
        Text("two halves"),
    ]


def test_writing_adds_what_is_missing_and_takes_out_what_is_gone(house):
    house.say('a = _("Coffee")\nb = _("Tea")')
    house.translate('msgid "Coffee"\nmsgstr "Café"\n\nmsgid "Milk"\nmsgstr "Lait"\n')

    assert write_catalogue(house.root) == (1, 1)

    written = house.catalogue.read_text()
    assert '#: pos/words.py\nmsgid "Coffee"\nmsgstr "Café"\n' in written
    assert 'msgid "Tea"\nmsgstr ""\n' in written
    assert "Milk" not in written
    assert write_catalogue(house.root) == (0, 0)
    assert house.catalogue.read_text() == written


def test_the_texts_of_the_part_we_took_are_asked_for_too():
    texts.taken_texts.cache_clear()
    found = texts.taken_texts()

    assert Text("Apply Filters") in found
    # Django's own French knows this one.
    assert Text("Delete") not in found
