"""Starts threads, and passes things between them, in ways that no exception can interrupt halfway.

`threading.Thread.start` waits for the new thread. An exception that is thrown in meanwhile (by a
signal's handler, for example) may leave that one hanging. So a first thread, whose start is one
step, starts the one that is meant. In rare cases an exception that is thrown into a thread by its
number hits that first thread before it runs; so a thread that waits for it looks every two seconds.

`load` loads what makes calls, at the first call, in a thread of its own: an exception that is
thrown into an import from outside may leave modules that cannot be imported any more, for the rest
of the process.
"""

from __future__ import annotations

import _thread
import threading
import time
from collections import deque
from contextlib import suppress
from importlib import import_module
from queue import Empty
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

LOOK_SECONDS = 2.0
"""How long to wait for a thread before looking whether it runs at all."""


class Mailbox(Generic[T]):
    """A queue between threads, without a lock that the handler of a signal could find held.

    `queue.SimpleQueue` has none either, but its `get` may wait forever. If another thread takes the
    item just when the timeout ends, what is left of the timeout is negative, and that means forever
    to it (seen on CPython 3.10 to 3.12).
    """

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        # A locked lock for each thread that waits.
        self._bells: deque[_thread.LockType] = deque()

    def empty(self) -> bool:
        """Return whether there is nothing in it."""
        return not self._items

    def put(self, item: T) -> None:
        """Add an item, and wake one thread that waits.

        An exception that is thrown in between leaves the item, and wakes no thread.
        """
        self._items.append(item)
        try:
            self._bells.popleft().release()
        except IndexError:
            return

    def get(self, timeout: float) -> T:
        """Take the oldest item.

        Args:
            timeout: How many seconds to wait for one.

        Raises:
            queue.Empty: There was none.
        """
        end = time.monotonic() + timeout
        while True:
            self._wait(timeout)
            try:
                return self._items.popleft()
            except IndexError:
                # Another thread was quicker, or it is over.
                timeout = end - time.monotonic()
                if timeout <= 0:
                    raise Empty from None

    def _wait(self, seconds: float) -> None:
        bell = _thread.allocate_lock()
        bell.acquire()
        self._bells.append(bell)
        try:
            # What came before the bell was there has woken no thread.
            if not self._items:
                bell.acquire(timeout=min(seconds, threading.TIMEOUT_MAX))
        finally:
            with suppress(ValueError):
                self._bells.remove(bell)


def run(target: Callable[[], object], name: str) -> None:
    """Run a function in a thread of its own, and wait for it; here if none can be started.

    Args:
        target: The function; does no harm if it is run twice.
        name: The name of the thread.
    """
    ended: Mailbox[None] = Mailbox()

    def running() -> None:
        try:
            target()
        finally:
            ended.put(None)

    while start(running, name, []):
        with suppress(Empty):
            return ended.get(timeout=LOOK_SECONDS)
    target()
    return None


def start(target: Callable[[], object], name: str, threads: list[threading.Thread]) -> bool:
    """Run a function in a thread of its own, and add that to `threads` before it runs.

    Returns:
        Whether a thread could be started. While the interpreter leaves, none can.
    """
    try:
        _thread.start_new_thread(start_or_run, (target, name, threads))
    except RuntimeError:
        return False
    return True


def start_or_run(target: Callable[[], object], name: str, threads: list[threading.Thread]) -> None:
    """Start a thread as `start_here` does; if none can be started, run the function here."""
    if not start_here(target, name, threads):
        target()


def start_here(target: Callable[[], object], name: str, threads: list[threading.Thread]) -> bool:
    """As `start`, for threads that no exception is thrown into."""
    thread = threading.Thread(target=target, name=name, daemon=True)
    threads.append(thread)
    try:
        thread.start()
    except RuntimeError:
        threads.remove(thread)
        return False
    return True


_loaded: list[object] = []


def load() -> None:
    """See to it that the drivers, and all below them, can be imported without being interrupted."""
    if not _loaded:
        run(_load, "fxiaoke-shim-import")


def _load() -> None:
    # An error is raised again by the import that follows, where the caller gets it.
    with suppress(Exception):
        _loaded.append(import_module("shim.scheduler.drivers"))
