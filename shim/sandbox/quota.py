"""How many calls arrived at each path, and how many of them a path takes in its window."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

#: Grade B: the token interface takes this many calls …
TOKEN_CALLS: Final = 10
#: … in this many seconds, whatever the quota of the others.
TOKEN_SECONDS: Final = 60.0


@dataclass
class _Line:
    """One path: its counts and the times of the calls it took."""

    count: int = 0
    throttled: int = 0
    taken: deque[float] = field(default_factory=deque[float])


class Quota:
    """A sliding window for each path. U: whether the vendor's slides or jumps.

    Args:
        calls: The calls one path takes in one window. 0: any number.
        seconds: The window's length on the sandbox's clock.
    """

    def __init__(self, calls: int, seconds: float) -> None:
        self._calls = calls
        self._seconds = seconds
        self._lines: dict[str, _Line] = {}

    def take(self, path: str, now: float, *, token: bool) -> bool:
        """Count a call, and say whether the path takes it. A refused call takes no slot.

        Args:
            path: Where it arrived.
            now: When, in seconds of the sandbox's clock.
            token: The path is the token interface, which has a window of its own.
        """
        line = self._lines.setdefault(path, _Line())
        line.count += 1
        if not self._calls:
            return True
        calls, seconds = (TOKEN_CALLS, TOKEN_SECONDS) if token else (self._calls, self._seconds)
        while line.taken and line.taken[0] + seconds <= now:
            line.taken.popleft()
        if len(line.taken) >= calls:
            line.throttled += 1
            return False
        line.taken.append(now)
        return True

    def counts(self) -> dict[str, dict[str, int]]:
        """Return ``{path: {"count": n, "throttled": n}}``; the throttled are counted in both."""
        return {
            path: {"count": line.count, "throttled": line.throttled}
            for path, line in self._lines.items()
            if line.count
        }

    def forget_counts(self) -> None:
        """Count from zero again; the windows stay as full as they are."""
        for line in self._lines.values():
            line.count = line.throttled = 0
