"""Ctrl-C and SIGTERM: the first ends a run in good order, the second at once.

Python runs a signal's handler in the main thread, once that thread is awake. Of two signals that
come together the kernel gives the second to another thread, which does not wake the main one: it
may have gone back to sleep, and would not see it before the calls under way have ended. So the
signals are counted by a thread of their own, from the pipe that Python writes each of them to.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType

    from typing_extensions import Self

EXIT_CODE = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Windows has no signals for threads; there Ctrl-C itself ends the wait for a console.
_CAN_WAKE = hasattr(signal, "pthread_kill")
_PATIENCE_SECONDS = 0.05


class Interruption:
    """Handles both signals while it is entered; only in the main thread.

    Attributes:
        happened: Whether one has come.
    """

    def __init__(self, leave: Callable[[int], object] = os._exit) -> None:
        """Take what ends the process without waiting for anything; any thread may call it."""
        self.happened = False
        self._leave = leave
        self._stop: Callable[[], None] | None = None
        self._reading = False
        self._raised = False

    def __enter__(self) -> Self:
        self._main = threading.get_ident()
        # A socket, since that is what Windows takes.
        self._signals, self._told = socket.socketpair()
        self._told.settimeout(0)
        self._former_fd = signal.set_wakeup_fd(self._told.fileno(), warn_on_full_buffer=False)
        self._former = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        self._watcher = threading.Thread(target=self._watch, name="fxshim-signals", daemon=True)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        # The handlers stay until the watcher has ended: it may still be about to wake this thread.
        self._raised = True
        signal.set_wakeup_fd(self._former_fd)
        self._told.close()
        self._watcher.join()
        self._signals.close()
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def then(self, stop: Callable[[], None]) -> None:
        """Have the first signal call `stop`, in any thread; before this it interrupts."""
        self._stop = stop

    def ending(self, ids: Iterable[str]) -> Iterator[str]:
        """Yield ids; a signal ends them, even while the next is waited for: on a pipe, say."""
        waiting = iter(ids)
        try:
            while True:
                self._reading = True
                if self.happened:
                    # Just now: who looked whether this thread is to be woken may have seen no need.
                    return
                one = next(waiting, None)
                self._reading = False
                if one is None:
                    return
                yield one
        except KeyboardInterrupt:
            return
        finally:
            self._reading = False

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        """Do in the main thread what only that can do."""
        self._happen()
        if self._waits:
            self._raised = True
            raise KeyboardInterrupt

    @property
    def _waits(self) -> bool:
        """Whether the main thread is to be interrupted in what it does; once is enough."""
        return not self._raised and (self._stop is None or self._reading)

    def _happen(self) -> None:
        self.happened = True
        if self._stop is not None:
            self._stop()

    def _watch(self) -> None:
        """Count the signals, whichever thread the kernel gave them to; runs in its own."""
        first, woken = 0, False
        while True:
            impatient = _CAN_WAKE and first and self._waits and not woken
            self._signals.settimeout(_PATIENCE_SECONDS if impatient else None)
            try:
                told = self._signals.recv(1)
            except TimeoutError:
                # It waits for a pipe, and another thread was given the signal.
                woken = True
                signal.pthread_kill(self._main, first)
                continue
            if not told:
                return
            if told[0] not in _SIGNALS:
                continue
            if woken:
                # That is ours. Or it is one more of theirs and ours comes next: it counts the same.
                woken = False
            elif first:
                self._leave(EXIT_CODE)
            else:
                first = told[0]
                self._happen()
