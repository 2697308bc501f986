"""What is signed can be written again, byte for byte, by anybody (JavaScript included)."""

import datetime
import json
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from teraa.common.canonical import MAX_SAFE_INTEGER, NotCanonical, canonical_text, sha256_hex
from teraa.fiscal import keys, payloads
from teraa.fiscal.drafts import check_ticket
from tests.fiscal import cast
from tests.fiscal.test_drafts import tickets

REGISTER = UUID("01a20000-0000-7000-8000-000000000001")
DOCUMENT = UUID("01a20000-0000-7000-8000-000000000002")
PERIOD = UUID("01a20000-0000-7000-8000-000000000003")
VENUE = UUID("01a20000-0000-7000-8000-000000000004")
SEED = bytes(range(32))
PUBLIC = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"

CHAIN = payloads.Chain(
    register_id=REGISTER,
    register_name="Bar",
    lane="till",
    training=False,
    key_id="56475aa75463474c",
    venue_id=VENUE,
    venue_name="TERAA Genesis",
    zone="Europe/Paris",
    identity=payloads.Identity(
        "Genesis",
        "SCIC Genesis",
        "SCIC SAS",
        "90012345600017",
        "FR40900123456",
        "12 rue de la Gare",
    ),
    period_id=PERIOD,
    period_number=3,
    business_date=datetime.date(2026, 11, 19),
    kind="TICKET",
    sequence=1,
    previous_hash="",
    software_version="0.1.0",
)


def values_of(ticket, **changes):
    totals = check_ticket(ticket)
    return payloads.ticket_values(
        CHAIN._replace(**changes),
        document_id=DOCUMENT,
        ticket=ticket,
        totals=totals,
        perpetual_real_cents=totals.total_cents,
        perpetual_absolute_cents=abs(totals.total_cents),
        at=cast.AT,
        utc_offset_minutes=60,
    )


VECTOR_TEXT = (
    '{"corrects":null,"currency":"EUR","document":"01a20000-0000-7000-8000-000000000002",'
    '"first_in_chain":true,"fiscal_version":"1.0.0","form":1,'
    '"issued_at":"2026-11-19T15:30:00.000Z","key_id":"56475aa75463474c","kind":"TICKET",'
    '"lines":[{"components":[],"corrects_document":null,"corrects_position":null,'
    '"discount_author":"","discount_cents":0,"discount_reason":"","kind":"item",'
    '"label":"Café « crème » œ 😀 \\"grand\\"","modifiers":[],"parent_position":null,'
    '"payee_label":"","position":1,"product_key":"cafe","quantity_milli":2000,"serving":"on_site",'
    '"subject":"","total_cents":360,"unit":"unit","unit_price_cents":180,"vat_class":"soft_drink",'
    '"vat_rate_bp":1000}],"operator":"Ana","payee":{"address":"12 rue de la Gare",'
    '"legal_form":"SCIC SAS","legal_name":"SCIC Genesis","name":"Genesis",'
    '"siret":"90012345600017","vat_id":"FR40900123456"},"period":{"business_date":"2026-11-19",'
    '"id":"01a20000-0000-7000-8000-000000000003","number":3},"perpetual_absolute_cents":360,'
    '"perpetual_real_cents":360,"previous_hash":"",'
    '"register":{"id":"01a20000-0000-7000-8000-000000000001","lane":"till","name":"Bar",'
    '"training":false},"sequence":1,"software_version":"0.1.0","station":"Bar",'
    '"subject":"pos.sale:test","taxes":[{"base_cents":327,"rate_bp":1000,"total_cents":360,'
    '"vat_cents":33}],"tenders":[{"amount_cents":360,"authorisation":"","change_cents":null,'
    '"kind":"osm","label":"","osm_rate_e10":"200000000","osm_reference":"OS4KX2",'
    '"osm_txids":["7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f"],'
    '"osm_units":"9007199254740993","position":1,"received_cents":null}],"total_cents":360,'
    '"utc_offset_minutes":60,"venue":"TERAA Genesis",'
    '"venue_id":"01a20000-0000-7000-8000-000000000004","zone":"Europe/Paris"}'
)
VECTOR_HASH = "2a39458b494ee374b89cf73bb74eecd027b89ab6e77c960544c482b7781b56cc"
VECTOR_SIGNATURE = (
    "e05cd773d99e2e218e729edf1c29b17d10f495c04c0cd0086375d51fbda80ce1"
    "516965dcdefb518bd80360eb0fab08aca75ad19a88a5ab404fb2aaa5d975780e"
)


