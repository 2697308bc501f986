"""Whatever is sent to whatever endpoint: an answer of the described shape, or a named refusal.

schemathesis makes requests from the API's own description, right ones and wrong ones. Nothing may
come back as a 500, and every refusal has a code and a sentence (in the caller's language).
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS

from teraa.common.clock import now
from teraa.venues.operations import sign_on
from tests.conftest import LONG
from tests.pos import cast

pytestmark = pytest.mark.timeout(1800)

EXAMPLES = 200 if LONG else 6
METHODS = ("get", "post", "put", "patch", "delete")
CSRF = "d" * 32


def described() -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return json.loads(json.dumps(schema, default=str))  # type: ignore[no-any-return]


DESCRIBED = described()
OPERATIONS = [
    (method, path)
    for path, item in sorted(DESCRIBED["paths"].items())
    for method in METHODS
    if method in item
]


@pytest.fixture
def api(live_database, keys_dir) -> Any:
    """The described API over the real application; a till's cookies, somebody signed on.

    One database for all examples of an endpoint: a house is never empty.
    """
    bar = cast.bar(at=now())
    shift = sign_on(station=bar.station, staff_id=bar.staff.pk, pin="2468", at=now())
    schema = schemathesis.openapi.from_dict(DESCRIBED)
    schema.app = get_wsgi_application()
    cookies = {"teraa_station": bar.station.token, "teraa_shift": shift, "csrftoken": CSRF}
    return schema, cookies


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda part: part.strip("/"))
def test_it_answers_or_refuses_by_name(api, method, path):
    schema, cookies = api
    operation = schema[path][method.upper()]
    shape = CHECKS.get_one("response_schema_conformance")

    @settings(
        max_examples=EXAMPLES,
        derandomize=not LONG,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        answer = case.call(cookies=cookies, headers={"X-CSRFToken": CSRF, "Host": "localhost"})
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            problem = answer.json()
            assert problem["code"]
            assert problem["title"]
            assert problem["advice"]
        else:
            case.validate_response(answer, checks=[shape])

    ask()


def test_every_endpoint_is_described():
    assert len(OPERATIONS) > 30
    assert all(
        item[method].get("operationId")
        for path, item in DESCRIBED["paths"].items()
        for method in METHODS
        if method in item
    )
