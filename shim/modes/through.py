"""Walking a translation through somebody's hands: what every way but the plain one stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shim.objectapi.calls import Call, Reply
    from shim.scheduler.steps import Pause, Steps

T = TypeVar("T")
Hands: TypeAlias = "Callable[[Sequence[Call] | Pause], Steps[Sequence[Reply]]]"


def through(flow: Steps[T], hands: Hands) -> Steps[T]:
    """Walk `flow`, but let `hands` do what it asks for; return what it returns.

    What the translation asks for gets out only as far as the hands ask for it themselves.
    """
    sent: Any = None
    try:
        while True:
            try:
                step = flow.send(sent)
            except StopIteration as end:
                result: T = end.value
                return result
            sent = yield from hands(step)
    finally:
        flow.close()
