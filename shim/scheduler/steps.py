"""What a translation is: a generator that asks for calls and never performs one.

It yields either calls that may go out together, and is sent their replies in the same order, or
a `Pause`, and is sent nothing. What it returns is the translation's result. Whether the calls are
made by threads, by an event loop, or by a test that feeds replies, it cannot tell.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from shim.objectapi.calls import Call, Reply


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is to be done for `seconds` seconds."""

    seconds: float


T = TypeVar("T")
Steps: TypeAlias = Generator[Sequence[Call] | Pause, Sequence[Reply], T]
Handler: TypeAlias = "Callable[[Sequence[Call] | Pause], Steps[Sequence[Reply]]]"
"""Performs one step of a translation, or part of it, by yielding calls of its own."""


def handled(translation: Steps[T], handler: Handler) -> Steps[T]:
    """Run a translation, have a handler perform each of its steps, and return its result.

    A call of the translation is sent only if the handler yields it.
    """
    sent: Any = None
    try:
        while True:
            try:
                step = translation.send(sent)
            except StopIteration as end:
                result: T = end.value
                return result
            sent = yield from handler(step)
    finally:
        translation.close()
