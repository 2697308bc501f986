"""Checks what is asked, key by key, and refuses in the sentences of the node's validator."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any, Final

from starlette.requests import Request

from .answers import Refused, unprocessable

Kind = Callable[[Any, str], Any]
Schema = Mapping[str, Kind]

MAX_LIMIT: Final = 100
MAX_BODY_BYTES: Final = 1_048_576
_ORDER: Final = re.compile("[a-z._]{1,40}:(asc|desc)", re.IGNORECASE)
_ORDERED: Final = {"height", "rank", "sequence", "timestamp", "votes"}
_SEVERAL: Final = {"type", "typeGroup", "version"}
_CHILD: Final = re.compile(r'child "[^"]*" fails because \[(.*)\]')
_SAFE_NUMBER: Final = 2**53 - 1
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


class Wrong(ValueError):
    """A value does not fit; the text follows the quoted name."""


def whole(*, low: int | None = None, high: int | None = None, positive: bool = False) -> Kind:
    """A whole number, given as such or as text."""

    def check(value: Any, name: str) -> int:
        if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
            raise Wrong(f'"{name}" must be a number')
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise Wrong(f'"{name}" must be a number')
        number = float(value)
        if abs(number) > _SAFE_NUMBER:
            raise Wrong(f'"{name}" must be a safe number')
        if not number.is_integer():
            raise Wrong(f'"{name}" must be an integer')
        if positive and number <= 0:
            raise Wrong(f'"{name}" must be a positive number')
        if low is not None and number < low:
            raise Wrong(f'"{name}" must be larger than or equal to {low}')
        if high is not None and number > high:
            raise Wrong(f'"{name}" must be less than or equal to {high}')
        return int(number)

    return check


def text(
    *, pattern: str | None = None, problem: str = "", length: int | None = None, longest: int = 0
) -> Kind:
    """Text that is not empty; `problem` is what is said when the whole of it misses `pattern`."""

    def check(value: Any, name: str) -> str:
        if not isinstance(value, str):
            raise Wrong(f'"{name}" must be a string')
        if not value:
            raise Wrong(f'"{name}" is not allowed to be empty')
        if pattern and not re.fullmatch(pattern, value):
            raise Wrong(problem.format(name=name, value=value))
        if length is not None and len(value) != length:
            raise Wrong(f'"{name}" length must be {length} characters long')
        if longest and len(value) > longest:
            raise Wrong(f'"{name}" length must be less than or equal to {longest} characters long')
        return value

    return check


def hexadecimal(length: int | None = None) -> Kind:
    """Hex digits, of a length when one is given."""
    problem = '"{name}" must only contain hexadecimal characters'
    return text(pattern="[0-9a-fA-F]+", problem=problem, length=length)


def block_id(value: Any, name: str) -> str:
    """A 64-hex block id, or the decimal kind of older milestones (also how heights are given)."""
    given = value if isinstance(value, str) else str(value)
    if re.fullmatch("[0-9]{1,20}|[0-9a-fA-F]{64}", given):
        return given
    raise Wrong(
        f'"{name}" with value "{given}" fails to match the decimal non-negative integer pattern, '
        f'"{name}" length must be 64 characters long'
    )


def boolean(value: Any, name: str) -> bool:
    """`true` or `false`."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise Wrong(f'"{name}" must be a boolean')


def ip(value: Any, name: str) -> str:
    """An IP address."""
    try:
        return str(ip_address(value))
    except ValueError as error:
        raise Wrong(f'"{name}" must be a valid ip address with a optional CIDR') from error


def ranged(name: str, kind: Kind) -> Schema:
    """A range as 3.x asks for it in a query: `name.from` and `name.to`, besides `name` itself."""
    return {name: kind, f"{name}.from": kind, f"{name}.to": kind}


