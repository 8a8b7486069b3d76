"""What the logs say as plain data, which `--json` prints and the report shows."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from shim.usage._call_sites import Seen, merged
from shim.usage.safe import in_json
from shim.usage.verdict import course, missing_events, services

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import date

    from shim.usage._call_sites import ProcessSeen, SiteSeen, Usage
    from shim.usage.verdict import Judge, Verdict

VERSION: Final = 2
"""Version of the data of `figures`; raised if a name changes its meaning or is removed."""


def figures(
    usage: Usage,
    judge: Judge,
    functions: Mapping[str, tuple[str, str, str]],
    target: date | None = None,
) -> dict[str, Any]:
    """Return everything as lists, dicts, texts and numbers, as JSON has them.

    Args:
        usage: What the logs say.
        judge: Gives the verdicts.
        functions: Every function that could be called: its code, replacement, and the command
            that explains what to write instead.
        target: The day by which the calls should end.

    Returns:
        `version`, `generated_at`, `since_days`; `log`: files, lines, events, unread,
        unread_first, first and last day, days, missing_days (of the last `since_days`), processes,
        processes_without_end; `missing_events`: why these logs may lack events, on whatever day,
        and `doubts`: why nothing is ready, each: kind (`unread`, `fault`, `no_process`), service
        (null: all), text, advice; `target` (null if none was given): date,
        zero_on, on_course (both null if not known), text, and the line: first, first_calls, slope;
        `summary`: how many functions there are, were called, are ready, were not seen in
        these logs, and were never called, as these say enough to know;
        `services`: service (empty: not known, as in logs of version 0.1), processes,
        processes_without_end, first_day, last_day, sites, functions, calls, faults;
        `functions` and `sites`, each with calls, first_seen, last_seen, modes, compared,
        mismatched, not_compared, mismatch_rate (null where nothing was compared), mismatch_paths,
        fell_back, processes, quiet_days (null where never seen), and verdict with state (`called`,
        `not_known`, `ready`, `never_called`), ready and text; a function also with services; a site
        also with service, file and line that called last, and its calls by place;
        `days`: day, function, calls.
    """
    log = usage.log
    days = sorted(log.days)
    seen = by_function(usage)
    rows = _functions(seen, judge, functions)
    return {
        "version": VERSION,
        "generated_at": f"{usage.now:%Y-%m-%dT%H:%M:%SZ}",
        "since_days": judge.days,
        "log": {
            "files": len(log.files),
            "lines": log.lines,
            "events": log.events,
            "unread": log.unread,
            "unread_first": log.unread_first or None,
            "first": days[0] if days else None,
            "last": days[-1] if days else None,
            "days": days,
            "missing_days": judge.missing,
            **_processes(log.processes.values()),
        },
        "missing_events": [asdict(one) for one in missing_events(usage)],
        "doubts": [asdict(one) for one in judge.doubts],
        "target": None if target is None else asdict(course(usage, judge, target)),
        "summary": _summary(rows),
        "services": _services(usage),
        "functions": rows,
        "sites": [_site(site, judge) for site in usage.sites.values()],
        "days": _days(seen),
    }


def as_json(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield figures as JSON, in pieces; each item of a list is a line."""
    yield "{"
    for place, (name, value) in enumerate(data.items()):
        yield f"{',' if place else ''}\n{json.dumps(name)}: "
        if not isinstance(value, list):
            yield _dumped(value)
            continue
        yield "["
        for number, row in enumerate(value):
            yield f"{',' if number else ''}\n{_dumped(row)}"
        yield "]"
    yield "\n}\n"


def _dumped(value: Any) -> str:
    return in_json(json.dumps(value, ensure_ascii=False))


def by_function(usage: Usage) -> dict[str, list[SiteSeen]]:
    """Return the sites of each function that was seen."""
    found: dict[str, list[SiteSeen]] = {}
    for site in usage.sites.values():
        found.setdefault(site.key.function, []).append(site)
    return found


