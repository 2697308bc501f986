"""What receivers were promised stays: a field that vanishes or changes its type fails here."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import jsonschema
import pytest

from teraa.common.ids import uuid7
from teraa.settlement import operations as settlement
from teraa.settlement.models import Due
from teraa.settlement.states import EffectKind
from teraa.webhooks import kinds, operations
from teraa.webhooks.models import HookEvent
from tests.settlement import cast as money
from tests.webhooks import cast

ROOT = Path(__file__).resolve().parents[2]

# Written down a second time on purpose: whoever changes a contract changes this too, and then
# asks whether receivers were told (a field gained) or need another api version (one lost).
ENVELOPE = {"api_version", "id", "kind", "venue", "subject", "version", "created_at", "data"}
DUE = {
    *("id", "code", "subject", "label", "payee", "state", "amount_cents", "paid_cents"),
    *("pending_cents", "remaining_cents", "opened_at", "settled_at", "tenders", "version"),
}
BOOKING = {
    *("id", "code", "offer", "payee", "due", "state", "attendance", "version", "starts_at"),
    *("ends_at", "people", "count", "total_cents", "refund_cents"),
}
TENDER = {"kind", "amount_cents", "state"}
PROMISED = {
    "1": {
        **{
            f"due.{kind}": {"due": DUE}
            for kind in (
                *("settled", "accepted", "expired", "cancelled", "attention", "refunded"),
                "changed",
            )
        },
        **{
            f"booking.{kind}": {"booking": BOOKING}
            for kind in ("confirmed", "moved", "cancelled", "expired", "attended")
        },
        "ping": {"ping": {"asked_by"}},
    }
}


def check(body: dict) -> None:
    promised = kinds.contract(body["kind"], body["api_version"])
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(promised, format_checker=checker).validate(body)


def bodies() -> list[dict]:
    return [json.loads(one.payload) for one in HookEvent.objects.order_by("created_at", "version")]


def test_no_promise_is_taken_back():
    for api_version, promised in PROMISED.items():
        for kind, data in promised.items():
            contract = kinds.contract(kind, api_version)
            jsonschema.Draft202012Validator.check_schema(contract)
            assert set(contract["required"]) >= ENVELOPE
            for name, fields in data.items():
                part = contract["properties"]["data"]["properties"][name]
                assert set(part["required"]) >= fields
                if "tenders" in fields:
                    assert set(part["properties"]["tenders"]["items"]["required"]) >= TENDER


def test_every_kind_has_a_contract_and_every_contract_a_kind():
    stored = {path.stem for path in (kinds.CONTRACTS / kinds.API_VERSION).glob("*.json")}
    known = {kind.name for kind in kinds.registered()}

    assert stored == known == set(PROMISED[kinds.API_VERSION])
    assert {f"due.{kind}" for kind in EffectKind.values} <= known


def test_every_kind_is_in_the_receivers_manual():
    page = (ROOT / "docs" / "webhooks.md").read_text()
    named = set(re.findall(r"^\| `([a-z_.]+)` \|", page, re.MULTILINE))

    assert named == {kind.name for kind in kinds.registered()}


@pytest.mark.django_db
def test_what_dues_tell_is_what_was_promised(at, journal_kept):
    payee = money.payee()
    endpoint, _ = cast.endpoint(at, venue=payee.venue)
    paid = money.due(payee, at, 1200, label="Studio A", person="Jeanne Doe")
    settlement.add_tender(key=uuid7(), due_id=paid.pk, kind="cash", amount_cents=500, at=at)
    settlement.add_tender(key=uuid7(), due_id=paid.pk, kind="card", amount_cents=700, at=at)
    given_up = money.due(payee, at)
    settlement.cancel_due(due_id=given_up.pk, by="Ada", at=at)
    free = money.due(payee, at, 0)
    operations.ping_endpoint(venue_id=endpoint.venue_id, endpoint_id=endpoint.pk, by="Ada", at=at)

    told = bodies()
    for body in told:
        check(body)
    assert [
        (one["kind"], one["subject"]) for one in told if one["subject"] == f"due:{paid.pk}"
    ] == [
        ("due.changed", f"due:{paid.pk}"),
        ("due.settled", f"due:{paid.pk}"),
    ]
    settled = next(
        one for one in told if one["kind"] == "due.settled" and str(paid.pk) in one["subject"]
    )
    assert settled["data"]["due"] == {
        "id": str(paid.pk),
        "code": paid.code,
        "subject": "tests.thing",
        "label": "Studio A",
        "payee": str(payee.pk),
        "state": "settled",
        "amount_cents": 1200,
        "paid_cents": 1200,
        "pending_cents": 0,
        "remaining_cents": 0,
        "opened_at": "2026-11-19T15:30:00.000Z",
        "settled_at": "2026-11-19T15:30:00.000Z",
        "tenders": [
            {"kind": "cash", "amount_cents": 500, "state": "settled"},
            {"kind": "card", "amount_cents": 700, "state": "settled"},
        ],
        "version": settled["version"],
    }
    assert settled["version"] == Due.objects.get(pk=paid.pk).version
    assert {one["kind"] for one in told if str(given_up.pk) in one["subject"]} == {"due.cancelled"}
    assert {one["kind"] for one in told if str(free.pk) in one["subject"]} == {"due.settled"}
    assert "Jeanne" not in json.dumps(told)


@pytest.mark.django_db
def test_a_vanished_field_would_be_noticed(at):
    payee = money.payee()
    cast.endpoint(at, venue=payee.venue)
    money.due(payee, at, 0)
    [body] = bodies()
    check(body)
    for name in body["data"]["due"]:
        lame = copy.deepcopy(body)
        del lame["data"]["due"][name]
        with pytest.raises(jsonschema.ValidationError):
            check(lame)
    for name in body:
        lame = {key: value for key, value in body.items() if key != name}
        with pytest.raises((jsonschema.ValidationError, KeyError)):
            check(lame)


@pytest.mark.django_db
def test_nobody_listening_costs_the_money_no_statement(at, count_queries):
    """The question whether anybody listens rides on a query that locks the due anyway."""

    def pay(payee) -> int:
        due = money.due(payee, at, 500)
        with count_queries() as queries:
            settlement.add_tender(key=uuid7(), due_id=due.pk, kind="cash", amount_cents=500, at=at)
        return len([one for one in queries if "webhooks_hook_event" in one or one == "prepared"])

    quiet, heard = money.payee(), money.payee()
    cast.endpoint(at, venue=heard.venue)

    assert HookEvent.objects.count() == 0
    assert pay(quiet) == pay(quiet)
    assert pay(heard) == pay(quiet) + 1
    assert HookEvent.objects.count() == 1
