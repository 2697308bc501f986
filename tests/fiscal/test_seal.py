"""A ticket goes into its register's chain, whole, in two queries."""

import datetime
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import IntegrityError, connection, transaction

from teraa.common import journal_codes
from teraa.common.canonical import NotCanonical, canonical_text, sha256_hex
from teraa.common.ids import uuid7
from teraa.common.problems import NotFound
from teraa.fiscal.drafts import ComponentDraft, DraftRefused, ModifierDraft, TenderDraft
from teraa.fiscal.keys import KeysUnavailable
from teraa.fiscal.models import ChainHead, Document, DocumentLine, Register
from teraa.fiscal.queries import document_for, tickets_about
from teraa.fiscal.sealing import PayeeUnidentified, UnknownRegister, seal_event, seal_ticket
from teraa.fiscal.version import FISCAL_VERSION
from tests import make
from tests.fiscal import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys_dir")]
AT = cast.AT


def test_f05_it_signs_the_values_of_a_ticket():
    register = cast.register()

    sealed = cast.seal(register, cast.line(), cast.line(label="Cookie", unit_price_cents=250))

    row = Document.objects.get(pk=sealed.id)
    assert row.payload == sealed.payload == canonical_text(json.loads(row.payload))
    assert row.hash == sha256_hex(row.payload)
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(register.public_key))
    key.verify(bytes.fromhex(row.signature), row.payload.encode())
    values = json.loads(row.payload)
    assert values["register"]["name"] == "Bar"
    assert values["payee"]["siret"] == "90012345600017"
    assert values["operator"] == "Ana"
    assert values["issued_at"] == "2026-11-19T15:30:00.000Z"
    assert values["utc_offset_minutes"] == 60
    assert values["period"]["business_date"] == "2026-11-19"
    assert values["fiscal_version"] == FISCAL_VERSION
    assert [line["label"] for line in values["lines"]] == ["Café allongé", "Cookie"]
    assert values["taxes"] == [
        {"rate_bp": 1000, "base_cents": 391, "vat_cents": 39, "total_cents": 430}
    ]
    assert values["total_cents"] == 430
    assert values["perpetual_real_cents"] == 430
    assert sealed.number == "Bar-000001"


def test_the_rows_say_what_was_signed():
    register = cast.register()
    lines = [
        cast.line(
            quantity_milli=2000,
            discount_cents=60,
            discount_reason="Bénévole",
            discount_author="Maud",
            modifiers=[ModifierDraft("Lait d’avoine", 30)],
        ),
        cast.line(
            kind="item",
            label="Formule midi",
            unit_price_cents=1500,
            vat_class="",
            vat_rate_bp=None,
            components=[
                ComponentDraft("Plat", 1000, "meal", 1000, 1100),
                ComponentDraft("Vin", 1000, "alcohol", 2000, 400),
            ],
        ),
        cast.line(label="Sirop", unit_price_cents=20, kind="modifier", parent_position=1),
    ]
    tenders = [cast.osm(1000), TenderDraft(kind="card", amount_cents=820, authorisation="A1")]

    sealed = cast.seal(register, *lines, tenders=tenders)

    row = Document.objects.get(pk=sealed.id)
    first, formula, syrup = row.lines.order_by("position")
    assert (first.quantity_milli, first.discount_cents, first.total_cents) == (2000, 60, 300)
    assert first.discount_author == "Maud"
    assert first.modifiers == [{"label": "Lait d’avoine", "price_cents": 30}]
    assert formula.vat_rate_bp is None
    assert [part["vat_rate_bp"] for part in formula.components] == [1000, 2000]
    assert (syrup.kind, syrup.parent_position) == ("modifier", 1)
    assert [(tax.rate_bp, tax.total_cents) for tax in row.taxes.order_by("rate_bp")] == [
        (1000, 1420),
        (2000, 400),
    ]
    coins, card = row.tenders.order_by("position")
    assert (coins.osm_units, coins.osm_rate_e10, coins.osm_txids) == (
        9_000_000_000,
        200_000_000,
        ["7f" * 32],
    )
    assert json.loads(row.payload)["tenders"][0]["osm_units"] == "9000000000"
    assert (card.kind, card.amount_cents, card.received_cents) == ("card", 820, None)


