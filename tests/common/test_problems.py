"""Every refusal has a code for programs and sentences for people."""

import json
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from rest_framework import exceptions

from teraa.common import problems
from teraa.common.problem_responses import exception_handler, problem_of


class Tired(problems.Problem):
    code = "tired"
    status = 409
    title = _("The request is not well formed.")
    advice = "{name} sleeps for {hours} hours."


def test_it_fills_its_sentences_and_keeps_the_facts():
    said = Tired(name="Alma", hours=8).as_dict()
    assert said["code"] == "tired"
    assert said["advice"] == "Alma sleeps for 8 hours."
    assert said["context"] == {"name": "Alma", "hours": 8}


def test_it_stands_when_a_fact_is_missing():
    assert Tired().as_dict()["advice"] == "{name} sleeps for {hours} hours."


def test_its_context_always_fits_into_json():
    said = Tired(name=uuid4(), hours=None, more=[1, "x"], when=_("Try again")).as_dict()
    assert json.loads(json.dumps(said)) == said


def test_it_speaks_the_readers_language_when_asked_not_when_raised():
    tired = Tired(name="Alma", hours=8)
    with override("en"):
        assert tired.as_dict()["title"] == "The request is not well formed."


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (exceptions.ParseError(), 400, "malformed"),
        (exceptions.ValidationError({"pin": ["no"]}), 422, "invalid"),
        (exceptions.NotAuthenticated(), 401, "not_signed_in"),
        (exceptions.AuthenticationFailed(), 401, "not_signed_in"),
        (exceptions.PermissionDenied(), 403, "forbidden"),
        (PermissionDenied(), 403, "forbidden"),
        (exceptions.NotFound(), 404, "not_found"),
        (Http404(), 404, "not_found"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.UnsupportedMediaType("text/plain"), 415, "unsupported_media_type"),
        (exceptions.NotAcceptable(), 415, "unsupported_media_type"),
        (exceptions.Throttled(), 429, "too_many_requests"),
        (RequestDataTooBig(), 413, "too_large"),
        (Tired(), 409, "tired"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_it_gives_every_refusal_one_shape(error, status, code):
    answer = exception_handler(error, {})
    assert (answer.status_code, answer.data["code"]) == (status, code)
    assert set(answer.data) == {"code", "title", "advice", "context"}
    assert str(answer.data["title"])
    assert str(answer.data["advice"])


def test_it_leaves_our_own_mistakes_to_be_found():
    assert problem_of(ZeroDivisionError()) is None
    assert exception_handler(ZeroDivisionError(), {}) is None


def test_codes_are_given_once():
    """Two refusals with one code would be one to a program, and two to a person."""
    found = {}
    for kind in _all_problems(problems.Problem):
        found.setdefault(kind.code, set()).add((kind.status, str(kind.title)))
    twice = {code: kinds for code, kinds in found.items() if len(kinds) > 1}
    # A page and an API view each say it in their own words.
    twice.pop("csrf_failed", None)
    assert twice == {}


def _all_problems(kind):
    for inner in kind.__subclasses__():
        if inner.__module__.startswith(("teraa.", "pos.")):
            yield inner
        yield from _all_problems(inner)
