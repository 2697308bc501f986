"""What the verifier inside an archive asks of closings: ranges, hashes, totals, sums of sums."""

import hashlib

import pytest

from teraa.fiscal.archives.verifier import Chain, Closings, Wrong


class Text:
    """A document as far as closings look at it."""

    def __init__(self, sequence, **values):
        self.values = {"sequence": sequence, **values}
        self.hash = hashlib.sha256(repr((sequence, sorted(values.items()))).encode()).hexdigest()


TOTALS = [100, 250, -50, 300, 40]


def tickets():
    return [Text(n, total_cents=total) for n, total in enumerate(TOTALS, start=1)]


def day(sequence, first, last, **changes):
    sold = TOTALS[first - 1 : last] if first else []
    values = {
        "level": "day",
        "chains": {
            "TICKET": {
                "first": first,
                "last": last,
                "count": len(sold),
                "last_hash": tickets()[last - 1].hash if last else "",
            }
        },
        "figures": {"total_cents": sum(sold)},
        "perpetual_real_cents": sum(TOTALS[:last]),
        "perpetual_absolute_cents": sum(map(abs, TOTALS[:last])),
        "closings": [],
    }
    return Text(sequence, values=values | changes)


def span(sequence, level, parts, **changes):
    last = parts[-1].values["values"]
    values = {
        "level": level,
        "figures": {
            "total_cents": sum(part.values["values"]["figures"]["total_cents"] for part in parts)
        },
        "perpetual_real_cents": last["perpetual_real_cents"],
        "perpetual_absolute_cents": last["perpetual_absolute_cents"],
        "closings": [{"sequence": one.values["sequence"], "hash": one.hash} for one in parts],
    }
    return Text(sequence, values=values | changes)


def look(closings, sold=None, first=1):
    """The code of what is wrong, "" when nothing is."""
    looking = Closings()
    before = sum(TOTALS[: first - 1]), sum(map(abs, TOTALS[: first - 1]))
    stated = {"first": first, "previous_hash": "", "perpetual_before": before}
    chain = Chain({}, "TICKET", stated)
    try:
        for closing in closings:
            looking.note(closing)
        for ticket in (sold or tickets())[first - 1 :]:
            chain.sequence = ticket.values["sequence"]
            chain.real += ticket.values["total_cents"]
            chain.absolute += abs(ticket.values["total_cents"])
            looking.answer(chain, ticket)
    except Wrong as wrong:
        return wrong.code
    return ""


def good():
    days = [day(1, 1, 2), day(2, None, 2), day(3, 3, 4)]
    month = span(4, "month", days)
    return [*days, month, span(5, "year", [month])]


def test_closings_that_agree_with_their_tickets_hold():
    assert look(good()) == ""
    assert look(good()[1:]) == "", "the first day is in another archive"
    assert look(good(), first=3) == "", "so are its tickets"


def replaced(number, closing):
    closings = good()
    closings[number - 1] = closing
    return closings


@pytest.mark.parametrize(
    ("closings", "code"),
    [
        (replaced(3, day(3, 4, 4)), "closing_range"),  # number 3 is in no Z
        (replaced(3, day(3, 2, 4)), "closing_range"),  # number 2 is in two
        (replaced(2, day(2, None, 3)), "closing_range"),
        (replaced(1, day(1, 1, 2, figures={"total_cents": 349})), "closing_parts"),
        ([day(1, 1, 2, figures={"total_cents": 349})], "closing_total"),
        ([day(1, 1, 2, perpetual_real_cents=1)], "closing_perpetual"),
        ([day(1, 1, 2, perpetual_absolute_cents=1)], "closing_perpetual"),
        (replaced(4, span(4, "month", good()[:3], figures={"total_cents": 1})), "closing_total"),
        (replaced(4, span(4, "month", good()[:2])), "closing_parts"),
        (replaced(5, span(5, "year", [good()[3]], perpetual_real_cents=1)), "closing_parts"),
    ],
)
def test_closings_that_do_not_are_named(closings, code):
    assert look(closings) == code


def test_a_ticket_that_is_not_the_one_the_closing_saw_is_named():
    other = tickets()
    other[1] = Text(2, total_cents=250, operator="Autre")

    assert look(good(), other) == "closing_hash"
