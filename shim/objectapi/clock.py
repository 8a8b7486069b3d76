"""The clock that waiting goes by: the machine's, or one that a test puts forward.

It is the clock of pauses, quotas, tokens and retries. How long an answer takes on the wire is
measured by the machine's clock in any case.
"""

from __future__ import annotations

import threading
import time


class Clock:
    """The machine's clock."""

    def now(self) -> float:
        """Return seconds from some beginning; they never go back."""
        return time.monotonic()

    def unix(self) -> float:
        """Return seconds since 1970, to compare with times in records; they may be set back."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Let some seconds pass."""
        time.sleep(seconds)

    def idle(self, seconds: float) -> float:
        """Return how long to wait, in real seconds, for something that is due in `seconds`.

        Asked by a driver that has nothing else to do.
        """
        return seconds


MACHINE = Clock()


class SkippingClock(Clock):
    """A clock that is put forward instead of waiting; all that would wait uses the same time.

    It stands still while a call is under way, since a driver is not idle then.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._began = time.time()
        self._lock = threading.Lock()

    def now(self) -> float:
        """See `Clock`."""
        return self._now

    def unix(self) -> float:
        """See `Clock`."""
        return self._began + self._now

    def sleep(self, seconds: float) -> None:
        """See `Clock`; also what a test puts it forward with."""
        with self._lock:
            self._now += seconds

    def idle(self, seconds: float) -> float:
        """See `Clock`."""
        self.sleep(seconds)
        return 0.0
