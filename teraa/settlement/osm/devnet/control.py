"""The control API: turns faults on and rewrites the chain. For tests; never for a house.

It has a loopback port of its own and exists only where the node was started with one. Anybody who
reaches it can make the node lie about money.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from teraa.settlement.osm.addresses import NotAnAddress

from .faults.switches import SWITCHES, UnknownFault
from .forger import NobodyCanForge
from .machine import Machine
from .payments import NotPaid

MOST_BLOCKS: Final = 20_000


class _BadUse(ValueError):
    """The request asks for something the control API does not have."""


def control_application(machine: Machine) -> Starlette:
    """Return the control API of a machine."""
    application = Starlette(
        routes=[
            Route("/control", _show),
            Route("/control/faults", _set_fault, methods=["POST"]),
            Route("/control/clear", _clear, methods=["POST"]),
            Route("/control/forge", _forge, methods=["POST"]),
            Route("/control/rollback", _roll_back, methods=["POST"]),
            Route("/control/snapshot", _restore_snapshot, methods=["POST"]),
            Route("/control/skip_slot", _skip_slot, methods=["POST"]),
            Route("/control/pay", _pay, methods=["POST"]),
        ],
        exception_handlers={
            _BadUse: _answer_bad_use,
            UnknownFault: _answer_bad_use,
            NotPaid: _answer_bad_use,
            NotAnAddress: _answer_bad_use,
            NobodyCanForge: _answer_bad_use,
            HTTPException: _answer_unrouted,
        },
    )
    application.state.machine = machine
    return application


async def _show(request: Request) -> Response:
    machine = _machine(request)
    return JSONResponse(
        {
            **_tip(machine),
            "dialect": machine.dialect,
            "waiting": len(machine.pool),
            "on": machine.faults.as_json(),
            "used": machine.faults.used,
            "switches": dict(SWITCHES),
        }
    )


async def _set_fault(request: Request) -> Response:
    """`{"name": …, "on": true, "times": 3, …options}`."""
    machine = _machine(request)
    asked = await _body(request)
    name = asked.pop("name", None)
    if not isinstance(name, str):
        raise _BadUse("a fault has a name")
    on, times = asked.pop("on", True), asked.pop("times", None)
    if times is not None and (type(times) is not int or times < 1):
        raise _BadUse("times is a whole number above zero")
    if on:
        machine.faults.on(name, times=times, **asked)
    else:
        machine.faults.off(name)
    machine.gate.release()
    return JSONResponse({"on": machine.faults.as_json()})


async def _clear(request: Request) -> Response:
    machine = _machine(request)
    machine.faults.clear()
    machine.gate.release()
    return JSONResponse({"on": {}})


async def _forge(request: Request) -> Response:
    """`{"count": 1}`."""
    machine = _machine(request)
    machine.forger.forge_on_demand(_whole(await _body(request), "count", 1))
    return JSONResponse(_tip(machine))


async def _roll_back(request: Request) -> Response:
    """`{"blocks": n, "then": "nothing"|"same"|"other", "lose": [ids] | "all"}`."""
    machine = _machine(request)
    asked = await _body(request)
    then = asked.get("then", "nothing")
    if then not in ("nothing", "same", "other"):
        raise _BadUse("then is nothing, same or other")
    undone = machine.acts.roll_back(
        _whole(asked, "blocks"),
        then=then,
        lose=asked.get("lose", ()),
        silent=bool(asked.get("silent", False)),
    )
    return JSONResponse({**_tip(machine), "undone": [block.id for block in undone]})


async def _restore_snapshot(request: Request) -> Response:
    """`{"blocks": 5000}`."""
    machine = _machine(request)
    undone = machine.acts.restore_snapshot(_whole(await _body(request), "blocks", 5000))
    return JSONResponse({**_tip(machine), "undone": [block.id for block in undone]})


async def _skip_slot(request: Request) -> Response:
    """`{"slots": 1}`: that many slots pass without a block."""
    machine = _machine(request)
    slots = _whole(await _body(request), "slots", 1)
    machine.faults.on("skipped_slot", times=slots)
    return JSONResponse({"slots": slots})


async def _pay(request: Request) -> Response:
    """`{"address": …, "units": …, "memo": …}`, out of the demo wallet. T14 and T19 change how."""
    machine = _machine(request)
    asked = await _body(request)
    units = _whole(asked, "units", most=2**63 - 1)
    paid = machine.payments.pay(str(asked.get("address")), units, str(asked.get("memo", "")))
    return JSONResponse({"id": paid})


def _machine(request: Request) -> Machine:
    machine: Machine = request.app.state.machine
    return machine


def _tip(machine: Machine) -> dict[str, Any]:
    return {"height": machine.chain.height, "id": machine.chain.last.id}


def _whole(
    asked: Mapping[str, Any], name: str, default: int | None = None, *, most: int = MOST_BLOCKS
) -> int:
    value = asked.get(name, default)
    if type(value) is not int or not 1 <= value <= most:
        raise _BadUse(f"{name} is a whole number from 1 to {most}")
    return value


async def _body(request: Request) -> dict[str, Any]:
    content = await request.body()
    try:
        body = json.loads(content or b"{}")
    except ValueError as error:
        raise _BadUse("no JSON") from error
    if not isinstance(body, dict):
        raise _BadUse("not an object")
    return body


async def _answer_bad_use(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=HTTPStatus.UNPROCESSABLE_ENTITY)


async def _answer_unrouted(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "no such control"}, status_code=HTTPStatus.NOT_FOUND)
