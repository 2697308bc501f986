"""What is free, asked often: the prepared gaps say what fitting says."""

import datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from teraa.spaces.fitting import Gaps, Need, Shape, Taken, fit

BEGIN = datetime.datetime(2026, 11, 26, tzinfo=datetime.UTC)
QUARTER = datetime.timedelta(minutes=15)
ATOMS = [UUID(int=number) for number in range(1, 4)]

spans = st.tuples(st.integers(0, 90), st.integers(1, 12)).map(
    lambda one: (BEGIN + one[0] * QUARTER, BEGIN + (one[0] + one[1]) * QUARTER)
)


@given(st.data())
def test_gaps_say_what_fitting_says(data):
    """Two ways to the same answer: one for a claim, one for a month of them."""
    shape = Shape(
        resource_id=UUID(int=9),
        name="Studio",
        is_choice=data.draw(st.booleans()),
        capacity=1,
        atoms=tuple(ATOMS[: data.draw(st.integers(0, 3))]),
        before=data.draw(st.integers(0, 3)) * QUARTER,
        after=data.draw(st.integers(0, 3)) * QUARTER,
    )
    taken = Taken()
    for atom in ATOMS:
        for start, end in data.draw(st.lists(spans, max_size=6)):
            taken.cores[atom].append((start, end))
            around = data.draw(st.integers(0, 2)) * QUARTER
            taken.buffered[atom].append((start - around, end + around))
    start, end = data.draw(spans)
    count = data.draw(st.integers(1, 3))

    free = Gaps(shape, taken).free_count(start, end)

    fits = fit(
        shapes={shape.resource_id: shape},
        needs=[Need(shape.resource_id, count)],
        starts_at=start,
        ends_at=end,
        taken=taken,
    )
    wanted = count if shape.is_choice else 1
    assert (free >= wanted) == (fits is not None)
