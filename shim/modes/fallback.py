"""Going the old way after all, where the object API has refused and nothing was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shim.modes.through import T, through
from shim.objectapi.codes import Code
from shim.scheduler.steps import Pause, Steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shim.objectapi.calls import Call, Reply

REFUSING = frozenset(
    {
        Code.UNKNOWN_PATH,
        Code.NO_ACCESS,
        Code.MAY_NOT_READ,
        Code.USER_NOT_FOUND,
        Code.DEPARTMENT_NOT_FOUND,
    }
)
"""What a call is answered with where the object API has nothing for this tenant; the last two stand
for records that do not exist or are hidden, which cannot be told apart (grade A)."""


class Watched:
    """Walks a translation and sees whether anything was written.

    Attributes:
        written: Whether a call that writes has gone out, whatever became of it.
    """

    def __init__(self) -> None:
        self.written = False

    def walk(self, flow: Steps[T]) -> Steps[T]:
        """Return what `flow` returns."""
        return (yield from through(flow, self._perform))

    def _perform(self, step: Sequence[Call] | Pause) -> Steps[Sequence[Reply]]:
        if not isinstance(step, Pause) and any(call.writes for call in step):
            self.written = True
        return (yield step)
