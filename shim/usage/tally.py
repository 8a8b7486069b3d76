"""Adding events up: exact counts from cumulative ones, whatever order the lines come in.

Every event of a call site holds how often that site had called by then, in that process. So the
largest number of a process counts, lines may be lost or read twice, and the increase from day to
day is what was called on a day.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from shim.usage.lines import Unreadable
from shim.usage.model import ProcessSeen, Seen, SiteKey, SiteSeen, place

if TYPE_CHECKING:
    from collections.abc import Mapping

_AT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
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
_TEXTS: Final = {
    _CALLED: ("code", "caller_file", "mode", "replacement", "address"),
    _SUMMARIZED: ("code", "caller_file", "mode", "replacement", "address"),
    _FINISHED: ("code", "caller_file", "mode"),
    _COMPARED: ("code", "caller_file", "result"),
}


class _Counter:
    """What one site of one process has told.

    Attributes:
        calls: The largest count.
        at: When it was told first: the last call was not later.
        called: When a call itself was told last.
        days: The largest count of each day.
        finished: The largest count told by a finished call.
        place: The line that called.
    """

    __slots__ = ("at", "called", "calls", "days", "finished", "place")

    def __init__(self) -> None:
        self.place = ""
        self.calls = 0
        self.at = ""
        self.called = ""
        self.days: dict[str, int] = {}
        self.finished = 0

    def add(self, event: str, calls: int, at: str) -> None:
        if calls > self.calls or (calls == self.calls and at < self.at):
            self.calls, self.at = calls, at
        if event != _SUMMARIZED:
            self.called = max(self.called, at)
        if event == _FINISHED:
            self.finished = max(self.finished, calls)
        day = at[:10]
        self.days[day] = max(self.days.get(day, 0), calls)

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


class _Site:
    """What all processes have told of one call site."""

    __slots__ = (
        "about",
        "counters",
        "fell_back",
        "finished",
        "first",
        "latest",
        "paths",
        "results",
        "said",
    )

    def __init__(self) -> None:
        # By process and the site's number there.
        self.counters: defaultdict[tuple[str, int], _Counter] = defaultdict(_Counter)
        self.finished: Counter[str] = Counter()
        # When, and the mode that the site's own events say; when, and its line.
        self.said = ("", "")
        self.latest: tuple[str, str, int, str] = ("", "", 0, "")
        self.about = ("", "", "")
        self.first = "~"
        self.results: Counter[str] = Counter()
        self.paths: Counter[str] = Counter()
        self.fell_back = 0

    def add(self, event: str, told: Mapping[str, Any], process: str, at: str) -> None:
        self.first = min(self.first, at)
        here = (at, told["caller_file"], _whole(told, "caller_line"), told["code"])
        self.latest = max(self.latest, here)
        if event in _COUNTING:
            counter = self.counters[process, _whole(told, "site")]
            counter.add(event, _whole(told, "calls"), at)
            counter.place = place(here[1], here[2])
            if event == _FINISHED:
                self.finished[told["mode"]] += 1
            else:
                self.said = max(self.said, (at, told["mode"]))
                self.about = max(self.about, (at, told["replacement"], told["address"]))
        elif event == _COMPARED:
            self.results[told["result"]] += 1
            self.paths.update(_words(told.get("mismatches")))
        else:
            self.fell_back += 1

    def places(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for one in self.counters.values():
            found[one.place] += one.calls
        return found

    def seen(self) -> Seen:
        counters = self.counters.values()
        calls = sum(one.calls for one in counters)
        days: Counter[str] = Counter()
        for one in counters:
            days.update(one.increases())
        modes = Counter(self.finished)
        if (rest := calls - modes.total()) > 0 and self.said[1]:
            modes[self.said[1]] += rest
        return Seen(
            calls=calls,
            first=self.first,
            last=max((one.last() for one in counters), default=self.latest[0]),
            modes=modes,
            compared=self.results["match"] + self.results["mismatch"],
            mismatched=self.results["mismatch"],
            not_compared=self.results["not_compared"],
            paths=self.paths,
            fell_back=self.fell_back,
            processes=frozenset(process for process, _ in self.counters),
            days=days,
        )


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
        self._sites: defaultdict[SiteKey, _Site] = defaultdict(_Site)

    def add(self, told: Mapping[str, Any]) -> str:
        """Add one event; return its day.

        Raises:
            Unreadable: A field is missing or not what it should be. Nothing has been added then.
        """
        event = _text(told, "event")
        # Version 0.1 named it `process`.
        process, at = (
            _text(told, "instance" if "instance" in told else "process"),
            _text(told, "at"),
        )
        if not process or not _is_time(at):
            msg = "has no instance, or no time"
            raise Unreadable(msg)
        service = _text(told, "service") if "service" in told else ""
        if event in _OF_A_SITE:
            key = SiteKey(
                _text(told, "function"),
                _text(told, "caller_module"),
                _text(told, "caller_function"),
                service,
            )
            if not key.function:
                msg = "has no function"
                raise Unreadable(msg)
            _check(event, told)
            self._sites[key].add(event, told, process, at)
        self._processes[process].add(event, service, at[:10])
        return at[:10]

    def processes(self) -> dict[str, ProcessSeen]:
        """Return every process that logged an event."""
        return {
            name: ProcessSeen(one.service, one.days, one.ended, one.faults)
            for name, one in self._processes.items()
        }

    def sites(self) -> dict[SiteKey, SiteSeen]:
        """Return every site with what was seen of it, those with the most calls first."""
        sites = {}
        for key, site in self._sites.items():
            _, file, line, code = site.latest
            _, replacement, address = site.about
            sites[key] = SiteSeen(
                key,
                code,
                replacement,
                address,
                file,
                line,
                site.places(),
                overflow=not file,
                seen=site.seen(),
            )
        return dict(sorted(sites.items(), key=lambda one: (-one[1].seen.calls, one[0])))


def _check(event: str, told: Mapping[str, Any]) -> None:
    """Refuse an event that could not be added whole."""
    for name in _TEXTS.get(event, ("code", "caller_file")):
        _text(told, name)
    for name in ("caller_line", "site", "calls") if event in _COUNTING else ("caller_line",):
        _whole(told, name)


def _is_time(at: str) -> bool:
    try:
        return bool(_AT.fullmatch(at) and datetime.fromisoformat(at[:-1]))
    except ValueError:
        return False


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str):
        msg = f"has no {name}"
        raise Unreadable(msg)
    return value


def _whole(told: Mapping[str, Any], name: str) -> int:
    value = told.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    msg = f"has no {name}"
    raise Unreadable(msg)


def _words(value: Any) -> list[str]:
    """Return a list that a log line may hold as words between commas."""
    if isinstance(value, str):
        return [word for word in value.split(",") if word]
    return [str(one) for one in value] if isinstance(value, list) else []
