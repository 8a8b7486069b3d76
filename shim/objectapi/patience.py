"""How long, and how often, a call that fails in passing is made again.

tenacity's strategies for waiting and stopping, asked directly: its loops would perform the call and
the pause, and whoever asks here performs nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenacity import RetryCallState, Retrying, stop_before_delay, wait_random_exponential

if TYPE_CHECKING:
    from collections.abc import Callable

_SHORTEST_PAUSE = 0.1
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 8.0


class Patience:
    """The patience with one call; it begins with the first failure.

    Waiting for a slot before that was no failure. The pauses grow and are random, so that many
    callers do not come back all at once.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        """Have patience for so many seconds of a clock."""
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
