"""Reading the notices back: who still calls what, and what may be removed.

Knows the events by their names in the log and nothing else of the package, so that logs of any
machine can be read anywhere.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from shim.usage._call_sites import (
    Log,
    ProcessSeen,
    Seen,
    SiteKey,
    SiteSeen,
    Tally,
    Usage,
    merged,
    place,
)
from shim.usage._event_format import Unreadable
from shim.usage._line_reader import LineReader, plain
from shim.usage._scan import days, marked
from shim.usage._sources import SourceError, found, is_one_of, pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shim.usage._event_format import Told
    from shim.usage._sources import Piece

__all__ = [
    "LineReader",
    "Log",
    "ProcessSeen",
    "Seen",
    "SiteKey",
    "SiteSeen",
    "SourceError",
    "Usage",
    "is_one_of",
    "merged",
    "place",
    "read_usage",
]


def read_usage(logs: Sequence[str], *, now: datetime | None = None) -> Usage:
    """Read logs, whatever is in them beside the notices, and add up what they say.

    Memory grows with call sites, processes and days, not with the lines.

    Args:
        logs: Files, patterns as a shell has them, `-` for stdin; compressed ones as well (gzip,
            bzip2, xz, zstd with the extra `zstd`).
        now: When it is; the clock's time where None.

    Returns:
        What they say. Every name of an event in a line is either read with its whole event, or
        counted as not read.

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
        self._reader = LineReader()
        self._today = today
        self._lines = self._events = self._unread = 0
        self._unread_first = ""
        self._days: set[str] = set()

    def read(self, piece: Piece) -> None:
        content = piece.content
        self._lines += content.count(b"\n")
        self._days |= days(content)
        size, add_again = len(content), self.tally.add_again
        for start, end, why in marked(content):
            line = content[start:end]
            told = None if why else plain(line)
            if told is not None and (add_again(told) or self._add_first(told)):
                self._events += 1
                continue
            reasons = [why] if why else self._add(line, ended=piece.ended or end + 1 < size)
            if reasons and not self._unread:
                number = piece.first_line + content.count(b"\n", 0, start)
                self._unread_first = f"{piece.name}:{number} {reasons[0]}"
            self._unread += bool(reasons)

    def _add_first(self, told: Told) -> bool:
        """Add an event of a site that is new, if it is whole."""
        try:
            self.tally.add(self._reader.whole(told))
        except Unreadable:
            return False
        return True

    def _add(self, line: bytes, *, ended: bool) -> list[str]:
        """Add what a line tells; return why something of it could not be read."""
        events, reasons = self._reader.read(line, ended=ended)
        for told in events:
            self.tally.add(told)
        self._events += len(events)
        return reasons

    def log(self, names: Sequence[str]) -> Log:
        return Log(
            files=tuple(names),
            lines=self._lines,
            events=self._events,
            unread=self._unread,
            unread_first=self._unread_first,
            # A line may speak of a day to come.
            days=sorted(day for day in self._days | self.tally.days() if day <= self._today),
            processes=self.tally.processes(),
        )
