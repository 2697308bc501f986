"""The shapes of answers: resources, pages, refusals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

# What JavaScript's querystring leaves as it is, besides letters and digits.
_PLAIN = "-_.!~*'()"


class Refused(Exception):
    """The request is answered with an error: its status and the node's sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def not_found(message: str = "Not Found") -> Refused:
    """Return a 404 to raise."""
    return Refused(HTTPStatus.NOT_FOUND, message)


def unprocessable(message: str) -> Refused:
    """Return a 422 to raise."""
    return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, message)


class JsonAnswer(Response):
    """Compact JSON as the node writes it, text not escaped."""

    media_type = "application/json; charset=utf-8"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def refusal(status: int, message: str) -> JsonAnswer:
    """Return an error body: `{statusCode, error, message}`."""
    phrase = HTTPStatus(status).phrase
    body = {"statusCode": status, "error": phrase, "message": message}
    return JsonAnswer(body, status_code=status)


def resource(data: Any) -> JsonAnswer:
    """Return `{data}`."""
    return JsonAnswer({"data": data})


def page(
    request: Request,
    query: Mapping[str, Any],
    rows: Sequence[Any],
    *,
    total: int,
    estimate: bool | None = None,
) -> JsonAnswer:
    """Return `{meta, data}`. `next` and `last` follow from `total`, even when that is a guess.

    The links repeat the query in the order it was asked, then what was filled in. Those of 3.x
    leave out `/api` and end with the order; there every total of a search is called a guess, and
    an empty one is 1.
    """
    number, limit = query["page"], query["limit"]
    path, safe = request.url.path, _PLAIN
    if request.app.state.node.dialect != "2.5":
        path, safe = path.removeprefix("/api"), _PLAIN + ":"
        total = total if estimate is None else max(1, total)
        estimate = estimate is not None
    pages = max(1, -(-total // limit))

    def link(to: int) -> str:
        parameters = {**query, "page": to}
        if "orderBy" in query and path != request.url.path:
            parameters["orderBy"] = parameters.pop("orderBy")
        text = "&".join(f"{name}={_text(value, safe)}" for name, value in parameters.items())
        return f"{path}?{text}"

    meta: dict[str, Any] = {} if estimate is None else {"totalCountIsEstimate": estimate}
    meta |= {
        "count": len(rows),
        "pageCount": pages,
        "totalCount": total,
        "next": link(number + 1) if total and number < pages else None,
        "previous": link(number - 1) if total and 1 < number <= pages + 1 else None,
        "self": link(number),
        "first": link(1),
        "last": link(pages),
    }
    return JsonAnswer({"meta": meta, "data": list(rows)})


def _text(value: Any, safe: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return quote(str(value), safe=safe)
