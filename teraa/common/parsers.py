"""JSON bodies of bounded size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import JSONParser

from teraa.common.problems import TooLarge


class BoundedJSONParser(JSONParser):
    """Refuses a body above DATA_UPLOAD_MAX_MEMORY_SIZE (256 KiB) before reading it whole."""

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
        return super().parse(stream, media_type, parser_context)
