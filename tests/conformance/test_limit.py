"""The rate limit: told in headers, then 429."""

from __future__ import annotations

import time

BY_MINUTE = {"2.5": 300, "3.9": 100}


def test_it_counts_down_in_headers_and_then_refuses(limited):
    most = BY_MINUTE[limited.dialect]
    names = (
        ("x-ratelimit-userlimit", "x-ratelimit-userremaining", "x-ratelimit-userreset")
        if limited.dialect == "2.5"
        else ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
    )
    answer = limited.ask("/blockchain")
    assert answer.status_code == 200
    assert int(answer.headers[names[0]]) == most
    left = int(answer.headers[names[1]])
    if limited.dialect == "2.5":
        assert 0 < int(answer.headers[names[2]]) / 1000 - time.time() < 120
    else:
        assert answer.headers[names[2]].endswith("GMT")
    for _ in range(left):
        answer = limited.ask("/blockchain")
        assert answer.status_code == 200
    assert int(answer.headers[names[1]]) == 0
    answer = limited.ask("/blockchain")
    message = "Rate limit exceeded" if limited.dialect == "2.5" else "Too Many Requests"
    assert (answer.status_code, answer.json()) == (
        429,
        {"statusCode": 429, "error": "Too Many Requests", "message": message},
    )
    if limited.dialect != "2.5":
        assert 0 < float(answer.headers["retry-after"]) <= 60
