"""JSON bodies of bounded size, in text that can be stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework.parsers import JSONParser

from teraa.common.problems import Malformed, TooLarge


class BoundedJSONParser(JSONParser):
    """Reads at most DATA_UPLOAD_MAX_MEMORY_SIZE (256 KiB) of JSON in UTF-8.

    Raises TooLarge before reading more, and Malformed for what is not JSON, is nested without end,
    or holds half a surrogate: a character that no database and no answer can hold.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        declared = (parser_context or {}).get("request")
        length = declared.META.get("CONTENT_LENGTH") if declared is not None else None
        if length and length.isdigit() and int(length) > limit:
            raise TooLarge(limit=limit)
        body: bytes = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge(limit=limit)
        try:
            found = json.loads(body.decode("utf-8"), parse_constant=_refuse)
            if b"\\u" in body:  # the only way in, for UTF-8 itself has none
                json.dumps(found, ensure_ascii=False).encode("utf-8")
        except (ValueError, RecursionError) as error:
            raise Malformed from error
        return found


def _refuse(name: str) -> NoReturn:
    """NaN and Infinity are no JSON."""
    raise ValueError(name)
