"""A part's log is kept within bounds, its newest lines last."""

from __future__ import annotations

from teraa.supervisor.logs import BoundedLog, last_lines


def test_it_never_grows_past_twice_its_bound(tmp_path):
    path = tmp_path / "part.log"
    log = BoundedLog(path, largest_bytes=1000)

    for number in range(500):
        log.write(f"line {number}\n".encode())
    log.close()

    files = list(tmp_path.iterdir())
    assert sum(file.stat().st_size for file in files) <= 2000
    assert sorted(file.name for file in files) == ["part.log", "part.log.1"]
    assert path.read_text().endswith("line 499\n")


def test_it_goes_on_where_an_earlier_start_was(tmp_path):
    path = tmp_path / "part.log"
    for start in ("first\n", "second\n"):
        log = BoundedLog(path)
        log.write(start.encode())
        log.close()

    assert last_lines(path, 5) == "first\nsecond"


def test_it_says_nothing_of_a_log_that_is_not_there(tmp_path):
    assert last_lines(tmp_path / "none.log", 5) == ""
