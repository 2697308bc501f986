"""Cases and refunds over HTTP: validate the shape, call one operation, answer.

Reading needs READ_BOOKS (managers, treasurers, auditors); deciding needs DECIDE_CASES (managers).
"""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from teraa.common.clock import now
from teraa.common.endpoints import Endpoint
from teraa.common.fields import WholeNumber
from teraa.common.money import MAX_CENTS
from teraa.common.problems import Invalid, NotFound
from teraa.common.shapes import read_body
from teraa.settlement.cases import operations, schemas
from teraa.settlement.cases.models import REASON_LENGTH, Case, Refund
from teraa.settlement.cases.operations.requests import waiting_word
from teraa.settlement.cases.people import Person
from teraa.settlement.cases.queries import story_of
from teraa.settlement.cases.states import (
    CASE_ACTIONS,
    REFUND_ACTIONS,
    Action,
    CaseKind,
    CaseState,
    RefundState,
    Variant,
)
from teraa.settlement.cases.views_of import case_view, refund_view, story_view
from teraa.settlement.osm.amounts import NotAnAmount, read_units
from teraa.venues.authentication import StationSession
from teraa.venues.permissions import StaffRequired
from teraa.venues.permissions_table import DECIDE_CASES, READ_BOOKS

PAGE = 100
UNITS_TEXT = r"^[1-9][0-9]{0,18}$"
MAX_RECEIPT = 2**63 - 1


class UnitsField(serializers.RegexField):
    """Units of 10⁻⁸ OSM: a string of digits, and nothing that merely looks like one."""

    def __init__(self, **more: Any) -> None:
        super().__init__(UNITS_TEXT, max_length=19, help_text=schemas.UNITS, **more)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


def _reason(**more: Any) -> serializers.CharField:
    return serializers.CharField(max_length=REASON_LENGTH, required=False, allow_blank=True, **more)


def _key() -> serializers.UUIDField:
    return serializers.UUIDField(help_text="UUIDv7 made by the caller: sent twice, done once")


class CaseDecisionSerializer(serializers.Serializer[None]):
    """What to do about a case. ``request`` and ``receipt`` are for assigning."""

    key = _key()
    action = serializers.ChoiceField(choices=CASE_ACTIONS)
    reason = _reason()
    request = serializers.UUIDField(required=False, allow_null=True)
    receipt = WholeNumber(min_value=1, max_value=MAX_RECEIPT, required=False, allow_null=True)


class SettleSerializer(serializers.Serializer[None]):
    """Count a request as paid; two people above the payee's threshold."""

    key = _key()
    reason = serializers.CharField(max_length=REASON_LENGTH)


class RefundSerializer(serializers.Serializer[None]):
    """Either ``case`` or ``due``. ``units`` are for "custom", ``cents`` for "fixed"."""

    key = _key()
    case = serializers.UUIDField(required=False, allow_null=True)
    due = serializers.UUIDField(required=False, allow_null=True)
    variant = serializers.ChoiceField(choices=Variant.choices)
    units = UnitsField(required=False, allow_null=True)
    cents = WholeNumber(min_value=1, max_value=MAX_CENTS, required=False, allow_null=True)
    to = serializers.ChoiceField(choices=["sender", "claim", "address"], default="sender")
    address = serializers.CharField(max_length=64, required=False, allow_blank=True)
    reason = _reason()


class RefundDecisionSerializer(serializers.Serializer[None]):
    """What to do about a refund. ``address`` is for "direct"."""

    key = _key()
    action = serializers.ChoiceField(choices=REFUND_ACTIONS)
    reason = _reason()
    address = serializers.CharField(max_length=64, required=False, allow_blank=True)


class _CasesAsked(serializers.Serializer[None]):
    state = serializers.ChoiceField(choices=["open", "closed", "all"], default="open")
    kind = serializers.ChoiceField(choices=CaseKind.choices, required=False)
    payee = serializers.UUIDField(required=False)
    before = serializers.DateTimeField(required=False)


class _RefundsAsked(serializers.Serializer[None]):
    state = serializers.ChoiceField(choices=RefundState.choices, required=False)
    payee = serializers.UUIDField(required=False)
    before = serializers.DateTimeField(required=False)


