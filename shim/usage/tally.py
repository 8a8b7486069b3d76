"""Adding events up: exact counts from cumulative ones, whatever order the lines come in.

Every event of a call site holds how often that site had called by then, in that process. So the
largest number of a process counts, lines may be lost or read twice, and the increase from day to
day is what was called on a day.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from shim.usage.events import MOST, is_time
from shim.usage.model import ProcessSeen, Seen, SiteKey, SiteSeen, place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shim.usage.events import Told

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
