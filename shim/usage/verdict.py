"""Whether something may be removed: how long it has been quiet, and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

    from shim.usage.model import Seen, Usage

_DAYS_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said of one call site or function.

    Attributes:
        ready: Whether it may be removed.
        quiet_days: Days since it called last, or None where it was never seen.
        text: The same in words, with what it rests on.
    """

    ready: bool
    quiet_days: float | None
    text: str


class Judge:
    """Judges by one reading of the logs.

    Attributes:
        days: How many days something has to be quiet.
        missing: Of those, the days of which there is no log, oldest first.
        processes: How many processes told anything in that time.
    """

    def __init__(self, usage: Usage, days: int, *, gaps: int = 0) -> None:
        """Look at what the logs cover.

        Args:
            usage: What the logs say.
            days: How many days something has to be quiet.
            gaps: How many of these days may be without any line: weekends, say.
        """
        self.days = days
        self._now = usage.now
        self._gaps = gaps
        # Today has not ended, so the days before it have to be covered.
        asked = [usage.now - timedelta(days=ago) for ago in range(days, 0, -1)]
        window = [f"{day:%Y-%m-%d}" for day in asked]
        covered = set(usage.log.days)
        self.missing = [day for day in window if day not in covered]
        self.processes = sum(
            not {*window, f"{usage.now:%Y-%m-%d}"}.isdisjoint(one.days)
            for one in usage.log.processes.values()
        )
        self._first = min(covered, default="")
        self._last = max(covered, default="")
        self._window = window

    def of(self, seen: Seen, place: str = "", *, untold: bool = False) -> Verdict:
        """Return the verdict on what was seen of something.

        Args:
            seen: What was seen of it.
            place: Where it called last.
            untold: Whether calls that nobody could tell apart may have been its.
        """
        quiet = self.quiet_days(seen)
        if quiet is not None and quiet < self.days:
            where = f" at {place}" if place else ""
            return Verdict(ready=False, quiet_days=quiet, text=f"called {_ago(quiet)} ago{where}")
        if untold:
            text = "not told apart from other sites: the table of call sites was full"
            return Verdict(ready=False, quiet_days=quiet, text=text)
        if len(self.missing) > self._gaps:
            return Verdict(ready=False, quiet_days=quiet, text=self._gap())
        what = "nothing seen" if quiet is not None else "never seen, and nothing"
        text = (
            f"{what} for {self.days} days: ready to remove "
            f"({_counted(self.processes, 'process')}, "
            f"{self.days - len(self.missing)} of {self.days} days of log)"
        )
        return Verdict(ready=True, quiet_days=quiet, text=text)

    def quiet_days(self, seen: Seen) -> float | None:
        """Return for how many days something has been quiet, or None where it was never seen."""
        if not seen.last:
            return None
        last = datetime.fromisoformat(seen.last.removesuffix("Z")).replace(tzinfo=timezone.utc)
        return max((self._now - last) / timedelta(days=1), 0.0)

    def _gap(self) -> str:
        """Return why the logs do not say enough."""
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


def _some(days: Collection[str]) -> str:
    named = ", ".join(list(days)[:_DAYS_NAMED])
    return named if len(days) <= _DAYS_NAMED else f"{named}, …"


def _ago(days: float) -> str:
    if days >= 2:  # noqa: PLR2004 - from two on, days say enough.
        return f"{days:.0f} days"
    hours = days * 24
    return f"{hours:.0f} hours" if hours >= 2 else f"{hours * 60:.0f} minutes"  # noqa: PLR2004


def _counted(count: int, what: str) -> str:
    plural = f"{what}es" if what.endswith("s") else f"{what}s"
    return f"{count:,} {what if count == 1 else plural}"
