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

    from shim.usage._event_format import Fields


class SiteKey(NamedTuple):
    """What identifies a call site in all runs: no line numbers, which change with every edit.

    A baseline holds these keys. Call sites that are found in another way, for example in source
    code, are matched by them. Two services may each have a function `__main__.main`; logs of
    version 0.1 name no service.
    """

    function: str
    module: str
    qualified_name: str
    service: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the logs say of one call site, or of one function.

    Attributes:
        calls: Calls, exactly.
        first: Time of the first event, UTC, ISO 8601.
        last: Time of the last call, or the latest that it may have been.
        modes: Calls by mode.
        compared: Calls whose answer a shadow compared.
        mismatched: Those whose answer differed.
        not_compared: Calls whose shadow could not compare.
        paths: Where answers differed, and how often.
        fell_back: Calls that fell back to the old API, since the object API had refused.
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
        """Mismatched calls divided by compared calls; None if no call was compared."""
        return self.mismatched / self.compared if self.compared else None


@dataclass(frozen=True, slots=True)
class SiteSeen:
    """One call site.

    Attributes:
        key: What identifies it.
        code: Stable code of the deprecation.
        replacement: What the object API offers instead.
        address: The command that explains the call.
        file: File of the line that called last; empty if calls of several sites are counted
            together.
        line: Its number.
        places: Calls by line, as `file:line`; a function may call at several.
        overflow: Whether this counts the calls of sites for which the table of a process was full.
        seen: Its calls.
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
        """File and line, in the form that editors read."""
        return place(self.file, self.line)


def place(file: str, line: int) -> str:
    """Return a line of a file in the form that editors read."""
    return f"{file}:{line}" if file else "(sites counted together)"


@dataclass(frozen=True, slots=True)
class ProcessSeen:
    """What the logs say of one process.

    Attributes:
        service: Name of its service; empty in logs of version 0.1.
        days: Days, as YYYY-MM-DD in UTC, on which it logged an event.
        ended: Whether it logged its end, so that its counts are complete.
        faults: Names of its events that say that other events are missing.
    """

    service: str
    days: Collection[str]
    ended: bool
    faults: Collection[str]


@dataclass(frozen=True, slots=True)
class Log:
    """What was read.

    Attributes:
        files: Logs read.
        lines: Their lines.
        events: Number of events.
        unread: Lines that name an event and could not be read.
        unread_first: Place of the first of those, and what is wrong with it; never its content.
        days: Days, as YYYY-MM-DD in UTC, on which any line was written.
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
    """What some logs say.

    Attributes:
        log: What was read.
        sites: Every call site that was seen.
        now: The time to judge by.
    """

    log: Log
    sites: Mapping[SiteKey, SiteSeen]
    now: datetime

    def unknown(self, known: Collection[SiteKey]) -> list[SiteKey]:
        """Return the seen sites that are not among some known ones."""
        return sorted(self.sites.keys() - set(known))

    def unseen(self, known: Collection[SiteKey]) -> list[SiteKey]:
        """Return the known sites that were not seen."""
        return sorted(set(known) - self.sites.keys())


def merged(parts: Collection[Seen]) -> Seen:
    """Return the sums over several sites."""
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


class _Common(NamedTuple):
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
        """What identifies the site."""
        return self[7:11]


_SAME: Final = {
    event: itemgetter(*_Common._fields[: -2 if event == _FINISHED else None]) for event in _COUNTING
}


class _Series:
    """Events of one kind, process, site and line. Only their counts and times differ.

    Attributes:
        common: What is the same in each.
        times: How many there are.
        calls: The largest count.
        at: Time of the first event with it: the last call was not later.
        first: Time of the first event.
        latest: Time of the last event.
        days: The largest count of each day.
    """

    __slots__ = ("_count", "_day", "at", "calls", "common", "days", "first", "latest", "times")

    def __init__(self, common: _Common) -> None:
        self.common = common
        self.times = self.calls = 0
        self.at = self.latest = ""
        self.first = "~"
        self.days: dict[str, int] = {}
        # The largest count of the day of the event before.
        self._day, self._count = "", 0

    def add(self, calls: int, at: str) -> None:
        """Add an event. Runs a million times, so it calls no helper."""
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
    """The events of one site in one process."""

    __slots__ = ("at", "called", "calls", "days", "finished", "latest")

    def __init__(self, parts: Sequence[_Series]) -> None:
        self.calls = max(one.calls for one in parts)
        # Time of the first event with the largest count: the last call was not later.
        self.at = min(one.at for one in parts if one.calls == self.calls)
        events = [one for one in parts if one.common.event != _SUMMARIZED]
        self.called = max((one.latest for one in events), default="")
        self.finished = max(
            (one.calls for one in parts if one.common.event == _FINISHED), default=0
        )
        latest = max(parts, key=lambda one: one.latest).common
        self.latest = latest.caller_file, latest.caller_line
        self.days = parts[0].days if len(parts) == 1 else _largest(one.days for one in parts)

    def last(self) -> str:
        """Return the time of the last call, or the latest that it may have been."""
        return self.called if self.finished >= self.calls else max(self.called, self.at)

    def increases(self) -> dict[str, int]:
        """Return the calls of each day, by the day on which their count was logged."""
        increases, before = {}, 0
        for day, calls in sorted(self.days.items()):
            if calls > before:
                increases[day] = calls - before
                before = calls
        return increases


