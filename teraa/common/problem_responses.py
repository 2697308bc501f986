"""Every refusal of the API in one shape: code, title, advice, context."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from teraa.common import problems


def problem_of(error: Exception) -> problems.Problem | None:
    """The Problem that says what ``error`` means to a person; None when it is a defect of ours."""
    match error:
        case problems.Problem():
            return error
        case exceptions.ParseError():
            return problems.Malformed()
        case exceptions.ValidationError():
            return problems.Invalid(fields=error.get_full_details())
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return problems.NotSignedIn()
        case exceptions.PermissionDenied() | PermissionDenied():
            return problems.Forbidden()
        case exceptions.NotFound() | Http404():
            return problems.NotFound()
        case exceptions.MethodNotAllowed():
            return problems.MethodNotAllowed()
        case exceptions.UnsupportedMediaType() | exceptions.NotAcceptable():
            return problems.Unsupported()
        case exceptions.Throttled():
            return problems.TooMany()
        case RequestDataTooBig():
            return problems.TooLarge()
    return None


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Django REST framework's hook: a Problem becomes its JSON, a defect stays a 500."""
    problem = problem_of(error)
    if problem is None:
        return None
    return Response(problem.as_dict(), status=problem.status)
