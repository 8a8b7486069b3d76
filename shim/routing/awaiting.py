"""Performs the jobs of a `Work` on the running event loop."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from shim.objectapi import http
from shim.objectapi.exchange import Ask, Send

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from concurrent.futures import Future

    from typing_extensions import Self

    from shim.objectapi.tokens import Renewal
    from shim.routing.flow import Steps
    from shim.routing.work import Job, Work

T = TypeVar("T")


class Loop(Generic[T]):
    """A task for everything that takes time.

    Attributes:
        work: What is worked at.
        exhausted: Whether there are no more translations to pull.
    """

    def __init__(self, work: Work[T]) -> None:
        """Take on a work."""
        self.work = work
        self.exhausted = False
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        # What to do now that something has been done, or None: look around.
        self._done: asyncio.Queue[Callable[[], None] | None] = asyncio.Queue()
        self._pulling = False

    async def __aenter__(self) -> Self:
        if self.work.session is not None:
            self.work.session.on_stop = lambda: self._from_outside(None)
        return self

    async def __aexit__(self, *_error: object) -> None:
        # Where one failed, or we were cancelled, the others must have ended before we go.
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.work.idle:
            self.work.close()
        else:
            # What is given up gives its slots back, and those may be kept across a network.
            await asyncio.to_thread(self.work.close)

    def hand_out(self) -> None:
        """Have everything performed that can be now."""
        while job := self.work.next_job():
            step, session = job.step, self.work.session
            if isinstance(step, Send) and session is not None:
                self._perform(job, http.apost(session, step, self._lane))
            elif isinstance(step, Ask):
                self._perform(job, asyncio.to_thread(step.question))
            elif step is not None and not isinstance(step, Send):
                self._await(job, step.renewal)

    def pull(self, flows: AsyncIterator[Steps[T]]) -> None:
        """Have the next translation begun as soon as it is there."""
        if self._pulling or self.exhausted:
            return
        self._pulling = True

        async def pulled() -> Callable[[], None]:
            try:
                flow = await flows.__anext__()
            except StopAsyncIteration:
                return self._end
            return lambda: self._begin(flow)

        self._spawn(pulled())

    async def wait(self) -> None:
        """Wait until something has been done, or is due; nothing, where there is a result."""
        if self.work.results:
            return
        due = self.work.due()
        alarm = None if due is None else self._loop.call_later(due, self._done.put_nowait, None)
        done = await self._done.get()
        if alarm is not None:
            alarm.cancel()
        if done is not None:
            done()
        self.work.wake()

    @cached_property
    def _lane(self) -> asyncio.Semaphore:
        return asyncio.Semaphore(self.work.open().settings.concurrency)

    def _begin(self, flow: Steps[T]) -> None:
        self._pulling = False
        self.work.begin(flow)

    def _end(self) -> None:
        self._pulling = False
        self.exhausted = True

    def _perform(self, job: Job[T], doing: Awaitable[Any]) -> None:
        async def performed() -> Callable[[], None]:
            result = await doing
            return lambda: self.work.performed(job, result)

        self._spawn(performed())

    def _spawn(self, doing: Awaitable[Callable[[], None]]) -> None:
        async def told() -> None:
            try:
                then = await doing
            except Exception as error:  # noqa: BLE001 - raised where the work is watched.
                self._done.put_nowait(_raising(error))
            else:
                self._done.put_nowait(then)

        task = self._loop.create_task(told())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _await(self, job: Job[T], renewal: Future[Renewal]) -> None:
        def tell(done: Future[Renewal]) -> None:
            error = done.exception()
            if error is not None:
                self._from_outside(_raising(error))
            else:
                result = done.result()
                self._from_outside(lambda: self.work.performed(job, result))

        renewal.add_done_callback(tell)

    def _from_outside(self, then: Callable[[], None] | None) -> None:
        """Tell from another thread; the loop may have ended meanwhile, and then nobody asks."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._done.put_nowait, then)


def _raising(error: BaseException) -> Callable[[], None]:
    def then() -> None:
        raise error

    return then
