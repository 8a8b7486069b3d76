"""Which records a paged read has found, so that its later pages continue where they stood.

The offline call pages by number; the object API has no such pages. Page 1 finds the records, the
later ones read those. So a record that is updated between two pages is neither lost nor given
twice, and only page 1 pays for finding. Ids only are kept, for a quarter of an hour; a page whose
snapshot is gone, or was made in another process, finds the records anew.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shim._forks import ProcessLock

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

LIFETIME_SECONDS = 900.0
AT_MOST = 16


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The `_id`s of what was found, in order, and when the last of it was changed (ms)."""

    record_ids: tuple[str, ...]
    last_changed: int


class Snapshots:
    """The few most recent snapshots of this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = ProcessLock()
        self._held: OrderedDict[Hashable, tuple[float, Snapshot]] = OrderedDict()

    def put(self, key: Hashable, snapshot: Snapshot) -> None:
        """Keep a snapshot, and drop the oldest where there are too many."""
        with self._lock.held():
            self._held[key] = (self._clock() + LIFETIME_SECONDS, snapshot)
            self._held.move_to_end(key)
            while len(self._held) > AT_MOST:
                self._held.popitem(last=False)

    def forget(self) -> None:
        """Drop them all."""
        with self._lock.held():
            self._held.clear()

    def get(self, key: Hashable) -> Snapshot | None:
        """Return the snapshot, unless it is unknown or too old."""
        with self._lock.held():
            until, snapshot = self._held.get(key, (0.0, None))
            return snapshot if until > self._clock() else None
