"""Ctrl-C and SIGTERM: the first ends a run in good order, the second at once."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType

    from typing_extensions import Self

EXIT_CODE = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Handles both signals while it is entered; only in the main thread.

    Attributes:
        happened: Whether one has come.
    """

    def __init__(self, leave: Callable[[int], object] = os._exit) -> None:
        """Take what ends the process without waiting for anything."""
        self.happened = False
        self._leave = leave
        self._stop: Callable[[], None] | None = None
        self._reading = False

    def __enter__(self) -> Self:
        self._former = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def then(self, stop: Callable[[], None]) -> None:
        """Have the first signal call `stop`; before this it raises KeyboardInterrupt."""
        self._stop = stop

    def ending(self, ids: Iterable[str]) -> Iterator[str]:
        """Yield ids; a signal ends them, even while the next is waited for: on a pipe, say."""
        waiting = iter(ids)
        try:
            while True:
                self._reading = True
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
        if self.happened:
            self._leave(EXIT_CODE)
        self.happened = True
        if self._stop is not None:
            self._stop()
        if self._stop is None or self._reading:
            raise KeyboardInterrupt
