"""`fxshim usage` and `fxshim baseline`: who still calls what, by what the logs say."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Final

from shim.cli._output import complain, echo, fitted, mention, warn, width, write
from shim.cli._usage_tables import Row, Rows, table, verdicts
from shim.offline import ENDPOINTS
from shim.usage import SourceError, Usage, is_one_of, read_usage
from shim.usage.baseline import BaselineError, compare, load, named, save
from shim.usage.figures import as_json, figures
from shim.usage.safe import write_whole
from shim.usage.verdict import Judge, missing_events, services

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from shim.usage import SiteKey

_SINCE: Final = re.compile(r"([1-9]\d{0,3})([dw])")
_DAYS: Final = 30
_FIRST_YEAR: Final = 1970
"""Nothing was logged before it, and the days before the judged day must exist."""
_DONE, _NOT_AS_ASKED, _NOT_KNOWN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class UsageOptions:
    """What the command line asks for.

    Attributes:
        logs: Files, patterns, `-`.
        by: `site`, `function`, `module`, `service` or `day`.
        since: How long a call site has to be quiet, as `30d` or `4w`; None: no verdicts.
        gaps: Number of days that may have no log lines, for example weekends.
        as_of: The day to judge by, as YYYY-MM-DD; None: now.
        gone: Services that are switched off.
        target: The day by which the calls should end, as YYYY-MM-DD.
        form: `table`, `json` or `csv`.
        html: File to write the report to.
        fail_on_calls: Whether a call gives exit code 1.
        fail_unless_ready: Whether a called function or site that is not ready gives exit code 1.
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


def show(options: UsageOptions) -> int:
    """Read the logs and print what is asked; return the exit code.

    Returns:
        0; 1 if something is not as a fail option asks; 2 if that is not known.

    Raises:
        SourceError: A log cannot be read, the report cannot be written, or an option is wrong.
        CommandError: stdout cannot be written.
    """
    if options.html is not None:
        _check(options.html, options.logs)
    data = read(options)
    if options.html is not None:
        _write(options.html, data)
    if options.form == "json":
        write(as_json(data))
    elif options.form == "csv":
        for line in _doubts(data, all_of_them=options.since is not None):
            complain(line)
        write(_table(options, data).csv())
    elif options.since is not None or options.html is None:
        echo(f"{fitted(_head(options, data))}\n{_table(options, data).text(width())}")
    return _exit_code(options, data)


def read(options: UsageOptions) -> Row:
    """Return all that the logs say.

    Raises:
        SourceError: A log cannot be read, or an option is wrong.
    """
    days = _days(options.since)
    target = None if options.target is None else _day_of(options.target, "--target")
    usage = read_usage(options.logs, now=_moment(options.as_of))
    known = {one.name: (one.code, str(one.replacement), one.advice) for one in ENDPOINTS.values()}
    judge = Judge(usage, days, gaps=options.gaps, gone=options.gone)
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
        msg = f"{option} is not a day: write 2026-11-26"
        raise SourceError(msg)
    return day


def _check(path: Path, logs: Sequence[str]) -> None:
    """Refuse to write the report over a log. Called before reading, which may take hours."""
    if not path.exists():
        return
    if is_one_of(path, logs):
        msg = f"{path} is one of the logs: name another file for --html"
        raise SourceError(msg)
    if not path.is_file():
        raise _unwritable(path, "it is not a regular file")


def _write(path: Path, data: Row) -> None:
    from shim.usage.report import render  # Only this needs it.

    try:
        write_whole(path, render(data))
    except OSError as error:
        raise _unwritable(path, error.strerror) from None
    mention(f"fxshim: wrote {path}")


def _unwritable(path: Path, why: str | None) -> SourceError:
    return SourceError(f"{path}: cannot be written ({why})")


def _exit_code(options: UsageOptions, data: Row) -> int:
    """Return the exit code; report why it is not 0."""
    code = _DONE
    if options.fail_on_calls:
        code, why = _calls(data) if options.since is None else _calls_since(data)
        if why:
            complain(f"--fail-on-calls: {why}")
    if options.fail_unless_ready:
        left = [one for one in data["functions"] if one["verdict"]["state"] in _NOT_READY]
        left += [one for one in data["sites"] if one["verdict"]["state"] in _NOT_READY]
        if left:
            complain(f"--fail-unless-ready: {_verdict_of(left[0])}{_and_more(len(left) - 1)}")
            # That a call is not known does not matter if another one is.
            code = _NOT_AS_ASKED
    return code


_NOT_READY: Final = frozenset({"called", "not_known"})


def _calls(data: Row) -> tuple[int, str]:
    """Return the exit code by whether these logs have a call, or may lack one; and why."""
    called = data["summary"]["called"]
    if called:
        return _NOT_AS_ASKED, f"{_counted(called, 'function')} called"
    for one in data["missing_events"]:
        return _NOT_KNOWN, f"not known: {one['text']}; {one['advice']}"
    if not data["log"]["processes"]:
        return _NOT_KNOWN, "not known: no process with the shim is in these logs"
    return _DONE, ""


def _calls_since(data: Row) -> tuple[int, str]:
    """Return the exit code by whether there was a call within the asked days; and why."""
    for state, code in (("called", _NOT_AS_ASKED), ("not_known", _NOT_KNOWN)):
        found = [one for one in data["functions"] if one["verdict"]["state"] == state]
        if found:
            return code, f"{_verdict_of(found[0])}{_and_more(len(found) - 1)}"
    return _DONE, ""