def between(kind: Kind) -> Kind:
    """An object with `from` and `to`, either of which may be missing."""

    def check(value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise Wrong(f'"{name}" must be an object')
        return _checked(value, {"from": kind, "to": kind})

    return check


def several(kind: Kind, most: int) -> Kind:
    """A list of 1 to `most` values, no two alike."""

    def check(value: Any, name: str) -> list[Any]:
        if not isinstance(value, list):
            raise Wrong(f'"{name}" must be an array')
        if not 1 <= len(value) <= most:
            few = f'"{name}" must contain at least 1 items'
            raise Wrong(
                few if not value else f'"{name}" must contain less than or equal to {most} items'
            )
        return [kind(one, str(place)) for place, one in enumerate(value)]

    return check


def anything(value: Any, name: str) -> Any:
    """Any value."""
    return value


address: Final = text(
    pattern="[0-9a-zA-Z]+", problem='"{name}" must only contain alpha-numeric characters', length=34
)
transaction_id: Final = hexadecimal(64)
public_key: Final = hexadecimal(66)
amount: Final = whole(low=0)
PAGING: Final[Schema] = {
    "page": whole(positive=True),
    "offset": whole(low=0),
    "limit": whole(low=1, high=MAX_LIMIT),
}
TRANSFORM: Final[Schema] = {"transform": boolean}


def read_query(request: Request, schema: Schema, *, paged: bool = True) -> dict[str, Any]:
    """Return the checked query, in the order it was asked, with `transform`, `page`, `limit` added.

    Raises Refused (422) for the first key that does not fit, or that is unknown.
    """
    given: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        # A key given twice is a list to the node, which no kind of value allows.
        given[name] = [given[name], value] if name in given else value
    query = check_object(given, schema, dialect=request.app.state.node.dialect)
    if request.app.state.node.dialect != "2.5" and "orderBy" in query:
        _check_order(str(query["orderBy"]), schema)
    if "transform" in schema:
        query.setdefault("transform", True)
    if paged:
        query.setdefault("page", 1)
        query.setdefault("limit", MAX_LIMIT)
    return query


def _check_order(wanted: str, schema: Schema) -> None:
    """3.x refuses an order it does not understand; 2.5 passes over it. Raises Refused (422)."""
    if not _ORDER.fullmatch(wanted):
        raise unprocessable(
            f'"orderBy" with value "{wanted}" fails to match the required pattern: '
            "/^[a-z._]{1,40}:(asc|desc)$/i"
        )
    name = wanted.partition(":")[0].lower()
    if name not in _ORDERED and name not in {one.partition(".")[0].lower() for one in schema}:
        raise unprocessable(f"Unknown orderBy property '{wanted.partition(':')[0]}'")


def read_path(request: Request, name: str, kind: Kind) -> Any:
    """Return a checked part of the path. Raises Refused (422)."""
    dialect = request.app.state.node.dialect
    return check_object({name: request.path_params[name]}, {name: kind}, dialect=dialect)[name]


async def read_json(request: Request) -> Any:
    """Return the JSON body, None when there is none or when it is not sent as JSON.

    Raises Refused: 422 for malformed JSON, 413 for more than a megabyte.
    """
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            message = f"Payload content length greater than maximum allowed: {MAX_BODY_BYTES}"
            raise Refused(413, message)
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if not body or kind != "application/json":
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise unprocessable("Invalid request payload JSON format") from error


async def read_body(request: Request, schema: Schema) -> dict[str, Any]:
    """Return the checked JSON object of the body. Raises Refused (422)."""
    body = await read_json(request)
    if body is not None and not isinstance(body, Mapping):
        raise unprocessable('"value" must be an object')
    return check_object(body or {}, schema, dialect=request.app.state.node.dialect)


def check_object(
    given: Mapping[str, Any], schema: Schema, *, dialect: str = "2.5"
) -> dict[str, Any]:
    """Return the checked values of an object. Raises Refused (422) for the first that is wrong."""
    try:
        return _checked(given, schema)
    except Wrong as wrong:
        said = str(wrong) if dialect == "2.5" else _in_words_of_3(str(wrong))
        raise unprocessable(said) from wrong


def required(name: str, *, dialect: str) -> Refused:
    """Return the 422 to raise for a key that is missing."""
    said = f'child "{name}" fails because ["{name}" is required]'
    return unprocessable(said if dialect == "2.5" else _in_words_of_3(said))


def _in_words_of_3(said: str) -> str:
    """Say it as the later library does: without the way to the key, and some phrases anew."""
    while found := _CHILD.fullmatch(said):
        said = found[1]
    if "decimal non-negative integer pattern" in said:
        return f"{said.partition(' ')[0]} does not match any of the allowed types"
    name = said.partition('"')[2].partition('"')[0]
    if said.endswith("must be a number") and name not in {*PAGING, "id", "days"}:
        field, dot, _ = name.partition(".")
        if dot:
            return f'"{field}" does not match any of the allowed types'
        return f'"{name}" must be one of [number, {"array" if name in _SEVERAL else "object"}]'
    said = said.replace("must be larger than or equal to", "must be greater than or equal to")
    if said == f'"limit" must be less than or equal to {MAX_LIMIT}':
        return said.replace(str(MAX_LIMIT), "ref:global:configuration.plugins.pagination.limit")
    return said


def _checked(given: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Check in the schema's order, unknown keys last, but keep the order in which keys came."""
    checked: dict[str, Any] = {}
    for name, kind in schema.items():
        if name in given:
            try:
                checked[name] = kind(given[name], name)
            except Wrong as wrong:
                raise Wrong(f'child "{name}" fails because [{wrong}]') from wrong
    for name in given:
        if name not in schema:
            raise Wrong(f'"{name}" is not allowed')
    return {name: checked[name] for name in given}