class MoneyView(Endpoint):
    """Base: whoever may read the books reads, a manager decides."""

    permission_classes = [StaffRequired]
    permission_needed = {
        "GET": READ_BOOKS,
        "HEAD": READ_BOOKS,
        "OPTIONS": READ_BOOKS,
        "POST": DECIDE_CASES,
    }

    def session(self, request: Request) -> StationSession:
        session = request.auth
        assert isinstance(session, StationSession)  # noqa: S101  the permission class made sure
        return session

    def who(self, request: Request) -> dict[str, Any]:
        """Venue, person and time, as every operation takes them."""
        session = self.session(request)
        assert session.staff is not None  # noqa: S101  the permission class made sure
        return {
            "venue_id": session.venue.pk,
            "person": Person.of_staff(session.staff),
            "at": now(),
        }


class CasesView(MoneyView):
    @extend_schema(
        operation_id="list_cases",
        parameters=[
            OpenApiParameter("state", str, enum=["open", "closed", "all"]),
            OpenApiParameter("kind", str, enum=CaseKind.values),
            OpenApiParameter("payee", UUID),
            OpenApiParameter("before", datetime.datetime, description="opened before"),
        ],
        responses=schemas.CasesSchema,
    )
    def get(self, request: Request) -> Response:
        asked = read_body(_CasesAsked, request.query_params.dict())
        rows = Case.objects.filter(venue=self.session(request).venue)
        if asked["state"] != "all":
            rows = rows.filter(state=CaseState(asked["state"]))
        found = list(
            _narrowed(rows, asked, "opened_at")
            .select_related("payee", "request", "receipt__transaction", "refund")
            .order_by("-opened_at", "-pk")[: PAGE + 1]
        )
        return Response(
            {"cases": [case_view(one) for one in found[:PAGE]], "more": len(found) > PAGE}
        )


class CaseView(MoneyView):
    @extend_schema(operation_id="read_case", responses=schemas.CaseStorySchema)
    def get(self, request: Request, key: UUID) -> Response:
        return self.told(request, key)

    def told(self, request: Request, key: UUID) -> Response:
        case = (
            Case.objects.filter(pk=key, venue=self.session(request).venue)
            .select_related(
                "payee",
                "request__quote",
                "request__network",
                "receipt__transaction__block",
                "receipt__transaction__network",
                "receipt__watched",
                "refund__out_receipt__transaction__block",
                "refund__out_receipt__transaction__network",
                "refund__out_receipt__watched",
            )
            .first()
        )
        if case is None:
            raise NotFound
        at = now()
        return Response(story_view(story_of(case, at=at), at=at))


class CaseDecisionsView(CaseView):
    http_method_names = ["post", "options"]

    @extend_schema(
        operation_id="decide_case",
        request=CaseDecisionSerializer,
        responses=schemas.CaseStorySchema,
    )
    def post(self, request: Request, key: UUID) -> Response:
        body = read_body(CaseDecisionSerializer, request.data)
        said: dict[str, Any] = {**self.who(request), "case_id": key, "key": body["key"]}
        reason = body.get("reason", "")
        match body["action"]:
            case Action.ASSIGN:
                if body.get("request") is None:
                    raise Invalid(fields={"request": "required"})
                operations.assign_receipt(
                    **said,
                    request_id=body["request"],
                    receipt_id=body.get("receipt"),
                    reason=reason,
                )
            case Action.ACCEPT_LATE:
                operations.accept_late_coins(**said, reason=reason)
            case Action.ACCEPT_SHORT:
                operations.accept_shortfall(**said, reason=reason)
            case Action.KEEP_TIP | Action.KEEP_CREDIT:
                operations.keep_surplus(**said, action=body["action"], reason=reason)
            case Action.IGNORE:
                operations.ignore_coins(**said, reason=reason)
            case Action.EXPLAIN:
                operations.explain_case(**said, reason=reason)
            case _:
                operations.take_case(**said)
        return self.told(request, key)


class SettleView(MoneyView):
    http_method_names = ["post", "options"]

    @extend_schema(
        operation_id="settle_by_hand", request=SettleSerializer, responses=schemas.SettledSchema
    )
    def post(self, request: Request, key: UUID) -> Response:
        body = read_body(SettleSerializer, request.data)
        settled = operations.settle_by_hand(**self.who(request), request_id=key, **body)
        waits = waiting_word(request_id=settled.pk, action=Action.SETTLE) is not None
        return Response(
            {
                "request": str(settled.pk),
                "reference": settled.reference,
                "state": settled.state,
                "carried_out": settled.by_hand or not waits,
            }
        )


