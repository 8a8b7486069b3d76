"""Doors: callables that count the call and then make it."""

from __future__ import annotations

import functools
import inspect
import sys
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, TypeVar

from typing_extensions import ParamSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import FrameType

    from shim.notices._notice import Notice

P = ParamSpec("P")
R = TypeVar("R")


def _no_frame(depth: int, /) -> FrameType:
    """Stand for `sys._getframe` on an interpreter that has none: every caller is unknown."""
    msg = f"no frame at depth {depth}: this interpreter shows none"
    raise ValueError(msg)


_getframe: Callable[[int], FrameType] = getattr(sys, "_getframe", _no_frame)


def noticed(
    function: Callable[P, R],
    notice: Notice,
    *,
    sited: bool = False,
    getframe: Callable[[int], FrameType] = _getframe,
) -> Callable[P, R]:
    """Put a notice at a function's door.

    Args:
        function: What the door leads to.
        notice: Counts the calls; also raises, where its action or the filters of warnings say so.
        sited: Whether the function is given the call's `Site`, before the arguments.
        getframe: Returns the frame so many calls up, or raises ValueError if no Python code made
            the call: a C thread, a greenlet, `_thread` or an exit handler did.

    Returns:
        A function with the name, documentation, annotations and signature of the one given.
    """
    seen = notice.seen

    @functools.wraps(function)
    def door(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            frame = getframe(1)
        except ValueError:
            frame = None
        seen(frame)
        return function(*args, **kwargs)

    if sited:
        inside: Callable[..., R] = function

        @functools.wraps(function)
        def door(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                frame = getframe(1)
            except ValueError:
                frame = None
            return inside(seen(frame), *args, **kwargs)

    vars(door)["__signature__"] = inspect.signature(function)
    notice.adopt(door)
    return door


def noticed_async(
    function: Callable[P, Coroutine[Any, Any, R]],
    notice: Notice,
    *,
    sited: bool = False,
    getframe: Callable[[int], FrameType] = _getframe,
) -> Callable[P, Coroutine[Any, Any, R]]:
    """Put a notice at a coroutine function's door.

    The call is counted when it is made, not when it is awaited: once `create_task` or `gather`
    run the coroutine, the line that made it is gone from the stack. So the door is no coroutine
    function itself, but `inspect.iscoroutinefunction` is told that it is.

    Args:
        function: What the door leads to.
        notice: Counts the calls; also raises, where its action or the filters of warnings say so.
        sited: Whether the function is given the call's `Site`, before the arguments.
        getframe: As in `noticed`.

    Returns:
        A callable with the name, documentation, annotations and signature of the one given.
    """
    if sys.version_info >= (3, 12):
        door = inspect.markcoroutinefunction(
            noticed(function, notice, sited=sited, getframe=getframe)
        )
    else:  # Python before (3, 12)
        door = _CoroutineDoor(function, notice, sited=sited, getframe=getframe)
        notice.adopt(door)
    return door


class _CoroutineDoor:
    """A door that passes for the coroutine function behind it.

    Before Python 3.12 there is no mark to set: `inspect` asks for a function (through `__class__`,
    as `isinstance` does) whose code has the flag of a coroutine, so both are answered in its place.
    A subclass of `functools.partial` would do for that too, but would not bind as a method, and
    `help()` would describe `partial`.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        notice: Notice,
        *,
        sited: bool,
        getframe: Callable[[int], FrameType],
    ) -> None:
        functools.update_wrapper(self, function)
        self.__signature__ = inspect.signature(function)
        self.__wrapped__ = function
        self._seen = notice.seen
        self._sited = sited
        self._getframe = getframe

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        try:
            frame = self._getframe(1)
        except ValueError:
            frame = None
        site = self._seen(frame)
        if self._sited:
            return self.__wrapped__(site, *args, **kwargs)
        return self.__wrapped__(*args, **kwargs)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __getattr__(self, name: str) -> Any:
        # `__code__`, `__defaults__`, `__globals__` and whatever else a function is asked for.
        return getattr(self.__wrapped__, name)

    def __reduce__(self) -> str:
        # Functions are pickled by name, and so are their doors.
        name: str = self.__wrapped__.__qualname__
        return name

    def __repr__(self) -> str:
        return repr(self.__wrapped__)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return FunctionType
