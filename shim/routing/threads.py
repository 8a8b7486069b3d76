"""Starts threads in a way that no exception can interrupt halfway.

`threading.Thread.start` waits for the new thread. An exception that is thrown in meanwhile (by a
signal's handler, for example) may leave that one hanging. So a first thread, whose start is one
step, starts the one that is meant. In rare cases an exception that is thrown into a thread by its
number hits that first thread before it runs; so who waits for it looks again now and then.
"""

from __future__ import annotations

import _thread
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_SECONDS = 2.0
"""How long to wait for a thread before looking whether it runs at all."""


def run(target: Callable[[], object], name: str) -> None:
    """Run a function in a thread of its own, and wait for it; here if none can be started.

    Args:
        target: The function; does no harm if it is run twice.
        name: The name of the thread.
    """
    ended: SimpleQueue[None] = SimpleQueue()

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
