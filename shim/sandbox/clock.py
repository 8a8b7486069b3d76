"""The sandbox's own time: seconds from its start, at the pace one likes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """Seconds since it was made.

    Args:
        source: Gives real seconds; only differences count.
        speed: Sandbox seconds in one real second; above 0.

    Raises:
        ValueError: ``speed`` is not above 0.
    """

    def __init__(self, source: Callable[[], float], speed: float) -> None:
        if speed <= 0:
            msg = "speed: a factor above 0"
            raise ValueError(msg)
        self._source = source
        self._speed = speed
        self._start = source()

    def __call__(self) -> float:
        """Return the seconds so far."""
        return (self._source() - self._start) * self._speed
