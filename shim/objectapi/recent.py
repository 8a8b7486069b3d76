"""Which records this process has written lately, so that a query of them may be stale."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

AT_MOST = 4096
"""Records remembered. The vendor's quota allows 25 writes in 5 s; the oldest is forgotten first."""


class RecentWrites:
    """When records were last written; safe to use from any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._written: OrderedDict[Hashable, float] = OrderedDict()

    def note(self, record: Hashable) -> None:
        """Remember that a record may have been written now."""
        with self._lock:
            self._written[record] = self._clock()
            self._written.move_to_end(record)
            if len(self._written) > AT_MOST:
                self._written.popitem(last=False)

    def within(self, record: Hashable, seconds: float) -> bool:
        """Whether a record was written less than so many seconds ago."""
        with self._lock:
            written = self._written.get(record)
            return written is not None and self._clock() - written < seconds
