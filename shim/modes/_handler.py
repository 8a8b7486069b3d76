"""Run a translation with a handler between it and the driver: what every mode but `object` uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shim.objectapi.calls import Call, Reply
    from shim.scheduler.steps import Pause, Steps

T = TypeVar("T")
Handler: TypeAlias = "Callable[[Sequence[Call] | Pause], Steps[Sequence[Reply]]]"


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
