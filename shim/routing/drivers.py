"""Walks a translation: performs what it asks for, blocking or awaiting, and feeds the replies."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar, cast

from shim.objectapi import http
from shim.routing.flow import Pause

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from shim.objectapi.calls import Call, Reply
    from shim.objectapi.session import Session
    from shim.routing.flow import Steps

T = TypeVar("T")


def walk(flow: Steps[T], open_session: Callable[[], Session]) -> T:
    """Return what `flow` returns, blocking; a session is opened when it first asks for a call."""
    session: Session | None = None
    replies: Sequence[Reply] = ()
    try:
        step = next(flow)
        while True:
            if isinstance(step, Pause):
                time.sleep(step.seconds)
                replies = ()
            else:
                session = session or open_session()
                replies = _together(session, step)
            step = flow.send(replies)
    except StopIteration as end:
        return cast("T", end.value)
    finally:
        flow.close()


async def awalk(flow: Steps[T], open_session: Callable[[], Session]) -> T:
    """Return what `flow` returns, awaiting; a session is opened when it first asks for a call."""
    session: Session | None = None
    replies: Sequence[Reply] = ()
    try:
        step = next(flow)
        while True:
            if isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
                replies = ()
            else:
                session = session or open_session()
                replies = await _gathered(session, step)
            step = flow.send(replies)
    except StopIteration as end:
        return cast("T", end.value)
    finally:
        flow.close()


def _together(session: Session, calls: Sequence[Call]) -> list[Reply]:
    """Make the calls at once, as many as `settings.concurrency` allows, in threads of their own.

    A pool lives as long as the batch: nothing to inherit over a fork, nothing left at exit. While
    the interpreter is leaving, no thread can be started; then the calls are made one by one.
    """
    workers = min(session.settings.concurrency, len(calls))
    if workers <= 1:
        return [http.call(session, call) for call in calls]
    with ThreadPoolExecutor(workers, thread_name_prefix="fxiaoke-shim") as pool:
        begun: list[Future[Reply]] = []
        try:
            with suppress(RuntimeError):
                for call in calls:
                    begun.append(pool.submit(http.call, session, call))  # noqa: PERF401 - see above.
            replies = [future.result() for future in begun]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [*replies, *(http.call(session, call) for call in calls[len(begun) :])]


async def _gathered(session: Session, calls: Sequence[Call]) -> list[Reply]:
    """Make the calls at once, as many as `settings.concurrency` allows, on the running loop."""
    replies: list[Reply | None] = [None] * len(calls)
    waiting = iter(enumerate(calls))

    async def work() -> None:
        for index, call in waiting:
            replies[index] = await http.acall(session, call)

    workers = min(session.settings.concurrency, len(calls))
    tasks = [asyncio.ensure_future(work()) for _ in range(workers)]
    try:
        await asyncio.gather(*tasks)
    finally:
        # Where one failed, or we were cancelled, the others must have ended before we go.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [reply for reply in replies if reply is not None]
