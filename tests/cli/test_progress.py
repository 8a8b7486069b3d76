"""The progress and the summary of `fxshim members`, from counts alone."""

import pytest

from shim.bulk import Tally
from shim.cli._progress import Standing, duration, show
from shim.cli.change_members import _failures
from shim.offline.answer import Outcome


class Pace:
    """A run that knows what it waits for."""

    waiting = None

    def __init__(self):
        self.tally = Tally()

    def remaining_seconds(self, rest):
        return rest * 2.0


def outcomes(count, state="changed", code=0, message="OK"):
    return [Outcome(f"FSUID_{n}", state, code, message, "E-O.1") for n in range(count)]


class TestStanding:
    """How far a run is, in words."""

    def test_it_estimates_by_rate_and_quota(self):
        """Whichever is later: the average so far, or what the quota needs for the rest."""
        now = [100.0]
        standing = Standing(pace := Pace(), 1_100, clock=lambda: now[0])
        assert standing.text() == "0 of 1,100 done, 0 failed"
        pace.tally.add(outcomes(99) + outcomes(1, "failed"))
        now[0] += 10
        assert standing.text() == "100 of 1,100 done, 1 failed, 10.0/s, 33 min 20 s left"
        now[0] += 990
        assert standing.text() == "100 of 1,100 done, 1 failed, 0.1/s, 2 h 46 min left"
        pace.waiting = ("quota", 12.4)
        assert standing.text().endswith("left, waiting for the quota: 12 s")

    def test_without_a_total_there_is_no_estimate(self):
        """The length of a pipe is not known."""
        standing = Standing(pace := Pace(), None, clock=iter([0.0, 1.0, 1.0]).__next__)
        pace.tally.add(outcomes(5))
        assert standing.text() == "5 done, 0 failed, 5.0/s"

    def test_a_log_gets_a_line_every_ten_seconds(self, capsys):
        """And one at either end."""
        now = [0.0]
        standing = Standing(pace := Pace(), None, clock=lambda: now[0])
        with show(standing, "enabling members", quiet=False) as news:
            for second in (0.0, 9.9, 10.0, 10.1, 19.9, 20.1):
                now[0] = second
                pace.tally.add(outcomes(1))
                news()
        assert capsys.readouterr().err.splitlines() == [
            "enabling members: begun",
            "enabling members: 3 done, 0 failed, 0.3/s",
            "enabling members: 6 done, 0 failed, 0.3/s",
            "enabling members: ended, 6 done, 0 failed, 0.3/s",
        ]

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            (0, "0 s"),
            (59.4, "59 s"),
            (59.6, "1 min 00 s"),
            (3599, "59 min 59 s"),
            (7500, "2 h 05 min"),
        ],
    )
    def test_durations_are_in_seconds_minutes_and_hours(self, seconds, text):
        """In the units that people use."""
        assert duration(seconds) == text


def test_failures_are_counted_by_code_with_one_text_each():
    """The commonest first, one text each, in one line that no terminal obeys."""
    tally = Tally()
    for code in range(1, 8):
        tally.add(outcomes(code, "failed", code, f"text {code}\n\x1b[31m" + "x" * 300))
    head, *lines = _failures(tally)
    assert head == "failed, by errorCode:"
    assert [line.partition(",")[0] for line in lines[:-1]] == [
        f"  {n}: {n}" for n in range(7, 2, -1)
    ]
    assert lines[-1] == "  and 2 more kinds"
    assert all(len(line) < 220 and "\x1b" not in line for line in lines)
