"""Whose line made the call? Frames come as arguments, so the tests need no patching.

The immediate caller is blamed, with five exceptions:

- a frame of this package is looked through, since a caller of `shim.gateway` is not `shim`;
- a frame of an HTTP library is looked through: the line that made the request matters;
- a frame that only forwards (`*args, **kwargs` to something that leads to the door) is looked
  through: it is a decorator, and the line that matters uses the decorated name;
- a frame of a module the application listed is looked through;
- at the edge of an event loop or a thread the search ends: the code behind it did not make
  this call. Then the innermost forwarding frame is blamed, else the
  outermost of an HTTP library, else the immediate frame.

The last rule has an honest limit. `Thread(target=door)` and `executor.submit(door)` have no
calling line at all, only the line of the standard library that runs targets, and that one is
blamed. So is, for `create_task(decorated())`, the decorator's own line: the coroutine runs when
the line that made it is long past. Call the door from a function of your own and its line shows.

A call may have no Python frame behind it at all: a C thread, a greenlet, `_thread` or an exit
handler calls the door itself. All such calls of one function are one site, `UNKNOWN`.

Before Python 3.11 a call in a `finally` clause counts as two sites, since Python compiles the
clause twice and keeps no columns to tell that they are one.
"""

from __future__ import annotations

import enum
import functools
import sys
from contextlib import suppress
from dataclasses import dataclass
from inspect import CO_VARARGS, CO_VARKEYWORDS, getattr_static
from itertools import islice
from types import CodeType, FrameType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_PACKAGE: Final = __name__.partition(".")[0]
_OURS: Final = (_PACKAGE, "_fxshim_start")
_BOUNDARIES: Final = (
    "_frozen_importlib",
    "anyio",
    "asyncio",
    "concurrent.futures",
    "importlib",
    "multiprocessing",
    "threading",
    "trio",
    "uvloop",
)
# With what stands between them and the program: `with client.stream(…)`.
_HTTP_CLIENTS: Final = (
    *("requests", "urllib3", "httpx", "httpx2", "aiohttp", "http.client", "urllib.request"),
    "contextlib",
)
_COMPREHENSIONS: Final = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
# How many decorators deep a name may hide the door; also ends a cycle of `__wrapped__`.
_STEPS: Final = 16

Place: TypeAlias = "tuple[int, int]"
Position: TypeAlias = "tuple[int | None, ...]"


class FrameRole(enum.Enum):
    """What one frame has to do with a call.

    Attributes:
        CALLER: It made the call.
        OURS: It is this package's; look behind it.
        CLIENT: It is an HTTP library's; look behind it.
        FORWARDS: It passes on what another called; look behind it.
        BOUNDARY: An event loop or a thread begins here; look no further.
    """

    CALLER = enum.auto()
    OURS = enum.auto()
    CLIENT = enum.auto()
    FORWARDS = enum.auto()
    BOUNDARY = enum.auto()


