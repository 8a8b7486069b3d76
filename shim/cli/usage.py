"""`fxshim usage`: who still calls what, and what may be removed, by what the logs say."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from shim.cli.output import complain, echo, fitted, mention, width, write
from shim.cli.rows import Days, Rate, Rows
from shim.offline import ENDPOINTS
from shim.usage import SourceError, is_one_of, read_usage
from shim.usage.figures import as_json, figures
from shim.usage.safe import write_whole
from shim.usage.verdict import Judge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_SINCE: Final = re.compile(r"([1-9]\d{0,3})([dw])")
_DAYS: Final = 30
_FIRST_YEAR: Final = 1970
"""Before it nothing was logged, and there have to be days before the day to judge on."""
_NO_SERVICE: Final = "(not known)"
_NOT_TOLD_APART: Final = "(not told apart)"
_DONE, _NOT_AS_ASKED, _NOT_KNOWN = 0, 1, 2

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked.

    Attributes:
        logs: Files, patterns, `-`.
        by: `site`, `function`, `module`, `service` or `day`.
        since: How long something has to be quiet, as `30d` or `4w`; None where nobody asks.
        gaps: How many of these days may be without any log.
        as_of: The day to judge on, as YYYY-MM-DD; None for now.
        gone: Services that are switched off.
        target: The day by which there should be no call any more, as YYYY-MM-DD.
        form: `table`, `json` or `csv`.
        html: Where to write the report.
        fail_on_calls: Whether a call is a failure.
        fail_unless_ready: Whether it is a failure that something that was called is not ready.
    """

    logs: tuple[str, ...]
    by: str = "site"
    since: str | None = None
    gaps: int = 0
    as_of: str | None = None
    gone: tuple[str, ...] = ()
    target: str | None = None
    form: str = "table"
    html: Path | None = None
    fail_on_calls: bool = False
    fail_unless_ready: bool = False


def show(order: Order) -> int:
    """Read the logs and print what is asked; return the exit code.

    Returns:
        0; 1 if something is not as the order says it has to be; 2 if nobody can tell.

    Raises:
        SourceError: A log cannot be read, the report not be written, or an option is no time.
        CommandError: stdout cannot be written.
    """
    if order.html is not None:
        _check(order.html, order.logs)
    data = read(order)
    if order.html is not None:
        _write(order.html, data)
    if order.form == "json":
        write(as_json(data))
    elif order.form == "csv":
        for line in _doubts(data, all_of_them=order.since is not None):
            complain(line)
        write(_table(order, data).csv())
    elif order.since is not None or order.html is None:
        echo(f"{fitted(_head(order, data))}\n{_table(order, data).text(width())}")
    return _exit_code(order, data)


def read(order: Order) -> Row:
    """Return all that the logs say.

    Raises:
        SourceError: A log cannot be read, or an option is no time.
    """
    days = _days(order.since)
    target = None if order.target is None else _day_of(order.target, "--target")
    usage = read_usage(order.logs, now=_moment(order.as_of))
    known = {one.name: (one.code, one.replacement, one.address) for one in ENDPOINTS.values()}
    judge = Judge(usage, days, gaps=order.gaps, gone=order.gone)
    return figures(usage, judge, known, target)


def _days(since: str | None) -> int:
    if since is None:
        return _DAYS
    match = _SINCE.fullmatch(since)
    if match is None:
        msg = "--since is neither days nor weeks: write 30d, or 4w"
        raise SourceError(msg)
    return int(match[1]) * (7 if match[2] == "w" else 1)


def _moment(as_of: str | None) -> datetime | None:
    """Return the end of a day."""
    if as_of is None:
        return None
    day = _day_of(as_of, "--as-of")
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=timezone.utc)


def _day_of(text: str, option: str) -> date:
    day = None
    with suppress(ValueError):
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc).date()
    if day is None or day.year < _FIRST_YEAR:
        msg = f"{option} is no day: write 2026-11-26"
        raise SourceError(msg)
    return day


def _check(path: Path, logs: Sequence[str]) -> None:
    """Refuse to write the report over one of the logs, before hours are spent on reading them."""
    if not path.exists():
        return
    if is_one_of(path, logs):
        msg = f"{path} is one of the logs: name another file for --html"
        raise SourceError(msg)
    if not path.is_file():
        raise _unwritable(path, "it is no regular file")


