"""What a notice costs in steady state, over the same function without it.

    python -m benchmarks notice

Every contender calls the same function with the same arguments. They take turns within each
round, so that a slow moment of the machine hits all of them, and the least of all rounds counts:
noise only ever adds. PEP 702's own wrapper and tantale's `Deprecated` stand beside as what one
would use instead; both are measured silenced, which is their quickest.
"""

from __future__ import annotations

import asyncio
import time
import warnings
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
    """The least of all rounds for each contender, in nanoseconds."""
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
                "PEP 702 (typing_extensions)": pep_702(message)(bare),
                "tantale Deprecated": tantale(message, action="ignore")(bare),
            },
            SYNC_BOUND,
        ),
        (
            "async",
            bare_async,
            {
                "notice": noticed_async(bare_async, notice),
                "notice, through a decorator": decorated(noticed_async(bare_async, notice)),
                "PEP 702 (typing_extensions)": pep_702(message)(bare_async),
                "tantale Deprecated": tantale(message, action="ignore")(bare_async),
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


def _bound(name: str, bound: float) -> float | None:
    return bound if name == "notice" else None


if __name__ == "__main__":
    raise SystemExit(show(measure))
