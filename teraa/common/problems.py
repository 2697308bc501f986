"""Errors a person can meet: a stable code, a status, what happened and what to do now."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Sentence = str | Promise


class Problem(Exception):
    """Base of every named refusal. Subclasses live beside the operation that raises them."""

    code: ClassVar[str] = "problem"
    status: ClassVar[int] = 400
    title: ClassVar[Sentence] = _("This cannot be done.")
    advice: ClassVar[Sentence] = _("Nothing was changed.")

    def __init__(self, **context: Any) -> None:
        self.context = context
        super().__init__(self.code, context)

    def __str__(self) -> str:
        return f"{self.code}: {self._fill(self.title)} {self.context or ''}".strip()

    def _fill(self, sentence: Sentence) -> str:
        text = str(sentence)
        try:
            return text.format(**self.context)
        except (KeyError, IndexError):
            return text

    def as_dict(self) -> dict[str, Any]:
        """``{"code", "title", "advice", "context"}`` in the active language, JSON-safe."""
        return {
            "code": self.code,
            "title": self._fill(self.title),
            "advice": self._fill(self.advice),
            "context": {
                name: value
                if isinstance(value, bool | int | list | dict) or value is None
                else str(value)
                for name, value in self.context.items()
            },
        }


class Malformed(Problem):
    code = "malformed"
    status = 400
    title = _("The request is not well formed.")
    advice = _("Reload the page and try again.")


class Invalid(Problem):
    code = "invalid"
    status = 422
    title = _("Some values are not acceptable.")
    advice = _("Correct the values named below and send again.")


class NotSignedIn(Problem):
    code = "not_signed_in"
    status = 401
    title = _("Nobody is signed in here.")
    advice = _("Sign in, then try again.")


class Forbidden(Problem):
    code = "forbidden"
    status = 403
    title = _("Your role does not allow this.")
    advice = _("Ask a manager to do it or to sign in.")


class NotFound(Problem):
    code = "not_found"
    status = 404
    title = _("There is no such thing here.")
    advice = _("It may have been removed, or the address is mistyped.")


class MethodNotAllowed(Problem):
    code = "method_not_allowed"
    status = 405
    title = _("This address does not answer that kind of request.")
    advice = _("See the API description for what it answers.")


class TooLarge(Problem):
    code = "too_large"
    status = 413
    title = _("The request is larger than allowed.")
    advice = _("Send less at once.")


class Unsupported(Problem):
    code = "unsupported_media_type"
    status = 415
    title = _("This kind of content is not understood.")
    advice = _("Send JSON.")


class TooMany(Problem):
    code = "too_many_requests"
    status = 429
    title = _("Too many requests in a short time.")
    advice = _("Wait a moment, then try again.")


class SameKeyOtherBody(Problem):
    """Law 4: a key was used before with a different body."""

    code = "same_key_other_body"
    status = 409
    title = _("This number was already used for something else.")
    advice = _("Start again: the first entry was kept as it was.")
