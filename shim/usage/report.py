"""The report: all that the logs say, as one page that needs no other file.

The page is complete without scripts; they only sort, filter and switch between light and dark. Text
gets into it through the escaping of Jinja alone. Its policy lets it load nothing, and run nothing
but its own style and script. The files of the page are in `page/`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from shim.usage.safe import plain

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_CODE: Final = re.compile(r"FXO\d{3}")
_MODES: Final = ("object", "shadow", "dry_run", "legacy", "routed")


def render(data: Mapping[str, Any]) -> str:
    """Return the page.

    Args:
        data: The result of `shim.usage.figures.figures`.
    """
    environment = Environment(
        loader=DictLoader({"page": _read("page.html.jinja")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    environment.filters.update(
        number="{:,}".format,
        percent="{:.1%}".format,
        minute=_minute,
        day=_day,
        breakable=_breakable,
        parted=_parted,
    )
    style, script = _read("page.css"), _read("page.js")
    return environment.get_template("page").render(
        data=data,
        log=data["log"],
        functions=[one for one in data["functions"] if one["sites"]],
        silent=[one for one in data["functions"] if not one["sites"]],
        sites=data["sites"],
        codes=_codes(data["functions"]),
        calls=sum(one["calls"] for one in data["functions"]),
        compared=sum(one["compared"] for one in data["functions"]),
        mismatched=sum(one["mismatched"] for one in data["functions"]),
        chart=Chart.of(data["days"], data["log"]["days"], data["target"]),
        modes=_MODES,
        shares=_shares,
        # Our own files, and no data: the only texts that are not escaped.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _read(name: str) -> str:
    return files("shim.usage").joinpath("page", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _minute(at: str) -> str:
    return at[:16].replace("T", " ")


def _day(at: str) -> str:
    return at[:10]


def _shown(value: Any) -> Any:
    """Return what a template prints, without characters that change the direction of text."""
    return plain(value) if type(value) is str else value


def _codes(functions: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the called functions by code; the codes become anchors."""
    codes: dict[str, list[Mapping[str, Any]]] = {}
    for one in functions:
        if one["sites"] and _CODE.fullmatch(one["code"]):
            codes.setdefault(one["code"], []).append(one)
    return dict(sorted(codes.items()))


def _parted(verdict: Mapping[str, Any]) -> tuple[str, str]:
    """Return the text of a verdict, and the line that called."""
    if verdict["state"] != "called":
        return verdict["text"], ""
    text, _, place = verdict["text"].partition(" at ")
    return text, place


def _breakable(name: str) -> Markup:
    """Return a name, escaped, that a browser may break after punctuation."""
    text = str(escape(plain(name)))
    return Markup(re.sub(r"(?<=[_./])(?=\w)", "<wbr>", text))  # noqa: S704 - escaped above.


def _shares(modes: Mapping[str, int]) -> list[tuple[str, int, float, float]]:
    """Return each mode with its calls, and start and length of its part of a bar of 100."""
    total, begins, parts = sum(modes.values()), 0.0, []
    for mode in sorted(modes, key=lambda one: _MODES.index(one) if one in _MODES else len(_MODES)):
        length = modes[mode] / total * 100
        parts.append((mode, modes[mode], round(begins, 2), round(length, 2)))
        begins += length
    return parts


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
# Older days are left out: one event with a wrong clock would make all bars too thin.
_MOST_DAYS: Final = 1830
_WEEK: Final = 7


Line = tuple[float, float, float, float]
"""x and y of its start, x and y of its end."""


