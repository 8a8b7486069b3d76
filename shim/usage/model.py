"""What logs say of who still calls what, as values."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime


class SiteKey(NamedTuple):
    """What a call site is known by beyond one run: no line numbers, which move with every edit.

    A baseline keeps these, and whatever else finds call sites (in the sources, say) is joined by
    them. Two services may each have a function `__main__.main`; logs of version 0.1 name no
    service.
    """

    function: str
    module: str
    qualified_name: str
    service: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one call site, or of one function.

    Attributes:
        calls: Calls, exactly.
        first: When the first was told, UTC, ISO 8601.
        last: When the last was told.
        modes: Calls by the way they went.
        compared: Calls of which a shadow compared the answer.
        mismatched: Those whose answers differed.
        not_compared: Calls whose shadow had nothing to say.
        paths: Where answers differed, and how often.
        fell_back: Calls that went the old way since the object API had refused.
        processes: Processes that called.
        days: Calls by day.
    """

    calls: int = 0
    first: str = ""
    last: str = ""
    modes: Mapping[str, int] = field(default_factory=Counter[str])
    compared: int = 0
    mismatched: int = 0
    not_compared: int = 0
    paths: Mapping[str, int] = field(default_factory=Counter[str])
    fell_back: int = 0
    processes: frozenset[str] = frozenset()
    days: Mapping[str, int] = field(default_factory=Counter[str])

    @property
    def mismatch_rate(self) -> float | None:
        """Which part of the compared calls differed, or None where none was compared."""
        return self.mismatched / self.compared if self.compared else None


@dataclass(frozen=True, slots=True)
class SiteSeen:
    """One call site.

    Attributes:
        key: What it is known by.
        code: Stable code of the deprecation.
        replacement: What the object API offers instead.
        address: The command that says more.
        file: File of the line that called last; empty for calls that were not told apart.
        line: Its number.
        places: Calls by line, as `file:line`; a function may call at several.
        overflow: Whether this counts calls of sites that found the process's table full.
        seen: What was seen of it.
    """

    key: SiteKey
    code: str
    replacement: str
    address: str
    file: str
    line: int
    places: Mapping[str, int]
    overflow: bool
    seen: Seen

    @property
    def place(self) -> str:
        """File and line, as editors understand them."""
        return place(self.file, self.line)


def place(file: str, line: int) -> str:
    """Return a line of a file as editors understand it."""
    return f"{file}:{line}" if file else "(not told apart)"


@dataclass(frozen=True, slots=True)
class ProcessSeen:
    """What the logs say of one process.

    Attributes:
        service: Its service; empty in logs of version 0.1.
        days: Days, as YYYY-MM-DD in UTC, on which it logged an event.
        ended: Whether it ended in good order, so that its counts are complete.
        faults: Names of its events that say that other events are missing.
    """

    service: str
    days: Collection[str]
    ended: bool
    faults: Collection[str]


@dataclass(frozen=True, slots=True)
class Log:
    """What the statements rest on.

    Attributes:
        files: Logs read.
        lines: Their lines.
        events: Lines that told an event.
        unread: Lines that name one and could not be read.
        unread_first: Where the first of those is, and what is wrong with it; never its content.
        days: Days, as YYYY-MM-DD in UTC, of which the logs have any line.
        processes: Every process that logged an event, by its instance.
    """

    files: tuple[str, ...]
    lines: int
    events: int
    unread: int
    unread_first: str
    days: Collection[str]
    processes: Mapping[str, ProcessSeen]


@dataclass(frozen=True, slots=True)
class Usage:
    """All that some logs say.

    Attributes:
        log: What it rests on.
        sites: Every call site that was seen.
        now: When it was read.
    """

    log: Log
    sites: Mapping[SiteKey, SiteSeen]
    now: datetime

    def unknown(self, known: Collection[SiteKey]) -> list[SiteKey]:
        """Return the sites that were seen and are not among those known from elsewhere."""
        return sorted(self.sites.keys() - set(known))

    def unseen(self, known: Collection[SiteKey]) -> list[SiteKey]:
        """Return those known from elsewhere that were not seen."""
        return sorted(set(known) - self.sites.keys())


def merged(parts: Collection[Seen]) -> Seen:
    """Return what was seen of several sites together."""
    modes: Counter[str] = Counter()
    paths: Counter[str] = Counter()
    days: Counter[str] = Counter()
    for one in parts:
        modes.update(one.modes)
        paths.update(one.paths)
        days.update(one.days)
    return Seen(
        calls=sum(one.calls for one in parts),
        first=min((one.first for one in parts if one.first), default=""),
        last=max((one.last for one in parts), default=""),
        modes=modes,
        compared=sum(one.compared for one in parts),
        mismatched=sum(one.mismatched for one in parts),
        not_compared=sum(one.not_compared for one in parts),
        paths=paths,
        fell_back=sum(one.fell_back for one in parts),
        processes=frozenset().union(*(one.processes for one in parts)),
        days=days,
    )
