"""`fxshim baseline`: known call sites in a file, and none that is new goes unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shim.cli.output import echo, warn
from shim.usage import Usage, read_usage
from shim.usage.baseline import BaselineError, compare, load, named, save
from shim.usage.verdict import missing_events, services

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from shim.usage import SiteKey

_NEW: Final = 1


def write(logs: Sequence[str], path: Path) -> int:
    """Write what the logs tell of to the baseline; return the exit code.

    Raises:
        BaselineError: It cannot be used, or not be written; or the logs do not tell all.
        SourceError: A log cannot be read.
    """
    usage = _read(logs)
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


def check(logs: Sequence[str], path: Path, *, shrink: bool, empty: bool) -> int:
    """Compare what the logs tell of with the baseline; return the exit code.

    Raises:
        BaselineError: It cannot be used, or not be written; or the logs do not tell all.
        SourceError: A log cannot be read.
    """
    known = load(path)
    usage = _read(logs)
    if not usage.sites and known and not empty:
        msg = (
            "no call in these logs, so nothing was checked: are they the right ones? If the "
            "last call site is gone, say so with --empty"
        )
        raise BaselineError(msg)
    found = compare(known, usage.sites)
    if found.new:
        lines = [f"{len(found.new)} call sites are not in {path}:"]
        lines += [_told(usage, key) for key in found.new]
        lines.append(
            "call the object API there instead; or, if it has to be, take them in with "
            "`fxshim baseline write`"
        )
        warn("\n".join(lines))
        return _NEW
    gone, unseen = _parted(usage, found.gone)
    if gone and shrink:
        save(path, [*found.kept, *unseen])
    verb = "forgot" if shrink else "would forget"
    said = [f"no new call site; {len(found.kept)} of {len(known)} known ones are still there"]
    said += [f"{verb} {named(key)}" for key in gone]
    echo("\n".join([*said, *_kept(unseen)]))
    return 0


def _read(logs: Sequence[str]) -> Usage:
    usage = read_usage(logs)
    for doubt in missing_events(usage):
        first = f" (the first: {usage.log.unread_first})" if doubt.kind == "unread" else ""
        msg = f"{doubt.text}{first}, so a call site may be missing; {doubt.advice}"
        raise BaselineError(msg)
    if any(site.overflow for site in usage.sites.values()):
        msg = (
            "some calls were not told apart, since a process had more call sites than its table "
            "holds: a baseline would miss them; is the same code loaded again and again?"
        )
        raise BaselineError(msg)
    return usage


def _parted(usage: Usage, keys: Iterable[SiteKey]) -> tuple[list[SiteKey], list[SiteKey]]:
    """Return the sites that are gone, and those of services of which these logs have nothing.

    Logs without any event come with the word of a person that the last call site is gone.
    """
    keys = list(keys)
    seen = {"", *(services(usage) or {key.service for key in keys})}
    return (
        [key for key in keys if key.service in seen],
        [key for key in keys if key.service not in seen],
    )


def _kept(unseen: Sequence[SiteKey]) -> list[str]:
    names = sorted({key.service for key in unseen})
    return [f"kept those of services that are not in these logs: {', '.join(names)}"] * bool(names)


def _told(usage: Usage, key: SiteKey) -> str:
    site = usage.sites[key]
    return (
        f"  {named(key)} ({', '.join(site.places)}): instead of it {site.replacement}, "
        f"see {site.address}"
    )
