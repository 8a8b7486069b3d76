"""What a notice costs in steady state, over the same function without it.

    python -m benchmarks notice

Every contender calls the same function with the same arguments. They take turns within each
round, so that a slow moment of the machine hits all of them, and the smallest of all rounds counts:
noise only ever adds. What one would use instead stands beside: `warnings.warn` by hand, PEP 702's
own wrapper and tantale's `Deprecated`. All three are measured with a filter of the program that
ignores the warning, which is their quickest: tantale's own `action` would set filters at each call.

The last rows call from many places in turn, as a large program does.
"""

from __future__ import annotations

import asyncio
import functools
import time
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

from deprecated import deprecated as tantale  # type: ignore[import-untyped]
from typing_extensions import deprecated as pep_702

from benchmarks.rows import Row, show
from shim.notices import Notice, NoticeContext, forget, noticed, noticed_async, set_notice_hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

ROUNDS = 40
CALLS = 5_000
SYNC_BOUND = 1_000.0
ASYNC_BOUND = 2_000.0
PLACES = (100, 9_000, 20_000)
IN_ONE = 50
# Beyond the caches of the processor everything takes longer. A cliff would be 20 and more.
MANY_BOUND = 3.0
MEMBERS = ("FSUID_1", "FSUID_2")


def bare(token: str, corp: str, members: tuple[str, ...], status: int) -> int:
    """Do as little as a function with the deprecated one's arguments can do."""
    return status if token and corp and members else 0


async def bare_async(token: str, corp: str, members: tuple[str, ...], status: int) -> int:
    """Do as little, awaited."""
    return status if token and corp and members else 0


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function as an application's own decorator would."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def warning(function: Callable[..., Any], message: str) -> Callable[..., Any]:
    """Wrap a function so that it warns, by hand."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return function(*args, **kwargs)

    return wrapper


def call(function: Callable[..., Any]) -> float:
    """Nanoseconds of one call, the loop included."""
    start = time.perf_counter_ns()
    for _ in range(CALLS):
        function("token", "corp", MEMBERS, status=1)
    return (time.perf_counter_ns() - start) / CALLS


async def call_async(function: Callable[..., Coroutine[Any, Any, Any]]) -> float:
    """Nanoseconds of one awaited call, the loop included."""
    start = time.perf_counter_ns()
    for _ in range(CALLS):
        await function("token", "corp", MEMBERS, status=1)
    return (time.perf_counter_ns() - start) / CALLS


def least(contenders: dict[str, Callable[[], float]]) -> dict[str, float]:
    """The smallest of all rounds for each contender, in nanoseconds."""
    found = dict.fromkeys(contenders, float("inf"))
    for _ in range(ROUNDS):
        for name, run in contenders.items():
            found[name] = min(found[name], run())
    return found


def measure() -> list[Row]:
    """Measure.

    Returns:
        Rows: the bare functions' are absolute, all others are over the bare function of their kind.
    """
    notice = Notice("FXO001", "bare", "", "", lambda: NoticeContext("warn", "object"))
    message = "use the object API"
    kinds: list[tuple[str, Callable[..., Any], dict[str, Callable[..., Any]], float]] = [
        (
            "sync",
            bare,
            {
                "notice": noticed(bare, notice),
                "notice, through a decorator": decorated(noticed(bare, notice)),
                "warnings.warn": warning(bare, message),
                "PEP 702 (typing_extensions)": pep_702(message)(bare),
                "tantale Deprecated": tantale(message)(bare),
            },
            SYNC_BOUND,
        ),
        (
            "async",
            bare_async,
            {
                "notice": noticed_async(bare_async, notice),
                "notice, through a decorator": decorated(noticed_async(bare_async, notice)),
                "warnings.warn": warning(bare_async, message),
                "PEP 702 (typing_extensions)": pep_702(message)(bare_async),
                "tantale Deprecated": tantale(message)(bare_async),
            },
            ASYNC_BOUND,
        ),
    ]
    rows: list[Row] = []
    set_notice_hooks(())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for kind, plain, others, bound in kinds:
                rows += _rows(kind, plain, others, bound)
            rows += _from_many_places(notice)
    finally:
        set_notice_hooks(None)
        forget()  # What was measured is no usage to be summarized at exit.
    return rows


def _rows(
    kind: str, plain: Callable[..., Any], others: dict[str, Callable[..., Any]], bound: float
) -> list[Row]:
    def contender(function: Callable[..., Any]) -> Callable[[], float]:
        if kind == "sync":
            return lambda: call(function)
        return lambda: asyncio.run(call_async(function))

    contenders = {name: contender(function) for name, function in {"": plain, **others}.items()}
    found = least(contenders)
    base = found.pop("")
    rows: list[Row] = [Row(f"{kind}: bare function, a call", base, "ns")]
    for name, value in found.items():
        rows.append(Row(f"{kind}: {name}, over bare", value - base, "ns", _bound(name, bound)))
    return rows


def _from_many_places(notice: Notice) -> list[Row]:
    """The notice's cost of a call, by the number of places that call."""
    door = noticed(bare, notice)
    contenders: dict[str, Callable[[], float]] = {}
    for places in PLACES:
        callers = _callers(places)
        contenders[f"bare {places}"] = partial(_call_each, callers, bare, places)
        contenders[f"notice {places}"] = partial(_call_each, callers, door, places)
    found = least(contenders)
    costs = [found[f"notice {places}"] - found[f"bare {places}"] for places in PLACES]
    rows: list[Row] = [
        Row(f"sync: notice, over bare, from {places:,} places in turn", cost, "ns")
        for places, cost in zip(PLACES, costs, strict=True)
    ]
    for places, cost in zip(PLACES[1:], costs[1:], strict=True):
        rows.append(
            Row(f"sync: {places:,} places / {PLACES[0]:,} places", cost / costs[0], "x", MANY_BOUND)
        )
    return rows


def _callers(places: int) -> list[Callable[[Callable[..., Any]], None]]:
    """Functions that call what they are given, each from `IN_ONE` places of its own."""
    line = "    function('token', 'corp', MEMBERS, status=1)\n"
    source = f"def caller(function):\n{line * IN_ONE}"
    callers = []
    for number in range(places // IN_ONE):
        namespace: dict[str, Any] = {"MEMBERS": MEMBERS, "__name__": f"module_{number}"}
        exec(compile(source, f"module_{number}.py", "exec"), namespace)  # noqa: S102
        callers.append(namespace["caller"])
    return callers


def _call_each(callers: list[Callable[..., None]], function: Callable[..., Any], n: int) -> float:
    """Nanoseconds of one call, as often as in the other rows or once from each place."""
    turns = max(1, CALLS // n)
    start = time.perf_counter_ns()
    for _ in range(turns):
        for caller in callers:
            caller(function)
    return (time.perf_counter_ns() - start) / (turns * n)


def _bound(name: str, bound: float) -> float | None:
    return bound if name == "notice" else None


if __name__ == "__main__":
    raise SystemExit(show(measure))