def test_each_document_names_the_one_before_it():
    register = cast.register()

    first, second, third = (cast.seal(register) for _ in range(3))

    assert first.values["previous_hash"] == ""
    assert first.values["first_in_chain"] is True
    assert second.values["previous_hash"] == first.hash
    assert third.values["previous_hash"] == second.hash
    assert [d.sequence for d in (first, second, third)] == [1, 2, 3]
    head = ChainHead.objects.get(register=register, kind="TICKET")
    assert (head.sequence, head.last_hash) == (3, third.hash)
    assert third.values["perpetual_real_cents"] == head.perpetual_real_cents == 540


def test_a_ticket_takes_two_queries_whatever_its_lines(count_queries):
    register = cast.register()
    cast.seal(register)

    with count_queries() as queries:
        cast.seal(register, *(cast.line(label=f"Article {n}") for n in range(40)))

    assert len(queries) == 2, queries


def test_opening_a_period_costs_one_query_more(count_queries):
    register = cast.register()
    tomorrow = AT + datetime.timedelta(days=1)

    with count_queries() as queries:
        cast.seal(register, at=tomorrow)

    assert len(queries) == 3, queries


def test_an_event_takes_two_queries(count_queries):
    register = cast.register()

    with count_queries() as queries:
        cast.note(register, code=journal_codes.LOG_IN)

    assert len(queries) == 2, queries


def test_kinds_have_chains_of_their_own():
    register = cast.register()

    ticket, event = cast.seal(register), cast.note(register, who="Ana")

    assert (ticket.sequence, event.sequence) == (1, 2), "the first event is 260"
    first = Document.objects.get(register=register, kind="EVENT", sequence=1)
    assert first.event_code == journal_codes.JOURNAL_STARTED
    assert json.loads(first.payload)["values"]["public_key"] == register.public_key
    row = Document.objects.get(pk=event.id)
    assert (row.event_code, row.total_cents, row.perpetual_real_cents) == (80, None, None)
    assert json.loads(row.payload)["values"] == {"who": "Ana"}
    assert row.previous_hash == first.hash


def test_a_refund_is_a_new_document():
    register = cast.register()
    sold = cast.seal(register, cast.line(quantity_milli=2000))

    refund = cast.seal(
        register,
        cast.line(quantity_milli=-1000, corrects_document=sold.id, corrects_position=1),
        corrects=sold.id,
    )

    row = Document.objects.get(pk=refund.id)
    assert (row.total_cents, row.corrects_id) == (-180, sold.id)
    head = ChainHead.objects.get(register=register, kind="TICKET")
    assert (head.perpetual_real_cents, head.perpetual_absolute_cents) == (180, 540)
    assert [view.id for view in tickets_about(venue_id=register.venue_id, subject="pos.sale:test")]


def test_a_line_is_corrected_once():
    register = cast.register()
    sold = cast.seal(register)
    back = cast.line(quantity_milli=-1000, corrects_document=sold.id, corrects_position=1)
    cast.seal(register, back)

    with pytest.raises(IntegrityError, match="fiscal_line_corrected_once"):
        cast.seal(register, back)


def test_a_correction_names_a_line_that_exists():
    register = cast.register()
    sold = cast.seal(register)
    wrong = cast.line(quantity_milli=-1000, corrects_document=sold.id, corrects_position=9)
    cast.seal(register, wrong)

    with pytest.raises(IntegrityError, match="corrected_line"):
        connection.check_constraints()


def test_f04_a_rollback_leaves_no_trace():
    register = cast.register()
    cast.seal(register)

    with pytest.raises(cast.Interrupted):
        cast.seal_and_fail(register)

    assert cast.seal(register).sequence == 2
    assert Document.objects.filter(register=register, kind="TICKET").count() == 2


