"""Reading the notices back: who still calls what, and what may be removed.

Knows the events by their names in the log and nothing else of the package, so that logs of any
machine can be read anywhere.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from shim.usage.lines import MARK, Unreadable, event_of
from shim.usage.model import Log, ProcessSeen, Seen, SiteKey, SiteSeen, Usage, merged
from shim.usage.sources import SourceError, found, pieces
from shim.usage.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shim.usage.sources import Piece

__all__ = [
    "Log",
    "ProcessSeen",
    "Seen",
    "SiteKey",
    "SiteSeen",
    "SourceError",
    "Usage",
    "merged",
    "read_usage",
]

_TIME: Final = re.compile(rb"(20\d\d-[01]\d-[0-3]\d)[T ][0-2]\d:[0-5]\d")
# How far from the end of a piece its last time is looked for.
_TAIL: Final = 8192


def read_usage(logs: Sequence[str], *, now: datetime | None = None) -> Usage:
    """Read logs, whatever is in them beside the notices, and add up what they say.

    Memory grows with call sites, processes and days, not with the lines.

    Args:
        logs: Files, patterns as a shell has them, `-` for stdin; compressed (gzip) ones as well.
        now: When it is; the clock's time where None.

    Returns:
        What they say. Lines that name an event and cannot be read are counted, not raised.

    Raises:
        SourceError: A log cannot be found or read.
    """
    now = now or datetime.now(timezone.utc)
    names = found(logs)
    reading = _Reading(f"{now:%Y-%m-%d}")
    for name in names:
        for piece in pieces(name):
            reading.read(piece)
    return Usage(reading.log(names), reading.tally.sites(), now)


class _Reading:
    def __init__(self, today: str) -> None:
        self.tally = Tally()
        self._today = today
        self._lines = self._events = self._unread = 0
        self._unread_first = ""
        self._days: set[str] = set()

    def read(self, piece: Piece) -> None:
        self._lines += piece.content.count(b"\n")
        self._days |= _days(piece.content)
        for start, line in _marked(piece.content):
            why = self._add(line)
            if why and not self._unread_first:
                number = piece.first_line + piece.content.count(b"\n", 0, start)
                self._unread_first = f"{piece.name}:{number} {why}"

    def _add(self, line: bytes) -> str:
        """Add what a line tells; return why it could not be read, or an empty text."""
        try:
            told = event_of(line)
            if told is not None:
                self._days.add(self.tally.add(told))
                self._events += 1
        except Unreadable as why:
            self._unread += 1
            return str(why)
        return ""

    def log(self, names: Sequence[str]) -> Log:
        return Log(
            files=tuple(names),
            lines=self._lines,
            events=self._events,
            unread=self._unread,
            unread_first=self._unread_first,
            # A line may speak of a day to come.
            days=sorted(day for day in self._days if day <= self._today),
            processes=self.tally.processes(),
        )


def _marked(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that may tell an event, each with where it begins."""
    at = content.find(MARK)
    while at >= 0:
        start = content.rfind(b"\n", 0, at) + 1
        end = content.find(b"\n", at)
        yield start, content[start:end]
        at = content.find(MARK, end)


def _days(content: bytes) -> set[str]:
    """Return the days on which these lines were written: all, unless first and last are of one."""
    first = _TIME.search(content)
    if first is None:
        return set()
    last = [match[1] for match in _TIME.finditer(content, max(len(content) - _TAIL, 0))]
    if last and last[-1] == first[1]:
        return {first[1].decode()}
    return {day.decode() for day in _TIME.findall(content)}
