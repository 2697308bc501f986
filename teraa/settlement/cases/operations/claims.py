"""A link by which the customer says where a refund goes: signed, once, until it expires."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.core import signing
from django.db import transaction
from django.urls import reverse

from teraa.common.problems import NotFound
from teraa.settlement.cases.deciding import decided_before, digest_of, write_down
from teraa.settlement.cases.models import Refund, RefundClaim
from teraa.settlement.cases.operations.refunds import (
    CHANGEABLE,
    checked_address,
    locked_refund,
)
from teraa.settlement.cases.people import Person
from teraa.settlement.cases.problems import ClaimSpent, RefundMoved
from teraa.settlement.cases.states import Action, DestinationSource, RefundState

SALT = "teraa.settlement.refund"
VALID_FOR = datetime.timedelta(days=60)


@transaction.atomic
def make_claim(
    *, refund_id: UUID, venue_id: UUID, person: Person, key: UUID, at: datetime.datetime
) -> RefundClaim:
    """Make the link; a former one ends, and so does an address that nobody has approved.

    Raises NotFound, RefundMoved, SameKeyOtherBody.
    """
    digest = digest_of(Action.INVITE, refund=refund_id)
    refund = locked_refund(refund_id, venue_id=venue_id)
    if decided_before(venue_id=venue_id, key=key, digest=digest):
        found = refund.claims.order_by("-made_at").first()
        if found is not None:
            return found
    may_change = refund.state in CHANGEABLE and (
        not refund.destination or not refund.decisions.filter(action=Action.APPROVE).exists()
    )
    if not may_change:
        raise RefundMoved(state=refund.state)
    write_down(
        action=Action.INVITE,
        venue_id=venue_id,
        person=person,
        key=key,
        digest=digest,
        refund=refund,
        at=at,
    )
    refund.claims.filter(used_at__isnull=True, ended_at__isnull=True).update(ended_at=at)
    if refund.destination:
        refund.destination = refund.destination_source = ""
        refund.version += 1
        refund.save(update_fields=["destination", "destination_source", "version"])
    return RefundClaim.objects.create(
        venue_id=venue_id,
        refund=refund,
        made_by=person.name,
        made_at=at,
        expires_at=at + VALID_FOR,
    )


def claim_path(claim: RefundClaim) -> str:
    """The address of the customer's page."""
    return reverse("refund_claim", args=[signing.dumps(claim.pk.hex, salt=SALT)])


def read_claim(token: str) -> RefundClaim:
    """The claim behind a token, used or not. Raises NotFound for one that is not ours."""
    try:
        said = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise NotFound from error
    claim = (
        RefundClaim.objects.select_related("refund__payee", "refund__network", "venue")
        .filter(pk=UUID(hex=said))
        .first()
    )
    if claim is None:
        raise NotFound
    return claim


def is_open(claim: RefundClaim, *, at: datetime.datetime) -> bool:
    """Whether an address may still be given."""
    return (
        claim.used_at is None
        and claim.ended_at is None
        and at < claim.expires_at
        and claim.refund.state in CHANGEABLE
    )


@transaction.atomic
def give_address(*, claim_id: UUID, address: str, at: datetime.datetime) -> Refund:
    """Send the refund to the customer's ``address``; an approved one may be sent at once.

    The same address again changes nothing. Raises NotFound, ClaimSpent, BadDestination,
    OwnDestination.
    """
    claim = RefundClaim.objects.select_related("refund").filter(pk=claim_id).first()
    if claim is None:
        raise NotFound
    refund = locked_refund(claim.refund_id, venue_id=claim.venue_id)
    checked = checked_address(address, network=refund.network)
    claim.refresh_from_db()
    claim.refund = refund
    if claim.used_at is not None and claim.address == checked:
        return refund
    if not is_open(claim, at=at):
        raise ClaimSpent
    unused = RefundClaim.objects.filter(pk=claim.pk, used_at__isnull=True, ended_at__isnull=True)
    if unused.update(used_at=at, address=checked) != 1:
        raise ClaimSpent
    named = {
        "destination": checked,
        "destination_source": DestinationSource.CLAIM,
        "version": refund.version + 1,
    }
    if refund.state == RefundState.APPROVED:
        return refund.move(RefundState.AWAITING_WALLET, **named)
    Refund.objects.filter(pk=refund.pk, state=RefundState.DRAFT).update(**named)
    refund.refresh_from_db()
    return refund
