"""Drivers: perform what translations ask for, blocking or awaiting, until they return.

`run` and `arun` take one translation, `stream` and `AsyncStream` any number of them. `Scheduler`
says what to do and when, for both.
"""

from __future__ import annotations

import asyncio
import atexit
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakSet

from shim.scheduler._asyncio_driver import AsyncioDriver, give_up_on_closed_loops
from shim.scheduler._thread_driver import ThreadDriver
from shim.scheduler.scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Iterator

    from typing_extensions import Self

    from shim.objectapi.session import Session
    from shim.scheduler.steps import Steps

T = TypeVar("T")


def run(flow: Steps[T], open_session: Callable[[], Session]) -> T:
    """Return what `flow` returns, blocking; a session is opened when it first asks for a call."""
    give_up_on_closed_loops()
    with ThreadDriver(Scheduler[T](open_session)) as threads:
        return threads.one(flow)


def stream(scheduler: Scheduler[T], flows: Iterator[Steps[T]]) -> Generator[T, None, None]:
    """Yield what the flows return, as they end, blocking.

    Calls go on while results are taken. Closing the generator gives up what is under way.
    """
    give_up_on_closed_loops()
    with ThreadDriver(scheduler) as threads:
        _streaming.add(threads)
        yield from threads.all(flows)


# A generator that is still there when Python ends is closed when threads stand still for good,
# perhaps with a lock that closing needs.
_streaming: WeakSet[ThreadDriver[Any]] = WeakSet()


@atexit.register
def _leave() -> None:
    for threads in tuple(_streaming):
        threads.leave()


async def arun(flow: Steps[T], open_session: Callable[[], Session]) -> T:
    """Return what `flow` returns, awaiting; a session is opened when it first asks for a call."""
    give_up_on_closed_loops()
    async with AsyncioDriver(Scheduler[T](open_session)) as loop:
        loop.scheduler.begin(flow)
        while not loop.scheduler.results:
            loop.hand_out()
            if not loop.scheduler.results:
                await loop.wait()
        return loop.scheduler.results.popleft()


class AsyncStream(Generic[T]):
    """What the flows return, as they end, awaiting.

    Calls go on in a task of its own while results are taken. What has begun is finished even if no
    more are taken, so that no slot waits for a consumer that pauses.

    Not an async generator: one that is left half-way is closed some time later by its event loop,
    or never if the loop ends first. This one gives everything up when it is dropped.
    """

    def __init__(self, scheduler: Scheduler[T], flows: AsyncGenerator[Steps[T], None]) -> None:
        """Take a scheduler; nothing begins before the first result is asked for."""
        self._scheduler = scheduler
        self._flows = flows
        self._progress: _Progress[T] | None = None
        self._over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        if self._over:
            raise StopAsyncIteration
        if self._progress is None:
            self._progress = _Progress(self._scheduler, self._flows)
        try:
            return await self._progress.result()
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Give up what is under way, and return when that has ended. Again: nothing."""
        self._over = True
        if self._progress is not None:
            await self._progress.end()

    def __del__(self) -> None:
        if self._progress is not None:
            self._progress.abandon()


class _Progress(Generic[T]):
    """The task of a stream. Knows nothing of the stream, so that this can be dropped meanwhile."""

    def __init__(self, scheduler: Scheduler[T], flows: AsyncGenerator[Steps[T], None]) -> None:
        self._scheduler = scheduler
        give_up_on_closed_loops()
        self._driver = AsyncioDriver(scheduler)
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._task = self._loop.create_task(self._go_on(flows))

    async def _go_on(self, flows: AsyncGenerator[Steps[T], None]) -> None:
        try:
            async with aclosing(flows), self._driver as driver:
                while True:
                    driver.hand_out()
                    if self._scheduler.results:
                        self._changed.set()
                    elif self._scheduler.wants_more:
                        driver.pull(flows)
                    if driver.exhausted and self._scheduler.idle:
                        return
                    await driver.wait()
        finally:
            self._changed.set()

    async def result(self) -> T:
        """Return the next result.

        Raises:
            StopAsyncIteration: There is none any more.
            BaseException: What a translation or a transport has raised.
        """
        while not self._scheduler.results:
            if self._task.done():
                self._task.result()
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        taken = self._scheduler.results.popleft()
        if not self._scheduler.results:
            self._driver.look_around()
        return taken

    async def end(self) -> None:
        """End the task, and return when it has ended."""
        if self._loop is not asyncio.get_running_loop():
            self.abandon()
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        if not self._task.cancelled():
            # Seen, so that asyncio does not report it as never retrieved.
            self._task.exception()

    def abandon(self) -> None:
        """End the task without waiting for it. From any thread, whether the loop runs or not."""
        if self._task.done():
            return
        running = self._loop.is_running()
        try:
            # Not now: this may be a garbage collection in the middle of one of its steps.
            self._loop.call_soon_threadsafe(self._stop)
        except RuntimeError:
            # The loop is closed.
            running = False
        if not running:
            self._driver.give_up()

    def _stop(self) -> None:
        self._task.cancel()
        # Not left to the task: the loop may be about to end.
        self._driver.give_up()
