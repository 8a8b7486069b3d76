"""Ctrl-C and SIGTERM: the first ends a run in good order, the second ends the process at once.

Python runs the handler of a signal in the main thread, once that thread is awake. If two signals
come together, the kernel gives the second to another thread, which does not wake the main one: the
main thread may sleep again, and would handle it only when the current calls have ended. So a thread
counts the signals, from the pipe to which Python writes each of them.
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
# Windows has no signals for threads; there Ctrl-C itself ends waiting for a console.
_CAN_WAKE = hasattr(signal, "pthread_kill")
_PATIENCE_SECONDS = 0.05


class Interruption:
    """Handles both signals while it is entered, in the main thread only.

    Attributes:
        happened: Whether a signal has come.
    """

    def __init__(self, leave: Callable[[int], object] = os._exit) -> None:
        """Take a function that ends the process without waiting; any thread may call it."""
        self.happened = False
        self._leave = leave
        self._stop: Callable[[], None] | None = None
        self._reading = False
        self._raised = False

    def __enter__(self) -> Self:
        self._main = threading.get_ident()
        # A socket, since that is what Windows takes.
        self._reader, self._writer = socket.socketpair()
        self._writer.settimeout(0)
        self._former_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._former = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        self._watcher = threading.Thread(target=self._watch, name="fxshim-signals", daemon=True)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        # The handlers stay until the watcher has ended, since it may still wake this thread.
        self._raised = True
        signal.set_wakeup_fd(self._former_fd)
        self._writer.close()
        self._watcher.join()
        self._reader.close()
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def then(self, stop: Callable[[], None]) -> None:
        """Let the first signal call `stop`, in any thread; before this call it interrupts."""
        self._stop = stop

    def ending(self, ids: Iterable[str]) -> Iterator[str]:
        """Yield ids until a signal comes, even while waiting for the next one of a pipe."""
        waiting = iter(ids)
        try:
            while True:
                self._reading = True
                if self.happened:
                    # It came just now: the watcher may have seen no need to wake this thread.
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
        """Do what only the main thread can do."""
        self._happen()
        if self._waits:
            self._raised = True
            raise KeyboardInterrupt

    @property
    def _waits(self) -> bool:
        """Whether to interrupt the main thread; once is enough."""
        return not self._raised and (self._stop is None or self._reading)

    def _happen(self) -> None:
        self.happened = True
        if self._stop is not None:
            self._stop()

    def _watch(self) -> None:
        """Count the signals of all threads; runs in a thread of its own."""
        first, woken = 0, False
        while True:
            impatient = _CAN_WAKE and first and self._waits and not woken
            self._reader.settimeout(_PATIENCE_SECONDS if impatient else None)
            try:
                received = self._reader.recv(1)
            except TimeoutError:
                # It waits for a pipe, and another thread was given the signal.
                woken = True
                signal.pthread_kill(self._main, first)
                continue
            if not received:
                return
            if received[0] not in _SIGNALS:
                continue
            if woken:
                # The signal that we sent, or a third one before ours: counted as one.
                woken = False
            elif first:
                self._leave(EXIT_CODE)
            else:
                first = received[0]
                self._happen()