def vector():
    return values_of(
        cast.ticket(
            cast.line(label='Café « crème » œ 😀 "grand"', quantity_milli=2000),
            tenders=[cast.osm(360, 2**53 + 1)],
        )
    )


def test_the_vector_stands():
    """Fixed for ever: a change here is a new payload form and a new fiscal version."""
    text = canonical_text(vector())

    assert text == VECTOR_TEXT
    assert sha256_hex(text) == VECTOR_HASH
    key = Ed25519PrivateKey.from_private_bytes(SEED)
    assert key.public_key().public_bytes_raw().hex() == PUBLIC
    assert keys.key_id_of(bytes.fromhex(PUBLIC)) == CHAIN.key_id
    assert key.sign(text.encode()).hex() == VECTOR_SIGNATURE


JAVASCRIPT = """
const {text, hash, signature, publicKey} = JSON.parse(require("fs").readFileSync(0, "utf8"));
const crypto = require("crypto");
const canonical = (value) => Array.isArray(value) ? `[${value.map(canonical).join(",")}]`
  : value !== null && typeof value === "object"
    ? `{${Object.keys(value).sort().map((k) => `${JSON.stringify(k)}:${canonical(value[k])}`).join(",")}}`
    : JSON.stringify(value);
const bytes = Buffer.from(text, "utf8");
const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), Buffer.from(publicKey, "hex")]);
const key = crypto.createPublicKey({key: spki, format: "der", type: "spki"});
console.log(JSON.stringify([
  canonical(JSON.parse(text)) === text,
  crypto.createHash("sha256").update(bytes).digest("hex") === hash,
  crypto.verify(null, bytes, key, Buffer.from(signature, "hex")),
]));
"""


# The system's, or the one that script/browser-modules brings into our environment.
NODE = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))


@pytest.mark.skipif(NODE is None, reason="no node on this machine")
def test_javascript_agrees():
    given = {
        "text": VECTOR_TEXT,
        "hash": VECTOR_HASH,
        "signature": VECTOR_SIGNATURE,
        "publicKey": PUBLIC,
    }

    said = subprocess.run(
        [NODE, "-e", JAVASCRIPT],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(said.stdout) == [True, True, True]


@settings(max_examples=100, deadline=None)
@given(tickets())
def test_any_ticket_has_one_text(ticket):
    values = values_of(ticket)
    text = canonical_text(values)

    assert text.encode() == rfc8785.dumps(values), "the fast encoder and the general one agree"
    assert json.loads(text) == values
    assert canonical_text(json.loads(text)) == text
    assert canonical_text(dict(reversed(values.items()))) == text


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=6), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), plain))
def test_any_event_has_one_text(values):
    assert canonical_text(values).encode() == rfc8785.dumps(values)


@pytest.mark.parametrize("value", [1.0, 2**53, -(2**53), b"x", {1}, {1: 2}, "\ud800", object()])
def test_it_refuses_what_javascript_would_read_otherwise(value):
    with pytest.raises(NotCanonical):
        canonical_text({"value": [value]})


def test_amounts_of_coins_are_strings():
    tender = vector()["tenders"][0]

    assert (tender["osm_units"], tender["osm_rate_e10"]) == ("9007199254740993", "200000000")


def test_numbers_and_extracts_are_readable():
    assert payloads.number_label("Bar", 42) == "Bar-000042"
    assert payloads.signature_extract("0123456789abcdef0123") == "26C2"