@dataclass(frozen=True, slots=True)
class BarPart:
    """The part of a bar for one function."""

    function: str
    calls: int
    y: float
    height: float
    colour: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A day, or a week.

    Attributes:
        label: Its day, or the first day of its week.
        shown: Whether there is room for the label.
        x: Its left edge.
        parts: Its parts, from below.
        missing: Whether there is no log of it. A future day is not missing.
        total: Number of its calls.
    """

    label: str
    shown: bool
    x: float
    parts: tuple[BarPart, ...]
    missing: bool
    total: int


@dataclass(frozen=True, slots=True)
class Chart:
    """The chart: calls by day and function, as rectangles.

    Attributes:
        bars: The days or weeks, without gaps.
        width: Width of a bar.
        step: Distance from one bar to the next.
        ticks: Numbers of calls on the axis, each with its y.
        legend: The functions in the order of their colours, each with its calls.
        unit: `day` or `week`.
        falling: The trend of the calls, as two points; None if there is none.
        needed: The line that ends on the target day, as two points; None if there is none.
    """

    bars: tuple[Bar, ...]
    width: float
    step: float
    ticks: tuple[tuple[int, float], ...]
    legend: tuple[tuple[str, int], ...]
    unit: str
    falling: Line | None = None
    needed: Line | None = None

    size: tuple[int, int] = (WIDTH, HEIGHT)
    left: int = _LEFT
    top: int = _TOP
    base: int = HEIGHT - _BOTTOM

    @classmethod
    def of(
        cls,
        rows: Sequence[Mapping[str, Any]],
        covered: Collection[str],
        target: Mapping[str, Any] | None = None,
    ) -> Chart | None:
        """Return the chart of some days, or None if there is nothing to draw.

        Args:
            rows: Day, function and calls.
            covered: The days that have log lines.
            target: The target day and its line, as figures have them.
        """
        totals: Counter[str] = Counter()
        for row in rows:
            totals[row["function"]] += row["calls"]
        if not totals:
            return None
        largest = [name for name, _ in totals.most_common()]
        # If there are too many functions, the last colour is for all others together.
        own = largest if len(largest) <= _COLOURS else largest[: _COLOURS - 1]
        colours = {name: place for place, name in enumerate(own)}
        last = max({row["day"] for row in rows} | set(covered))
        until = target["target"] if target is not None and target["first"] is not None else None
        days = _span({row["day"] for row in rows} | set(covered), until)
        by_week = len(days) > _MOST_BARS
        bins = _bins(days, by_week=by_week)
        where = {day: place for place, (_, inside) in enumerate(bins) for day in inside}
        counts: list[Counter[int]] = [Counter() for _ in bins]
        for row in rows:
            if row["day"] in where:
                colour = colours.get(row["function"], _COLOURS - 1)
                counts[where[row["day"]]][colour] += row["calls"]
        step = (WIDTH - _LEFT - _RIGHT) / len(bins)
        lines = _TargetLines(days[0], last, _WEEK if by_week else 1, step)
        most = max(*(one.total() for one in counts), lines.highest(target), 1)
        top, ticks = _ticks(most)
        names = [*own, _OTHERS] if len(own) < len(largest) else own
        known = set(covered)
        every = -(-len(bins) // _LABELS)
        bars = tuple(
            Bar(
                label,
                place % every == 0 and (WIDTH - _LEFT - place * step) > _LABEL_WIDTH,
                round(_LEFT + place * step, 2),
                _parts(counts[place], names, top),
                missing=known.isdisjoint(inside) and not counts[place] and inside[0] <= last,
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
            lines.falling(target, days[-1], top),
            lines.needed(target, top),
        )


def _parts(counts: Counter[int], names: Sequence[str], top: int) -> tuple[BarPart, ...]:
    parts, y = [], float(HEIGHT - _BOTTOM)
    for colour in sorted(counts):
        height = counts[colour] / top * (HEIGHT - _BOTTOM - _TOP)
        y -= height
        parts.append(BarPart(names[colour], counts[colour], round(y, 2), round(height, 2), colour))
    return tuple(parts)


class _TargetLines:
    """Computes the lines of the trend and of the target."""

    def __init__(self, first: str, last: str, unit: int, step: float) -> None:
        """Take the first day drawn, the last day with log lines, and days and step of a bar."""
        self._first = date.fromisoformat(first)
        self._last = last
        self._unit = unit
        self._step = step

    def highest(self, target: Mapping[str, Any] | None) -> int:
        """Return the largest number that a line needs room for."""
        if target is None or target["first"] is None:
            return 0
        return int(self._calls(target, max(target["first"], str(self._first)))) + 1

    def falling(self, target: Mapping[str, Any] | None, end: str, top: int) -> Line | None:
        """Return the line of the trend, to zero or to the last day drawn."""
        if target is None or target["first"] is None or not target["first_calls"]:
            return None
        begin = max(target["first"], str(self._first))
        end = min(target["zero_on"] or end, end)
        return self._line(begin, self._calls(target, begin), end, self._calls(target, end), top)

    def needed(self, target: Mapping[str, Any] | None, top: int) -> Line | None:
        """Return the line from the calls of now to zero on the target day."""
        if target is None or target["first"] is None or target["target"] <= self._last:
            return None
        calls = self._calls(target, self._last)
        return self._line(self._last, calls, target["target"], 0, top) if calls else None

    def _calls(self, target: Mapping[str, Any], day: str) -> float:
        """Return the calls of a bar that begins on a day, by the trend."""
        ahead = (date.fromisoformat(day) - date.fromisoformat(target["first"])).days
        calls: float = target["first_calls"] + target["slope"] * ahead
        return max(calls * self._unit, 0.0)

    def _line(self, begin: str, high: float, end: str, low: float, top: int) -> Line:
        return (self._x(begin), _height(high, top), self._x(end), _height(low, top))

    def _x(self, day: str) -> float:
        ahead = (date.fromisoformat(day) - self._first).days
        return round(_LEFT + (ahead + 0.5) / self._unit * self._step, 2)


def _height(calls: float, top: int) -> float:
    return round(HEIGHT - _BOTTOM - calls / top * (HEIGHT - _BOTTOM - _TOP), 2)


def _span(days: Collection[str], target: str | None) -> list[str]:
    """Return every day from the first to the last, or to the target, up to a limit."""
    last = date.fromisoformat(max(days))
    first = max(date.fromisoformat(min(days)), last - timedelta(days=_MOST_DAYS))
    if target is not None:
        last = min(max(last, date.fromisoformat(target)), last + timedelta(days=_MOST_DAYS))
    return [f"{first + timedelta(days=one)}" for one in range((last - first).days + 1)]


def _bins(days: Sequence[str], *, by_week: bool) -> list[tuple[str, list[str]]]:
    if not by_week:
        return [(day, [day]) for day in days]
    return [
        (days[start], list(days[start : start + _WEEK])) for start in range(0, len(days), _WEEK)
    ]


def _ticks(most: int) -> tuple[int, tuple[tuple[int, float], ...]]:
    """Return the number at the top of the axis, and round numbers below it."""
    unit = 10 ** max(len(str(most)) - 1, 0)
    step = next(one for one in (unit // 5, unit // 2, unit, 2 * unit) if one and most <= 5 * one)
    top = -(-most // step) * step
    marks = tuple((number, _height(number, top)) for number in range(0, top + 1, step))
    return top, marks
