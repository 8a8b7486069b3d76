"""The burn-down: calls by day and function, as rectangles."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

WIDTH: Final = 960
HEIGHT: Final = 300
_LEFT: Final = 64
_RIGHT: Final = 8
_TOP: Final = 12
_BOTTOM: Final = 28
_COLOURS: Final = 7
_MOST_BARS: Final = 120
_LABELS: Final = 8
_LABEL_WIDTH: Final = 72
_OTHERS: Final = "others"


@dataclass(frozen=True, slots=True)
class Part:
    """One function's part of a bar."""

    function: str
    calls: int
    y: float
    height: float
    colour: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A day, or a week.

    Attributes:
        label: Which.
        shown: Whether there is room for the label.
        x: Where it begins.
        parts: What is in it, from below.
        missing: There is no log of it, so nobody knows.
        total: Its calls.
    """

    label: str
    shown: bool
    x: float
    parts: tuple[Part, ...]
    missing: bool
    total: int


@dataclass(frozen=True, slots=True)
class Chart:
    """All that is drawn.

    Attributes:
        bars: The days or weeks, without a gap.
        width: Of a bar.
        step: From one bar to the next.
        ticks: Numbers of calls, and how high they are.
        legend: The functions in the order of their colours, each with its calls.
        unit: `day` or `week`.
    """

    bars: tuple[Bar, ...]
    width: float
    step: float
    ticks: tuple[tuple[int, float], ...]
    legend: tuple[tuple[str, int], ...]
    unit: str

    size: tuple[int, int] = (WIDTH, HEIGHT)
    left: int = _LEFT
    top: int = _TOP
    base: int = HEIGHT - _BOTTOM

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]], covered: Collection[str]) -> Chart | None:
        """Return the chart of some days, or None where there is nothing to draw.

        Args:
            rows: Day, function and calls.
            covered: The days of which there is any log.
        """
        totals: Counter[str] = Counter()
        for row in rows:
            totals[row["function"]] += row["calls"]
        if not totals:
            return None
        largest = [name for name, _ in totals.most_common()]
        # The last colour is for all the others together, where there are too many.
        own = largest if len(largest) <= _COLOURS else largest[: _COLOURS - 1]
        colours = {name: place for place, name in enumerate(own)}
        days = _span({row["day"] for row in rows} | set(covered))
        by_week = len(days) > _MOST_BARS
        bins = _bins(days, by_week=by_week)
        where = {day: place for place, (_, inside) in enumerate(bins) for day in inside}
        counts: list[Counter[int]] = [Counter() for _ in bins]
        for row in rows:
            counts[where[row["day"]]][colours.get(row["function"], _COLOURS - 1)] += row["calls"]
        top, ticks = _ticks(max(one.total() for one in counts))
        step = (WIDTH - _LEFT - _RIGHT) / len(bins)
        names = [*own, _OTHERS] if len(own) < len(largest) else own
        known = set(covered)
        every = -(-len(bins) // _LABELS)
        bars = tuple(
            Bar(
                label,
                place % every == 0 and (WIDTH - _LEFT - place * step) > _LABEL_WIDTH,
                round(_LEFT + place * step, 2),
                _parts(counts[place], names, top),
                missing=known.isdisjoint(inside) and not counts[place],
                total=counts[place].total(),
            )
            for place, (label, inside) in enumerate(bins)
        )
        legend = [(name, totals[name]) for name in own]
        if len(own) < len(largest):
            legend.append((_OTHERS, sum(totals[name] for name in largest[len(own) :])))
        return cls(
            bars,
            round(max(step - min(step * 0.25, 4.0), 0.5), 2),
            round(step, 2),
            ticks,
            tuple(legend),
            "week" if by_week else "day",
        )


def _parts(counts: Counter[int], names: Sequence[str], top: int) -> tuple[Part, ...]:
    parts, y = [], float(HEIGHT - _BOTTOM)
    for colour in sorted(counts):
        height = counts[colour] / top * (HEIGHT - _BOTTOM - _TOP)
        y -= height
        parts.append(Part(names[colour], counts[colour], round(y, 2), round(height, 2), colour))
    return tuple(parts)


def _span(days: Collection[str]) -> list[str]:
    """Return every day from the first to the last."""
    first, last = date.fromisoformat(min(days)), date.fromisoformat(max(days))
    return [f"{first + timedelta(days=one)}" for one in range((last - first).days + 1)]


def _bins(days: Sequence[str], *, by_week: bool) -> list[tuple[str, list[str]]]:
    if not by_week:
        return [(day, [day]) for day in days]
    return [(days[start], list(days[start : start + 7])) for start in range(0, len(days), 7)]


def _ticks(most: int) -> tuple[int, tuple[tuple[int, float], ...]]:
    """Return the number at the top, and some numbers below it that are easy to read."""
    unit = 10 ** max(len(str(most)) - 1, 0)
    step = next(one for one in (unit // 5, unit // 2, unit, 2 * unit) if one and most <= 5 * one)
    top = -(-most // step) * step
    height = HEIGHT - _BOTTOM - _TOP
    marks = tuple(
        (number, round(HEIGHT - _BOTTOM - number / top * height, 2))
        for number in range(0, top + 1, step)
    )
    return top, marks
