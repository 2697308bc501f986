"""F15: what stands on every ticket, and that every other paper says it is none."""

import pytest
from django.utils import translation

from pos.receipts import receipt_page
from tests.pos import papers


def text_of(values, *, width=48, copy=0, language="fr"):
    page = receipt_page(
        values,
        zone=papers.ZONE,
        signature=papers.SIGNATURE,
        copy=copy,
        language=language,
        width=width,
    )
    return "\n".join(papers.printed(page).lines)


@pytest.mark.parametrize("width", [32, 48])
def test_a_ticket_has_all_its_mentions(width):
    said = " ".join(text_of(papers.sale(), width=width).split())

    for mention in (
        "Ticket n° 41",
        "Bar-000041",
        "20/11/2026 20:42:07",
        "Comptoir",
        "Ana",
        "SCIC TERAA Genesis",
        "12 rue de la Gare, 91120 Palaiseau",
        "SIRET 90012345600017",
        "Lignes : 5",
        "TERAA 0.5.0",
        "fiscal 1.0.0",
        "Original",
        "7f3a-91c2-7f3a-91c2",
    ):
        assert mention in said.replace("\u00a0", " "), mention


def test_a_copy_says_which_it_is_twice():
    said = text_of(papers.sale(), copy=2)

    assert said.count("DUPLICATA n° 2") == 2
    assert "Original" not in said


def test_what_is_on_a_line_is_on_the_paper():
    said = text_of(papers.sale())

    for part in (
        "lait d’avoine",
        "Fin de fût",
        "Plat du jour",
        "Verre de vin",
        "Gobelet",
        "Bon cadeau",
        "739251",
    ):
        assert part in said, part


def test_times_follow_the_zone_of_the_venue():
    with translation.override("fr"):
        assert "20:42:07" in text_of(papers.sale())
