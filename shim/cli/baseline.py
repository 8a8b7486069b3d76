"""`fxshim baseline`: known call sites in a file, and none that is new goes unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shim.cli.output import complain, echo, warn
from shim.usage import Usage, read_usage
from shim.usage.baseline import BaselineError, compare, load, save

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from shim.usage import SiteKey

_NEW: Final = 1


def write(logs: Sequence[str], path: Path) -> int:
    """Write what the logs tell of to the baseline; return the exit code.

    Raises:
        BaselineError: It cannot be used, or not be written.
        SourceError: A log cannot be read.
    """
    usage = _read(logs)
    known = load(path) if path.exists() else []
    found = compare(known, usage.sites)
    save(path, usage.sites.keys())
    echo(
        f"wrote {path}: {len(usage.sites)} call sites, {len(found.new)} of them new; "
        f"{len(found.gone)} gone"
    )
    return 0


def check(logs: Sequence[str], path: Path, *, shrink: bool, empty: bool) -> int:
    """Compare what the logs tell of with the baseline; return the exit code.

    Raises:
        BaselineError: It cannot be used, or not be written.
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
        warn(f"{len(found.new)} call sites are not in {path}:")
        for key in found.new:
            warn(_told(usage, key))
        warn(
            "call the object API there instead; or, if it has to be, take them in with "
            "`fxshim baseline write`",
        )
        return _NEW
    if found.gone and shrink:
        save(path, found.kept)
    verb = "forgot" if shrink else "would forget"
    said = [f"no new call site; {len(found.kept)} of {len(known)} known ones are still there"]
    said += [f"{verb} {_name(key)}" for key in found.gone]
    echo("\n".join(said))
    return 0


def _read(logs: Sequence[str]) -> Usage:
    usage = read_usage(logs)
    unread = usage.log.unread
    if unread:
        complain(f"not read: {unread:,} lines, the first: {usage.log.unread_first}")
    if any(site.overflow for site in usage.sites.values()):
        msg = (
            "some calls were not told apart, since a process had more call sites than its table "
            "holds: a baseline would miss them; is the same code loaded again and again?"
        )
        raise BaselineError(msg)
    return usage


def _told(usage: Usage, key: SiteKey) -> str:
    site = usage.sites[key]
    return (
        f"  {_name(key)} ({_listed(site.places)}): instead of it {site.replacement}, "
        f"see {site.address}"
    )


def _name(key: SiteKey) -> str:
    return f"{key.function} in {'.'.join(filter(None, key[1:]))}"


def _listed(places: Iterable[str]) -> str:
    return ", ".join(places)
