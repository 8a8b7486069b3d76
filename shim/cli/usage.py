"""`fxshim usage`: who still calls what, and what may be removed, by what the logs say."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from shim.cli.output import complain, echo, fitted, width
from shim.cli.rows import Rows
from shim.offline import ENDPOINTS
from shim.usage import SourceError, read_usage
from shim.usage.figures import figures
from shim.usage.verdict import Judge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

_SINCE: Final = re.compile(r"([1-9]\d{0,3})([dw])")
_DAYS: Final = 30
_FIRST_YEAR: Final = 1970
"""Before it nothing was logged, and there have to be days before the day to judge on."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked.

    Attributes:
        logs: Files, patterns, `-`.
        by: `site`, `function`, `module` or `day`.
        since: How long something has to be quiet, as `30d` or `4w`; None where nobody asks.
        gaps: How many of these days may be without any log.
        as_of: The day to judge on, as YYYY-MM-DD; None for now.
        as_json: Whether to print JSON.
        html: Where to write the report.
    """

    logs: tuple[str, ...]
    by: str
    since: str | None
    gaps: int
    as_of: str | None = None
    as_json: bool = False
    html: Path | None = None


def show(order: Order) -> int:
    """Read the logs and print what is asked; return the exit code.

    Raises:
        SourceError: A log cannot be read, the report not be written, or an option is no time.
        CommandError: stdout cannot be written.
    """
    data = read(order)
    if order.html is not None:
        _write(order.html, data)
    if order.as_json:
        echo(json.dumps(data, ensure_ascii=False, indent=2))
    elif order.since is not None:
        echo(f"{fitted(_head(data))}\n{_verdicts(data).text(width())}")
    elif order.html is None:
        echo(f"{fitted(_head(data))}\n{_TABLES[order.by](data).text(width())}")
    return 0


def read(order: Order) -> Row:
    """Return all that the logs say.

    Raises:
        SourceError: A log cannot be read, or `since` is no time.
    """
    days = _DAYS
    if order.since is not None:
        found = _SINCE.fullmatch(order.since)
        if found is None:
            msg = "--since is neither days nor weeks: write 30d, or 4w"
            raise SourceError(msg)
        days = int(found[1]) * (7 if found[2] == "w" else 1)
    usage = read_usage(order.logs, now=_moment(order.as_of))
    known = {one.name: (one.code, one.replacement, one.address) for one in ENDPOINTS.values()}
    return figures(usage, Judge(usage, days, gaps=order.gaps), known)


def _moment(as_of: str | None) -> datetime | None:
    """Return the end of a day."""
    if as_of is None:
        return None
    try:
        day = datetime.strptime(as_of, "%Y-%m-%d").replace(tzinfo=timezone.utc)
    except ValueError:
        day = None
    if day is None or day.year < _FIRST_YEAR:
        msg = "--as-of is no day: write 2026-11-26"
        raise SourceError(msg)
    return day + timedelta(days=1, seconds=-1)


def _write(path: Path, data: Row) -> None:
    from shim.usage.report import render  # noqa: PLC0415 - only this needs it.

    try:
        path.write_text(render(data), encoding="utf-8", errors="replace")
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror})"
        raise SourceError(msg) from None
    complain(f"wrote {path}")


def _head(data: Row) -> str:
    log = data["log"]
    span = f", {log['first']} to {log['last']}" if log["first"] else ""
    head = (
        f"{log['files']:,} logs, {log['lines']:,} lines, {log['events']:,} events of "
        f"{log['processes']:,} processes{span}"
    )
    if log["unread"]:
        head += f"\nnot read: {log['unread']:,} lines, the first: {log['unread_first']}"
    if not log["events"]:
        head += (
            "\nnothing of the shim's is in here: are these the logs of a program that uses it, and "
            "does its logging let warnings of the logger `shim` through?"
        )
    return head


def _by_site(data: Row) -> Rows:
    table = Rows("site", "function", "calls", "first", "last", "mode", "mismatches", "replacement")
    for one in data["sites"]:
        table.add(_site(one), one["function"], *_numbers(one), one["replacement"])
    return table


def _by_function(data: Row) -> Rows:
    table = Rows("function", "sites", "calls", "first", "last", "mode", "mismatches", "replacement")
    for one in data["functions"]:
        if one["calls"]:
            sites = f"{one['sites']:,}"
            table.add(one["function"], sites, *_numbers(one), one["replacement"])
    return table


def _by_module(data: Row) -> Rows:
    modules: dict[str, list[Row]] = {}
    for one in data["sites"]:
        modules.setdefault(one["module"] or "(not told apart)", []).append(one)
    table = Rows("module", "sites", "functions", "calls", "first", "last")
    for module, sites in sorted(modules.items(), key=lambda each: (-_calls(each[1]), each[0])):
        table.add(
            module,
            f"{len(sites):,}",
            ", ".join(sorted({one["function"] for one in sites})),
            f"{_calls(sites):,}",
            _day(min(one["first_seen"] for one in sites)),
            _day(max(one["last_seen"] for one in sites)),
        )
    return table


def _by_day(data: Row) -> Rows:
    table = Rows("day", "function", "calls")
    for one in data["days"]:
        table.add(one["day"], one["function"], f"{one['calls']:,}")
    return table


_TABLES: Final[Mapping[str, Callable[[Row], Rows]]] = {
    "site": _by_site,
    "function": _by_function,
    "module": _by_module,
    "day": _by_day,
}


def _verdicts(data: Row) -> Rows:
    table = Rows("what", "quiet", "verdict")
    rows = [(one["function"], one) for one in data["functions"]]
    rows += [(f"{one['function']} in {_site(one)}", one) for one in data["sites"]]
    for name, one in rows:
        quiet = one["quiet_days"]
        table.add(name, "" if quiet is None else f"{quiet:.1f} d", one["verdict"]["text"])
    return table


def _site(one: Row) -> str:
    if one["overflow"]:
        return "(not told apart)"
    name = ".".join(filter(None, (one["module"], one["qualified_name"])))
    return f"{name} ({', '.join(one['places'])})"


def _numbers(one: Row) -> tuple[str, str, str, str, str]:
    rate = one["mismatch_rate"]
    return (
        f"{one['calls']:,}",
        _day(one["first_seen"]),
        _day(one["last_seen"]),
        _modes(one["modes"]),
        "" if rate is None else f"{rate:.1%} of {one['compared']:,}",
    )


def _modes(modes: Mapping[str, int]) -> str:
    total = sum(modes.values())
    if len(modes) <= 1:
        return "".join(modes)
    return ", ".join(f"{name} {calls / total:.0%}" for name, calls in modes.items())


def _day(at: str) -> str:
    return at[:16].replace("T", " ")


def _calls(sites: Iterable[Row]) -> int:
    return sum(one["calls"] for one in sites)
