"""When a call may go out: quota windows by tenant and path, and pauses between retries.

100 calls in 20 s per interface and tenant (contract, section 1, grade B). Whether the vendor
counts in fixed or in sliding windows, and at which instant of a call, is unknown (grade U), so a
slot is held from the sending until `quota_seconds` after the answer: right under every reading.

A caller that comes to a full window is given the slot that is free next, with the time to wait for
it. So no caller asks twice, and none is overtaken.
"""

from __future__ import annotations

import itertools
import math
import threading
import time
from bisect import bisect_right, insort
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

POLL_SECONDS = {False: 0.01, True: 0.05}
"""Seconds between two questions to a window, by whether it is remote, if all slots are under way:
when the first comes back is not known."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a window.

    Attributes:
        wait: Seconds until it may be used; 0 = now.
        free_at: On the window's clock, when it is free; 0.0 if it was never used.
        name: What the window knows it by.
        use_by: On `time.monotonic()`, until when its call must have begun. A call that begins later
            may last longer than the lease.
    """

    wait: float
    free_at: float = 0.0
    name: str = ""
    use_by: float = math.inf


class WindowLost(Exception):  # noqa: N818 - raised to be answered, not to fail.
    """The store of the window cannot be asked, and must not be done without; says what to do."""


class Window(Protocol):
    """`calls` slots, each busy from its use until `seconds` after it is given back.

    A slot that is not given back within its lease is free again.

    Attributes:
        lease_seconds: How long a slot may be under way, in seconds: longer than the longest call,
            and as long again until it begins, and `seconds` more.
    """

    lease_seconds: float

    @property
    def remote(self) -> bool:
        """Whether its methods go over a network, so that an event loop must not wait for them."""
        ...

    def take(self) -> Slot | None:
        """Take the slot that is free first, or None if all are under way.

        Raises:
            WindowLost: The store of the window cannot be asked.
        """
        ...

    def give_back(self, slot: Slot, *, used: bool) -> None:
        """Give a slot back: its call has been answered, has failed, or was never made."""
        ...


class LocalWindow:
    """A window that this process keeps for itself.

    Leases go by the machine's clock, since calls take real time. They end what no code can give
    back any more: an event loop that was stopped for good, an exception thrown in by a signal.
    """

    remote = False

    def __init__(
        self,
        calls: int,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        lease_seconds: float = math.inf,
        machine: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calls = calls
        self._seconds = seconds
        self._clock = clock
        self.lease_seconds = lease_seconds
        self._machine = machine
        # By name: when the lease of a slot under way ends.
        self._busy: dict[str, float] = {}
        # When slots given back are free, in order.
        self._free_at: list[float] = []
        self._names = itertools.count(1)
        # Reentrant, for a signal handler or a finalizer may make a call while it is held.
        self._lock = threading.RLock()

    @property
    def _under_way(self) -> int:
        return len(self._busy)

    def take(self) -> Slot | None:
        """See `Window`."""
        with self._lock:
            now = self._clock()
            machine = self._machine()
            for name in [name for name, end in self._busy.items() if end <= machine]:
                del self._busy[name]
            del self._free_at[: bisect_right(self._free_at, now)]
            # A slot given back after its lease may make them more than there should be. The excess
            # has to be free before the next can be taken.
            over = self._under_way + len(self._free_at) - self._calls
            if over >= len(self._free_at):
                return None
            free_at = self._free_at.pop(over) if over >= 0 else 0.0
            wait = free_at - now if free_at else 0.0
            slot = Slot(
                wait,
                free_at,
                str(next(self._names)),
                machine + wait + use_within(self.lease_seconds, self._seconds),
            )
            self._busy[slot.name] = machine + wait + self.lease_seconds
            return slot

    def give_back(self, slot: Slot, *, used: bool) -> None:
        """See `Window`. What was used counts, even if its lease is over."""
        with self._lock:
            was_busy = self._busy.pop(slot.name, None) is not None
            if used:
                insort(self._free_at, self._clock() + self._seconds)
            elif was_busy and slot.free_at:
                insort(self._free_at, slot.free_at)


def use_within(lease_seconds: float, seconds: float) -> float:
    """Return within how many seconds a call must begin, so that its lease covers it."""
    return (lease_seconds - seconds) / 2


class Claim:
    """One caller's slot, given back exactly once, whenever the caller is given up.

    A window that is kept elsewhere is asked in a thread of its own. If its answer comes when the
    caller has been given up, the slot goes back at once.
    """

    def __init__(self, window: Window) -> None:
        """Claim nothing yet."""
        self._window = window
        self._lock = threading.RLock()
        self._slot: Slot | None = None
        self._over = False

    def take(self) -> Slot | WindowLost | None:
        """Take a slot, as `Window.take`, but return what that raises."""
        try:
            slot = self._window.take()
        except WindowLost as lost:
            return lost
        with self._lock:
            if not self._over:
                self._slot = slot
                return slot
        if slot is not None:
            self._window.give_back(slot, used=False)
        return None

    def give_back(self, *, used: bool) -> None:
        """Give the slot back, unless that has been done, and claim no other."""
        with self._lock:
            slot, self._slot, self._over = self._slot, None, True
        if slot is not None:
            self._window.give_back(slot, used=used)


def least_seconds(count: int, calls: int, seconds: float) -> float:
    """Return the least seconds that `count` calls to one path take under a quota; 0 = no quota."""
    return max(count - 1, 0) // calls * seconds if calls and seconds else 0.0


_SHORTEST_PAUSE = 0.1
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 8.0


class Backoff:
    """The pauses between the attempts of one call, from its first failure on.

    Waiting for a slot before that was no failure. The pauses grow and are random, so that many
    callers do not come back all at once. The strategies are tenacity's, asked directly: its loops
    would perform the call and the pause, and a caller of this performs nothing itself.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        """Begin, to end after `seconds` of the clock."""
        # Imported here: most calls are not retried, and most processes never need it.
        from tenacity import (
            RetryCallState,
            Retrying,
            stop_before_delay,
            wait_random_exponential,
        )

        self._clock = clock
        self._wait = wait_random_exponential(
            multiplier=_FIRST_PAUSE, min=_SHORTEST_PAUSE, max=_LONGEST_PAUSE
        )
        self._stop = stop_before_delay(seconds)
        self._state = RetryCallState(Retrying(), None, (), {})
        self._state.start_time = clock()

    def pause(self) -> float | None:
        """Return how many seconds to wait before the next attempt, or None to give up."""
        self._state.set_result(None)
        self._state.outcome_timestamp = self._clock()
        self._state.upcoming_sleep = self._wait(self._state)
        if self._stop(self._state):
            return None
        pause = self._state.upcoming_sleep
        self._state.prepare_for_next_attempt()
        return pause
