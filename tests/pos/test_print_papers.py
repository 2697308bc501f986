"""Papers as they leave a printer of 58 mm (32 columns) and of 80 mm (48): golden files.

``tests.pos.write_papers`` writes them anew; look at the difference before keeping it.
"""

import pytest
from django.utils import translation

from tests.pos import papers
from tests.pos.write_papers import GOLDEN, text_of

NAMES = ("receipt", "refund", "cancellation", "duplicate", "training", "bill", "note")
NO_RECEIPTS = ("bill", "note")


def lines_of(name, width, language="en"):
    return papers.printed(papers.all_papers(width, language)[name]).lines


@pytest.mark.parametrize("width", [32, 48])
@pytest.mark.parametrize("name", NAMES)
def test_the_paper_is_what_was_agreed(name, width):
    golden = (GOLDEN / f"{name}-{width}.txt").read_text(encoding="utf-8")

    assert text_of(lines_of(name, width)) == golden


@pytest.mark.parametrize("width", [32, 48])
@pytest.mark.parametrize("name", NAMES)
def test_no_line_is_wider_than_the_paper(name, width):
    for language in ("fr", "en"):
        assert all(len(line) <= width for line in lines_of(name, width, language))


def test_every_paper_has_its_golden_files():
    assert sorted(papers.all_papers(48, "fr")) == sorted(NAMES)
    wanted = sorted(f"{name}-{width}.txt" for name in NAMES for width in (32, 48))
    assert sorted(path.name for path in GOLDEN.iterdir()) == wanted


@pytest.mark.parametrize("name", NO_RECEIPTS)
def test_what_is_no_receipt_says_so(name):
    with translation.override("fr"):
        said = "\n".join(lines_of(name, 48, "fr"))

    assert said.count("Justificatif non valable pour encaissement") == 2
    assert "Original" not in said
    assert "Ticket n°" not in said


def test_training_says_so_at_both_ends():
    said = " ".join("\n".join(lines_of("training", 32, "fr")).split())

    assert said.startswith("FACTICE – MODE ÉCOLE – NON VALABLE")
    assert said.endswith("FACTICE – MODE ÉCOLE – NON VALABLE")
