"""The old way with a look aside: what the object API would have answered, without writing there.

The translation is walked with the old call in the place of its writes, so that it reads before and
after. Its own writes never get out, and whatever becomes of it, the old call's answer stands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic

from shim.modes.through import T, through
from shim.objectapi.calls import Reply, local_trace_id
from shim.objectapi.codes import PASSING, Code
from shim.scheduler.steps import Pause, Steps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shim.objectapi.calls import Call

# A shadow that meets one of these has seen nothing: it will pass, or a token will be renewed.
_BLIND = PASSING | {Code.TOKEN_EXPIRED}


@dataclass(frozen=True, slots=True)
class Shadowed(Generic[T]):
    """What became of a call and of its shadow.

    Attributes:
        actual: What the old call has returned.
        predicted: What the translation would have returned; None where it did not get that far.
        reason: Why it did not; else empty.
        seconds: How long looking aside took.
    """

    actual: T
    predicted: T | None
    reason: str
    seconds: float


def shadowed(
    translation: Steps[T], legacy: Steps[T], seconds: float, clock: Callable[[], float]
) -> Steps[Shadowed[T]]:
    """Make the old call, and walk the translation beside it.

    Args:
        translation: What is looked at; none of its calls that write gets out.
        legacy: The old call. A generator is walked once, so it cannot be made twice.
        seconds: How long looking aside may take in all.
        clock: Gives the seconds.
    """
    shadow = _Shadow(legacy, seconds, clock)
    predicted, reason = None, ""
    try:
        predicted = yield from through(translation, shadow.perform)
    except _Blind as blind:
        reason = str(blind)
    except Exception as error:
        # A fault of the shadow's is none of the caller's; one of the old call's is.
        if shadow.begun and not shadow.made:
            raise
        reason = type(error).__name__
    yield from shadow.make()
    return Shadowed(shadow.made[0], predicted, reason, shadow.spent)


class _Blind(Exception):  # noqa: N818 - no error: the shadow has nothing to say.
    """Nothing can be predicted; says why."""


class _Shadow(Generic[T]):
    def __init__(self, legacy: Steps[T], seconds: float, clock: Callable[[], float]) -> None:
        self._legacy = legacy
        self._seconds = seconds
        self._clock = clock
        self.spent = 0.0
        self.begun = False
        self.made: list[T] = []

    def make(self) -> Steps[None]:
        """Make the old call, unless it has been made."""
        if not self.begun:
            self.begun = True
            self.made.append((yield from self._legacy))

    def perform(self, step: Sequence[Call] | Pause) -> Steps[Sequence[Reply]]:
        """Do what the translation asks for, with the old call in the place of its writes."""
        if isinstance(step, Pause):
            self._look_at_the_clock(step.seconds)
            self.spent += step.seconds
            yield step
            return ()
        if any(call.writes for call in step):
            yield from self.make()
        looks = [call for call in step if not call.writes]
        seen = iter((yield from self._looked(looks)) if looks else ())
        return [Reply(Code.OK, local_trace_id()) if call.writes else next(seen) for call in step]

    def _looked(self, looks: Sequence[Call]) -> Steps[Sequence[Reply]]:
        started = self._clock()
        until = started + self._look_at_the_clock(0.0)
        replies = yield [replace(call, aside_until=until) for call in looks]
        self.spent += self._clock() - started
        for call, reply in zip(looks, replies, strict=True):
            if not reply.reached or reply.code in _BLIND:
                msg = f"errorCode {int(reply.code)} of {call.path}"
                raise _Blind(msg)
        return replies

    def _look_at_the_clock(self, needed: float) -> float:
        left = self._seconds - self.spent - needed
        if left <= 0:
            msg = f"looking aside took longer than {self._seconds:g} s (shadow_seconds)"
            raise _Blind(msg)
        return left
