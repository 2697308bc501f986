"""The table of requirements names what is there; the office draws the papers from what runs."""

from __future__ import annotations

import datetime
import re

import pypdfium2
import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from teraa.common.clock import now
from teraa.compliance.facts import software, venue_facts
from teraa.compliance.papers import PAPERS, RIGHTS, Signer
from teraa.fiscal.models import Register, Task
from teraa.fiscal.rotation import rotate_key
from teraa.fiscal.sources import CoreVersion
from teraa.venues.models import PayeeIdentity
from teraa.venues.permissions_table import ROLE_PERMISSIONS
from tests.house.knocking import put_back
from tests.house.two_venues import in_office

ROOT = settings.BASE_DIR
TABLE = ROOT / "docs" / "compliance.md"


def text_of(pdf: bytes) -> str:
    pages = pypdfium2.PdfDocument(pdf)
    text = " ".join(page.get_textpage().get_text_bounded() for page in pages)
    return re.sub(r"\s+", " ", text)


def test_every_requirement_names_its_code_and_its_tests():
    named = set(re.findall(r"`([\w./-]+/[\w./-]*)`", TABLE.read_text(encoding="utf-8")))

    assert len(named) > 40
    assert not sorted(name for name in named if not (ROOT / name).exists())


@pytest.mark.parametrize("number", range(1, 17))
def test_each_of_the_sixteen_has_a_row_and_a_test_named_after_it(number):
    files = list((ROOT / "tests" / "fiscal").glob(f"test_f{number:02d}_*.py"))

    assert files
    rows = [row for row in TABLE.read_text().splitlines() if row.startswith(f"| F{number} |")]
    assert len(rows) == 1
    assert any(f"tests/fiscal/{file.name}" in rows[0] for file in files)


def test_the_attestation_says_what_runs(houses):
    house, _theirs = houses
    core = software().core

    said = text_of(PAPERS["attestation"](house.venue, Signer(editor="SCIC Ada"), at=now()))

    assert "SCIC Ada" in said
    assert core.version in said
    assert core.sha256 in said.replace(" ", "")
    assert house.payee.identities.get().legal_name in said
    assert "Noyau fiscal modifié" not in said, "the core of this tree is the attested one"
    for register in house.venue.registers.filter(training=False):
        assert register.public_key in said.replace(" ", "")


def test_it_states_what_holds_now_and_no_training(houses):
    """A key may have followed another, an identity may begin next year."""
    house, _theirs = houses
    register = Register.objects.filter(venue=house.venue, training=False).first()
    with put_back():
        first = register.public_key
        rotate_key(register_id=register.pk, reason="vol", by="Ada", at=now())
        PayeeIdentity.objects.create(
            payee=house.payee,
            valid_from=now().date() + datetime.timedelta(days=40),
            legal_name="SCIC De l’an prochain",
            address="ailleurs",
        )
        facts = venue_facts(house.venue, at=now())

    assert first not in {one.public_key for one in facts.registers}
    assert "SCIC De l’an prochain" not in {one.legal_name for one in facts.identities}
    assert facts.first is not None
    assert facts.first.register.training is False


@pytest.mark.parametrize("holds", [True, False])
def test_a_check_that_found_faults_is_said_to_have(houses, holds):
    house, _theirs = houses
    manager = next(one for one in in_office(house) if one.name == "manager in the office")
    with put_back():
        Task.objects.create(
            venue=house.venue,
            kind="verification",
            state="done",
            asked_at=now(),
            started_at=now(),
            ended_at=now(),
            outcome={"holds": holds},
        )
        paper = text_of(PAPERS["attestation"](house.venue, Signer(), at=now()))
        page = manager.client.get(reverse("compliance")).content.decode()

    assert ("n’attestez pas" in paper) is not holds
    assert ("des fautes ont été trouvées" in page) is not holds


def test_a_modified_core_says_that_somebody_else_must_attest(houses, monkeypatch):
    house, _theirs = houses
    changed = CoreVersion("1.0.0", "0" * 64, attested=False)
    monkeypatch.setattr("teraa.compliance.facts.core_version", lambda: changed)

    said = text_of(PAPERS["attestation"](house.venue, Signer(), at=now()))

    assert "Noyau fiscal modifié" in said


def test_the_ticketing_file_has_its_facsimiles_and_nobodys_code(houses):
    house, _theirs = houses

    said = text_of(PAPERS["ticketing"](house.venue, Signer(), at=now()))

    assert house.event.title in said
    assert said.replace(" ", "").count("FAC-SIMILÉ·") == 3, "a ticket and two coupons"
    runs = software()
    for words in (runs.version, runs.core.sha256, runs.system, runs.python, runs.postgresql):
        assert words.replace(" ", "") in said.replace(" ", ""), words
    for ticket in house.event.tickets.all():
        assert ticket.short_code not in said
        assert ticket.order.name not in said


def test_every_right_has_its_words():
    assert set(RIGHTS) == set().union(*ROLE_PERMISSIONS.values())


def test_the_command_writes_the_same(houses, tmp_path):
    house, _theirs = houses
    call_command("compliance_file", "ticketing", venue=house.venue.slug, out=tmp_path / "a.pdf")

    assert house.event.title in text_of((tmp_path / "a.pdf").read_bytes())


def test_who_reads_the_books_of_a_venue_gets_its_papers_and_no_other_venues(houses):
    house, theirs = houses
    for party in in_office(house):
        role = party.name.split(" ", 1)[0]
        reads = role in {"manager", "treasurer", "auditor"}
        page = party.client.get(reverse("compliance"))
        own = reverse("compliance_paper", args=[house.venue.slug, "attestation"])
        other = reverse("compliance_paper", args=[theirs.venue.slug, "attestation"])

        assert (page.status_code == 200) is reads, party.name
        if reads:
            assert house.word in page.content.decode()
            assert theirs.word not in page.content.decode()
        assert party.client.get(other).status_code in {302, 403, 404}, party.name
        if role == "auditor":
            answer = party.client.get(own, {"editor": "SCIC Ada", "person": "Ada"})
            assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
            assert party.client.get(own, {"editor": "x" * 121}).status_code == 400
            assert party.client.post(own).status_code == 405
    assert Client().get(reverse("compliance")).status_code == 302
