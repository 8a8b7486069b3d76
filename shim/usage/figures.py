"""What logs say, as plain data: what `--json` prints and the report shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shim.usage.model import Seen, merged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shim.usage.model import SiteSeen, Usage
    from shim.usage.verdict import Judge

VERSION = 1
"""Of the shape that `figures` returns; grows when a name changes its meaning or goes."""


def figures(
    usage: Usage, judge: Judge, functions: Mapping[str, tuple[str, str, str]]
) -> dict[str, Any]:
    """Return everything as JSON has it.

    Args:
        usage: What the logs say.
        judge: Gives the verdicts.
        functions: Every function that could be called: its code, replacement, and the command
            that says what to do instead.

    Returns:
        `version`, `generated_at`, `since_days`; `log`: files, lines, events, unread,
        unread_first, first and last day, days, missing_days (of the last `since_days`), processes;
        `functions` and `sites`, each with calls, first_seen, last_seen, modes, compared,
        mismatched, not_compared, mismatch_rate (null where nothing was compared), mismatch_paths,
        fell_back, processes, quiet_days (null where never seen), and verdict with ready and text; a
        site also with file and line that called last, and its calls by place;
        `days`: day, function, calls.
    """
    log = usage.log
    days = sorted(log.days)
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
            "processes": len(log.processes),
        },
        "functions": _functions(usage, judge, functions),
        "sites": [_site(site, usage, judge) for site in usage.sites.values()],
        "days": _days(usage),
    }


def by_function(usage: Usage) -> dict[str, list[SiteSeen]]:
    """Return the sites of each function that was seen."""
    found: dict[str, list[SiteSeen]] = {}
    for site in usage.sites.values():
        found.setdefault(site.key.function, []).append(site)
    return found


def _functions(
    usage: Usage, judge: Judge, functions: Mapping[str, tuple[str, str, str]]
) -> list[dict[str, Any]]:
    seen = by_function(usage)
    rows = []
    for name in {**seen, **functions}:
        sites = seen.get(name, [])
        latest = max(sites, key=lambda one: one.seen.last, default=None)
        together = merged([one.seen for one in sites])
        about = functions.get(name)
        if about is None and latest is not None:
            about = latest.code, latest.replacement, latest.address
        code, replacement, address = about or ("", "", "")
        rows.append(
            {
                "function": name,
                "code": code,
                "replacement": replacement,
                "address": address,
                "sites": len(sites),
                **_figures(together, judge, latest.place if latest else ""),
            }
        )
    return sorted(rows, key=lambda row: (-row["calls"], row["function"]))


def _site(site: SiteSeen, usage: Usage, judge: Judge) -> dict[str, Any]:
    untold = site.overflow or any(
        one.overflow and one.key.function == site.key.function for one in usage.sites.values()
    )
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
        **_figures(site.seen, judge, site.place, untold=untold),
    }


def _figures(seen: Seen, judge: Judge, place: str, *, untold: bool = False) -> dict[str, Any]:
    verdict = judge.of(seen, place, untold=untold)
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
        "quiet_days": None if verdict.quiet_days is None else round(verdict.quiet_days, 2),
        "verdict": {"ready": verdict.ready, "text": verdict.text},
    }


def _days(usage: Usage) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for function, sites in sorted(by_function(usage).items()):
        days = merged([one.seen for one in sites]).days
        rows += [{"day": day, "function": function, "calls": days[day]} for day in sorted(days)]
    return sorted(rows, key=_day_first)


def _day_first(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["day"], row["function"]