@dataclass(frozen=True, slots=True)
class Blame:
    """Outcome of a search. Short-lived: it holds frames.

    Attributes:
        frame: The frame to blame.
        stranded: Whether no caller was found, so that `frame` is the best there is.
        passed: The frames looked at, with their roles.
    """

    frame: FrameType
    stranded: bool
    passed: tuple[tuple[FrameType, FrameRole], ...]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who made a call: a line of Python code, or a client of a gateway.

    Attributes:
        file: The file of the line, as Python names it. `<unknown>` if no Python code made the call;
            `<label>` for the client of that label.
        line: Its number, from 1; 0 if unknown.
        module: Its module; empty if unknown.
        function: Its function, qualified on Python 3.11 and later; of a client what it requested,
            for example `POST /cgi/user/setStatus`.
    """

    file: str
    line: int
    module: str
    function: str

    @classmethod
    def client(cls, label: str, requested: str) -> Caller:
        """Return the caller for a client that is no Python code of this process.

        Args:
            label: What tells it from other clients. It is logged: no secret, no address of a
                person. Keep the number of labels small, since each is a call site.
            requested: Method and path.
        """
        return cls(f"<{label}>", 0, "", requested)


UNKNOWN: Final = Caller("<unknown>", 0, "", "<unknown>")
"""The calling line of calls that no Python code made."""


def place(frame: FrameType) -> Place:
    """Key of the very instruction a frame is at.

    Two calls on one line differ. The id stands for the code object, since hashing one reads all
    of its constants; the owner of a key must keep the code object alive.
    """
    return id(frame.f_code), frame.f_lasti


def position(frame: FrameType) -> Position:
    """Where in its code a frame is, the same for every instruction of one call expression.

    One call may be several instructions: Python 3.11 calls C functions now from one, now from the
    next, and a `finally` clause is compiled twice. Columns tell, where Python has them.
    """
    if sys.version_info >= (3, 11):
        here = frame.f_lasti // 2
        columns = next(islice(frame.f_code.co_positions(), here, None), ())
        if columns and None not in columns:
            return columns
    return (frame.f_lasti,)


def blame(frame: FrameType, role_of: Callable[[FrameType, CodeType | None], FrameRole]) -> Blame:
    """Find the frame to blame for a call.

    Args:
        frame: The frame that called the door.
        role_of: Judges a frame, given the code of the frame it called (None: the door).
    """
    passed: list[tuple[FrameType, FrameRole]] = []
    last_resort: FrameType | None = None
    client: FrameType | None = None
    callee: CodeType | None = None
    at: FrameType | None = frame
    while at is not None:
        role = role_of(at, callee)
        if role is FrameRole.CALLER:
            return Blame(at, stranded=False, passed=tuple(passed))
        passed.append((at, role))
        if role is FrameRole.BOUNDARY:
            break
        if role is FrameRole.FORWARDS and last_resort is None:
            last_resort = at
        if role is FrameRole.CLIENT:
            client = at
        callee, at = at.f_code, at.f_back
    return Blame(last_resort or client or frame, stranded=True, passed=tuple(passed))


def judge(
    frame: FrameType, callee: CodeType | None, doors: Sequence[object], look_through: Iterable[str]
) -> FrameRole:
    """Say what a frame has to do with a call.

    Args:
        frame: The frame.
        callee: Code of the forwarding frame it called; None where it called the door itself.
        doors: The callables that stand for the deprecated function.
        look_through: Names of modules to look through, with all that is below them.
    """
    module = _module(frame)
    if _within(module, _BOUNDARIES):
        return FrameRole.BOUNDARY
    if _within(module, _OURS):
        return FrameRole.OURS
    if _within(module, _HTTP_CLIENTS):
        return FrameRole.CLIENT
    if _within(module, look_through) or _forwards(frame, callee, doors):
        return FrameRole.FORWARDS
    return FrameRole.CALLER


def describe(frame: FrameType | None) -> Caller:
    """Put a frame into words. None of its values is read."""
    if frame is None:
        return UNKNOWN
    code = frame.f_code
    return Caller(code.co_filename, frame.f_lineno or 0, _module(frame), _function(frame))


def _module(frame: FrameType) -> str:
    name: object = frame.f_globals.get("__name__")
    # What multiprocessing calls the program in a child is still the program.
    if name == "__mp_main__":
        return "__main__"
    return name if isinstance(name, str) else ""


def _within(module: str, names: Iterable[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


def _function(frame: FrameType) -> str:
    """The enclosing function's name: a comprehension is no function to its author."""
    if sys.version_info >= (3, 11):
        name = frame.f_code.co_qualname
        while name.rpartition(".")[2] in _COMPREHENSIONS:
            name = name.rpartition(".")[0].removesuffix(".<locals>") or "<module>"
    else:  # Python before (3, 11)
        file, at = frame.f_code.co_filename, frame
        while at.f_code.co_name in _COMPREHENSIONS:
            if at.f_back is None or at.f_back.f_code.co_filename != file:
                break
            at = at.f_back
        name = at.f_code.co_name
    return name


def _forwards(frame: FrameType, callee: CodeType | None, doors: Sequence[object]) -> bool:
    """Whether a frame passes any arguments to something it was given that leads to the door.

    Only parameters and free variables tell a decorator from a function that imports the door
    within its body and has arguments of its own.
    """
    code = frame.f_code
    arguments = code.co_argcount + code.co_kwonlyargcount
    if code.co_flags & CO_VARARGS and code.co_flags & CO_VARKEYWORDS:
        arguments += 2
    elif not {"args", "kwargs"}.issubset(code.co_varnames[:arguments]):  # As wrapt passes them on.
        return False
    # Read only here, for values would be copied; nothing of it is kept.
    values = frame.f_locals
    names = (*code.co_varnames[:arguments], *code.co_freevars)
    given = [values.get(name) for name in names]
    held = [item for value in given for item in _held(value)]
    return any(_leads(value, callee, doors) for value in (*given, *held))


def _leads(value: Any, callee: CodeType | None, doors: Sequence[object]) -> bool:
    """Whether calling a value ends at a door, as far as can be seen without running anything."""
    for _ in range(_STEPS):
        if value is None:
            return False
        if any(value is door for door in doors):
            return True
        if callee is not None and _code(value) is callee:
            return True
        value = _behind(value)
    return False


# type(), not isinstance(), in all of these: a lazy proxy would load itself to answer.


def _code(value: object) -> CodeType | None:
    """The code that runs when a value is called, if it is Python's."""
    kind = type(value)
    function = value if kind is FunctionType else getattr_static(kind, "__call__", None)
    return function.__code__ if type(function) is FunctionType else None


def _behind(value: Any) -> Any:
    """What a decorated function, a bound method or a partial passes calls on to."""
    if type(value) is FunctionType:
        return vars(value).get("__wrapped__")
    if type(value) is MethodType:
        return value.__func__
    return value.func if issubclass(type(value), functools.partial) else None


def _held(value: Any) -> tuple[Any, ...]:
    """What an object was given to keep, as a decorator written as a class keeps its function."""
    if issubclass(type(value), tuple):
        return tuple(value)
    with suppress(Exception):
        return tuple(object.__getattribute__(value, "__dict__").values())
    return ()