def _summary(functions: Collection[Mapping[str, Any]]) -> dict[str, int]:
    called = sum(bool(one["sites"]) for one in functions)
    states = Counter(one["verdict"]["state"] for one in functions)
    return {
        "functions": len(functions),
        "called": called,
        "ready": states["ready"],
        "not_seen": len(functions) - called,
        "never_called": states["never_called"],
    }


def _processes(processes: Collection[ProcessSeen]) -> dict[str, int]:
    return {
        "processes": len(processes),
        "processes_without_end": sum(not one.ended for one in processes),
    }


def _services(usage: Usage) -> list[dict[str, Any]]:
    names = sorted(services(usage))
    processes: dict[str, list[ProcessSeen]] = {name: [] for name in names}
    sites: dict[str, list[SiteSeen]] = {name: [] for name in names}
    for process in usage.log.processes.values():
        processes[process.service].append(process)
    for site in usage.sites.values():
        sites[site.key.service].append(site)
    rows = [_service(name, processes[name], sites[name]) for name in names]
    return sorted(rows, key=lambda row: (-row["calls"], row["service"]))


def _service(
    name: str, processes: Collection[ProcessSeen], sites: Collection[SiteSeen]
) -> dict[str, Any]:
    days = {day for one in processes for day in one.days}
    return {
        "service": name,
        **_processes(processes),
        "first_day": min(days, default=None),
        "last_day": max(days, default=None),
        "sites": len(sites),
        "functions": len({one.key.function for one in sites}),
        "calls": sum(one.seen.calls for one in sites),
        "faults": sorted(set(chain.from_iterable(one.faults for one in processes))),
    }


def _functions(
    seen: Mapping[str, list[SiteSeen]],
    judge: Judge,
    functions: Mapping[str, tuple[str, str, str]],
) -> list[dict[str, Any]]:
    rows = []
    for name in {**seen, **functions}:
        sites = seen.get(name, [])
        about = functions.get(name)
        if about is None:
            latest = max(sites, key=lambda one: one.seen.last)
            about = latest.code, latest.replacement, latest.address
        code, replacement, address = about
        rows.append(
            {
                "function": name,
                "code": code,
                "replacement": replacement,
                "address": address,
                "services": sorted({one.key.service for one in sites}),
                "sites": len(sites),
                **_figures(merged([one.seen for one in sites]), judge.of_function(sites)),
            }
        )
    return sorted(rows, key=lambda row: (-row["calls"], row["function"]))


def _site(site: SiteSeen, judge: Judge) -> dict[str, Any]:
    return {
        "function": site.key.function,
        "code": site.code,
        "service": site.key.service,
        "module": site.key.module,
        "qualified_name": site.key.qualified_name,
        "file": site.file,
        "line": site.line,
        "places": dict(sorted(site.places.items(), key=lambda one: (-one[1], one[0]))),
        "overflow": site.overflow,
        "replacement": site.replacement,
        "address": site.address,
        **_figures(site.seen, judge.of_site(site)),
    }


def _figures(seen: Seen, verdict: Verdict) -> dict[str, Any]:
    quiet = verdict.quiet_days
    return {
        "calls": seen.calls,
        "first_seen": seen.first or None,
        "last_seen": seen.last or None,
        "modes": dict(sorted(seen.modes.items())),
        "compared": seen.compared,
        "mismatched": seen.mismatched,
        "not_compared": seen.not_compared,
        "mismatch_rate": seen.mismatch_rate,
        "mismatch_paths": dict(sorted(seen.paths.items(), key=lambda one: (-one[1], one[0]))),
        "fell_back": seen.fell_back,
        "processes": len(seen.processes),
        "quiet_days": None if quiet is None else round(quiet, 2),
        "verdict": {"state": verdict.state, "ready": verdict.ready, "text": verdict.text},
    }


def _days(seen: Mapping[str, list[SiteSeen]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for function, sites in sorted(seen.items()):
        days = merged([one.seen for one in sites]).days
        rows += [{"day": day, "function": function, "calls": days[day]} for day in sorted(days)]
    return sorted(rows, key=_day_first)


def _day_first(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["day"], row["function"]