def _write(path: Path, data: Row) -> None:
    from shim.usage.report import render  # noqa: PLC0415 - only this needs it.

    try:
        write_whole(path, render(data))
    except OSError as error:
        raise _unwritable(path, error.strerror) from None
    mention(f"wrote {path}")


def _unwritable(path: Path, why: str | None) -> SourceError:
    return SourceError(f"{path}: cannot be written ({why})")


def _exit_code(order: Order, data: Row) -> int:
    """Say why what is asked is not so, and return the exit code."""
    code = _DONE
    if order.fail_on_calls:
        code, why = _calls(data) if order.since is None else _calls_since(data)
        if why:
            complain(f"--fail-on-calls: {why}")
    if order.fail_unless_ready:
        left = [one for one in data["functions"] if one["verdict"]["state"] in _NOT_READY]
        left += [one for one in data["sites"] if one["verdict"]["state"] in _NOT_READY]
        if left:
            complain(f"--fail-unless-ready: {_verdict_of(left[0])}{_and_more(len(left) - 1)}")
            # That something is called is surer than that nobody knows.
            code = _NOT_AS_ASKED
    return code


_NOT_READY: Final = frozenset({"called", "not_known"})


def _calls(data: Row) -> tuple[int, str]:
    """Return whether these logs have a call, and that nobody knows if they may lack one."""
    called = data["summary"]["called"]
    if called:
        return _NOT_AS_ASKED, f"{_counted(called, 'function')} called"
    for one in data["missing_events"]:
        return _NOT_KNOWN, f"not known: {one['text']}; {one['advice']}"
    if not data["log"]["processes"]:
        return _NOT_KNOWN, "not known: no process with the shim is in these logs"
    return _DONE, ""


def _calls_since(data: Row) -> tuple[int, str]:
    """Return whether something was called within the asked days."""
    for state, code in (("called", _NOT_AS_ASKED), ("not_known", _NOT_KNOWN)):
        found = [one for one in data["functions"] if one["verdict"]["state"] == state]
        if found:
            return code, f"{_verdict_of(found[0])}{_and_more(len(found) - 1)}"
    return _DONE, ""


def _verdict_of(one: Row) -> str:
    return f"{one['function']}: {one['verdict']['text']}"


def _and_more(count: int) -> str:
    return f" (and {count:,} more)" if count else ""


def _head(order: Order, data: Row) -> str:
    log, asked = data["log"], order.since is not None
    span = f", {log['first']} to {log['last']}" if log["first"] else ""
    logs, read = _counted(log["files"], "log"), _counted(log["lines"], "line")
    events, processes = _counted(log["events"], "event"), _counted(log["processes"], "process")
    lines = [f"{logs}, {read}, {events} of {processes}{span}"]
    if asked:
        lines.append(_summary(data))
    if data["target"] is not None:
        lines.append(data["target"]["text"])
    lines += _doubts(data, all_of_them=asked)
    if log["processes_without_end"]:
        lines.append(
            f"{log['processes_without_end']:,} of {processes} logged no end: "
            "still running, or killed; calls since their last event are not counted"
        )
    if not log["events"]:
        lines.append(
            "nothing of the shim's is in here: are these the logs of a program that uses it, and "
            "does its logging let warnings of the logger `shim` through?"
        )
    return "\n".join(lines)


def _summary(data: Row) -> str:
    count = data["summary"]
    # If the logs do not say enough, nobody knows that there was no call.
    never = "never called" if count["never_called"] == count["not_seen"] else "not seen"
    return (
        f"ready {count['ready']:,} of {count['called']:,} that were called; "
        f"{count['not_seen']:,} {never}"
    )


def _doubts(data: Row, *, all_of_them: bool) -> Iterator[str]:
    """Yield a line for each reason why nothing is ready."""
    for one in data["doubts"] if all_of_them else data["missing_events"]:
        first = f" (the first: {data['log']['unread_first']})" if one["kind"] == "unread" else ""
        yield f"not known: {one['text']}{first}; {one['advice']}"


