"""The line to zero: whether the calls end by a day, if they go on falling as they do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from shim.usage.model import merged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shim.usage.model import Usage
    from shim.usage.verdict import Judge

_FEWEST_DAYS: Final = 7
_FARTHEST: Final = 3650


@dataclass(frozen=True, slots=True)
class Course:
    """Where the calls are heading, by the days before today that the logs cover.

    Attributes:
        target: The day by which there should be no call any more, as YYYY-MM-DD.
        first: The first day that the line rests on; None if there is no line.
        first_calls: Calls on that day, by the line.
        slope: Calls by which each day has more than the one before it; negative: they fall.
        zero_on: The day on which the line is at zero; None if it never is, or is not known.
        on_course: Whether that is on the target or earlier; None if not known.
        text: The same in words.
    """

    target: str
    first: str | None
    first_calls: float
    slope: float
    zero_on: str | None
    on_course: bool | None
    text: str


def course(usage: Usage, judge: Judge, target: date) -> Course:
    """Return whether calls end by a day.

    Args:
        usage: What the logs say.
        judge: Knows the days to look at, and why the counts may not be complete.
        target: The day by which there should be no call any more.
    """
    calls = merged([one.seen for one in usage.sites.values()]).days
    days = judge.covered()
    if judge.missing_events:
        return _unknown(target, f"events are missing: {judge.missing_events[0].text}")
    if len(days) < _FEWEST_DAYS:
        return _unknown(
            target, f"the log covers {len(days)} of the last {judge.days} days, and 7 are needed"
        )
    if not any(calls.get(day, 0) for day in days):
        text = f"no call in the last {judge.days} days: on course for {target}"
        return Course(str(target), days[0], 0.0, 0.0, days[0], on_course=True, text=text)
    return _fitted(target, days, calls)


def _fitted(target: date, days: Sequence[str], calls: Mapping[str, int]) -> Course:
    """Return the course by the straight line that fits best (least squares)."""
    first = date.fromisoformat(days[0])
    xs = [(date.fromisoformat(day) - first).days for day in days]
    ys = [calls.get(day, 0) for day in days]
    middle, mean = sum(xs) / len(xs), sum(ys) / len(ys)
    slope = sum((x - middle) * (y - mean) for x, y in zip(xs, ys, strict=True))
    slope /= sum((x - middle) ** 2 for x in xs)
    begin = mean - slope * middle
    now = f"{max(begin + slope * xs[-1], 0):,.0f} calls a day now"
    if slope >= 0 or -begin / slope > _FARTHEST:
        text = f"not on course for {target}: {now}, and they do not fall"
        return Course(str(target), days[0], begin, slope, None, on_course=False, text=text)
    zero = first + timedelta(days=max(int(-begin / slope) + 1, xs[-1]))
    late = (zero - target).days
    text = (
        f"on course for {target}: {now}, and zero on {zero} if they go on falling like this"
        if late <= 0
        else f"not on course for {target}: {now}, and zero on {zero}, {late:,} days later"
    )
    return Course(str(target), days[0], begin, slope, str(zero), on_course=late <= 0, text=text)


def _unknown(target: date, why: str) -> Course:
    text = f"not known whether on course for {target}: {why}"
    return Course(str(target), None, 0.0, 0.0, None, on_course=None, text=text)
