"""Never more calls than the vendor allows: a window per tenant and path.

100 calls in 20 s per interface and tenant (contract, section 1, grade B). Whether the vendor
counts in fixed or in sliding windows, and at which instant of a call, is unknown (grade U), so a
slot is held from the sending until `quota_seconds` after the answer: right under every reading.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_POLL_SECONDS = 0.01


class Window:
    """`calls` slots, each busy from `take()` until `seconds` after `give_back()`."""

    def __init__(
        self, calls: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._calls = calls
        self._seconds = seconds
        self._clock = clock
        self._under_way = 0
        self._free_at: deque[float] = deque()
        self._lock = threading.Lock()

    def take(self) -> float:
        """Take a slot and return 0, or return how many seconds to wait before asking again."""
        with self._lock:
            now = self._clock()
            while self._free_at and self._free_at[0] <= now:
                self._free_at.popleft()
            if self._under_way + len(self._free_at) < self._calls:
                self._under_way += 1
                return 0.0
            # With every slot under way nobody knows when the first comes back.
            return max(self._free_at[0] - now, 0.001) if self._free_at else _POLL_SECONDS

    def give_back(self) -> None:
        """Say that the call has been answered, or has failed."""
        with self._lock:
            self._under_way -= 1
            self._free_at.append(self._clock() + self._seconds)


class Pacer:
    """The windows of this process, made as they are needed."""

    def __init__(self) -> None:
        self._windows: dict[tuple[object, ...], Window] = {}
        self._lock = threading.Lock()

    def window(self, tenant: object, path: str, calls: int, seconds: float) -> Window | None:
        """Return the window of one path of one tenant, or None where nothing is to be paced."""
        if not calls or not seconds:
            return None
        key = (tenant, path, calls, seconds)
        with self._lock:
            if key not in self._windows:
                self._windows[key] = Window(calls, seconds)
            return self._windows[key]