def _table(order: Order, data: Row) -> Rows:
    if order.since is not None:
        return _verdicts(data, with_state=order.form == "csv")
    return _TABLES[order.by](data)


def _by_site(data: Row) -> Rows:
    table = Rows("site", "service", "function", *_NUMBERS, "replacement")
    for one in data["sites"]:
        table.add(_site(one), _service(one), one["function"], *_numbers(one), one["replacement"])
    return table


def _by_function(data: Row) -> Rows:
    table = Rows("function", "sites", *_NUMBERS, "replacement")
    for one in data["functions"]:
        if one["sites"]:
            table.add(one["function"], one["sites"], *_numbers(one), one["replacement"])
    return table


def _by_module(data: Row) -> Rows:
    modules: dict[str, list[Row]] = {}
    for one in data["sites"]:
        modules.setdefault(one["module"] or _NOT_TOLD_APART, []).append(one)
    table = Rows("module", "sites", "functions", "calls", "first", "last")
    for module, sites in sorted(modules.items(), key=lambda each: (-_total(each[1]), each[0])):
        table.add(
            module,
            len(sites),
            ", ".join(sorted({one["function"] for one in sites})),
            _total(sites),
            _minute(min(one["first_seen"] for one in sites)),
            _minute(max(one["last_seen"] for one in sites)),
        )
    return table


def _by_service(data: Row) -> Rows:
    table = Rows("service", "sites", "functions", "calls", "processes", "no end", "first", "last")
    for one in data["services"]:
        table.add(
            _service(one),
            one["sites"],
            one["functions"],
            one["calls"],
            one["processes"],
            one["processes_without_end"],
            one["first_day"],
            one["last_day"],
        )
    return table


def _by_day(data: Row) -> Rows:
    table = Rows("day", "function", "calls")
    for one in data["days"]:
        table.add(one["day"], one["function"], one["calls"])
    return table


def _verdicts(data: Row, *, with_state: bool) -> Rows:
    """Return what may be removed. The text says the state as well, but not to a program."""
    table = Rows("what", "service", "quiet", *["state"] * with_state, "verdict")
    rows = [(one["function"], one["services"], one) for one in data["functions"]]
    rows += [(f"{one['function']} in {_site(one)}", [one["service"]], one) for one in data["sites"]]
    for name, services, one in rows:
        quiet, verdict = one["quiet_days"], one["verdict"]
        table.add(
            name,
            ", ".join(map(_named, services)),
            None if quiet is None else Days(quiet),
            *[verdict["state"]] * with_state,
            verdict["text"],
        )
    return table


_TABLES: Final[Mapping[str, Callable[[Row], Rows]]] = {
    "site": _by_site,
    "function": _by_function,
    "module": _by_module,
    "service": _by_service,
    "day": _by_day,
}


def _site(one: Row) -> str:
    if one["overflow"]:
        return _NOT_TOLD_APART
    name = ".".join(filter(None, (one["module"], one["qualified_name"])))
    return f"{name} ({', '.join(one['places'])})"


def _service(one: Row) -> str:
    return _named(one["service"])


def _named(service: str) -> str:
    return service or _NO_SERVICE


_NUMBERS: Final = ("calls", "first", "last", "mode", "mismatches")


def _numbers(one: Row) -> tuple[int, str, str, str, Rate | None]:
    return (
        one["calls"],
        _minute(one["first_seen"]),
        _minute(one["last_seen"]),
        _modes(one["modes"]),
        Rate(one["mismatched"], one["compared"]) if one["compared"] else None,
    )


def _modes(modes: Mapping[str, int]) -> str:
    total = sum(modes.values())
    if len(modes) <= 1:
        return "".join(modes)
    return ", ".join(f"{name} {calls / total:.0%}" for name, calls in modes.items())


def _minute(at: str) -> str:
    return at[:16].replace("T", " ")


def _total(sites: Iterable[Row]) -> int:
    return sum(one["calls"] for one in sites)


def _counted(count: int, what: str) -> str:
    plural = f"{what}es" if what.endswith("s") else f"{what}s"
    return f"{count:,} {what if count == 1 else plural}"
