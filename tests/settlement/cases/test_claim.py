"""The customer's page: an address, shown back, confirmed, once. No script anywhere."""

from __future__ import annotations

import pytest
from django.core import signing

from teraa.settlement.cases.models import RefundClaim
from teraa.settlement.cases.operations import (
    approve_refund,
    cancel_refund,
    claim_path,
    give_address,
    make_claim,
)
from teraa.settlement.cases.operations.claims import VALID_FOR
from teraa.settlement.cases.problems import BadDestination, ClaimSpent, RefundMoved
from tests.settlement.cases.moves import OSM, address, scene

pytestmark = pytest.mark.django_db
MINE = address("the wallet of who claims")


def claimed(at, *, approved: bool = True):
    of = scene(at)
    _due, request = of.ask()
    of.pays(request, request.units + 30 * OSM)
    refund = of.refund(case_id=of.case().pk, to_sender=False, approved=approved)
    claim = make_claim(refund_id=refund.pk, **of.by())
    RefundClaim.objects.filter(pk=claim.pk)
    return of, refund, claim


def text(answer) -> str:
    return answer.content.decode()


def test_the_page_asks_shows_back_and_then_sends_it_there(client, at):
    _of, refund, claim = claimed(at)
    page = claim_path(claim)
    assert refund.state == "approved"

    asked = client.get(page)
    assert asked.status_code == 200
    assert asked["X-Robots-Tag"] == "noindex"
    assert "noindex" in text(asked)
    assert '<script type="module"' not in text(asked)

    shown = client.post(page, {"address": f" {MINE} "})
    assert shown.status_code == 200
    assert f"<b>{MINE[:6]}</b>" in text(shown)
    assert f"<b>{MINE[-6:]}</b>" in text(shown)
    refund.refresh_from_db()
    assert refund.destination == ""

    answer = client.post(page, {"address": MINE, "sure": "1"})
    assert answer.status_code == 302
    refund.refresh_from_db()
    assert (refund.destination, refund.destination_source, refund.state) == (
        MINE,
        "claim",
        "awaiting_wallet",
    )
    assert MINE[6:-6] in text(client.get(page))


def test_it_works_once(client, at):
    of, refund, claim = claimed(at)
    page = claim_path(claim)
    client.post(page, {"address": MINE, "sure": "1"})

    assert client.post(page, {"address": MINE, "sure": "1"}).status_code == 302
    again = client.post(page, {"address": address("a thief"), "sure": "1"})

    assert again.status_code == 410
    refund.refresh_from_db()
    assert refund.destination == MINE
    with pytest.raises(ClaimSpent):
        give_address(claim_id=claim.pk, address=address("a thief"), at=of.at)


@pytest.mark.parametrize("typed", ["", "o", MINE[:-1], MINE[:-1] + "0", "<script>", "A" * 34])
def test_an_address_with_a_slip_is_refused_and_kept_in_the_field(client, at, typed):
    _of, refund, claim = claimed(at)

    answer = client.post(claim_path(claim), {"address": typed})

    assert answer.status_code == 422
    assert "<script>" not in text(answer)
    refund.refresh_from_db()
    assert refund.destination == ""


def test_an_address_of_another_network_is_refused(at):
    of, _refund, claim = claimed(at)

    with pytest.raises(BadDestination):
        give_address(claim_id=claim.pk, address="AGeYmgbg2LgGxRW2vNNJvQ88PknEJsYizC", at=of.at)


def test_a_link_expires(at):
    of, _refund, claim = claimed(at)

    with pytest.raises(ClaimSpent):
        give_address(claim_id=claim.pk, address=MINE, at=of.at + VALID_FOR)


def test_a_newer_link_ends_the_older(at):
    of, refund, claim = claimed(at)
    newer = make_claim(refund_id=refund.pk, **of.by())

    with pytest.raises(ClaimSpent):
        give_address(claim_id=claim.pk, address=MINE, at=of.at)
    give_address(claim_id=newer.pk, address=MINE, at=of.at)
    with pytest.raises(RefundMoved):
        make_claim(refund_id=refund.pk, **of.by())


def test_a_draft_may_be_claimed_and_then_approved(at):
    of, refund, claim = claimed(at, approved=False)
    give_address(claim_id=claim.pk, address=MINE, at=of.at)

    approve_refund(refund_id=refund.pk, **of.by())

    refund.refresh_from_db()
    assert refund.state == "awaiting_wallet"


def test_a_refund_given_up_ends_its_link(client, at):
    of, refund, claim = claimed(at)
    cancel_refund(refund_id=refund.pk, reason="erreur", **of.by())

    answer = client.get(claim_path(claim))

    assert 'data-stage="over"' in text(answer)
    with pytest.raises(ClaimSpent):
        give_address(claim_id=claim.pk, address=MINE, at=of.at)


def test_a_token_that_is_not_ours_opens_nothing(client, at):
    _of, _refund, claim = claimed(at)
    for token in ("nonsense", signing.dumps(claim.pk.hex, salt="another")):
        assert client.get(f"/refund/{token}/").status_code == 404