class RefundsView(MoneyView):
    @extend_schema(
        operation_id="list_refunds",
        parameters=[
            OpenApiParameter("state", str, enum=RefundState.values),
            OpenApiParameter("payee", UUID),
            OpenApiParameter("before", datetime.datetime, description="drafted before"),
        ],
        responses=schemas.RefundsSchema,
    )
    def get(self, request: Request) -> Response:
        asked = read_body(_RefundsAsked, request.query_params.dict())
        rows = Refund.objects.filter(venue=self.session(request).venue)
        if asked.get("state"):
            rows = rows.filter(state=asked["state"])
        found = list(
            _narrowed(rows, asked, "drafted_at")
            .select_related("payee", "out_receipt__transaction")
            .prefetch_related("decisions", "claims")
            .order_by("-drafted_at", "-pk")[: PAGE + 1]
        )
        at = now()
        return Response(
            {
                "refunds": [refund_view(one, at=at) for one in found[:PAGE]],
                "more": len(found) > PAGE,
            }
        )

    @extend_schema(
        operation_id="draft_refund",
        request=RefundSerializer,
        responses={201: schemas.RefundSchema, 200: schemas.RefundSchema},
    )
    def post(self, request: Request) -> Response:
        body = read_body(RefundSerializer, request.data)
        who = self.who(request)
        is_new = not Refund.objects.filter(venue=who["venue_id"], key=body["key"]).exists()
        address = body.get("address", "") if body["to"] == "address" else ""
        if body["to"] == "address" and not address:
            raise Invalid(fields={"address": "required"})
        refund = operations.draft_refund(
            **who,
            key=body["key"],
            variant=body["variant"],
            case_id=body.get("case"),
            due_id=body.get("due"),
            units=_units(body.get("units")),
            cents=body.get("cents"),
            to_sender=body["to"] == "sender",
            address=address,
            reason=body.get("reason", ""),
        )
        return Response(refund_view(refund, at=who["at"]), status=201 if is_new else 200)


class RefundView(MoneyView):
    @extend_schema(operation_id="read_refund", responses=schemas.RefundSchema)
    def get(self, request: Request, key: UUID) -> Response:
        return self.told(request, key)

    def told(self, request: Request, key: UUID) -> Response:
        refund = (
            Refund.objects.filter(pk=key, venue=self.session(request).venue)
            .select_related("payee", "out_receipt__transaction")
            .first()
        )
        if refund is None:
            raise NotFound
        return Response(refund_view(refund, at=now()))


class RefundDecisionsView(RefundView):
    http_method_names = ["post", "options"]

    @extend_schema(
        operation_id="decide_refund",
        request=RefundDecisionSerializer,
        responses=schemas.RefundSchema,
    )
    def post(self, request: Request, key: UUID) -> Response:
        body = read_body(RefundDecisionSerializer, request.data)
        said: dict[str, Any] = {**self.who(request), "refund_id": key, "key": body["key"]}
        reason = body.get("reason", "")
        match body["action"]:
            case Action.APPROVE:
                operations.approve_refund(**said, reason=reason)
            case Action.CANCEL:
                operations.cancel_refund(**said, reason=reason)
            case Action.DIRECT:
                operations.direct_refund(**said, address=body.get("address", ""))
            case Action.INVITE:
                operations.make_claim(**said)
            case Action.ACCEPT_AS_SENT:
                operations.accept_as_sent(**said, reason=reason)
            case _:
                operations.ask_again(**said, reason=reason)
        return self.told(request, key)


def _units(text: str | None) -> int | None:
    try:
        return None if text is None else read_units(text)
    except NotAnAmount as error:
        raise Invalid(fields={"units": "more coins than a chain can hold"}) from error


def _narrowed(rows: Any, asked: dict[str, Any], moment: str) -> Any:
    if asked.get("kind"):
        rows = rows.filter(kind=asked["kind"])
    if asked.get("payee"):
        rows = rows.filter(payee=asked["payee"])
    if asked.get("before"):
        rows = rows.filter(**{f"{moment}__lt": asked["before"]})
    return rows
