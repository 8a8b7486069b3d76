"""Reading the events of the shim from logs: who still calls what, and what may be removed.

Imports no other package of `shim`, so that logs of any machine can be read anywhere. The command
and the pytest plugin import from here and from the modules without an underscore.
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
    Usage,
    UsageTotals,
    merged,
    place,
)
from shim.usage._event_format import IncompleteEvent
from shim.usage._line_reader import LineReader, plain
from shim.usage._scan import days, marked
from shim.usage._sources import SourceError, found, is_one_of, pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shim.usage._event_format import Fields
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
    """Read logs, which may hold any other lines, and add up the events of the shim.

    Memory grows with call sites, processes and days, not with the lines.

    Args:
        logs: Files, patterns as a shell has them, `-` for stdin; compressed ones as well (gzip,
            bzip2, xz, zstd with the extra `zstd`).
        now: The time to judge by; None takes the clock's.

    Returns:
        What the logs say. Each name of an event in a line is read with its complete event, or
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
    return Usage(reading.log(names), reading.totals.sites(), now)


class _Reading:
    def __init__(self, today: str) -> None:
        self.totals = UsageTotals()
        self._reader = LineReader()
        self._today = today
        self._lines = self._events = self._unread = 0
        self._unread_first = ""
        self._days: set[str] = set()

    def read(self, piece: Piece) -> None:
        content = piece.content
        self._lines += content.count(b"\n")
        self._days |= days(content)
        size, add_again = len(content), self.totals.add_again
        for start, end, why in marked(content):
            line = content[start:end]
            fields = None if why else plain(line)
            if fields is not None and (add_again(fields) or self._add_first(fields)):
                self._events += 1
                continue
            reasons = [why] if why else self._add(line, ended=piece.ended or end + 1 < size)
            if reasons and not self._unread:
                number = piece.first_line + content.count(b"\n", 0, start)
                self._unread_first = f"{piece.name}:{number} {reasons[0]}"
            self._unread += bool(reasons)

    def _add_first(self, fields: Fields) -> bool:
        """Add an event of a new site, if it is complete."""
        try:
            self.totals.add(self._reader.whole(fields))
        except IncompleteEvent:
            return False
        return True

    def _add(self, line: bytes, *, ended: bool) -> list[str]:
        """Add the events of a line; return why a part of it could not be read."""
        events, reasons = self._reader.read(line, ended=ended)
        for fields in events:
            self.totals.add(fields)
        self._events += len(events)
        return reasons

    def log(self, names: Sequence[str]) -> Log:
        return Log(
            files=tuple(names),
            lines=self._lines,
            events=self._events,
            unread=self._unread,
            unread_first=self._unread_first,
            # A line may name a day in the future.
            days=sorted(day for day in self._days | self.totals.days() if day <= self._today),
            processes=self.totals.processes(),
        )
