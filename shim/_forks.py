"""Locks that belong to the whole process, and that a forked child finds free.

A forked child has one thread. A lock that another thread of the parent held at the moment of the
fork would stay locked in the child for ever.
"""

from __future__ import annotations

import os
import threading
from weakref import WeakSet


class ProcessLock:
    """A reentrant lock of the whole process: `with lock.held(): …`."""

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        self._lock = threading.RLock()
        _locks.add(self)

    def held(self) -> threading.RLock:
        """Return the lock of this process, to be acquired.

        What was acquired before a fork is released as the same object after it.
        """
        return self._lock

    def renew(self) -> None:
        """Take a lock that nothing holds."""
        self._lock = threading.RLock()


_locks: WeakSet[ProcessLock] = WeakSet()


def renew_locks() -> None:
    """Renew every lock. For the only thread of a forked child, and for tests."""
    for lock in _locks:
        lock.renew()


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork.
    os.register_at_fork(after_in_child=renew_locks)