def test_the_caller_may_name_the_document():
    register = cast.register()
    mine = uuid7()

    with transaction.atomic():
        sealed = seal_ticket(register_id=register.pk, ticket=cast.ticket(), at=AT, document_id=mine)

    assert sealed.id == mine
    assert Document.objects.filter(pk=mine).exists()


def test_it_refuses_a_naive_time():
    register = cast.register()

    with pytest.raises(ValueError, match="aware"):
        cast.seal(register, at=datetime.datetime(2026, 11, 19, 15, 30))


def test_it_refuses_what_does_not_hold_together_before_any_query(count_queries):
    register = cast.register()
    bad = cast.ticket(tenders=[TenderDraft(kind="cash", amount_cents=1)])

    with count_queries() as queries, pytest.raises(DraftRefused):
        seal_ticket(register_id=register.pk, ticket=bad, at=AT)

    assert queries == []


def test_it_refuses_an_unknown_register():
    with pytest.raises(UnknownRegister), transaction.atomic():
        seal_ticket(register_id=uuid7(), ticket=cast.ticket(), at=AT)


def test_it_refuses_without_keys(settings):
    register = cast.register()
    settings.TERAA_KEYS = None

    with pytest.raises(KeysUnavailable):
        cast.seal(register)

    assert not Document.objects.filter(register=register, kind="TICKET").exists()


def test_an_event_holds_only_what_can_be_signed():
    register = cast.register()

    with pytest.raises(NotCanonical), transaction.atomic():
        seal_event(register_id=register.pk, code=900, values={"rate": 0.02}, at=AT)
    with pytest.raises(NotCanonical), transaction.atomic():
        seal_event(register_id=register.pk, code=900, values={"name": "a\x00b"}, at=AT)
    backslashes = cast.note(register, code=900, name="C:\\u0000\\\\u0000")
    assert Document.objects.filter(pk=backslashes.id).exists()


def test_the_identity_of_the_day_is_printed():
    register = cast.register()
    before = cast.seal(register)
    register.payee.identities.create(
        valid_from=datetime.date(2026, 11, 20),
        legal_name="SCIC Nouvelle",
        address="1 place du Marché, 91120 Palaiseau",
    )

    same_night = cast.seal(register, at=AT + datetime.timedelta(hours=12))
    next_day = cast.seal(register, at=AT + datetime.timedelta(hours=15))

    assert before.values["payee"]["legal_name"].startswith("SCIC Coopérative")
    assert same_night.values["payee"] == before.values["payee"], "03:30 is still the day before"
    assert next_day.values["payee"]["legal_name"] == "SCIC Nouvelle"
    # A reprint shows what was signed, not what is true today (research pos-fr, pitfall 15).
    view = document_for(venue_id=register.venue_id, document_id=before.id)
    assert view.values["payee"]["legal_name"].startswith("SCIC Coopérative")


def test_it_refuses_a_payee_without_identity():
    register = cast.register()
    register.payee.identities.all().delete()

    with pytest.raises(PayeeUnidentified):
        cast.seal(register)


def test_a_document_of_another_venue_is_not_there():
    register = cast.register()
    sealed = cast.seal(register)

    with pytest.raises(NotFound):
        document_for(venue_id=make.venue().pk, document_id=sealed.id)


def test_the_database_refuses_another_venues_rows():
    register = cast.register()
    other = make.venue()

    Register.objects.create(
        venue=other,
        payee=register.payee,
        lane="web",
        name="Ailleurs",
        key_id="0" * 16,
        public_key="0" * 64,
        opened_at=AT,
    )
    with pytest.raises(IntegrityError, match="same_venue"):
        connection.check_constraints()


def test_a_period_belongs_to_the_register():
    register, other = cast.register(), cast.register(name="Terrasse", venue=make.venue())
    stranger = other.periods.get()

    ChainHead.objects.filter(register=register, kind="TICKET").update(period=stranger)

    with pytest.raises(IntegrityError, match="period_of_register"):
        connection.check_constraints()


def test_a_line_keeps_its_composite_key():
    register = cast.register()
    sealed = cast.seal(register, cast.line(), cast.line())

    assert DocumentLine.objects.get(pk=(sealed.id, 2)).position == 2
