"""Whether something may be removed, and whether the calls end by a day.

A verdict is `ready` only if the logs can be trusted for it. One line that was not read, one event
that says that others are missing, a service of which no process was seen: each is a doubt, and with
a doubt nothing is ready.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final, Literal

from shim.usage._call_sites import merged

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from shim.usage._call_sites import ProcessSeen, Seen, SiteSeen, Usage

State = Literal["called", "not_known", "ready", "never_called"]
_DAYS_NAMED: Final = 3
_NOT_SEPARATE: Final = "not counted apart from other sites: the table of call sites was full"
# What to do about events that say that others are missing.
_FAULTS: Final = {
    "shim.notice_hook_failed": "fix the notice hook",
    "shim.logger_disabled": "configure logging with disable_existing_loggers = false",
    "shim.notices_ignored": "set `notices` to `log`",
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reason why nothing is ready, though no call was seen.

    Attributes:
        kind: `unread`: lines were not read; `fault`: events are missing, as another event says;
            `no_process`: no process was seen.
        service: The service that it concerns; None: all.
        text: What is wrong.
        advice: What to do.
    """

    kind: Literal["unread", "fault", "no_process"]
    service: str | None
    text: str
    advice: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one call site or function.

    Attributes:
        state: `called` within the asked days; `not_known`: the logs do not say enough; `ready` to
            remove: it was called before, and not within these days; `never_called`: these logs have
            no call at all, and they do say enough.
        quiet_days: Days since its last call; None if it was never seen.
        text: The same in words, with its grounds, or with what to do.
    """

    state: State
    quiet_days: float | None
    text: str

    @property
    def ready(self) -> bool:
        """Whether it was called before, and may be removed now."""
        return self.state == "ready"


class Judge:
    """Gives verdicts by what the logs say.

    Attributes:
        days: How many days something has to be quiet.
        missing: Of those, the days of which there is no log, oldest first.
        missing_events: Reasons why events of that time may be missing.
        doubts: Reasons why nothing is ready: these, and the services that were not seen.
        processes: The processes that were seen within that time, by instance.
    """

    def __init__(
        self, usage: Usage, days: int, *, gaps: int = 0, gone: Collection[str] = ()
    ) -> None:
        """Find out which days and services the logs cover.

        Args:
            usage: What the logs say.
            days: How many days something has to be quiet.
            gaps: Number of days that may have no log lines, for example weekends.
            gone: Services that are switched off, of which no process is expected.
        """
        self.days = days
        self._now = usage.now
        self._gaps = gaps
        # Today has not ended, so the days before it must be covered.
        asked = [usage.now - timedelta(days=ago) for ago in range(days, 0, -1)]
        window = [f"{day:%Y-%m-%d}" for day in asked]
        covered = set(usage.log.days)
        self.missing = [day for day in window if day not in covered]
        self._first = min(covered, default="")
        self._last = max(covered, default="")
        self._window = window
        self.processes = {
            name: one for name, one in usage.log.processes.items() if self._ran(one, usage.now)
        }
        self._names = _names(usage)
        seen = set[str]().union(*(self._names[name] for name in self.processes))
        self.missing_events = (*_unread(usage), *_faults(self.processes, self._names))
        absent = _absent(services(usage), seen, days, gone)
        self.doubts = (*self.missing_events, *absent)
        self._with_overflow = {one.key.function for one in usage.sites.values() if one.overflow}
        self._of_service: dict[str, tuple[Doubt | None, str]] = {}

    def of_site(self, site: SiteSeen) -> Verdict:
        """Return the verdict on a call site: by the processes of its service."""
        service = site.key.service
        if service not in self._of_service:
            doubts = (one for one in self.doubts if _concerns(one, service))
            self._of_service[service] = next(doubts, None), self._rests_on(service)
        doubt, basis = self._of_service[service]
        is_mixed = site.key.function in self._with_overflow
        return self._of(site.seen, site.place, doubt, basis, is_mixed=is_mixed)

    def of_function(self, sites: Collection[SiteSeen]) -> Verdict:
        """Return the verdict on a function, called by these sites: by all services."""
        latest = max(sites, key=lambda one: one.seen.last, default=None)
        together = merged([one.seen for one in sites])
        place = latest.place if latest else ""
        return self._of(together, place, next(iter(self.doubts), None), self._rests_on(None))

    def _of(
        self, seen: Seen, place: str, doubt: Doubt | None, basis: str, *, is_mixed: bool = False
    ) -> Verdict:
        quiet = self.quiet_days(seen)
        if quiet is not None and quiet < self.days:
            return Verdict("called", quiet, f"called {_ago(quiet)} ago at {place}")
        if is_mixed:
            return Verdict("not_known", quiet, _NOT_SEPARATE)
        # No process was seen in days that the log does not cover; so the days are named first.
        has_gap = len(self.missing) > self._gaps and (not doubt or doubt.kind == "no_process")
        if has_gap:
            return Verdict("not_known", quiet, self._gap())
        if doubt is not None:
            return Verdict("not_known", quiet, f"not known: {doubt.text}; {doubt.advice}")
        if quiet is None:
            return Verdict("never_called", None, f"never called in these logs ({basis})")
        text = f"nothing seen for {self.days} days: ready to remove ({basis})"
        return Verdict("ready", quiet, text)

    def covered(self) -> list[str]:
        """Return the asked days that have log lines, oldest first."""
        missing = set(self.missing)
        return [day for day in self._window if day not in missing]

    def quiet_days(self, seen: Seen) -> float | None:
        """Return for how many days something has been quiet, or None if it was never seen."""
        if not seen.last:
            return None
        last = datetime.fromisoformat(seen.last.removesuffix("Z")).replace(tzinfo=timezone.utc)
        return max((self._now - last) / timedelta(days=1), 0.0)

    def _ran(self, process: ProcessSeen, now: datetime) -> bool:
        """Whether a process ran within the asked days: it may log nothing for weeks."""
        first, last = min(process.days, default="~"), max(process.days, default="")
        return last >= self._window[0] and first <= f"{now:%Y-%m-%d}"

    def _rests_on(self, service: str | None) -> str:
        """Return the grounds of a verdict, in words."""
        seen = [
            one
            for name, one in self.processes.items()
            if service is None or service in self._names[name]
        ]
        named = f" of {service}" if service else ", of no known service" if service == "" else ""
        still = sum(not one.ended for one in seen)
        parts = [f"{_counted(len(seen), 'process')}{named}"]
        if still:
            # A killed process has not logged what it counted since its last event.
            parts.append(f"{still:,} of them without an end")
        parts.append(f"{self.days - len(self.missing)} of {self.days} days of log")
        return ", ".join(parts)

    def _gap(self) -> str:
        """Return which days the logs do not cover, in words."""
        if not self._first or self._first > self._window[-1]:
            return f"not yet: the log covers none of the {self.days} days before today"
        begins = [day for day in self.missing if day < self._first]
        ends = [day for day in self.missing if day > self._last]
        if len(begins) == len(self.missing):
            return (
                f"not yet: the log begins on {self._first}, so that it covers "
                f"{self.days - len(begins)} of {self.days} days"
            )
        if len(ends) == len(self.missing):
            return f"not yet: the log ends on {self._last}"
        return (
            f"not yet: no log for {len(self.missing)} of {self.days} days ({_some(self.missing)})"
        )


def missing_events(usage: Usage) -> tuple[Doubt, ...]:
    """Return the reasons why events may be missing from the logs, on any day."""
    return (*_unread(usage), *_faults(usage.log.processes, _names(usage)))


def _concerns(doubt: Doubt, service: str) -> bool:
    """Whether a doubt may concern a service; it may if either is not known."""
    if doubt.kind == "no_process":
        return doubt.service in {None, service}
    return not service or not doubt.service or doubt.service == service


def _unread(usage: Usage) -> Iterable[Doubt]:
    unread = usage.log.unread
    if unread:
        lines = f"{unread:,} lines that name an event were" if unread > 1 else "1 line was"
        yield Doubt(
            "unread",
            None,
            f"{lines} not read",
            "see where the first is, and log in a format that can be read",
        )


def _faults(
    processes: Mapping[str, ProcessSeen], names: Mapping[str, Collection[str]]
) -> Iterable[Doubt]:
    found = {
        (service, fault)
        for name, one in processes.items()
        for fault in one.faults
        for service in names[name]
    }
    for service, name in sorted(found):
        where = f" of {service}" if service else ""
        yield Doubt(
            "fault",
            service,
            f"{name} in the log{where}: events are missing",
            f"{_FAULTS.get(name, 'see what it says')}, and wait for as long again",
        )


def _absent(
    known: Collection[str], seen: Collection[str], days: int, gone: Collection[str]
) -> Iterable[Doubt]:
    if not known:
        yield Doubt(
            "no_process",
            None,
            f"no process with the shim was seen in these {days} days",
            "give its logs, and let warnings of the logger `shim` through",
        )
    for service in sorted({*known} - {*seen, *gone}):
        if service:
            advice = f"give its logs; if it is switched off, say --gone {service}"
            yield Doubt(
                "no_process",
                service,
                f"no process of {service} was seen in these {days} days",
                advice,
            )
        else:
            yield Doubt(
                "no_process",
                "",
                f"no process of version 0.1, whose log names no service, in these {days} days",
                "leave out the logs of 0.1 if all services are updated",
            )


def services(usage: Usage) -> set[str]:
    """Return all services that the logs name; empty: the service of logs of version 0.1."""
    of_processes = {one.service for one in usage.log.processes.values()}
    return of_processes | {key.service for key in usage.sites}


def _names(usage: Usage) -> dict[str, set[str]]:
    """Return the services of each process: two if `service` was set after its first call."""
    found = {name: {one.service} for name, one in usage.log.processes.items()}
    for site in usage.sites.values():
        for name in site.seen.processes:
            found.setdefault(name, set()).add(site.key.service)
    return found


def _some(days: Collection[str]) -> str:
    named = ", ".join(list(days)[:_DAYS_NAMED])
    return named if len(days) <= _DAYS_NAMED else f"{named}, …"


def _ago(days: float) -> str:
    if days >= 2:  # noqa: PLR2004 - below two days, hours are clearer.
        return f"{days:.0f} days"
    hours = days * 24
    return f"{hours:.0f} hours" if hours >= 2 else f"{hours * 60:.0f} minutes"  # noqa: PLR2004


def _counted(count: int, what: str) -> str:
    plural = f"{what}es" if what.endswith("s") else f"{what}s"
    return f"{count:,} {what if count == 1 else plural}"


_FEWEST_DAYS: Final = 7
_FARTHEST: Final = 3650


@dataclass(frozen=True, slots=True)
class Course:
    """The trend of the calls, by the days before today that the logs cover.

    Attributes:
        target: The day by which the calls should end, as YYYY-MM-DD.
        first: The first day of the line; None if there is no line.
        first_calls: Calls on that day, by the line.
        slope: Change of the calls from one day to the next; negative: they fall.
        zero_on: The day on which the line reaches zero; None: never, or not known.
        on_course: Whether that is not later than the target; None: not known.
        text: The same in words.
    """

    target: str
    first: str | None
    first_calls: float
    slope: float
    zero_on: str | None
    on_course: bool | None
    text: str


def course(usage: Usage, judge: Judge, target: date) -> Course:
    """Return whether the calls end by a day, if they go on falling as now.

    Args:
        usage: What the logs say.
        judge: Knows the days to use, and why counts may be incomplete.
        target: The day by which the calls should end.
    """
    calls = merged([one.seen for one in usage.sites.values()]).days
    days = judge.covered()
    if judge.missing_events:
        return _unknown(target, f"events are missing: {judge.missing_events[0].text}")
    if len(days) < _FEWEST_DAYS:
        return _unknown(
            target, f"the log covers {len(days)} of the last {judge.days} days, and 7 are needed"
        )
    if not any(calls.get(day, 0) for day in days):
        text = f"no call in the last {judge.days} days: on course for {target}"
        return Course(str(target), days[0], 0.0, 0.0, days[0], on_course=True, text=text)
    return _fitted(target, days, calls)


def _fitted(target: date, days: Sequence[str], calls: Mapping[str, int]) -> Course:
    """Return the course by the best straight line (least squares)."""
    first = date.fromisoformat(days[0])
    xs = [(date.fromisoformat(day) - first).days for day in days]
    ys = [calls.get(day, 0) for day in days]
    middle, mean = sum(xs) / len(xs), sum(ys) / len(ys)
    slope = sum((x - middle) * (y - mean) for x, y in zip(xs, ys, strict=True))
    slope /= sum((x - middle) ** 2 for x in xs)
    begin = mean - slope * middle
    now = f"{max(begin + slope * xs[-1], 0):,.0f} calls a day now"
    if slope >= 0 or -begin / slope > _FARTHEST:
        text = f"not on course for {target}: {now}, and they do not fall"
        return Course(str(target), days[0], begin, slope, None, on_course=False, text=text)
    zero = first + timedelta(days=max(int(-begin / slope) + 1, xs[-1]))
    late = (zero - target).days
    text = (
        f"on course for {target}: {now}, and zero on {zero} if they go on falling like this"
        if late <= 0
        else f"not on course for {target}: {now}, and zero on {zero}, {late:,} days later"
    )
    return Course(str(target), days[0], begin, slope, str(zero), on_course=late <= 0, text=text)


def _unknown(target: date, why: str) -> Course:
    text = f"not known whether on course for {target}: {why}"
    return Course(str(target), None, 0.0, 0.0, None, on_course=None, text=text)