class _Others:
    """The events of one call site that count no calls: comparisons and fallbacks."""

    __slots__ = ("fell_back", "first", "latest", "paths", "results")

    def __init__(self) -> None:
        self.first = "~"
        self.latest: tuple[str, str, int, str] = ("", "", 0, "")
        self.results: Counter[str] = Counter()
        self.paths: Counter[str] = Counter()
        self.fell_back = 0

    def add(self, event: str, fields: Fields) -> None:
        """Add an event."""
        self.first = min(self.first, fields["at"])
        here = (fields["at"], fields["caller_file"], fields["caller_line"], fields["code"])
        self.latest = max(self.latest, here)
        if event == _COMPARED:
            self.results[fields["result"]] += 1
            self.paths.update(fields["mismatches"])
        else:
            self.fell_back += 1


class _ProcessEvents:
    """The events of one process."""

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


class UsageTotals:
    """Adds events up."""

    def __init__(self) -> None:
        self._processes: defaultdict[str, _ProcessEvents] = defaultdict(_ProcessEvents)
        self._series: dict[tuple[Any, ...], _Series] = {}
        self._others: defaultdict[_Key, _Others] = defaultdict(_Others)
        self._days: set[str] = set()
        self._words: dict[Any, Any] = {}

    def add(self, fields: Fields) -> None:
        """Add a complete event."""
        event, at = fields["event"], fields["at"]
        if event in _COUNTING:
            same = _SAME[event](fields)
            series = self._series.get(same)
            if series is None:
                # Equal texts are kept in memory once.
                same = tuple(self._words.setdefault(one, one) for one in same)
                series = self._series[same] = _Series(_Common(*same))
            series.add(fields["calls"], at)
        elif event in _OF_A_SITE:
            self._others[_SITE(fields)].add(event, fields)
        self._processes[fields["instance"]].add(event, fields["service"], at[:10])
        self._days.add(at[:10])

    def add_again(self, fields: Fields) -> bool:
        """Add an event if only its count and time differ from an event that was added.

        Faster than checking it again. Returns whether it was added.

        Args:
            fields: An event that was not checked.
        """
        try:
            series = self._series.get(_SAME[fields["event"]](fields))
            at, calls = fields["at"], fields["calls"]
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
            self._processes[one.common.instance].days.update(one.days)
        return {
            name: ProcessSeen(one.service, one.days, one.ended, one.faults)
            for name, one in self._processes.items()
        }

    def sites(self) -> dict[SiteKey, SiteSeen]:
        """Return every site with its calls, the most calls first."""
        series: dict[_Key, list[_Series]] = {key: [] for key in self._others}
        for one in self._series.values():
            one.end_day()
            series.setdefault(one.common.key, []).append(one)
        none = _Others()
        sites = [
            _site(SiteKey(*key), parts, self._others.get(key, none))
            for key, parts in series.items()
        ]
        sites.sort(key=lambda one: (-one.seen.calls, one.key))
        return {one.key: one for one in sites}


def _site(key: SiteKey, series: list[_Series], others: _Others) -> SiteSeen:
    """Return one site, over all processes."""
    by_process: dict[tuple[str, int], list[_Series]] = {}
    for one in series:
        by_process.setdefault((one.common.instance, one.common.site), []).append(one)
    counters = [_Counter(parts) for parts in by_process.values()]
    latest = [
        (one.latest, one.common.caller_file, one.common.caller_line, one.common.code)
        for one in series
    ]
    _, file, line, code = max([others.latest, *latest])
    about = [(one.latest, one.common.replacement, one.common.address) for one in series]
    _, replacement, address = max((one for one in about if one[1] or one[2]), default=("", "", ""))
    places = _sums({place(*one.latest): one.calls} for one in counters)
    seen = _seen(series, counters, others)
    return SiteSeen(
        key, code, replacement, address, file, line, places, overflow=not file, seen=seen
    )


def _seen(series: list[_Series], counters: list[_Counter], others: _Others) -> Seen:
    calls = sum(one.calls for one in counters)
    finished = [one for one in series if one.common.event == _FINISHED]
    modes = _sums({one.common.mode: one.times} for one in finished)
    if (rest := calls - sum(modes.values())) > 0:
        said = max(
            ((one.latest, one.common.mode) for one in series if one.common.event != _FINISHED),
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
        processes=frozenset(one.common.instance for one in series),
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
