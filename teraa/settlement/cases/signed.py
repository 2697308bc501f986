"""The reconciliation report as a file that anybody can check later, without this program.

The report's own text is canonical JSON (RFC 8785). Its SHA-256 is sealed in the venue's fiscal
journal, by the port (``teraa.common.journal``) through which every room keeps what happened; the
file carries the sealed text, its Ed25519 signature and the public key beside the report. So a
changed report no longer has the sum that was signed, and the journal's chain says when it was
made: a report cannot be made for a day that is past, either.
"""

from __future__ import annotations

import datetime
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from teraa.common import journal
from teraa.common.canonical import canonical_text, sha256_hex
from teraa.common.clock import iso_utc
from teraa.common.journal_codes import BOOKS_SIGNED
from teraa.settlement.cases.reconciling import Difference, Line, NodeTelling, Report

FORM = "teraa.reconciliation/1"


class NotSigned(ValueError):
    """The file is not what was signed; the text says where it differs."""


def report_values(report: Report) -> dict[str, Any]:
    """Every figure of a report; units of 10⁻⁸ OSM as strings, times in UTC."""
    watched = report.watched
    return {
        "form": FORM,
        "venue": watched.venue.name,
        "payee": watched.payee.name,
        "address": watched.address,
        "network": watched.network.nethash,
        "from": iso_utc(report.start),
        "until": iso_utc(report.end),
        "first_height": report.first_height,
        "last_height": report.last_height,
        "last_block_id": report.last_block_id,
        "opening": _units(report.opening),
        "closing": _units(report.closing),
        "chain": {
            "in": str(report.chain.units_in),
            "out": str(report.chain.units_out),
            "fees": str(report.chain.fees),
        },
        "nodes": [_node(one) for one in report.nodes],
        "books": {
            "in": [_line(one) for one in report.books.lines],
            "out": [_line(one) for one in report.books.out],
        },
        "differences": [_difference(one) for one in report.differences],
        "zero_difference": report.is_green,
    }


def sign_report(report: Report, *, by: str, at: datetime.datetime) -> str:
    """The file's text. Joins the caller's transaction, in which the journal keeps the report's sum.

    Raises NoRegister (a venue that has none sells nothing, and keeps no journal), KeysUnavailable.
    """
    values = report_values(report)
    kept = journal.record(
        code=BOOKS_SIGNED,
        venue_id=report.watched.venue_id,
        at=at,
        values={
            "form": FORM,
            "sha256": sha256_hex(canonical_text(values)),
            "address": values["address"],
            "from": values["from"],
            "until": values["until"],
            "last_block_id": values["last_block_id"],
            "zero_difference": values["zero_difference"],
        },
        operator=by,
    )
    sealed = {
        "number": kept.number,
        "payload": kept.payload,
        "signature": kept.signature,
        "public_key": kept.public_key,
    }
    return canonical_text({"report": values, "sealed": sealed})


def check_signed(text: str) -> dict[str, Any]:
    """What was sealed about the report in a file: the register, its event, the operator, the day.

    Whose the public key is, the file cannot prove: compare it with the register's, in the office
    or on its tickets' archive. Raises NotSigned.
    """
    try:
        file = json.loads(text)
        report, sealed = file["report"], file["sealed"]
        payload = sealed["payload"]
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(sealed["public_key"]))
        key.verify(bytes.fromhex(sealed["signature"]), payload.encode())
        said: dict[str, Any] = json.loads(payload)
        told = said["values"]["sha256"]
        sum_of_report = sha256_hex(canonical_text(report))
    except InvalidSignature as error:
        raise NotSigned("the signature is not that of the sealed text") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotSigned(f"not a signed report: {error!r}") from error
    if told != sum_of_report:
        raise NotSigned(f"the report’s sum is {sum_of_report}, {told} was signed")
    return said


def _node(node: NodeTelling) -> dict[str, Any]:
    return {
        "url": node.url,
        "opening": str(node.opening),
        "closing": str(node.closing),
        "height": node.height,
        "block_id": node.block_id,
        "compares": node.compares,
    }


def _line(line: Line) -> dict[str, Any]:
    return {"name": line.name, "units": str(line.units), "txids": list(line.txids)}


def _difference(one: Difference) -> dict[str, Any]:
    return {
        "name": one.name,
        "units": str(one.units),
        "node": one.url,
        "first_height": one.first_height,
        "last_height": one.last_height,
        "txids": list(one.txids),
    }


def _units(units: int | None) -> str | None:
    return None if units is None else str(units)
