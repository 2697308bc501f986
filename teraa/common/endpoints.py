"""What every door of the API does before its own work."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

SAFE = ("GET", "HEAD", "OPTIONS")


class Endpoint(APIView):
    """A door of the API. What is sent to it is looked at even where it needs nothing.

    A body that is no JSON object was not meant for this door, whatever the address says: nothing is
    done then. Raises ValidationError, Malformed, TooLarge, UnsupportedMediaType.
    """

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let in, then look at the body: strangers are told nothing about it."""
        super().initial(request, *args, **kwargs)
        if request.method not in SAFE and not isinstance(request.data, dict):
            # A form without fields refuses it in the words of all the others.
            Serializer[Any](data=request.data).is_valid(raise_exception=True)
