"""Call sites as values, and how the events of a log add up to them.

Every event of a call site holds how often that site had called by then, in that process. So the
largest number of a process counts, lines may be lost or read twice, and the increase from day to
day is what was called on a day.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from shim.usage._event_format import MOST, is_time

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from shim.usage._event_format import Told


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


_CALLED: Final = "shim.offline_api_called"
_FINISHED: Final = "shim.offline_call_finished"
_SUMMARIZED: Final = "shim.offline_usage_summarized"
_COMPARED: Final = "shim.shadow_compared"
_FELL_BACK: Final = "shim.offline_call_fell_back"
_ENDED: Final = "shim.process_ended"
_FAULTS: Final = frozenset(
    {"shim.notice_hook_failed", "shim.logger_disabled", "shim.notices_ignored"}
)
_COUNTING: Final = frozenset({_CALLED, _FINISHED, _SUMMARIZED})
_OF_A_SITE: Final = _COUNTING | {_COMPARED, _FELL_BACK}
_SITE: Final = itemgetter("function", "caller_module", "caller_function", "service")
_Key: TypeAlias = "tuple[str, str, str, str]"


class _Told(NamedTuple):
    """What is the same in the events of a series."""

    event: str
    instance: str
    site: int
    mode: str
    code: str
    caller_file: str
    caller_line: int
    function: str
    caller_module: str
    caller_function: str
    service: str
    replacement: str = ""
    address: str = ""

    @property
    def key(self) -> _Key:
        """What the site is known by."""
        return self[7:11]


_SAME: Final = {
    event: itemgetter(*_Told._fields[: -2 if event == _FINISHED else None]) for event in _COUNTING
}


class _Series:
    """Events of one kind, process, site and line, which differ in count and time alone.

    Attributes:
        told: What is the same in each.
        times: How many there are.
        calls: The largest count.
        at: When it was told first: the last call was not later.
        first: When the first was told.
        latest: When the last was told.
        days: The largest count of each day.
    """

    __slots__ = ("_count", "_day", "at", "calls", "days", "first", "latest", "times", "told")

    def __init__(self, told: _Told) -> None:
        self.told = told
        self.times = self.calls = 0
        self.at = self.latest = ""
        self.first = "~"
        self.days: dict[str, int] = {}
        # The largest count of the day of the event before.
        self._day, self._count = "", 0

    def add(self, calls: int, at: str) -> None:
        """Add an event. This is done a million times, and so without helpers."""
        self.times += 1
        if calls > self.calls or (calls == self.calls and at < self.at):
            self.calls, self.at = calls, at
        if at > self.latest:  # noqa: PLR1730 - as above.
            self.latest = at
        if at < self.first:  # noqa: PLR1730 - as above.
            self.first = at
        if self._day and at.startswith(self._day):
            if calls > self._count:  # noqa: PLR1730 - as above.
                self._count = calls
        else:
            self.end_day()
            self._day, self._count = at[:10], calls

    def end_day(self) -> None:
        """Keep the largest count of the day."""
        if self._day and self._count > self.days.get(self._day, -1):
            self.days[self._day] = self._count


class _Counter:
    """What one site of one process has told."""

    __slots__ = ("at", "called", "calls", "days", "finished", "latest")

    def __init__(self, parts: Sequence[_Series]) -> None:
        self.calls = max(one.calls for one in parts)
        # When the largest count was told first: the last call was not later.
        self.at = min(one.at for one in parts if one.calls == self.calls)
        events = [one for one in parts if one.told.event != _SUMMARIZED]
        self.called = max((one.latest for one in events), default="")
        self.finished = max((one.calls for one in parts if one.told.event == _FINISHED), default=0)
        latest = max(parts, key=lambda one: one.latest).told
        self.latest = latest.caller_file, latest.caller_line
        self.days = parts[0].days if len(parts) == 1 else _largest(one.days for one in parts)

    def last(self) -> str:
        """Return when the last call was made, or at the latest."""
        return self.called if self.finished >= self.calls else max(self.called, self.at)

    def increases(self) -> dict[str, int]:
        """Return the calls of each day; a count that is told late counts for when it is told."""
        told, before = {}, 0
        for day, calls in sorted(self.days.items()):
            if calls > before:
                told[day] = calls - before
                before = calls
        return told


class _Others:
    """What events that count no calls have told of one call site."""

    __slots__ = ("fell_back", "first", "latest", "paths", "results")

    def __init__(self) -> None:
        self.first = "~"
        self.latest: tuple[str, str, int, str] = ("", "", 0, "")
        self.results: Counter[str] = Counter()
        self.paths: Counter[str] = Counter()
        self.fell_back = 0

    def add(self, event: str, told: Told) -> None:
        """Add an event."""
        self.first = min(self.first, told["at"])
        here = (told["at"], told["caller_file"], told["caller_line"], told["code"])
        self.latest = max(self.latest, here)
        if event == _COMPARED:
            self.results[told["result"]] += 1
            self.paths.update(told["mismatches"])
        else:
            self.fell_back += 1


class _Process:
    """What one process has told."""

    __slots__ = ("days", "ended", "faults", "service")

    def __init__(self) -> None:
        self.service = ""
        self.days: set[str] = set()
        self.ended = False
        self.faults: set[str] = set()

    def add(self, event: str, service: str, day: str) -> None:
        self.service = service
        self.days.add(day)
        self.ended |= event == _ENDED
        if event in _FAULTS:
            self.faults.add(event)


class Tally:
    """Adds events up."""

    def __init__(self) -> None:
        self._processes: defaultdict[str, _Process] = defaultdict(_Process)
        self._series: dict[tuple[Any, ...], _Series] = {}
        self._others: defaultdict[_Key, _Others] = defaultdict(_Others)
        self._days: set[str] = set()
        self._words: dict[Any, Any] = {}

    def add(self, told: Told) -> None:
        """Add a whole event."""
        event, at = told["event"], told["at"]
        if event in _COUNTING:
            same = _SAME[event](told)
            series = self._series.get(same)
            if series is None:
                # Each word is in memory once.
                same = tuple(self._words.setdefault(one, one) for one in same)
                series = self._series[same] = _Series(_Told(*same))
            series.add(told["calls"], at)
        elif event in _OF_A_SITE:
            self._others[_SITE(told)].add(event, told)
        self._processes[told["instance"]].add(event, told["service"], at[:10])
        self._days.add(at[:10])

    def add_again(self, told: Told) -> bool:
        """Add an event that differs in count and time alone from one that was added, if it does.

        Args:
            told: An event that has yet to be looked at.
        """
        try:
            series = self._series.get(_SAME[told["event"]](told))
            at, calls = told["at"], told["calls"]
            if (
                series is None
                or type(calls) is not int
                or not 0 <= calls < MOST
                or at[:10] not in self._days
                or not is_time(at)
            ):
                return False
        except (LookupError, TypeError):
            return False
        series.add(calls, at)
        return True

    def days(self) -> set[str]:
        """Return the days on which events were logged."""
        return self._days

    def processes(self) -> dict[str, ProcessSeen]:
        """Return every process that logged an event."""
        for one in self._series.values():
            one.end_day()
            self._processes[one.told.instance].days.update(one.days)
        return {
            name: ProcessSeen(one.service, one.days, one.ended, one.faults)
            for name, one in self._processes.items()
        }

    def sites(self) -> dict[SiteKey, SiteSeen]:
        """Return every site with what was seen of it, those with the most calls first."""
        series: dict[_Key, list[_Series]] = {key: [] for key in self._others}
        for one in self._series.values():
            one.end_day()
            series.setdefault(one.told.key, []).append(one)
        none = _Others()
        sites = [
            _site(SiteKey(*key), parts, self._others.get(key, none))
            for key, parts in series.items()
        ]
        sites.sort(key=lambda one: (-one.seen.calls, one.key))
        return {one.key: one for one in sites}


def _site(key: SiteKey, series: list[_Series], others: _Others) -> SiteSeen:
    """Return what all processes have told of one site."""
    by_process: dict[tuple[str, int], list[_Series]] = {}
    for one in series:
        by_process.setdefault((one.told.instance, one.told.site), []).append(one)
    counters = [_Counter(parts) for parts in by_process.values()]
    told = [
        (one.latest, one.told.caller_file, one.told.caller_line, one.told.code) for one in series
    ]
    _, file, line, code = max([others.latest, *told])
    about = [(one.latest, one.told.replacement, one.told.address) for one in series]
    _, replacement, address = max((one for one in about if one[1] or one[2]), default=("", "", ""))
    places = _sums({place(*one.latest): one.calls} for one in counters)
    seen = _seen(series, counters, others)
    return SiteSeen(
        key, code, replacement, address, file, line, places, overflow=not file, seen=seen
    )


def _seen(series: list[_Series], counters: list[_Counter], others: _Others) -> Seen:
    calls = sum(one.calls for one in counters)
    finished = [one for one in series if one.told.event == _FINISHED]
    modes = _sums({one.told.mode: one.times} for one in finished)
    if (rest := calls - sum(modes.values())) > 0:
        said = max(
            ((one.latest, one.told.mode) for one in series if one.told.event != _FINISHED),
            default=("", ""),
        )
        if said[1]:
            modes[said[1]] = modes.get(said[1], 0) + rest
    return Seen(
        calls=calls,
        first=min([others.first, *(one.first for one in series)]),
        last=max((one.last() for one in counters), default=others.latest[0]),
        modes=modes,
        compared=others.results["match"] + others.results["mismatch"],
        mismatched=others.results["mismatch"],
        not_compared=others.results["not_compared"],
        paths=others.paths,
        fell_back=others.fell_back,
        processes=frozenset(one.told.instance for one in series),
        days=_sums(one.increases() for one in counters),
    )


def _sums(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for part in parts:
        for key, count in part.items():
            sums[key] = sums.get(key, 0) + count
    return sums


def _largest(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    largest: dict[str, int] = {}
    for part in parts:
        for key, count in part.items():
            largest[key] = max(largest.get(key, 0), count)
    return largest