def _verdict_of(one: Row) -> str:
    return f"{one['function']}: {one['verdict']['text']}"


def _and_more(count: int) -> str:
    return f" (and {count:,} more)" if count else ""


def _head(options: UsageOptions, data: Row) -> str:
    log, asked = data["log"], options.since is not None
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
            "these logs have no event of the shim: are they of a program that uses it, and does "
            "its logging let warnings of the logger `shim` through?"
        )
    return "\n".join(lines)


def _summary(data: Row) -> str:
    count = data["summary"]
    # If the logs do not say enough, it is not known whether there was a call.
    never = "never called" if count["never_called"] == count["not_seen"] else "not seen"
    return (
        f"ready {count['ready']:,} of {count['called']:,} that were called; "
        f"{count['not_seen']:,} {never}"
    )


def _doubts(data: Row, *, all_of_them: bool) -> Iterator[str]:
    """Yield a line for each reason why nothing is ready, or why events may be missing."""
    for one in data["doubts"] if all_of_them else data["missing_events"]:
        first = f" (the first: {data['log']['unread_first']})" if one["kind"] == "unread" else ""
        yield f"not known: {one['text']}{first}; {one['advice']}"


def _counted(count: int, what: str) -> str:
    plural = f"{what}es" if what.endswith("s") else f"{what}s"
    return f"{count:,} {what if count == 1 else plural}"


def _table(options: UsageOptions, data: Row) -> Rows:
    if options.since is not None:
        return verdicts(data, with_state=options.form == "csv")
    return table(data, options.by)


_NEW: Final = 1


def write_baseline(logs: Sequence[str], path: Path) -> int:
    """Write the call sites in the logs to the baseline; return the exit code.

    Raises:
        BaselineError: It cannot be used or written, or the logs may lack call sites.
        SourceError: A log cannot be read.
    """
    usage = _complete(logs)
    known = load(path) if path.exists() else []
    found = compare(known, usage.sites)
    gone, unseen = _parted(usage, found.gone)
    save(path, [*usage.sites, *unseen])
    text = (
        f"wrote {path}: {len(usage.sites)} call sites, {len(found.new)} of them new; "
        f"{len(gone)} gone"
    )
    echo("\n".join([text, *_kept(unseen)]))
    return 0


def check_baseline(logs: Sequence[str], path: Path, *, shrink: bool, empty: bool) -> int:
    """Compare the call sites in the logs with the baseline; return the exit code.

    Raises:
        BaselineError: It cannot be used or written, or the logs may lack call sites.
        SourceError: A log cannot be read.
    """
    known = load(path)
    usage = _complete(logs)
    if not usage.sites and known and not empty:
        msg = (
            "no call in these logs, so nothing was checked: are they the right ones? If the last "
            "call site is gone, use --empty"
        )
        raise BaselineError(msg)
    found = compare(known, usage.sites)
    if found.new:
        lines = [f"{len(found.new)} call sites are not in {path}:"]
        lines += [_new_site(usage, key) for key in found.new]
        lines.append(
            "call the object API there instead; or, if that is not possible, add them with "
            "`fxshim baseline write`"
        )
        warn("\n".join(lines))
        return _NEW
    gone, unseen = _parted(usage, found.gone)
    if gone and shrink:
        save(path, [*found.kept, *unseen])
    verb = "removed" if shrink else "would remove"
    said = [f"no new call site; {len(found.kept)} of {len(known)} known ones are still there"]
    said += [f"{verb} {named(key)}" for key in gone]
    echo("\n".join([*said, *_kept(unseen)]))
    return 0


def _complete(logs: Sequence[str]) -> Usage:
    usage = read_usage(logs)
    for doubt in missing_events(usage):
        first = f" (the first: {usage.log.unread_first})" if doubt.kind == "unread" else ""
        msg = f"{doubt.text}{first}, so a call site may be missing; {doubt.advice}"
        raise BaselineError(msg)
    if any(site.overflow for site in usage.sites.values()):
        msg = (
            "some call sites were counted together, since a process had more of them than its "
            "table holds, and a baseline would lack them: does it load the same code repeatedly?"
        )
        raise BaselineError(msg)
    return usage


def _parted(usage: Usage, keys: Iterable[SiteKey]) -> tuple[list[SiteKey], list[SiteKey]]:
    """Return the sites that are gone, and the sites of services that are not in these logs.

    If the logs have no event, the caller has confirmed that the last call site is gone.
    """
    keys = list(keys)
    seen = {"", *(services(usage) or {key.service for key in keys})}
    return (
        [key for key in keys if key.service in seen],
        [key for key in keys if key.service not in seen],
    )


def _kept(unseen: Sequence[SiteKey]) -> list[str]:
    names = sorted({key.service for key in unseen})
    return [f"kept the sites of services that are not in these logs: {', '.join(names)}"] * bool(
        names
    )


def _new_site(usage: Usage, key: SiteKey) -> str:
    site = usage.sites[key]
    return (
        f"  {named(key)} ({', '.join(site.places)}): write {site.replacement} instead, "
        f"see {site.address}"
    )
